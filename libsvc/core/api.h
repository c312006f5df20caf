/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every public function asks before it does anything. Any thread.
 */
#ifndef SVC_CORE_API_H
#define SVC_CORE_API_H

#include <svc/svc.h>

/* SVC_EINVAL, for an argument that must not be NULL. */
int svc__api_missing(svc_error *reterr);

/* 0, or why a service may not be used here: it is NULL, or the parent's. */
int svc__api_check_service(const svc_service *s, svc_error *reterr);

#endif
