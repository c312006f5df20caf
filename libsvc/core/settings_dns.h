/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that are about DNS, judged. Pure.
 */
#ifndef SVC_CORE_SETTINGS_DNS_H
#define SVC_CORE_SETTINGS_DNS_H

#include "backend/backend.h"

#include <svc/svc.h>

/* Fills everything but the strings: servers, resolv_conf, topo_zone. 0, or
 * SVC_EINVAL with what would be valid. */
int svc__settings_dns_read(const svc_resolver_options *o,
                           struct svc__backend_dns *ret, svc_error *reterr);

#endif
