/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the credential plugin of a kubeconfig with the arguments and the
 * environment that it is to have (client.authentication.k8s.io; faults 3.4).
 * Thread that dispatches.
 */
#ifndef SVC_BACKEND_APISERVER_PLUGIN_H
#define SVC_BACKEND_APISERVER_PLUGIN_H

#include "io/proc.h"

#include <stddef.h>
#include <svc/svc.h>

/* Whom to tell; as done in svc__proc_settings. */
struct svc__apiserver_plugin_done {
    void (*fn)(void *arg, int err, const char *output, size_t size,
               const svc_error *error);
    void *arg;
};

struct svc__apiserver_login;

/* 0; SVC_EAUTH when plugins may not be run, or this one cannot, with what to
 * do; SVC_ENOMEM. */
int svc__apiserver_plugin_start(const struct svc__apiserver_login *login,
                                struct svc__apiserver_plugin_done done,
                                struct svc__proc **ret, svc_error *reterr);

#endif
