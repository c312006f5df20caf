/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling how an answer came about: the steps that core itself adds to a
 * traced view, and all of them as JSON.
 */
#ifndef SVC_CORE_EXPLAIN_H
#define SVC_CORE_EXPLAIN_H

#include "core/service.h"

/* Adds the steps "name" (first) and "policy" (last) to a view that is ready to
 * be published; nothing without trace. 0 or SVC_ENOMEM. Loop thread. */
int svc__explain_add_steps(const svc_service *s, struct svc__view *v);

/* As svc_service_explain. Any thread, or dispatching. */
int svc__explain(svc_service *s, char **ret_json, svc_error *reterr);

#endif
