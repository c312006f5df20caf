/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a service: the sockets of a race (policy/race.h), each on its
 * way to an endpoint that was picked. Any thread, or dispatching.
 */
#ifndef SVC_CORE_CONNECT_H
#define SVC_CORE_CONNECT_H

#include "core/service.h"

#include <svc/svc.h>

/* As svc_service_connect; options are whole, ret_pick may be NULL. */
int svc__connect(svc_service *s, const svc_pick_options *options,
                 int timeout_ms, svc_pick *ret_pick, svc_error *reterr);

#endif
