/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader of the text format of Prometheus, version 0.0.4, as strict as a
 * writer can be held to it: each family has its HELP, its TYPE and its samples
 * in this order and once, names are as the conventions want them, and samples
 * stand in order of their only label.
 */
#ifndef TESTS_LIB_METRICS_H
#define TESTS_LIB_METRICS_H

#include <stddef.h>

struct metrics_sample {
    const char *metric;
    const char *type;  /* "counter", "gauge" */
    const char *help;  /* unescaped */
    const char *label; /* value of the label "name", unescaped; or NULL */
    const char *value;
};

struct metrics {
    char *text; /* what all of it points into */
    struct metrics_sample *samples;
    size_t count;
    size_t families;
};

/* NULL and metrics to be given to fini, or what is wrong. */
const char *metrics_read(const char *text, struct metrics *ret);
void metrics_fini(struct metrics *m);

/* The value of a metric with this label (NULL: without one), or NULL. */
const char *metrics_value(const struct metrics *m, const char *metric,
                          const char *label);

#endif
