/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the three-valued join.
 *
 * Design notes
 *
 * Each question ends in one of three ways: it has something, there is surely
 * nothing (the name or the record type does not exist), or nobody knows. One
 * family's "nothing" beside the other's silence is not nothing: taken for it,
 * an IPv6-less cluster whose A question timed out would lose all endpoints.
 * c-ares' own getaddrinfo makes that mistake, which is why A and AAAA are asked
 * apart here.
 *
 *                 A has    A has not    not known
 *   AAAA has      whole    whole        in part
 *   AAAA has not  whole    nothing      trouble
 *   not known     in part  trouble      trouble
 *
 * "Nothing" is NXDOMAIN only when both say so. The same table joins the
 * addresses of SRV targets, each target's families counting as two rows.
 *
 * SRV comes on top of that, and what it is good for depends on the query: the
 * port by name is nothing without it; the port of a query without one, and the
 * type, are known by it where the server has the extension (semantics 2.2) and
 * unknown where not; a view cannot be promised without it. Its failure is
 * therefore trouble in the first case and in the last, and in the second only
 * when it would take away what was known.
 *
 * Verdicts are made anew from all answers after each event. There is no state
 * that could disagree with them, and the order in which answers come cannot
 * matter.
 */
#include "dns/lookup_join.h"

#include <string.h>

/* ---- how things stand ------------------------------------------------ */

const struct svc__lookup_ask *svc__lookup_find(const struct svc__lookup *l,
                                               enum svc__lookup_role role,
                                               enum svc__family family)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct svc__lookup_ask *ask = l->asks[i];

        if (ask->role == role && ask->family == family && !ask->replaced)
            return ask;
    }
    return NULL;
}

const struct svc__dns_answer *svc__lookup_services(const struct svc__lookup *l)
{
    const struct svc__lookup_ask *ask =
        svc__lookup_find(l, SVC__LOOKUP_SERVICE, SVC__FAMILY_ANY);

    if (ask == NULL || ask->standing != SVC__LOOKUP_KNOWN ||
        ask->answer.service_count == 0)
        return NULL;
    return &ask->answer;
}

/* One question more in a tally. */
static void count(struct svc__lookup_tally *t,
                  const struct svc__lookup_ask *ask)
{
    if (ask->standing == SVC__LOOKUP_OUT)
        t->out++;
    else if (ask->standing == SVC__LOOKUP_UNKNOWN)
        t->unknown++;
    else if (ask->answer.kind == SVC__DNS_HAVE)
        t->have++;
    else if (ask->answer.kind == SVC__DNS_ALIAS)
        t->alias++;
    else
        t->none++;
    if (ask->standing != SVC__LOOKUP_KNOWN)
        return;
    t->nxdomain += ask->answer.kind == SVC__DNS_NXDOMAIN;
    t->broken += ask->answer.kind == SVC__DNS_BROKEN;
}

struct svc__lookup_tally svc__lookup_join_tally(const struct svc__lookup *l,
                                                enum svc__lookup_role role,
                                                enum svc__family family)
{
    struct svc__lookup_tally t = {0};

    for (size_t i = 0; i < l->count; i++) {
        const struct svc__lookup_ask *ask = l->asks[i];

        if (ask->role == role && !ask->replaced &&
            (family == SVC__FAMILY_ANY || ask->family == family))
            count(&t, ask);
    }
    return t;
}

enum svc__type svc__lookup_join_type(const struct svc__lookup *l)
{
    const struct svc__dns_answer *a = svc__lookup_services(l);

    if (l->q.kind == SVC__NAME_EXTERNAL)
        return SVC__TYPE_EXTERNAL;
    if (a == NULL)
        return SVC__TYPE_UNKNOWN;
    /* Sorted by length: the Service's own name comes first. */
    return a->services[0].size == 0 ? SVC__TYPE_CLUSTERIP : SVC__TYPE_HEADLESS;
}

int svc__lookup_join_by_target(const struct svc__lookup *l)
{
    return svc__lookup_services(l) != NULL && l->q.host == NULL &&
           l->port != SVC__LOOKUP_NUMBER_KIND &&
           svc__lookup_join_type(l) != SVC__TYPE_CLUSTERIP;
}

void svc__lookup_join_ports(const struct svc__lookup *l, size_t *ret_begin,
                            size_t *ret_end)
{
    const struct svc__dns_answer *a = svc__lookup_services(l);
    size_t prefix = (size_t)(l->base->size - l->domain.size);
    size_t i = 0;

    *ret_begin = 0;
    *ret_end = 0;
    if (a == NULL || l->port == SVC__LOOKUP_NUMBER_KIND)
        return;
    if (l->q.host == NULL)
        prefix = 0;
    while (i < a->service_count &&
           (a->services[i].size != prefix ||
            /* The Service's own name has no bytes left, and no pointer. */
            (prefix > 0 &&
             memcmp(a->services[i].target, l->base->bytes, prefix) != 0)))
        i = svc__dns_answer_next(a, i);
    if (i == a->service_count)
        return;
    *ret_begin = i;
    *ret_end = svc__dns_answer_next(a, i);
}

/* ---- verdicts -------------------------------------------------------- */

/* Whether the SRV records show several ports where one is wanted: two at one
 * target (semantics 2.11, 2). */
static int has_several(const struct svc__lookup *l)
{
    const struct svc__dns_answer *a = svc__lookup_services(l);
    size_t begin;
    size_t end;

    if (l->port != SVC__LOOKUP_ANY_PORT || a == NULL)
        return 0;
    svc__lookup_join_ports(l, &begin, &end);
    if (!svc__lookup_join_by_target(l))
        return end - begin > 1;
    for (size_t i = 0; i < a->service_count; i = end) {
        end = svc__dns_answer_next(a, i);
        if (end - i > 1)
            return 1;
    }
    return 0;
}

/* Whether the view asked for is not what DNS has. */
static int is_other_view(const struct svc__lookup *l)
{
    enum svc__type type = svc__lookup_join_type(l);

    /* Outside names have no views, and a host is one of the pods. */
    if (type == SVC__TYPE_EXTERNAL || l->q.host != NULL ||
        l->q.kind == SVC__NAME_ZONAL)
        return 0;
    return (l->q.view == SVC__VIEW_PODS && type != SVC__TYPE_HEADLESS) ||
           (l->q.view == SVC__VIEW_VIP && type != SVC__TYPE_CLUSTERIP);
}

/* What a set of questions for addresses comes to. */
static enum svc__lookup_verdict judge(const struct svc__lookup_tally *t)
{
    if (t->have > 0)
        return t->out > 0 ? SVC__LOOKUP_HALF : SVC__LOOKUP_WHOLE;
    if (t->out > 0)
        return SVC__LOOKUP_WAIT;
    return t->unknown > 0 ? SVC__LOOKUP_TROUBLE : SVC__LOOKUP_NOTHING;
}

/* A verdict that needs an address of the Service to be true: without one there
 * is no such Service. */
static enum svc__lookup_verdict if_there(const struct svc__lookup_tally *t,
                                         enum svc__lookup_verdict verdict)
{
    return t->have > 0 ? verdict : judge(t);
}

/* The SRV question has no answer. */
static enum svc__lookup_verdict join_without(
    const struct svc__lookup *l, const struct svc__lookup_tally *addresses)
{
    const struct svc__view *before = l->env.before;
    int is_outside = l->q.kind == SVC__NAME_EXTERNAL;
    int knew = before != NULL && (before->type == SVC__TYPE_CLUSTERIP ||
                                  before->type == SVC__TYPE_HEADLESS);

    /* Not every server answers at the plain name (semantics 2.2), but a port
     * that was known is not lost by a failure. */
    if (l->port == SVC__LOOKUP_ANY_PORT && !knew && l->q.view == SVC__VIEW_AUTO)
        return judge(addresses);
    if (is_outside)
        return SVC__LOOKUP_TROUBLE;
    if (addresses->out > 0)
        return SVC__LOOKUP_WAIT; /* it may be an alias, or nothing at all */
    return if_there(addresses, SVC__LOOKUP_TROUBLE);
}

/* The SRV question says that there is nothing. */
static enum svc__lookup_verdict join_none(
    const struct svc__lookup *l, const struct svc__lookup_tally *addresses)
{
    if (l->q.kind == SVC__NAME_EXTERNAL)
        return SVC__LOOKUP_NOTHING;
    if (l->port == SVC__LOOKUP_NAMED)
        return if_there(addresses, SVC__LOOKUP_NO_PORT);
    if (is_other_view(l))
        return if_there(addresses, SVC__LOOKUP_NO_VIEW);
    return judge(addresses);
}

/* Endpoints are the targets. */
static enum svc__lookup_verdict join_targets(
    const struct svc__lookup *l, const struct svc__lookup_tally *addresses)
{
    struct svc__lookup_tally t =
        svc__lookup_join_tally(l, SVC__LOOKUP_TARGET, SVC__FAMILY_ANY);
    enum svc__lookup_verdict verdict;

    t.have += svc__lookup_services(l)->glue_count;
    verdict = judge(&t);
    /* Those that are not in the zone asked for do not count. */
    if (l->q.kind == SVC__NAME_ZONAL && verdict == SVC__LOOKUP_WHOLE)
        return judge(addresses);
    return verdict;
}

/* The SRV question shows targets and ports. */
static enum svc__lookup_verdict join_services(
    const struct svc__lookup *l, const struct svc__lookup_tally *addresses)
{
    size_t begin;
    size_t end;

    if (is_other_view(l))
        return SVC__LOOKUP_NO_VIEW;
    if (has_several(l))
        return SVC__LOOKUP_SEVERAL;
    if (svc__lookup_join_by_target(l))
        return join_targets(l, addresses);
    svc__lookup_join_ports(l, &begin, &end);
    if (l->port == SVC__LOOKUP_NAMED && begin == end)
        return if_there(addresses, SVC__LOOKUP_NO_PORT);
    return judge(addresses);
}

/* All but the caller's topology zone. */
static enum svc__lookup_verdict join_main(const struct svc__lookup *l)
{
    const struct svc__lookup_ask *srv =
        svc__lookup_find(l, SVC__LOOKUP_SERVICE, SVC__FAMILY_ANY);
    struct svc__lookup_tally addresses =
        svc__lookup_join_tally(l, SVC__LOOKUP_ADDRESS, SVC__FAMILY_ANY);

    if (addresses.alias > 0)
        return SVC__LOOKUP_ALIASED;
    if (srv == NULL)
        return judge(&addresses);
    if (srv->standing == SVC__LOOKUP_OUT) {
        /* Where there is no such name there is none below it (RFC 8020). */
        return addresses.nxdomain > 0 && addresses.nxdomain == addresses.none &&
                       addresses.have + addresses.out + addresses.unknown == 0
                   ? SVC__LOOKUP_NOTHING
                   : SVC__LOOKUP_WAIT;
    }
    if (srv->standing == SVC__LOOKUP_UNKNOWN)
        return join_without(l, &addresses);
    if (srv->answer.service_count == 0)
        return join_none(l, &addresses);
    return join_services(l, &addresses);
}

enum svc__lookup_verdict svc__lookup_join(const struct svc__lookup *l)
{
    enum svc__lookup_verdict verdict = join_main(l);
    struct svc__lookup_tally zone;

    if (verdict != SVC__LOOKUP_WHOLE ||
        svc__lookup_join_type(l) == SVC__TYPE_CLUSTERIP)
        return verdict;
    zone = svc__lookup_join_tally(l, SVC__LOOKUP_ZONE, SVC__FAMILY_ANY);
    return zone.out > 0 ? SVC__LOOKUP_ENOUGH : SVC__LOOKUP_WHOLE;
}
