/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscriptions that write their steps down (explain): each has a lookup of
 * its own, past the cache, since its questions are what is to be seen, and
 * hears one answer. Thread that dispatches.
 */
#ifndef SVC_BACKEND_DNS_SOLO_H
#define SVC_BACKEND_DNS_SOLO_H

#include "backend/backend.h"
#include "backend/dns_run.h"

#include <svc/svc.h>

/* Begins a lookup for sub, with settings that lack what is the subscription's;
 * it is put into the list, and is sub->place. 0 or what svc__dns_run_new says.
 */
int svc__dns_solo_new(struct svc__list *solos,
                      const struct svc__backend_env *env, struct svc__sub *sub,
                      struct svc__dns_run_settings *settings,
                      svc_error *reterr);
void svc__dns_solo_free(struct svc__sub *sub);

/* Frees all of a list; their subscriptions hear nothing more. */
void svc__dns_solo_free_all(struct svc__list *solos);

#endif
