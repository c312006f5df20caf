/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the words of the options about the API server, and the choice of
 * "auto". Knows nothing of how the server is asked.
 */
#include "core/settings_apiserver.h"

#include "backend/auto.h"
#include "base/alloc.h"
#include "base/err.h"

#include <string.h>

static int is_given(const char *option)
{
    return option != NULL && option[0] != '\0';
}

const char *svc__settings_apiserver_option(const svc_resolver_options *o)
{
    if (is_given(o->kubeconfig))
        return "kubeconfig";
    return is_given(o->context) ? "context" : NULL;
}

static int read_exec(const svc_resolver_options *o, int *ret, svc_error *reterr)
{
    *ret = 0;
    if (!is_given(o->exec) || strcmp(o->exec, "deny") == 0)
        return 0;
    if (strcmp(o->exec, "allow") != 0)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option exec is \"%.80s\"; valid: allow, deny",
                            o->exec);
    *ret = 1;
    return 0;
}

static int copy(const char *option, char **ret)
{
    if (!is_given(option))
        return 0;
    *ret = svc__strdup(option);
    return *ret == NULL ? SVC_ENOMEM : 0;
}

/* What names without a scheme are asked of when no option decides. DNS servers
 * that were given are meant to be asked. */
static const struct svc__backend_ops *choose(
    const struct svc__settings *settings,
    const struct svc__backend_ops *apiserver)
{
    if (settings->dns_servers != NULL || apiserver == NULL ||
        !svc__backend_has_credentials(&settings->apiserver))
        return settings->outside;
    return settings->outside == NULL ? apiserver : &svc__backend_auto;
}

/* The namespace of the kubeconfig's context, where nobody else said one and
 * names without a scheme are asked of the API server. */
static int read_namespace(struct svc__settings *settings,
                          const struct svc__backend_ops *apiserver)
{
    const int is_used = settings->backend != NULL
                            ? settings->backend == apiserver
                            : settings->automatic != settings->outside;
    char *namespace_ = NULL;
    int err;

    if (settings->namespace_said || apiserver == NULL || !is_used)
        return 0;
    err = apiserver->caller_namespace(&settings->apiserver, &namespace_);
    if (err != 0 || namespace_ == NULL)
        return err;
    svc__free(settings->namespace_);
    settings->namespace_ = namespace_;
    return 0;
}

int svc__settings_apiserver_read(const svc_resolver_options *o,
                                 struct svc__settings *ret, svc_error *reterr)
{
    const struct svc__backend_ops *apiserver = NULL;
    int err = read_exec(o, &ret->apiserver.exec, reterr);

    if (err != 0)
        return err;
    (void)svc__backend_find("apiserver", &apiserver, NULL);
    if (apiserver != NULL &&
        (ret->backend == NULL || ret->backend == apiserver)) {
        err = copy(o->kubeconfig, &ret->kubeconfig);
        if (err == 0)
            err = copy(o->context, &ret->context);
        if (err == 0)
            err = svc__backend_surroundings_read(&ret->surroundings);
        if (err != 0)
            return svc__err_nomem(reterr);
    }
    ret->apiserver.kubeconfig = ret->kubeconfig;
    ret->apiserver.context = ret->context;
    ret->apiserver.node = ret->node;
    ret->apiserver.zone = ret->zone;
    ret->apiserver.surroundings = &ret->surroundings;
    if (ret->backend == NULL)
        ret->automatic = choose(ret, apiserver);
    return read_namespace(ret, apiserver) == 0 ? 0 : svc__err_nomem(reterr);
}

void svc__settings_apiserver_fini(struct svc__settings *settings)
{
    svc__backend_surroundings_fini(&settings->surroundings);
    svc__free(settings->kubeconfig);
    svc__free(settings->context);
}
