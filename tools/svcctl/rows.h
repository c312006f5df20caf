/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints as rows of a table: which columns there are, and what stands in
 * them.
 */
#ifndef SVCCTL_ROWS_H
#define SVCCTL_ROWS_H

#include "options.h"
#include "table.h"

#include <svc/svc.h>

/* How rows are written. */
struct rows {
    const char *lead; /* title of a column in front, or NULL */
    int wide;         /* more columns */
    int why;          /* a last column with the reasons */
    int set;          /* columns about the set that the endpoint is of */
    enum tint tint;   /* of usable endpoints; the others are dim */
};

/* Begins the table with its titles. Give it to table_fini. */
void rows_init(const struct rows *rows, struct table *ret);

/* One endpoint, whose set is not told; lead is the text of the column in
 * front. */
void rows_add(const struct rows *rows, struct table *t, const char *lead,
              const svc_endpoint *ep);

/* The first count endpoints of a set. */
void rows_add_set(const struct rows *rows, struct table *t, const char *lead,
                  const svc_endpoints *eps, size_t count);

/* "10.0.0.1:80" of the first count endpoints, one a line, on standard
 * output. */
void rows_print_names(const svc_endpoints *eps, size_t count);

/* "not-ready,wrong-family" of bits of enum svc_why. */
void rows_why(uint32_t why, char *ret, size_t size);

#endif
