/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of options that svcctl itself understands. Each function returns 0,
 * or SVC_EINVAL with *ret untouched. Pure.
 */
#ifndef SVCCTL_VALUES_H
#define SVCCTL_VALUES_H

/* "500ms", "5s", "1m", "2h", "1m30s", "0"; at most INT_MAX milliseconds. */
int values_duration(const char *text, int *ret_ms);

/* A whole number from 1 to most. */
int values_number(const char *text, long most, long *ret);

/* The place of text in a NULL-terminated list. */
int values_word(const char *text, const char *const *words, int *ret);

#endif
