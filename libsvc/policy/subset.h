/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter behind policy/eligible that lets each client talk to a few
 * endpoints only, so that many clients with many endpoints do not make a
 * connection for each pair. Pure.
 *
 * Rendezvous hashing (Thaler and Ravishankar, 1998): a client keeps the
 * endpoints whose hash with its id is greatest. The same id and the same
 * endpoints give the same subset, in every client, build and language; an
 * endpoint that comes or goes changes one member at most; and over many clients
 * all endpoints are in as many subsets.
 */
#ifndef SVC_POLICY_SUBSET_H
#define SVC_POLICY_SUBSET_H

#include "model/view.h"

#include <stddef.h>

/* Keeps `size` usable candidates of each address family, all where there are no
 * more, and adds SVC_WHY_OUTSIDE_SUBSET to the other usable ones. Each family
 * by itself, as the filter before does: a client that can use one of them only
 * would else have fewer than it asked for, or none. size 0: nothing is done.
 * Writes "filter" steps. 0 or SVC_ENOMEM. */
int svc__subset_apply(struct svc__view *v, const char *client, size_t size);

#endif
