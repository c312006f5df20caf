/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules for aliases: no loop, at most eleven, as the option externalname
 * says, never to localhost.
 */
#include "core/alias.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <string.h>

#define CHAIN_MAX 900

/* What hop i asks: a Service as it is written mostly, another as DNS writes
 * it, which is what the alias before it said. */
static void add_name(const struct svc_service *s, size_t i, struct svc__buf *b)
{
    const struct svc__hop *hop = s->hops[i];
    const struct svc__name *name = hop->name;

    if (name->kind == SVC__NAME_EXTERNAL) {
        svc__buf_add_text(b, name->domain);
    } else if (name->kind != SVC__NAME_SERVICE) {
        svc__buf_add_text(b, i == 0 ? s->text : hop->alias);
    } else {
        if (name->host != NULL)
            svc__buf_printf(b, "%s.", name->host);
        svc__buf_printf(b, "%s.%s", name->service, name->namespace_);
    }
}

/* The names of hops 0 to end, then last, with arrows. Owned; NULL when out of
 * memory. A chain too long for a message is cut. */
static char *chain_text(const struct svc_service *s, size_t end,
                        const char *last)
{
    struct svc__buf b;

    svc__buf_init(&b, CHAIN_MAX);
    for (size_t i = 0; i <= end; i++) {
        add_name(s, i, &b);
        svc__buf_add_text(&b, " -> ");
    }
    svc__buf_add_text(&b, last);
    if (b.err == SVC_ETOOBIG)
        b.err = 0;
    return svc__buf_take(&b);
}

static int text_equal(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static int is_address(const struct svc__name *name)
{
    return name->kind == SVC__NAME_POD || name->kind == SVC__NAME_LITERAL;
}

static int name_equal(const struct svc__name *a, const struct svc__name *b)
{
    return a->kind == b->kind && a->topo_prefer == b->topo_prefer &&
           text_equal(a->service, b->service) &&
           text_equal(a->namespace_, b->namespace_) &&
           text_equal(a->host, b->host) && text_equal(a->domain, b->domain) &&
           text_equal(a->cluster_id, b->cluster_id) &&
           text_equal(a->topo_zone, b->topo_zone);
}

/* Whether a target inside the cluster is in another namespace than the Service
 * that leads to it, perhaps by way of outside names. */
static int leaves_namespace(const struct svc_service *s, size_t at,
                            const struct svc__name *target)
{
    const struct svc__name *from = s->hops[at]->name;

    if (target->kind == SVC__NAME_EXTERNAL ||
        target->kind == SVC__NAME_CLUSTERSET)
        return 0;
    while (at > 0 && from->kind == SVC__NAME_EXTERNAL)
        from = s->hops[--at]->name;
    return from->kind != SVC__NAME_EXTERNAL &&
           !text_equal(from->namespace_, target->namespace_);
}

/* Why a target may not be followed, or NULL. */
static const char *refusal(const struct svc_service *s, size_t at,
                           const struct svc__name *target)
{
    for (size_t i = 0; i <= at; i++) {
        if (!is_address(target) && name_equal(s->hops[i]->name, target))
            return "loops";
    }
    if (at + 1 > SVC__ALIASES_MAX)
        return "has more than 11 steps";
    if (s->r->settings.externalname == SVC__EXTERNALNAME_SAME_NAMESPACE &&
        leaves_namespace(s, at, target))
        return "leaves its namespace, which option externalname "
               "(same-namespace) refuses";
    return NULL;
}

/* What to do about a chain that ends so. */
static int add_hint(const struct svc_service *s, size_t at, const char *why,
                    struct svc__view *v)
{
    const struct svc__view *from = s->hops[at]->view;

    if (v->code == SVC_ENOTSUP)
        return svc__view_hint(v,
                              "the target's addresses are asked of DNS, and "
                              "the dns backend is not built into this "
                              "library; ask for %s by other means",
                              from->alias);
    /* Refusals that an option makes name it. */
    if (strstr(why, "option externalname") != NULL)
        return svc__view_hint(v, "set option externalname to \"allow\", if "
                                 "whoever writes Services may be trusted");
    if (svc__name_is_outside(s->hops[at]->name))
        return svc__view_hint(
            v, "correct the alias (CNAME) that leads to \"%s\"", from->alias);
    return svc__view_hint(
        v, "correct %s of Service \"%s\" in namespace \"%s\"",
        from->type == SVC__TYPE_EXTERNALNAME ? "externalName"
                                             : "the load balancer's hostname",
        s->hops[at]->name->service, s->hops[at]->name->namespace_);
}

/* A view that ends the chain: code and story. */
static int end_chain(const struct svc_service *s, size_t at, int code,
                     const char *why, struct svc__view **ret_view)
{
    const struct svc__view *from = s->hops[at]->view;
    struct svc__view *v = svc__view_new(from->source, s->trace);
    char *chain = chain_text(s, at, from->alias);
    int err = SVC_ENOMEM;

    if (v != NULL && chain != NULL) {
        v->kind = from->kind;
        v->canonical = svc__strdup(from->alias);
        err = svc__view_fail(v, code, "alias %s: %s (source: %s)", why, chain,
                             from->source);
        if (v->canonical == NULL)
            err = SVC_ENOMEM;
    }
    if (err == 0)
        err = add_hint(s, at, why, v);
    svc__free(chain);
    if (err != 0)
        svc__view_free(v);
    else
        *ret_view = v;
    return err;
}

/* An alias is absolute: "web.shop.svc" without the zone is somewhere else
 * (semantics 2.8). */
static int is_inside(const char *domain, const char *zone)
{
    size_t size = strlen(domain);
    size_t zone_size = strlen(zone);

    return size > zone_size && domain[size - zone_size - 1] == '.' &&
           strcmp(domain + size - zone_size, zone) == 0;
}

/* Reads the alias as the absolute name that it is, whatever it would be if a
 * caller had written it. */
static int read_target(const struct svc_service *s, size_t at,
                       struct svc__name *ret)
{
    const struct svc__settings *settings = &s->r->settings;
    const struct svc__name_env env = {s->hops[at]->name->namespace_,
                                      settings->cluster_domain};
    const char *alias = s->hops[at]->view->alias;
    int is_known = is_inside(alias, settings->cluster_domain) ||
                   is_inside(alias, "clusterset.local");
    struct svc__buf b;
    int err;

    svc__buf_init(&b, 512);
    svc__buf_printf(&b, is_known ? "%s." : "dns:///%s", alias);
    err = b.err != 0 ? b.err : svc__name_parse(b.data, &env, ret, NULL);
    svc__buf_fini(&b);
    return err;
}

int svc__alias_judge(const struct svc_service *s, size_t at,
                     struct svc__name *ret, struct svc__view **ret_view)
{
    const struct svc__view *from = s->hops[at]->view;
    int is_external_name = from->type == SVC__TYPE_EXTERNALNAME;
    struct svc__name target;
    const char *why;
    int err;

    if (is_external_name &&
        s->r->settings.externalname == SVC__EXTERNALNAME_REFUSE)
        return end_chain(s, at, SVC_EALIAS,
                         "is refused by option externalname (refuse)",
                         ret_view);
    if (svc__name_is_localhost(from->alias))
        return end_chain(s, at, SVC_EALIAS, "leads to this very host",
                         ret_view);
    err = read_target(s, at, &target);
    if (err == SVC_ENOMEM)
        return err;
    if (err != 0)
        return end_chain(s, at, SVC_EALIAS, "is no name that can be read",
                         ret_view);
    if (svc__name_is_outside(&target) && s->r->settings.outside == NULL) {
        svc__name_fini(&target);
        return end_chain(s, at, SVC_ENOTSUP, "leads outside the cluster",
                         ret_view);
    }
    why = refusal(s, at, &target);
    if (why != NULL) {
        svc__name_fini(&target);
        return end_chain(s, at, SVC_EALIAS, why, ret_view);
    }
    *ret = target;
    return 1;
}

/* Moves the steps that the earlier hops wrote down to the front of v's. */
static void gather_steps(const struct svc_service *s, size_t end,
                         struct svc__view *v)
{
    struct svc__list all;

    svc__list_init(&all);
    for (size_t i = 0; i < end; i++)
        svc__list_move(&all, &s->hops[i]->view->steps);
    svc__list_move(&all, &v->steps);
    svc__list_move(&v->steps, &all);
}

static int replace(struct svc__view *v, char **text, const char *by)
{
    char *copy = svc__strdup(by);

    if (copy == NULL && by != NULL)
        return SVC_ENOMEM;
    svc__view_drop(v, *text);
    *text = copy;
    return 0;
}

/* The end of a chain is no Service, or an address that is refused: that is the
 * alias's fault, so the chain comes first (semantics 2.11, 10). */
static int blame_chain(const struct svc_service *s, size_t end,
                       struct svc__view *v)
{
    char *chain = chain_text(s, end - 1, s->hops[end - 1]->view->alias);
    char *hint = v->hint;
    int err;

    if (chain == NULL)
        return SVC_ENOMEM;
    v->hint = NULL;
    err = svc__view_fail(v, SVC_EALIAS, "alias leads nowhere: %s: %s", chain,
                         v->message);
    v->hint = hint; /* what the target's answer says is still to be done */
    svc__free(chain);
    return err;
}

/* A chain lives as long as the shortest of its answers. */
static int64_t least_ttl(const struct svc_service *s, size_t end,
                         const struct svc__view *v)
{
    int64_t least = v->ttl_ms;

    for (size_t i = 0; i < end; i++) {
        int64_t ttl_ms = s->hops[i]->view->ttl_ms;

        if (ttl_ms >= 0 && (least < 0 || ttl_ms < least))
            least = ttl_ms;
    }
    return least;
}

int svc__alias_adopt(const struct svc_service *s, size_t end,
                     struct svc__view *v)
{
    const struct svc__view *asked = s->hops[0]->view;
    int is_literal = end < s->hop_count && is_address(s->hops[end]->name);
    int err;

    if (end == 0)
        return 0;
    gather_steps(s, end, v);
    v->ttl_ms = least_ttl(s, end, v);
    v->type = asked->type;
    if (asked->kind == SVC__VIEW_LB)
        v->kind = SVC__VIEW_LB;
    err = replace(v, &v->service, asked->service);
    if (err == 0)
        err = replace(v, &v->namespace_, asked->namespace_);
    if (err == 0 &&
        (v->code == SVC_ENOSERVICE || (is_literal && v->code == SVC_EALIAS)))
        err = blame_chain(s, end, v);
    return err;
}
