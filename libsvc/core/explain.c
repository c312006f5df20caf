/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Explaining asks the question a second time, with a clock that stamps every
 * step, on the same sources: the service itself is not disturbed.
 */
#include "core/explain.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

#define PORT_SIZE     96
#define NAME_MAX_SIZE 1024 /* far above what a name of 253 octets needs */
#define EXPLAIN_MS    5000
#define EXPLAIN_MAX   ((size_t)4 * 1024 * 1024)

/* "port 80", "port \"http\"" or that there is none. */
static void write_port(const struct svc__name *n, char ret[PORT_SIZE])
{
    if (n->port_name != NULL)
        (void)snprintf(ret, PORT_SIZE, "port \"%s\"", n->port_name);
    else if (n->port != 0)
        (void)snprintf(ret, PORT_SIZE, "port %u", (unsigned)n->port);
    else
        (void)snprintf(ret, PORT_SIZE, "no port given");
}

/* What the hostname in front of a Service is, or nothing. */
static int add_host(const struct svc__name *n, struct svc__buf *b)
{
    if (n->host != NULL)
        svc__buf_printf(b, "hostname \"%s\" of ", n->host);
    if (n->host != NULL && n->cluster_id != NULL)
        svc__buf_printf(b, "cluster \"%s\" in ", n->cluster_id);
    return svc__buf_printf(b, "Service \"%s\" in namespace \"%s\"", n->service,
                           n->namespace_);
}

/* How the name was read. */
static int add_reading(const struct svc__name *n, struct svc__buf *b)
{
    switch (n->kind) {
    case SVC__NAME_POD:
    case SVC__NAME_LITERAL:
        return svc__buf_add_text(b, "an address: nobody is asked");
    case SVC__NAME_EXTERNAL:
        return svc__buf_printf(b, "the name \"%s\" outside the cluster",
                               n->domain);
    case SVC__NAME_CLUSTERSET:
        svc__buf_add_text(b, "multi-cluster: ");
        break;
    case SVC__NAME_ZONAL:
        svc__buf_printf(b, "zonal, zone \"%s\" %s: ", n->topo_zone,
                        n->topo_prefer ? "preferred" : "only");
        break;
    case SVC__NAME_SERVICE:
        break;
    }
    return add_host(n, b);
}

/* The step "name" goes to the front, stamped with the time of the reading. */
static int add_name(const svc_service *s, struct svc__view *v)
{
    const struct svc__name *n = &s->name;
    int is_address = n->kind == SVC__NAME_POD || n->kind == SVC__NAME_LITERAL;
    char port[PORT_SIZE];
    struct svc__buf b;
    int err;

    svc__buf_init(&b, NAME_MAX_SIZE);
    write_port(n, port);
    err = add_reading(n, &b);
    if (err == 0)
        err = svc__view_step(v, "name", "\"%s\" is %s%s%s", s->text, b.data,
                             is_address ? "" : ", ", is_address ? "" : port);
    svc__buf_fini(&b);
    if (err == 0)
        svc__view_step_first(v, s->named_us);
    return err;
}

int svc__explain_add_steps(const svc_service *s, struct svc__view *v)
{
    const char *policy = s->settings.policy->name;
    size_t usable = 0;
    int err;

    if (s->trace == NULL)
        return 0;
    err = add_name(s, v);
    for (size_t i = 0; i < v->count; i++)
        usable += v->candidates[i].why == 0;
    if (err == 0 && usable > 0)
        err = svc__view_step(v, "policy", "%s chooses among %zu of %zu", policy,
                             usable, v->count);
    else if (err == 0)
        err = svc__view_step(v, "policy", "%s has nothing to choose from: %s",
                             policy, svc_err_text(v->code));
    return err;
}

static int write_steps(const svc_service *s, const struct svc_endpoints *eps,
                       char **ret_json)
{
    int64_t before_us = s->opened_us;
    struct svc__buf b;
    struct svc__list *it;
    char *json;

    svc__buf_init(&b, EXPLAIN_MAX);
    svc__buf_add_byte(&b, '[');
    svc__list_each (it, &eps->view->steps) {
        const struct svc__step *step =
            svc__list_entry(it, struct svc__step, link);
        int64_t us = step->at_us > before_us ? step->at_us - before_us : 0;

        if (b.size > 1)
            svc__buf_add_byte(&b, ',');
        svc__buf_printf(&b, "{\"step\":\"%s\",\"text\":", step->step);
        svc__buf_add_json(&b, step->text, strlen(step->text));
        svc__buf_printf(&b, ",\"ms\":%lld.%03d}", (long long)(us / 1000),
                        (int)(us % 1000));
        before_us += us;
    }
    svc__buf_add_byte(&b, ']');
    json = svc__buf_take(&b);
    if (json == NULL) {
        svc__buf_fini(&b);
        return SVC_ENOMEM;
    }
    *ret_json = json;
    return 0;
}

int svc__explain(svc_service *s, char **ret_json, svc_error *reterr)
{
    svc_service_options options = SVC_SERVICE_OPTIONS_INIT;
    const struct svc__request request = {.name = s->text,
                                         .options = &options,
                                         .trace = svc__clock_now_us,
                                         .explained = s};
    struct svc_endpoints *eps;
    svc_service *again;
    svc_error error;
    int err;

    options.view = svc__view_kind_name(s->settings.view);
    options.family = s->settings.family == SVC__FAMILY_IPV4   ? "ipv4"
                     : s->settings.family == SVC__FAMILY_IPV6 ? "ipv6"
                                                              : NULL;
    options.proto = svc__proto_name(s->settings.proto);
    options.policy = s->settings.policy->name;
    options.subset = s->settings.subset;
    err = svc__service_new(s->r, &request, &again, reterr);
    if (err != 0)
        return err;
    err = svc__service_wait(again, EXPLAIN_MS, &error);
    eps = svc__publish_get(&again->publish);
    if (eps != NULL) /* an empty answer is explained too */
        err =
            write_steps(again, eps, ret_json) != 0 ? svc__err_nomem(&error) : 0;
    else if (err == 0)
        err = svc__err_set(&error, SVC_ECLOSED,
                           "the resolver was freed meanwhile");
    if (err != 0 && reterr != NULL)
        *reterr = error;
    svc_endpoints_unref(eps);
    svc__service_free(again);
    return err;
}
