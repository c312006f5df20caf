/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the configuration for an API server is, and what it says: the option
 * kubeconfig; else, without the option context, the files of a pod; else
 * KUBECONFIG; else ~/.kube/config (docs/apiserver.md). Keeps nothing, knows no
 * request. Any thread.
 */
#ifndef SVC_BACKEND_APISERVER_FIND_H
#define SVC_BACKEND_APISERVER_FIND_H

#include "backend/backend.h"
#include "kube/config.h"

#include <svc/svc.h>

/* Reads it; *ret is owned. *where says where it was found, for people: NULL at
 * first, owned by the caller from then on, also after a failure; given again it
 * is looked for there. 0; SVC_ENOTSUP with no configuration at hand; SVC_EAUTH
 * when it names a plugin, and others may write it (faults 3.4); what
 * svc__config_read says; SVC_ENOMEM. */
int svc__apiserver_find(const struct svc__backend_apiserver *a, char **where,
                        struct svc__config **ret, svc_error *reterr);

#endif
