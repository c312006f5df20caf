/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who we are to which API server: finds the configuration (a kubeconfig, or
 * the service account's files in a pod), keeps what its files say fresh, runs
 * its credential plugin (faults A3 to A5, A32, 3.4). What was good stays when
 * a file becomes bad. Knows no request. Thread that dispatches.
 */
#ifndef SVC_BACKEND_APISERVER_LOGIN_H
#define SVC_BACKEND_APISERVER_LOGIN_H

#include "backend/backend.h"
#include "io/proc.h"
#include "kube/config.h"

#include <stdint.h>
#include <svc/svc.h>

/* A copy of a file is read again when it is older (faults A4). */
#define SVC__LOGIN_FRESH_MS 60000

/* How long a credential plugin may take, and for how long at least what it gave
 * is used, whenever it ends. */
#define SVC__LOGIN_PLUGIN_MS 60000
#define SVC__LOGIN_USE_MS    10000

struct svc__apiserver_login {
    const struct svc__backend_env *env;
    struct svc__config *config; /* after init never NULL */
    char *where;                /* where it was found, for people */
    int is_outside;             /* by kubeconfig: the caller is outside */

    /* What counts now; a plugin's wins. Data are NULL where there is none. */
    struct svc__config_data token; /* to be sent, or none */
    struct svc__config_data ca;
    struct svc__config_data certificate;
    struct svc__config_data key;
    uint64_t tls_generation; /* rises when ca, certificate or key changed */

    /* its own */
    int64_t read_ms; /* when the files were read; INT64_MIN: never */
    struct svc__proc *plugin;
    int has_credential;     /* what counts is the plugin's */
    int64_t expires_s;      /* it ends then, as in svc__config_credential */
    int64_t got_ms;         /* when it came */
    svc_error plugin_error; /* of its last run; code 0: none */
    void (*ready)(void *arg);
    void *arg;
};

/* Reads the configuration. ready is called when a plugin that need waited for
 * has ended, in whatever way. 0, or what svc__apiserver_find says. Give it to
 * fini also after a failure. */
int svc__apiserver_login_init(struct svc__apiserver_login *l,
                              const struct svc__backend_env *env,
                              void (*ready)(void *arg), void *arg,
                              svc_error *reterr);
void svc__apiserver_login_fini(struct svc__apiserver_login *l);

/* Brings what counts up to date before a request. anew: the server did not
 * take what there was (401), or files are to be read whatever their age. 0:
 * use it. 1: a plugin runs, ready will be called. Else SVC_EAUTH (no token, no
 * CA, no plugin allowed, the plugin's reason), SVC_ENOMEM. */
int svc__apiserver_login_need(struct svc__apiserver_login *l, int anew,
                              svc_error *reterr);

/* The namespace of the configuration's context: see caller_namespace in
 * backend/backend.h. */
int svc__apiserver_login_namespace(
    const struct svc__backend_apiserver *settings, char **ret);

#endif
