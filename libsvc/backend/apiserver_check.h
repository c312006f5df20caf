/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether all is well between us and the API server: which configuration
 * counts, whether the server answers, how long the credentials last, whether
 * the clocks agree, what we may do. Thread that dispatches.
 */
#ifndef SVC_BACKEND_APISERVER_CHECK_H
#define SVC_BACKEND_APISERVER_CHECK_H

#include "backend/apiserver_call.h"
#include "backend/check.h"

/* Begins; server is borrowed until the end, c->place is its own. */
void svc__apiserver_check(const struct svc__backend_env *env,
                          struct svc__apiserver *server, struct svc__check *c);
void svc__apiserver_check_end(struct svc__check *c);

#endif
