/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter before every policy: which candidates of a view may be picked
 * (semantics 2.9 rules 7, 13 and 15), the reasons written beside the others.
 * Pure.
 */
#ifndef SVC_POLICY_ELIGIBLE_H
#define SVC_POLICY_ELIGIBLE_H

#include "model/view.h"

/* Where the caller runs; NULL: unknown. */
struct svc__eligible_env {
    const char *node;
    const char *zone;
};

/* Adds the reasons (ready, terminating, topology) to the candidates that have
 * none yet, each family by itself. Writes "filter" steps. 0 or SVC_ENOMEM. */
int svc__eligible_apply(struct svc__view *v,
                        const struct svc__eligible_env *env);

/* Behind the last filter: when nothing stayed usable, and the view has no code
 * and no alias, sets SVC_ENOENDPOINTS with its story. 0 or SVC_ENOMEM. */
int svc__eligible_judge(struct svc__view *v);

#endif
