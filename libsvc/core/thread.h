/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The internal thread that dispatches, where the caller does not.
 */
#ifndef SVC_CORE_THREAD_H
#define SVC_CORE_THREAD_H

#include "core/resolver.h"

/* Starts the thread, all signals blocked in it. 0 or SVC_ENOMEM. */
int svc__thread_start(svc_resolver *r, svc_error *reterr);

/* Waits for its end after r->stop was set and the loop woken; nothing to do
 * without one. */
void svc__thread_join(svc_resolver *r);

#endif
