/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the facts about a Service to the view that a query asks for: its
 * identity, then the type first, then the port, then the endpoints. Pure; one
 * thread at a time.
 */
#ifndef SVC_KUBE_ANSWER_H
#define SVC_KUBE_ANSWER_H

#include "kube/port.h"
#include "kube/store.h"
#include "model/view.h"

#include <svc/svc.h>

/* Writes into an empty view what the query asked for: service, namespace,
 * canonical name, kind. 0 or SVC_ENOMEM. */
int svc__answer_begin(const struct svc__query *q, struct svc__view *v);

/* Answers from the Service that is there. 0 or SVC_ENOMEM. */
int svc__answer_service(const struct svc__facts *f, struct svc__view *v);

/* Says that there is no such Service, with the best hint that the store has
 * for it. 0 or SVC_ENOMEM. */
int svc__answer_absent(const struct svc__store *st, const struct svc__query *q,
                       int has_slices, struct svc__view *v);

/* Says that the Service was refused. Returns SVC_EFILE. */
int svc__answer_refused(const struct svc__query *q, const char *reason,
                        const char *source, svc_error *reterr);

#endif
