/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of words that a value may be one of, ended by NULL, as one text. A word
 * such as "policies:" stands for those that the library tells on that line of
 * svc_version_details. One thread.
 */
#ifndef SVCCTL_WORDS_H
#define SVCCTL_WORDS_H

/* The words with something between them. Owned, free with free(). */
char *words_join(const char *const *words, const char *between);

/* Writes them to standard output, with blanks. */
void words_print(const char *const *words);

#endif
