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

#define EXPLAIN_MS  5000
#define EXPLAIN_MAX ((size_t)4 * 1024 * 1024)

/* The step "name" goes to the front, stamped with the time of the reading. */
static int add_name(const svc_service *s, struct svc__view *v)
{
    const struct svc__name *n = &s->name;
    char port[96] = "no port given";
    int err;

    if (n->port_name != NULL)
        (void)snprintf(port, sizeof(port), "port \"%s\"", n->port_name);
    else if (n->port != 0)
        (void)snprintf(port, sizeof(port), "port %u", (unsigned)n->port);
    if (n->kind != SVC__NAME_SERVICE)
        err = svc__view_step(v, "name", "\"%s\" is an address: nobody is asked",
                             s->text);
    else if (n->host != NULL)
        err = svc__view_step(v, "name",
                             "\"%s\" is hostname \"%s\" of Service \"%s\" in "
                             "namespace \"%s\", %s",
                             s->text, n->host, n->service, n->namespace_, port);
    else
        err = svc__view_step(v, "name",
                             "\"%s\" is Service \"%s\" in namespace \"%s\", %s",
                             s->text, n->service, n->namespace_, port);
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
    const struct svc__request request = {s->text, &options, svc__clock_now_us};
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
