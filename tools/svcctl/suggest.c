/* SPDX-License-Identifier: Apache-2.0 */
/* The word of a list that is nearest to a mistyped one. */
#include "suggest.h"

#include <string.h>

/* Longer words are not corrected. */
#define LONGEST 32

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be put in, left out, changed or swapped with their
 * neighbour to make one word of the other (optimal string alignment). */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][LONGEST + 1];
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    size_t i, j;

    for (j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];

        row[0] = i;
        for (j = 1; j <= b_size; j++) {
            row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smaller(row[j], smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_size % 3][b_size];
}

void suggest_try(struct suggest *search, const char *word)
{
    size_t size = strlen(search->typed);
    size_t near = size < 4 ? 1 : 2;
    size_t d;

    if (size == 0 || size > LONGEST || strlen(word) > LONGEST)
        return;
    /* A word that was not finished is as good as one letter wrong. */
    d = strncmp(word, search->typed, size) == 0 ? 1
                                                : distance(search->typed, word);
    if (d > near || (search->best && d >= search->distance))
        return;
    search->best = word;
    search->distance = d;
}

const char *suggest_word(const char *typed, const char *const *words)
{
    struct suggest search = {.typed = typed};

    for (; *words; words++)
        suggest_try(&search, *words);
    return search.best;
}
