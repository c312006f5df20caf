/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend of "auto" where credentials are at hand: the API server, with
 * DNS as fall-back until it has answered (docs/architecture.md). Runs the
 * two as they are, each with a sink of its own. Thread that dispatches.
 */
#ifndef SVC_BACKEND_AUTO_H
#define SVC_BACKEND_AUTO_H

#include "backend/backend.h"

/* DNS is asked so long after the API server was, or at once when that says
 * that it will not answer (401, 403, no such API). */
#define SVC__AUTO_DNS_MS 300

/* What one of them says against an answer is told after so long, though the
 * other has not spoken. */
#define SVC__AUTO_TELL_MS 3000

/* What could not be opened is tried again after so long: for want of memory,
 * or for good reasons. */
#define SVC__AUTO_RETRY_MS       1000
#define SVC__AUTO_RETRY_LATER_MS 30000

/* Needs both backends built: its init finds them by name. SVC_ENOTSUP when one
 * is missing. */
extern const struct svc__backend_ops svc__backend_auto;

/* Its init with these two, of any name; borrowed until fini. */
struct svc__auto_parts {
    const struct svc__backend_ops *apiserver;
    const struct svc__backend_ops *dns;
};
int svc__auto_init(void *state, const struct svc__auto_parts *parts,
                   const struct svc__backend_env *env, svc_error *reterr);

#endif
