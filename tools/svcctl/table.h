/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table that is aligned when it is printed. Texts are copied and made safe
 * for a terminal; an unknown one (NULL or empty) shows as "-".
 */
#ifndef SVCCTL_TABLE_H
#define SVCCTL_TABLE_H

#include "options.h"

#include <stddef.h>

enum tint {
    TINT_NONE,
    TINT_BOLD,
    TINT_DIM,
    TINT_GREEN,
    TINT_RED,
    TINT_YELLOW
};

struct table {
    char **cells;     /* owned, as is each of them */
    enum tint *tints; /* owned; one a row */
    size_t used;
    size_t cells_room;
    size_t tints_room;
    size_t columns;
};

/* An empty table, to be given to table_fini. */
void table_init(struct table *t, size_t columns);

void table_fini(struct table *t);

/* Fills the next cell; tint counts for the whole row and is taken from its
 * first cell. The first row holds the titles. */
void table_add(struct table *t, const char *text, enum tint tint);

/* Whether standard output is to be coloured. */
int table_is_coloured(const struct options *opt);

/* Prints the table on standard output, without its titles when opt says so
 * or titles is 0. */
void table_print(const struct table *t, const struct options *opt, int titles);

#endif
