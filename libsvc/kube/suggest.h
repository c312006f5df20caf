/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to say of a Service that is not there: a close spelling, another
 * namespace that has it, or how an outside name is written. Pure; one thread
 * at a time.
 */
#ifndef SVC_KUBE_SUGGEST_H
#define SVC_KUBE_SUGGEST_H

#include "model/view.h"

#include <stddef.h>

#define SVC__SUGGEST_NAMESPACES 3

/* Collects while all Services are offered. Names are borrowed. */
struct svc__suggest {
    const struct svc__query *query;
    const char *close; /* nearest name in the namespace, or NULL */
    size_t distance;   /* of it */
    const char *namespaces[SVC__SUGGEST_NAMESPACES]; /* that have the name,
                                                        in order */
    size_t namespace_count; /* of them, at most SVC__SUGGEST_NAMESPACES */
    size_t neighbours;      /* Services in the namespace */
};

void svc__suggest_init(struct svc__suggest *s, const struct svc__query *q);

/* Looks at one Service; the order of calls does not matter. */
void svc__suggest_offer(struct svc__suggest *s, const char *namespace_,
                        const char *name);

/* Gives v, which has SVC_ENOSERVICE, the best hint. 0 or SVC_ENOMEM. */
int svc__suggest_hint(const struct svc__suggest *s, struct svc__view *v);

/* How many letters to insert, drop, change or swap with their neighbour to
 * get from a to b; max + 1 when that is more than max, or when a text is
 * longer than a label. */
size_t svc__suggest_distance(const char *a, const char *b, size_t max);

#endif
