/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend that listens to the Kubernetes API (semantics 2.9, 2.10). All of
 * it runs on the thread that dispatches.
 */
#ifndef SVC_BACKEND_APISERVER_H
#define SVC_BACKEND_APISERVER_H

#include "backend/backend.h"

/* Under load a Service is delivered once in so long: the first and the last
 * change always. */
#define SVC__APISERVER_DELIVER_MS 10

/* A change of the Service alone that would empty a set waits so long for its
 * slices to follow. */
#define SVC__APISERVER_HOLD_MS 2000

extern const struct svc__backend_ops svc__backend_apiserver;

#endif
