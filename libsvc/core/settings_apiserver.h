/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that are about the API server, judged, and what "auto" comes to
 * where they and the environment are what they are. Any thread.
 */
#ifndef SVC_CORE_SETTINGS_APISERVER_H
#define SVC_CORE_SETTINGS_APISERVER_H

#include "core/settings.h"

#include <svc/svc.h>

/* The option, "kubeconfig" or "context", that asks for the API server, or
 * NULL. */
const char *svc__settings_apiserver_option(const svc_resolver_options *o);

/* Fills what is about the API server, and automatic; everything else in *ret
 * has been read. Reads the environment where that backend may be used. 0;
 * SVC_EINVAL with what would be valid; SVC_ENOMEM. */
int svc__settings_apiserver_read(const svc_resolver_options *o,
                                 struct svc__settings *ret, svc_error *reterr);
void svc__settings_apiserver_fini(struct svc__settings *settings);

#endif
