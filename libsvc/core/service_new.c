/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's side of a service: reading the name, choosing the backend,
 * handing over to the loop, waiting. Any thread.
 */
#include "core/service.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/err.h"
#include "core/registry.h"
#include "core/stats.h"

#include <string.h>

/* The backend that the resolver's options choose for names without scheme. */
static int default_backend(const svc_service *s,
                           const struct svc__backend_ops **ret,
                           svc_error *reterr)
{
    const struct svc__settings *settings = &s->r->settings;
    char built[128];

    if (settings->backend == NULL && settings->automatic != NULL) {
        *ret = settings->automatic;
        return 0;
    }
    if (settings->backend == NULL) {
        svc__backend_names(built, sizeof(built));
        svc__err_set(reterr, SVC_ENOTSUP,
                     "\"%.200s\": no source of Services is at hand; backends "
                     "built into this library: %s",
                     s->text, built);
        svc__err_hint(reterr, "give a kubeconfig (option kubeconfig, or "
                              "KUBECONFIG) where the API server is built in, "
                              "or manifests (option files, or svcctl -f), as "
                              "kubectl get services,endpointslices,nodes -A "
                              "-o yaml prints them");
        return SVC_ENOTSUP;
    }
    if (strcmp(settings->backend->name, "file") == 0 &&
        settings->files == NULL && settings->manifest == NULL)
        return svc__err_set(reterr, SVC_EINVAL,
                            "\"%.200s\": backend \"file\" has no manifest: set "
                            "option files or manifest",
                            s->text);
    *ret = settings->backend;
    return 0;
}

static int contradiction(const svc_service *s, const char *backend,
                         svc_error *reterr)
{
    return svc__err_set(reterr, SVC_EINVAL,
                        "\"%.200s\": the scheme asks for backend \"%s\", but "
                        "the options chose \"%s\"",
                        s->text, backend, s->r->settings.backend->name);
}

/* A file:// name reads its own path: that of the options, or no other. */
static int file_backend(const svc_service *s,
                        const struct svc__backend_ops **ret, svc_error *reterr)
{
    const struct svc__settings *settings = &s->r->settings;
    size_t i = 0;

    if (settings->backend != NULL &&
        strcmp(settings->backend->name, "file") != 0)
        return contradiction(s, "file", reterr);
    while (settings->files != NULL && settings->files[i] != NULL &&
           strcmp(settings->files[i], s->name.file) != 0)
        i++;
    if (settings->manifest != NULL ||
        (settings->files != NULL && settings->files[i] == NULL))
        return svc__err_set(reterr, SVC_EINVAL,
                            "\"%.200s\": the name brings a file of its own, "
                            "but the options gave others",
                            s->text);
    return svc__backend_find("file", ret, reterr);
}

/* The backend that such a name needs is not built. */
static int not_built(const svc_service *s, const char *what,
                     const char *backend, svc_error *reterr)
{
    char built[128];

    svc__backend_names(built, sizeof(built));
    svc__err_set(reterr, SVC_ENOTSUP,
                 "\"%.200s\" is %s: backend \"%s\" is not built into this "
                 "library; built: %s",
                 s->text, what, backend, built[0] == '\0' ? "none" : built);
    svc__err_hint(reterr, "ask for a Service, such as \"web.shop:http\", "
                          "or for an address with its port");
    return SVC_ENOTSUP;
}

/* A name that only DNS knows, whatever the options chose. */
static int outside_backend(svc_service *s, const char *what, svc_error *reterr)
{
    s->ops = s->r->settings.outside;
    return s->ops != NULL ? 0 : not_built(s, what, "dns", reterr);
}

/* A name of Services that no other source knows (semantics 2.1). */
static int only_dns(svc_service *s, const char *what, svc_error *reterr)
{
    const struct svc__backend_ops *chosen = s->r->settings.backend;

    if (chosen == NULL || chosen == s->r->settings.outside)
        return outside_backend(s, what, reterr);
    svc__err_set(reterr, SVC_ENOTSUP,
                 "\"%.200s\" is %s, which only DNS knows, and the source is "
                 "\"%s\"",
                 s->text, what, chosen->name);
    svc__err_hint(reterr, "choose backend \"dns\" (svcctl -b dns)");
    return SVC_ENOTSUP;
}

static int kubernetes_backend(svc_service *s, svc_error *reterr)
{
    const struct svc__backend_ops *chosen = s->r->settings.backend;

    if (chosen != NULL && strcmp(chosen->name, "apiserver") != 0)
        return contradiction(s, "apiserver", reterr);
    if (svc__backend_find("apiserver", &s->ops, NULL) == 0)
        return 0;
    return not_built(s, "asked of the API server", "apiserver", reterr);
}

static int choose_backend(svc_service *s, const struct svc__backend_ops *wanted,
                          svc_error *reterr)
{
    switch (s->name.kind) {
    case SVC__NAME_LITERAL:
    case SVC__NAME_POD:
        return 0;
    case SVC__NAME_EXTERNAL:
        return outside_backend(s, "a name outside the cluster", reterr);
    case SVC__NAME_CLUSTERSET:
        return only_dns(s, "a multi-cluster name", reterr);
    case SVC__NAME_ZONAL:
        return only_dns(s, "a zonal name", reterr);
    case SVC__NAME_SERVICE:
        break;
    }
    if (s->name.scheme == SVC__SCHEME_KUBERNETES)
        return kubernetes_backend(s, reterr);
    if (s->name.scheme == SVC__SCHEME_FILE)
        return file_backend(s, &s->ops, reterr);
    s->ops = wanted;
    return wanted != NULL ? 0 : default_backend(s, &s->ops, reterr);
}

/* Frees a service whose publish part was never begun. */
static void discard(svc_service *s)
{
    svc__free(s->memo);
    svc__balance_fini(s);
    svc__name_fini(&s->name);
    svc__freshness_unref(s->freshness);
    svc__free(s->text);
    svc__free(s);
}

static int prepare(svc_service *s, const struct svc__request *request,
                   svc_error *reterr)
{
    const struct svc__name_env env = {s->r->settings.namespace_,
                                      s->r->settings.cluster_domain};
    int err = svc__name_parse(request->name, &env, &s->name, reterr);

    if (err != 0)
        return err;
    if (s->trace != NULL)
        s->named_us = s->trace();
    s->text = svc__strdup(request->name);
    s->freshness = svc__freshness_new();
    if (s->text == NULL || s->freshness == NULL)
        return svc__err_nomem(reterr);
    err = svc__settings_read_service(request->options, &s->name, &s->settings,
                                     reterr);
    if (!s->is_picked)
        s->settings.track = s->settings.slow_start_ms = 0;
    if (err == 0)
        err = choose_backend(s, request->ops, reterr);
    if (err == 0 && svc__publish_init(&s->publish, s->seed, &s->r->swept) != 0)
        err = svc__err_nomem(reterr);
    return err;
}

/* Gives the loop its new service. 0, or SVC_ECLOSED when there is no loop any
 * more: explain may come here while another thread frees the resolver. */
static int hand_over(svc_service *s)
{
    svc_resolver *r = s->r;
    int closed;

    svc__mutex_lock(&r->lock);
    closed = r->closed;
    if (!closed) {
        svc__count_add(&r->counters.services_open, 1);
        svc__resolver_command(r, s);
        if (s->is_picked)
            svc__stats_list(s);
    }
    svc__mutex_unlock(&r->lock);
    return closed ? SVC_ECLOSED : 0;
}

int svc__service_new(svc_resolver *r, const struct svc__request *request,
                     svc_service **ret, svc_error *reterr)
{
    svc_service *s = svc__calloc(1, sizeof(*s));
    int err;

    if (s == NULL)
        return svc__err_nomem(reterr);
    svc__refs_init(&s->refs);
    svc__refs_get(&s->refs); /* the loop's */
    svc__list_init(&s->command);
    svc__list_init(&s->listed);
    svc__list_init(&s->link);
    svc__list_init(&s->dirty);
    s->r = r;
    svc__balance_init(s, svc__service_judge);
    s->is_picked = request->is_picked;
    s->trace = request->trace;
    s->explained = request->explained;
    s->opened_us = s->trace == NULL ? 0 : s->trace();
    s->published_ms = INT64_MIN;
    s->seed = svc__hash(&r->hash_key, &s, sizeof(s));
    err = prepare(s, request, reterr);
    if (err != 0) {
        discard(s);
        return err;
    }
    svc__refs_get(&r->refs);
    if (s->explained != NULL)
        svc__refs_get(&s->explained->refs);
    s->memo = request->memo; /* the loop may look at it at once */
    err = hand_over(s);
    if (err != 0) {
        s->memo = NULL;
        svc__service_unref(s); /* the loop's */
        svc__service_unref(s);
        return svc__err_set(reterr, err, "the resolver was freed");
    }
    *ret = s;
    return 0;
}

void svc__service_free(svc_service *s)
{
    svc_resolver *r = s->r;

    /* After a fork the memory is the parent's business (as in
     * svc__resolver_free). */
    if (svc__resolver_is_foreign(r))
        return;
    svc__mutex_lock(&r->lock);
    svc__stats_unlist(s);
    if (!r->closed) {
        s->closing = 1;
        svc__resolver_command(r, s);
    }
    svc__mutex_unlock(&r->lock);
    svc__service_unref(s);
}

/* One that nobody has any more. */
static void destroy(svc_service *s)
{
    svc_resolver *r = s->r;

    if (s->is_enlisted)
        svc__registry_remove(svc__publish_id(&s->publish));
    svc__publish_fini(&s->publish);
    discard(s);
    svc__resolver_unref(r);
}

void svc__service_unref(svc_service *s)
{
    while (s != NULL && svc__refs_put(&s->refs)) {
        svc_service *explained = s->explained;

        destroy(s);
        s = explained;
    }
}

/* Nobody has said anything yet. DNS servers are asked for longer than callers
 * like to wait, and only then one of them is named. */
static int no_answer(const svc_service *s, svc_error *reterr)
{
    svc__err_set(reterr, SVC_ETIMEDOUT,
                 "\"%.200s\": no answer from the source in time", s->text);
    if (s->ops != NULL && s->ops == s->r->settings.outside)
        svc__err_hint(reterr, "wait for more than six seconds to hear which "
                              "DNS server is silent, and check their "
                              "addresses (option dns_servers, or "
                              "resolv.conf)");
    return SVC_ETIMEDOUT;
}

int svc__service_wait(svc_service *s, int timeout_ms, svc_error *reterr)
{
    int64_t deadline_ms = svc__clock_deadline(svc__clock_now_ms(), timeout_ms);
    int code;

    if (!s->r->settings.external_loop) {
        code = svc__publish_wait(&s->publish, deadline_ms, reterr);
    } else {
        while (!svc__publish_answer(&s->publish, &code, reterr)) {
            int64_t now_ms = svc__clock_now_ms();

            if (now_ms >= deadline_ms) {
                code = svc__publish_wait(&s->publish, now_ms, reterr);
                break;
            }
            code = svc__resolver_round(s->r,
                                       svc__clock_until(now_ms, deadline_ms));
            if (code == SVC_ESTATE)
                return svc__err_set(reterr, code, "waiting inside a dispatch");
        }
    }
    return code == SVC_EAGAIN ? no_answer(s, reterr) : code;
}
