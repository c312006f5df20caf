/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a view says besides its candidates: names, type, times, aliases.
 */
#include "dns/lookup_view.h"

#include "base/alloc.h"
#include "dns/lookup_fill.h"
#include "dns/lookup_words.h"

/* ---- steps ----------------------------------------------------------- */

/* Copies the steps so far, with their times: half a view has its own. */
static int add_steps(struct svc__view *v, const struct svc__view *log)
{
    struct svc__list *it;

    if (log == NULL)
        return 0;
    svc__list_each (it, &log->steps) {
        const struct svc__step *step =
            svc__list_entry(it, struct svc__step, link);

        if (svc__view_step(v, step->step, "%s", step->text) != 0)
            return SVC_ENOMEM;
        svc__list_entry(v->steps.prev, struct svc__step, link)->at_us =
            step->at_us;
    }
    return 0;
}

/* ---- names and kinds ------------------------------------------------- */

/* The name that owns the addresses: that of the query, or, outside, the end of
 * its aliases (semantics 2.8). */
static const struct svc__wire_name *canonical(const struct svc__lookup *l)
{
    static const enum svc__family families[] = {SVC__FAMILY_IPV4,
                                                SVC__FAMILY_IPV6};

    for (size_t i = 0; i < 2 && l->q.kind == SVC__NAME_EXTERNAL; i++) {
        const struct svc__lookup_ask *ask =
            svc__lookup_find(l, SVC__LOOKUP_ADDRESS, families[i]);

        if (ask != NULL && ask->standing == SVC__LOOKUP_KNOWN &&
            ask->answer.kind == SVC__DNS_HAVE)
            return ask->answer.end != NULL ? ask->answer.end
                                           : &ask->question.name;
    }
    return l->base;
}

/* The view that was asked for; what DNS has by itself for auto. */
static enum svc__view_kind kind_of(const struct svc__lookup *l,
                                   enum svc__type type)
{
    if (type == SVC__TYPE_EXTERNAL)
        return SVC__VIEW_NONE;
    if (l->q.view != SVC__VIEW_AUTO)
        return l->q.view;
    if (type == SVC__TYPE_CLUSTERIP)
        return SVC__VIEW_VIP;
    /* A hostname is that of a pod, and only pods have topology zones. */
    if (type == SVC__TYPE_HEADLESS || l->q.host != NULL ||
        l->q.kind == SVC__NAME_ZONAL)
        return SVC__VIEW_PODS;
    return SVC__VIEW_AUTO;
}

/* A view with what is true of it whatever the verdict; NULL: no memory. */
static struct svc__view *begin(const struct svc__lookup *l)
{
    const int is_outside = l->q.kind == SVC__NAME_EXTERNAL;
    char text[SVC__WIRE_TEXT_MAX];
    const struct svc__view_names names = {
        .service = is_outside ? NULL : l->q.service,
        .namespace_ = is_outside ? NULL : l->q.namespace_,
        .canonical = text};
    struct svc__view *v;

    (void)svc__wire_name_format(canonical(l), text);
    v = svc__view_new_named(l->env.source, l->env.trace, &names);
    if (v == NULL)
        return NULL;
    v->type = svc__lookup_join_type(l);
    v->kind = kind_of(l, v->type);
    v->topology_off = 1; /* there are no hints in DNS */
    return v;
}

/* ---- times ----------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Whether the answer to a question is part of what is given out. */
static int is_used(const struct svc__lookup *l,
                   const struct svc__lookup_ask *ask)
{
    int by_target = svc__lookup_join_by_target(l);

    if (ask->standing != SVC__LOOKUP_KNOWN ||
        ask->answer.kind != SVC__DNS_HAVE || ask->replaced)
        return 0;
    if (ask->role == SVC__LOOKUP_ADDRESS)
        return !by_target || l->q.kind == SVC__NAME_ZONAL;
    return 1;
}

/* The answer holds as long as each part of it. */
static int64_t positive_ttl_ms(const struct svc__lookup *l)
{
    int64_t ttl_ms = INT64_MAX;

    for (size_t i = 0; i < l->count; i++) {
        if (is_used(l, l->asks[i]))
            ttl_ms = least(
                ttl_ms, least(l->asks[i]->ttl_ms, l->asks[i]->answer.ttl_ms));
    }
    return ttl_ms == INT64_MAX ? -1 : ttl_ms;
}

/* The least of the negative answers of a role. */
static int64_t negative_ttl_ms(const struct svc__lookup *l,
                               enum svc__lookup_role role)
{
    int64_t ttl_ms = role == SVC__LOOKUP_SERVICE && l->negative_ms >= 0
                         ? l->negative_ms
                         : INT64_MAX;

    for (size_t i = 0; i < l->count; i++) {
        const struct svc__lookup_ask *ask = l->asks[i];

        if (ask->role == role && ask->standing == SVC__LOOKUP_KNOWN &&
            ask->answer.ttl_ms >= 0)
            ttl_ms = least(ttl_ms, least(ask->ttl_ms, ask->answer.ttl_ms));
    }
    return ttl_ms == INT64_MAX ? -1 : ttl_ms;
}

/* ---- verdicts -------------------------------------------------------- */

/* The port of the whole, where there is one: by name, and the Service's number
 * where the addresses are the Service's. */
static int fill_port(const struct svc__lookup *l, struct svc__view *v)
{
    const struct svc__dns_answer *a = svc__lookup_services(l);
    size_t begin;
    size_t end;

    svc__lookup_join_ports(l, &begin, &end);
    if (a != NULL && end - begin == 1 && l->q.host == NULL)
        v->port = a->services[begin].port;
    if (l->port != SVC__LOOKUP_NAMED)
        return 0;
    v->port_name = svc__strdup(l->q.port_name);
    return v->port_name == NULL ? SVC_ENOMEM : 0;
}

/* Something, whole or in part. */
static int make_endpoints(struct svc__lookup *l, struct svc__view *v)
{
    int err = svc__lookup_fill(l, v);

    if (err == 0)
        err = fill_port(l, v);
    if (err != 0)
        return err;
    v->ttl_ms = positive_ttl_ms(l);
    return svc__lookup_words_found(l, v);
}

/* An ExternalName Service: core follows it, with the port that was asked for
 * (semantics 2.8). DNS does not show the Service's own list of ports, so a port
 * name stays one. */
static int make_alias(struct svc__lookup *l, struct svc__view *v)
{
    char text[SVC__WIRE_TEXT_MAX] = "";

    v->type = SVC__TYPE_EXTERNALNAME;
    v->kind = l->q.view;
    for (size_t i = 0; i < l->count; i++) {
        const struct svc__dns_answer *a = &l->asks[i]->answer;

        if (l->asks[i]->role != SVC__LOOKUP_ADDRESS ||
            l->asks[i]->standing != SVC__LOOKUP_KNOWN ||
            a->kind != SVC__DNS_ALIAS)
            continue;
        (void)svc__wire_name_format(a->end, text);
        v->ttl_ms = a->ttl_ms;
        break;
    }
    v->alias = svc__strdup(text);
    if (v->alias == NULL)
        return SVC_ENOMEM;
    if (l->port == SVC__LOOKUP_NAMED) {
        v->alias_port_name = svc__strdup(l->q.port_name);
        if (v->alias_port_name == NULL)
            return SVC_ENOMEM;
    }
    return svc__view_step(v, "service",
                          "a CNAME at the name of the Service: an alias of "
                          "\"%s\"",
                          v->alias);
}

/* Surely no address: by the addresses asked for, those of the targets, or, for
 * the port of an outside name, by SRV alone. */
static int make_nothing(struct svc__lookup *l, struct svc__view *v,
                        enum svc__lookup_found *ret_found)
{
    enum svc__lookup_role role =
        svc__lookup_join_by_target(l) && l->q.kind != SVC__NAME_ZONAL
            ? SVC__LOOKUP_TARGET
        : svc__lookup_find(l, SVC__LOOKUP_ADDRESS, SVC__FAMILY_IPV4) == NULL &&
                svc__lookup_find(l, SVC__LOOKUP_ADDRESS, SVC__FAMILY_IPV6) ==
                    NULL
            ? SVC__LOOKUP_SERVICE
            : SVC__LOOKUP_ADDRESS;
    struct svc__lookup_tally t =
        svc__lookup_join_tally(l, role, SVC__FAMILY_ANY);
    int is_absent = t.nxdomain > 0 && t.nxdomain == t.none &&
                    role != SVC__LOOKUP_TARGET &&
                    (role != SVC__LOOKUP_SERVICE || !l->has_nodata);

    *ret_found = is_absent ? SVC__LOOKUP_NXDOMAIN : SVC__LOOKUP_NODATA;
    v->ttl_ms = negative_ttl_ms(l, role);
    return svc__lookup_words_nothing(l, role, is_absent, v);
}

/* The name is there and the port is not: that can be a passing state as well as
 * an emptiness, and is confirmed like one. */
static int make_no_port(struct svc__lookup *l, struct svc__view *v,
                        enum svc__lookup_found *ret_found)
{
    *ret_found = l->has_nodata || svc__lookup_services(l) != NULL
                     ? SVC__LOOKUP_NODATA
                     : SVC__LOOKUP_NXDOMAIN;
    v->ttl_ms = negative_ttl_ms(l, SVC__LOOKUP_SERVICE);
    return svc__lookup_words_no_port(l, v);
}

/* Another view than the one asked for. That no SRV record shows which one there
 * is can be a passing state too. */
static int make_no_view(struct svc__lookup *l, struct svc__view *v,
                        enum svc__lookup_found *ret_found)
{
    v->ttl_ms = positive_ttl_ms(l);
    if (v->type == SVC__TYPE_UNKNOWN) {
        *ret_found = SVC__LOOKUP_NODATA;
        v->ttl_ms = negative_ttl_ms(l, SVC__LOOKUP_SERVICE);
    }
    return svc__lookup_words_no_view(l, v);
}

static int fill(struct svc__lookup *l, enum svc__lookup_verdict verdict,
                struct svc__view *v, enum svc__lookup_found *ret_found)
{
    switch (verdict) {
    case SVC__LOOKUP_ALIASED:
        return make_alias(l, v);
    case SVC__LOOKUP_NOTHING:
        return make_nothing(l, v, ret_found);
    case SVC__LOOKUP_NO_PORT:
        return make_no_port(l, v, ret_found);
    case SVC__LOOKUP_SEVERAL:
        v->ttl_ms = positive_ttl_ms(l);
        return svc__lookup_words_several(l, v);
    case SVC__LOOKUP_NO_VIEW:
        return make_no_view(l, v, ret_found);
    default:
        return make_endpoints(l, v);
    }
}

/* What the answers said twice, and SRV records that are of no use, for the
 * statistics (faults D15, D16). */
static void count_left_out(const struct svc__lookup *l, struct svc__view *v)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct svc__dns_answer *a = &l->asks[i]->answer;

        v->duplicates += a->duplicates;
        v->refused += a->refused + a->skipped;
    }
}

int svc__lookup_view_make(struct svc__lookup *l,
                          enum svc__lookup_verdict verdict,
                          struct svc__view **ret,
                          enum svc__lookup_found *ret_found)
{
    struct svc__view *v = begin(l);
    enum svc__lookup_found found = SVC__LOOKUP_HAVE;
    int err;

    if (v == NULL)
        return SVC_ENOMEM;
    err = add_steps(v, l->log);
    if (err == 0)
        err = fill(l, verdict, v, &found);
    if (err != 0) {
        svc__view_free(v);
        return err;
    }
    count_left_out(l, v);
    *ret = v;
    *ret_found = found;
    return 0;
}

int svc__lookup_view_is_partial(const struct svc__lookup *l)
{
    enum svc__lookup_role role = svc__lookup_join_by_target(l)
                                     ? SVC__LOOKUP_TARGET
                                     : SVC__LOOKUP_ADDRESS;
    struct svc__lookup_tally t =
        svc__lookup_join_tally(l, role, SVC__FAMILY_ANY);

    return t.out + t.unknown > 0;
}
