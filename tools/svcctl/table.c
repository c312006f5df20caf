/* SPDX-License-Identifier: Apache-2.0 */
/* A table that is aligned when it is printed. */
#include "table.h"

#include "memory.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Blanks between two columns. */
#define GAP 2

void table_init(struct table *t, size_t columns)
{
    memset(t, 0, sizeof(*t));
    t->columns = columns;
}

void table_fini(struct table *t)
{
    size_t i;

    for (i = 0; i < t->used; i++)
        free(t->cells[i]);
    free(t->cells);
    free(t->tints);
}

void table_add(struct table *t, const char *text, enum tint tint)
{
    size_t row = t->used / t->columns;

    t->cells =
        memory_grow(t->cells, &t->cells_room, t->used + 1, sizeof(*t->cells));
    t->tints =
        memory_grow(t->tints, &t->tints_room, row + 1, sizeof(*t->tints));
    if (t->used % t->columns == 0)
        t->tints[row] = tint;
    t->cells[t->used++] = text_safe(text && text[0] ? text : "-");
}

int table_is_coloured(const struct options *opt)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    if (opt->color != COLOR_AUTO)
        return opt->color == COLOR_ALWAYS;
    if ((no_color && no_color[0]) || !term || strcmp(term, "dumb") == 0)
        return 0;
    return isatty(STDOUT_FILENO);
}

/* How wide each column is, in the rows from first on. Owned. */
static size_t *measure(const struct table *t, size_t first)
{
    size_t *widths = memory_new(t->columns, sizeof(*widths));
    size_t i;

    for (i = first * t->columns; i < t->used; i++) {
        size_t width = text_width(t->cells[i]);

        if (width > widths[i % t->columns])
            widths[i % t->columns] = width;
    }
    return widths;
}

static void print_row(const struct table *t, size_t row, const size_t *widths)
{
    char *const *cells = t->cells + row * t->columns;
    size_t i;

    for (i = 0; i + 1 < t->columns; i++) {
        size_t blanks = widths[i] - text_width(cells[i]) + GAP;

        printf("%s%*s", cells[i], (int)blanks, "");
    }
    fputs(cells[i], stdout);
}

void table_print(const struct table *t, const struct options *opt, int titles)
{
    static const char *const codes[] = {
        [TINT_NONE] = "",        [TINT_BOLD] = "\033[1m",
        [TINT_DIM] = "\033[2m",  [TINT_GREEN] = "\033[32m",
        [TINT_RED] = "\033[31m", [TINT_YELLOW] = "\033[33m",
    };
    size_t row = titles && !opt->no_headers ? 0 : 1;
    /* Titles count even when they are not printed again. */
    size_t *widths = measure(t, opt->no_headers ? 1 : 0);
    int coloured = table_is_coloured(opt);

    for (; row < t->used / t->columns; row++) {
        int tinted = coloured && t->tints[row] != TINT_NONE;

        if (tinted)
            fputs(codes[t->tints[row]], stdout);
        print_row(t, row, widths);
        fputs(tinted ? "\033[0m\n" : "\n", stdout);
    }
    free(widths);
}
