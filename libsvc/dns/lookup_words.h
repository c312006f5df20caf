/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said about a lookup: the stories of views without endpoints, with
 * who said so and what to do, and the steps of explain. All return 0 or
 * SVC_ENOMEM. Pure; one thread at a time.
 */
#ifndef SVC_DNS_LOOKUP_WORDS_H
#define SVC_DNS_LOOKUP_WORDS_H

#include "dns/lookup_state.h"

/* The step of a question that has its answer, or its failure: into l->log,
 * which there is. */
int svc__lookup_words_answered(struct svc__lookup *l,
                               const struct svc__lookup_ask *ask,
                               const struct svc__wire_message *m,
                               const struct svc__lookup_event *ev);
int svc__lookup_words_failed(struct svc__lookup *l,
                             const struct svc__lookup_ask *ask,
                             const struct svc__lookup_event *ev,
                             const svc_error *error);

/* The steps of a view with candidates: what they are, what was left out. */
int svc__lookup_words_found(const struct svc__lookup *l, struct svc__view *v);

/* No address, by the questions of a role; is_absent: NXDOMAIN from all. */
int svc__lookup_words_nothing(const struct svc__lookup *l,
                              enum svc__lookup_role role, int is_absent,
                              struct svc__view *v);

/* Addresses, but nothing at the port name. */
int svc__lookup_words_no_port(const struct svc__lookup *l, struct svc__view *v);

/* Several ports, and the name asks for none of them. */
int svc__lookup_words_several(const struct svc__lookup *l, struct svc__view *v);

/* A view that DNS does not have of this Service. */
int svc__lookup_words_no_view(const struct svc__lookup *l, struct svc__view *v);

#endif
