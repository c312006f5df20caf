/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean": the word of a list that is nearest to a mistyped one. Pure.
 */
#ifndef SVCCTL_SUGGEST_H
#define SVCCTL_SUGGEST_H

#include <stddef.h>

/* A search for the nearest word. Begin with zeroes and the mistyped word. */
struct suggest {
    const char *typed;
    const char *best; /* NULL while nothing is near enough */
    size_t distance;  /* of best */
};

/* Considers one more word; borrowed as long as best may be it. */
void suggest_try(struct suggest *search, const char *word);

/* The nearest word of a NULL-terminated list, or NULL. Borrowed from it. */
const char *suggest_word(const char *typed, const char *const *words);

#endif
