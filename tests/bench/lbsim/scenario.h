/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of scenarios: which servers have which fault, and whether servers
 * leave and come.
 */
#ifndef SVC_LBSIM_SCENARIO_H
#define SVC_LBSIM_SCENARIO_H

#include "fault.h"

#include <stddef.h>

struct scenario {
    const char *name;
    const char *text; /* a line of help */
    struct fault fault;
    size_t every;    /* so manieth server has it; 0: one in the middle */
    int is_loaded;   /* load is of the capacity that the faults leave; else of
                        that of servers without */
    int64_t replace; /* so often one leaves and a new one comes; 0: never */
    int is_watched;  /* it is measured how those that return are taken up */
};

/* The i-th, or NULL. */
const struct scenario *scenario_at(size_t i);
const struct scenario *scenario_find(const char *name); /* NULL: no such */

/* What server i of count has. */
const struct fault *scenario_fault(const struct scenario *s, size_t i,
                                   size_t count);

#endif
