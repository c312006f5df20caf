/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scripted backend keeps its subscriptions in a list, in order; the trace
 * is text, one line an event.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "script.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE_MAX 16

static struct {
    const struct svc__backend_env *env;
    struct svc__list subs;
    struct {
        const char *who;
        const char *text;
    } at_once[AT_ONCE_MAX];
    int64_t ttl_ms;
    int64_t confirmed_ms;
    int refusal;
    int is_covered;
    int source_refusal;
    int hold;
    svc_watch *watch;
    char trace[8192];
} script;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    size_t used = strlen(script.trace);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(script.trace + used, sizeof(script.trace) - used, format,
                    args);
    va_end(args);
}

/* ---- the backend ------------------------------------------------------- */

static int init(void *state, const struct svc__backend_env *env,
                svc_error *reterr)
{
    (void)state;
    if (script.source_refusal != 0) {
        note("source refused\n");
        return svc__err_set(reterr, script.source_refusal, "scripted source");
    }
    script.env = env;
    return 0;
}

/* What a test calls the one that asks. */
static const char *who_asks(const struct svc__query *q)
{
    static char who[512];

    if (q->kind == SVC__NAME_EXTERNAL)
        (void)snprintf(who, sizeof(who), "%s", q->domain);
    else
        (void)snprintf(who, sizeof(who), "%s.%s", q->service, q->namespace_);
    return who;
}

static const char *text_at_once(const struct svc__query *q)
{
    const char *who = who_asks(q);

    for (size_t i = 0; i < AT_ONCE_MAX && script.at_once[i].who != NULL; i++) {
        if (strcmp(script.at_once[i].who, who) == 0)
            return script.at_once[i].text;
    }
    return NULL;
}

static struct svc__view *address_view(const struct svc__sub *sub,
                                      const char *text);
static struct svc__view *alias_view(const struct svc__sub *sub,
                                    const char *alias);

static void note_query(const struct svc__query *q)
{
    note("%s%s%s", q->host == NULL ? "" : q->host, q->host == NULL ? "" : ".",
         who_asks(q));
    if (q->kind == SVC__NAME_CLUSTERSET)
        note(" cluster=%s", q->cluster_id == NULL ? "any" : q->cluster_id);
    if (q->kind == SVC__NAME_ZONAL)
        note(" %s=%s", q->topo_prefer ? "prefer" : "pin", q->topo_zone);
    if (q->port_name != NULL)
        note(":%s", q->port_name);
    else if (q->port != 0)
        note(":%u", (unsigned)q->port);
    if (q->view != SVC__VIEW_AUTO)
        note(" view=%s", svc__view_kind_name(q->view));
    if (q->family != SVC__FAMILY_ANY)
        note(" family=%d", (int)q->family);
    if (q->proto != SVC__PROTO_ANY)
        note(" proto=%s", svc__proto_name(q->proto));
}

static int subscribe(void *state, struct svc__sub *sub, svc_error *reterr)
{
    const char *now = text_at_once(&sub->query);

    note("subscribe %s", *(const char *)state ? "dns " : "");
    note_query(&sub->query);
    if (script.refusal != 0) {
        note(" refused\n");
        return svc__err_set(reterr, script.refusal, "scripted refusal");
    }
    note("\n");
    svc__list_add(&script.subs, &sub->link);
    if (now != NULL)
        script.env->update(sub, now[0] >= 'a' && now[0] <= 'z'
                                    ? alias_view(sub, now)
                                    : address_view(sub, now));
    return 0;
}

static void unsubscribe(void *state, struct svc__sub *sub)
{
    (void)state;
    note("unsubscribe %s\n", who_asks(&sub->query));
    svc__list_remove(&sub->link);
}

static void refresh(void *state, struct svc__sub *sub)
{
    (void)state;
    (void)sub;
}

static void fini(void *state)
{
    (void)state;
    script.env = NULL;
}

static const struct svc__backend_ops ops = {
    .name = "script",
    .state_size = 1,
    .init = init,
    .subscribe = subscribe,
    .unsubscribe = unsubscribe,
    .refresh = refresh,
    .fini = fini,
};

static int init_dns(void *state, const struct svc__backend_env *env,
                    svc_error *reterr)
{
    *(char *)state = 1;
    return init(state, env, reterr);
}

static const struct svc__backend_ops dns_ops = {
    .name = "dns",
    .state_size = 1,
    .init = init_dns,
    .subscribe = subscribe,
    .unsubscribe = unsubscribe,
    .refresh = refresh,
    .fini = fini,
};

/* ---- the conversation -------------------------------------------------- */

svc_resolver *script_new(const svc_resolver_options *options)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r = NULL;

    if (options != NULL)
        o = *options;
    o.external_loop = 1;
    o.namespace_ = "dev";
    o.cluster_domain = "cluster.local";
    memset(&script, 0, sizeof(script));
    script_confirm(-1, -1);
    svc__list_init(&script.subs);
    assert_int_equal(svc__resolver_new(&o, &r, NULL), 0);
    r->settings.backend = &ops;
    r->settings.outside = NULL;
    r->settings.automatic = NULL;
    return r;
}

void script_dns(svc_resolver *r)
{
    r->settings.outside = &dns_ops;
    r->settings.automatic = &dns_ops;
}

void script_confirm(int64_t ttl_ms, int64_t confirmed_ms)
{
    script.ttl_ms = ttl_ms;
    script.confirmed_ms = confirmed_ms;
}

void script_free(svc_resolver *r)
{
    svc_watch_free(script.watch);
    script.watch = NULL;
    svc_resolver_free(r);
}

void script_refuse(int code)
{
    script.refusal = code;
}

void script_refuse_source(int code)
{
    script.source_refusal = code;
}

void script_at_once(const char *who, const char *text)
{
    size_t i = 0;

    while (script.at_once[i].who != NULL)
        i++;
    assert_true(i < AT_ONCE_MAX - 1);
    script.at_once[i].who = who;
    script.at_once[i].text = text;
}

static struct svc__sub *find(const char *who)
{
    struct svc__list *it;

    for (it = script.subs.prev; it != &script.subs; it = it->prev) {
        struct svc__sub *sub = svc__list_entry(it, struct svc__sub, link);

        if (strcmp(who_asks(&sub->query), who) == 0)
            return sub;
    }
    fail_msg("nobody has subscribed %s", who);
    return NULL;
}

static struct svc__view *new_view(const struct svc__sub *sub)
{
    const struct svc__hop *hop = sub->owner;
    struct svc__view *v = svc__view_new(hop->source->ops->name, sub->trace);
    int is_outside = sub->query.kind == SVC__NAME_EXTERNAL;

    assert_non_null(v);
    v->type = is_outside ? SVC__TYPE_EXTERNAL : SVC__TYPE_CLUSTERIP;
    v->kind = is_outside ? SVC__VIEW_NONE : SVC__VIEW_PODS;
    v->ttl_ms = script.ttl_ms;
    v->confirmed_ms = script.confirmed_ms;
    v->service = svc__strdup(sub->query.service);
    v->namespace_ = svc__strdup(sub->query.namespace_);
    v->canonical =
        svc__strdup(is_outside ? sub->query.domain : sub->query.service);
    v->port = sub->query.port;
    return v;
}

static void deliver(svc_resolver *r, struct svc__sub *sub, struct svc__view *v)
{
    script.env->update(sub, v);
    script_round(r);
}

static void add_address(struct svc__view *v, char *word, uint16_t port)
{
    struct svc__block *block = svc__block_new(1, 1);
    struct svc__candidate c = {.block = block, .port = port};
    struct svc__endpoint *ep = &block->endpoints[0];
    char *why = strchr(word, '!');
    char *uid = strchr(word, '#');

    ep->flags = SVC__EP_CONDITIONS | SVC__EP_READY | SVC__EP_SERVING;
    if (why != NULL) {
        c.why = (uint16_t)strtoul(why + 1, NULL, 10);
        *why = '\0';
    }
    if (uid != NULL) {
        ep->flags |= SVC__EP_UID;
        ep->uid[0] = (uint8_t)strtoul(uid + 1, NULL, 10);
        *uid = '\0';
    }
    assert_int_equal(svc__address_parse(word, strlen(word), &ep->address), 0);
    ep->weight = 1;
    assert_int_equal(svc__view_hold(v, block), 0);
    svc__block_unref(block);
    assert_int_equal(svc__view_add(v, &c), 0);
}

static struct svc__view *alias_view(const struct svc__sub *sub,
                                    const char *alias)
{
    struct svc__view *v = new_view(sub);

    assert_int_equal(svc__view_step(v, "service", "scripted %s", alias), 0);
    if (v->type != SVC__TYPE_EXTERNAL)
        v->type = SVC__TYPE_EXTERNALNAME;
    v->alias = svc__strdup(alias);
    v->alias_port = sub->query.port;
    v->alias_port_name = svc__strdup(sub->query.port_name);
    return v;
}

static struct svc__view *address_view(const struct svc__sub *sub,
                                      const char *text)
{
    struct svc__view *v = new_view(sub);
    char copy[512];
    char *save = NULL;

    assert_int_equal(svc__view_step(v, "slices", "scripted %s", text), 0);
    (void)snprintf(copy, sizeof(copy), "%s", text);
    for (char *word = strtok_r(copy, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save))
        add_address(v, word, sub->query.port);
    return v;
}

void script_addresses(svc_resolver *r, const char *who, const char *addresses)
{
    struct svc__sub *sub = find(who);

    deliver(r, sub, address_view(sub, addresses));
}

void script_alias(svc_resolver *r, const char *who, const char *alias)
{
    struct svc__sub *sub = find(who);

    deliver(r, sub, alias_view(sub, alias));
}

void script_lb_alias(svc_resolver *r, const char *who, const char *alias)
{
    struct svc__sub *sub = find(who);
    struct svc__view *v = alias_view(sub, alias);

    v->type = SVC__TYPE_LOADBALANCER;
    v->kind = SVC__VIEW_LB;
    deliver(r, sub, v);
}

void script_told(svc_resolver *r, const char *who, int code, const char *text)
{
    struct svc__sub *sub = find(who);
    struct svc__view *v = new_view(sub);

    (void)svc__view_fail(v, code, "%s", text);
    deliver(r, sub, v);
}

void script_code(svc_resolver *r, const char *who, int code)
{
    char text[256];

    (void)snprintf(text, sizeof(text), "scripted answer about %s", who);
    script_told(r, who, code, text);
}

void script_trouble(svc_resolver *r, const char *who, int code)
{
    svc_error error;

    svc__err_set(&error, code, "scripted trouble");
    find(who)->is_covered = script.is_covered;
    (script.env->fail)(find(who), &error);
    script_round(r);
}

void script_cover(int is_covered)
{
    script.is_covered = is_covered;
}

/* ---- the trace --------------------------------------------------------- */

static void note_set(const svc_endpoints *eps)
{
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;

    assert_int_equal(svc_endpoints_describe(eps, &info), 0);
    note("publish %u %s%s:", (unsigned)info.generation, info.type,
         svc_endpoints_is_stale(eps) ? " stale" : "");
    for (size_t i = 0; i < svc_endpoints_total(eps); i++) {
        svc_endpoint_info ep = SVC_ENDPOINT_INFO_INIT;

        (void)svc_endpoint_describe(svc_endpoints_at(eps, i), &ep);
        note(" %s", ep.address);
        for (uint32_t bit = 1; bit <= ep.why; bit <<= 1) {
            if ((ep.why & bit) != 0)
                note("!%s", svc_why_name(bit));
        }
    }
    if (info.code != 0)
        note(" %s: %s", svc_err_name(info.code), info.message);
    note("\n");
}

static void note_news(void)
{
    svc_endpoints *eps;
    svc_error error;
    int code;

    if (script.watch == NULL)
        return;
    while ((code = svc_watch_next(script.watch, 0, &eps, &error)) !=
           SVC_EAGAIN) {
        if (code == 0) {
            note_set(eps);
            svc_endpoints_unref(eps);
            continue;
        }
        note("trouble %s: %s\n", svc_err_name(code), error.message);
        if (code == SVC_ECLOSED)
            break;
    }
}

void script_round(svc_resolver *r)
{
    struct svc__list *it;

    /* Time stands still while held, and else has always passed. */
    svc__list_each (it, &r->services) {
        svc__list_entry(it, svc_service, link)->published_ms =
            script.hold ? INT64_MAX / 2 : INT64_MIN;
    }
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
    note_news();
}

void script_hold(void)
{
    script.hold = 1;
}

void script_timer(svc_service *s)
{
    assert_true(svc__timer_is_set(&s->timer));
    script.hold = 0;
    svc__loop_set(s->r->loop, &s->timer, 0);
    script_round(s->r);
}

void script_follow(svc_service *s)
{
    assert_null(script.watch);
    assert_int_equal(svc_watch_new(s, &script.watch), 0);
}

svc_service *script_open(svc_resolver *r, const char *name)
{
    svc_service *s = NULL;

    assert_int_equal(svc_service_new(r, name, NULL, &s, NULL), 0);
    script_round(r);
    script_follow(s);
    return s;
}

void script_end(svc_resolver *r, svc_service *s)
{
    script_free(r);
    svc_service_free(s);
}

void script_expect(const char *lines)
{
    assert_string_equal(script.trace, lines);
    script.trace[0] = '\0';
}
