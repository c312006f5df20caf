/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a watch prints: one event for each new set or trouble, in each form of
 * output. Does no waiting.
 */
#ifndef SVCCTL_EVENTS_H
#define SVCCTL_EVENTS_H

#include "options.h"

#include <svc/svc.h>

/* The state between two events. Begin with zeroes and opt. */
struct events {
    const struct options *opt;
    svc_endpoints *eps; /* the last set; shared, NULL before the first */
    int titles_printed;
    int in_trouble;
};

/* Prints what is new in a set; eps is taken. */
void events_set(struct events *e, svc_endpoints *eps);

/* Prints a trouble of the source; the last set stays. */
void events_trouble(struct events *e, const svc_error *error);

void events_fini(struct events *e);

#endif
