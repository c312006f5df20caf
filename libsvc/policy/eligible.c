/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what kube-proxy does for each address family and Service port
 * ([TOPO], semantics 2.9 rules 7, 13 and 15): ready endpoints, narrowed by
 * internalTrafficPolicy or by hints; when none is ready, those that still
 * serve while they terminate. Each candidate gets one reason, the first that
 * holds: what it lacks itself comes before where it is.
 */
#include "policy/eligible.h"

#include "base/buf.h"

#include <string.h>

/* What narrows the ready endpoints of a family. */
enum mode {
    MODE_ALL,
    MODE_LOCAL,         /* internalTrafficPolicy Local, a ready one here */
    MODE_LOCAL_STANDBY, /* the same, but only terminating ones here */
    MODE_NOWHERE,       /* the same, and nothing here */
    MODE_NODE,          /* hints.forNodes */
    MODE_ZONE,          /* hints.forZones */
    MODE_STANDBY        /* nothing ready anywhere */
};

/* What was seen among the candidates of a family that nothing speaks
 * against. */
struct seen {
    size_t total;
    size_t ready;
    size_t standby;
    size_t local_ready;
    size_t local_standby;
    size_t no_node_hint; /* of the ready ones */
    size_t no_zone_hint;
    size_t for_node; /* of the ready ones, hinted for the caller's node */
    size_t for_zone;
};

struct filter {
    struct svc__view *v;
    const char *node; /* NULL: unknown */
    const char *zone;
    unsigned family;
    struct seen seen;
    size_t used;
};

static const char *known(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

/* Whether a candidate is this filter's business. */
static int concerns(const struct filter *f, const struct svc__candidate *c)
{
    return c->why == 0 &&
           svc__candidate_endpoint(c)->address.family == f->family;
}

static int is_local(const struct filter *f, const struct svc__candidate *c)
{
    const char *node =
        svc__block_text(c->block, svc__candidate_endpoint(c)->node);

    return f->node != NULL && node != NULL && strcmp(node, f->node) == 0;
}

/* An empty list of hints is no hint. */
static int has_hints(const struct svc__candidate *c, uint32_t offset)
{
    return offset != 0 && c->block->text[offset] != '\0';
}

static int hinted(const struct svc__candidate *c, uint32_t offset,
                  const char *name)
{
    return name != NULL && svc__block_hints_have(c->block, offset, name);
}

/* Counts a candidate. Hints of endpoints that are not ready are not looked at,
 * since the controller gives them none. */
static void look(struct filter *f, const struct svc__candidate *c)
{
    const struct svc__endpoint *ep = svc__candidate_endpoint(c);
    size_t local = (size_t)is_local(f, c);

    f->seen.total++;
    if (svc__endpoint_is_ready(ep)) {
        f->seen.ready++;
        f->seen.local_ready += local;
        f->seen.no_node_hint += !has_hints(c, ep->node_hints);
        f->seen.no_zone_hint += !has_hints(c, ep->zone_hints);
        f->seen.for_node += (size_t)hinted(c, ep->node_hints, f->node);
        f->seen.for_zone += (size_t)hinted(c, ep->zone_hints, f->zone);
    } else if (svc__endpoint_is_standby(ep)) {
        f->seen.standby++;
        f->seen.local_standby += local;
    }
}

/* The order of the questions is kube-proxy's. Local overrides hints and falls
 * back to nobody but stand-ins of the same node, ready ones elsewhere or not.
 * Hints count when every ready endpoint has one and one of them is for here,
 * forNodes before forZones, so that they narrow but never empty a set; one
 * that is missing means that the controller is not done (KEP-2433, KEP-3015).
 * With the node unknown Local means nothing and everything counts (semantics
 * 2.11, 7). */
static enum mode choose_mode(const struct filter *f)
{
    const struct seen *s = &f->seen;

    if (f->v->local_only && f->node != NULL) {
        if (s->local_ready > 0)
            return MODE_LOCAL;
        return s->local_standby > 0 ? MODE_LOCAL_STANDBY : MODE_NOWHERE;
    }
    if (s->ready == 0)
        return MODE_STANDBY;
    if (f->v->local_only || f->v->topology_off)
        return MODE_ALL;
    if (s->no_node_hint == 0 && s->for_node > 0)
        return MODE_NODE;
    if (s->no_zone_hint == 0 && s->for_zone > 0)
        return MODE_ZONE;
    return MODE_ALL;
}

/* The reason against a ready endpoint, 0: none. */
static uint16_t judge_ready(const struct filter *f, enum mode mode,
                            const struct svc__candidate *c)
{
    const struct svc__endpoint *ep = svc__candidate_endpoint(c);

    switch (mode) {
    case MODE_LOCAL:
    case MODE_LOCAL_STANDBY:
    case MODE_NOWHERE:
        return is_local(f, c) ? 0 : SVC_WHY_NOT_LOCAL;
    case MODE_NODE:
        return hinted(c, ep->node_hints, f->node) ? 0 : SVC_WHY_OTHER_NODE;
    case MODE_ZONE:
        return hinted(c, ep->zone_hints, f->zone) ? 0 : SVC_WHY_OTHER_ZONE;
    default:
        return 0;
    }
}

/* The reason against an endpoint, 0: none. Who is ready and terminating at once
 * (publishNotReadyAddresses) counts as ready. */
static uint16_t judge(const struct filter *f, enum mode mode,
                      const struct svc__candidate *c)
{
    const struct svc__endpoint *ep = svc__candidate_endpoint(c);

    if (svc__endpoint_is_ready(ep))
        return judge_ready(f, mode, c);
    if (!svc__endpoint_is_terminating(ep))
        return SVC_WHY_NOT_READY;
    if (svc__endpoint_is_standby(ep) &&
        (mode == MODE_STANDBY ||
         (mode == MODE_LOCAL_STANDBY && is_local(f, c))))
        return 0;
    return SVC_WHY_TERMINATING;
}

/* ---- what is said about it ------------------------------------------- */

/* The mode in words, into b. */
static void describe_mode(const struct filter *f, enum mode mode,
                          struct svc__buf *b)
{
    switch (mode) {
    case MODE_LOCAL:
    case MODE_LOCAL_STANDBY:
    case MODE_NOWHERE:
        svc__buf_printf(b,
                        "; internalTrafficPolicy is Local: only those on node "
                        "\"%s\"%s",
                        f->node,
                        mode == MODE_LOCAL_STANDBY
                            ? ", where only terminating ones serve"
                            : "");
        break;
    case MODE_NODE:
        svc__buf_printf(b, "; all have hints: those for node \"%s\"", f->node);
        break;
    case MODE_ZONE:
        svc__buf_printf(b, "; all have hints: those for zone \"%s\"", f->zone);
        break;
    case MODE_STANDBY:
        if (f->seen.standby > 0)
            svc__buf_add_text(b, "; none is ready: those that still serve "
                                 "while they terminate");
        break;
    default:
        if (f->v->local_only || f->v->topology_off)
            break;
        if (f->seen.no_zone_hint == 0)
            svc__buf_printf(b,
                            "; hints are not for here (node %s, zone %s): all "
                            "count",
                            f->node == NULL ? "unknown" : f->node,
                            f->zone == NULL ? "unknown" : f->zone);
        else if (f->seen.no_zone_hint < f->seen.ready)
            svc__buf_add_text(b, "; some have no hint: hints are not used");
        break;
    }
}

/* One line of explain for a family. */
static int step(const struct filter *f, enum mode mode)
{
    struct svc__buf b;
    int err;

    if (f->v->trace == NULL)
        return 0;
    svc__buf_init(&b, 1024);
    svc__buf_printf(&b, "%s: %zu of %zu ready",
                    f->family == SVC__FAMILY_IPV4 ? "IPv4" : "IPv6",
                    f->seen.ready, f->seen.total);
    if (f->v->local_only && f->node == NULL)
        svc__buf_add_text(&b, "; internalTrafficPolicy is Local, but the "
                              "caller's node is unknown: all count");
    describe_mode(f, mode, &b);
    svc__buf_printf(&b, "; %zu usable", f->used);
    err = b.err != 0 ? b.err : svc__view_step(f->v, "filter", "%s", b.data);
    svc__buf_fini(&b);
    return err;
}

/* Reasons as a message counts them, and what to do when one is the only or
 * the first. */
static const struct {
    uint32_t bit;
    const char *text;
    const char *hint;
} reasons[] = {
    {SVC_WHY_NOT_READY, "not ready",
     "see why it is not ready: kubectl get pods,nodes"},
    {SVC_WHY_TERMINATING, "terminating",
     "its Pods are going away; wait for their successors"},
    {SVC_WHY_NO_SUCH_PORT, "without the port",
     "the Pods have no port of that name: compare targetPort of the Service "
     "with the container ports"},
    {SVC_WHY_WRONG_FAMILY, "of another address family",
     "ask for family \"any\", and see spec.ipFamilies of the Service"},
    {SVC_WHY_OTHER_ZONE, "hinted for other zones", NULL},
    {SVC_WHY_OTHER_NODE, "hinted for other nodes", NULL},
    {SVC_WHY_NOT_LOCAL, "not local",
     "the traffic policy is Local and nothing is at hand on the node"},
    {SVC_WHY_OUTSIDE_SUBSET, "outside the subset", NULL},
    {SVC_WHY_EJECTED, "ejected for a while", NULL},
    {SVC_WHY_DRAINING, "draining",
     "their weight is 0, as this program set it (svc_service_weigh)"},
    {SVC_WHY_REFUSED_ADDRESS, "with a refused address",
     "loopback, link-local and metadata addresses are let through by option "
     "\"allow\" only"},
    {SVC_WHY_DUPLICATE, "duplicate", NULL},
};

/* "3 not ready, 1 terminating" into b; the hint of the most frequent. */
static const char *count_reasons(const struct svc__view *v, struct svc__buf *b)
{
    const char *hint = NULL;
    size_t most = 0;

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        size_t count = 0;

        for (size_t k = 0; k < v->count; k++)
            count += (v->candidates[k].why & reasons[i].bit) != 0;
        if (count == 0)
            continue;
        svc__buf_printf(b, "%s%zu %s", b->size == 0 ? "" : ", ", count,
                        reasons[i].text);
        if (count > most && reasons[i].hint != NULL) {
            most = count;
            hint = reasons[i].hint;
        }
    }
    return hint;
}

static int has_usable(const struct svc__view *v)
{
    for (size_t i = 0; i < v->count; i++) {
        if (v->candidates[i].why == 0)
            return 1;
    }
    return 0;
}

int svc__eligible_judge(struct svc__view *v)
{
    struct svc__buf b;
    const char *hint;
    int err;

    if (v->code != 0 || v->alias != NULL || has_usable(v))
        return 0;
    svc__buf_init(&b, 512);
    hint = count_reasons(v, &b);
    if (b.size == 0)
        svc__buf_add_text(&b, "there is none");
    if (b.err != 0)
        err = SVC_ENOMEM;
    else if (v->service != NULL)
        err = svc__view_fail(v, SVC_ENOENDPOINTS,
                             "Service \"%s\" in namespace \"%s\" has no usable "
                             "endpoint: %s%s%s (source: %s)",
                             v->service, v->namespace_, b.data,
                             v->gap == NULL ? "" : "; ",
                             v->gap == NULL ? "" : v->gap, v->source);
    else
        err = svc__view_fail(v, SVC_ENOENDPOINTS,
                             "no usable endpoint: %s (source: %s)", b.data,
                             v->source);
    svc__buf_fini(&b);
    if (err == 0 && hint != NULL)
        err = svc__view_hint(v, "%s", hint);
    return err;
}

/* ---- the whole ------------------------------------------------------- */

/* Two walks: what there is, then what is used. Each address family has a
 * kube-proxy of its own, so one may narrow or fall back while the other does
 * not. */
static int apply_family(struct filter *f)
{
    struct svc__view *v = f->v;
    enum mode mode;

    for (size_t i = 0; i < v->count; i++) {
        if (concerns(f, &v->candidates[i]))
            look(f, &v->candidates[i]);
    }
    if (f->seen.total == 0)
        return 0;
    mode = choose_mode(f);
    for (size_t i = 0; i < v->count; i++) {
        struct svc__candidate *c = &v->candidates[i];

        if (!concerns(f, c))
            continue;
        c->why = judge(f, mode, c);
        f->used += c->why == 0;
    }
    return step(f, mode);
}

int svc__eligible_apply(struct svc__view *v,
                        const struct svc__eligible_env *env)
{
    static const unsigned families[] = {SVC__FAMILY_IPV4, SVC__FAMILY_IPV6};

    for (size_t i = 0; i < 2; i++) {
        struct filter f = {.v = v,
                           .node = known(env->node),
                           .zone = known(env->zone),
                           .family = families[i]};

        if (apply_family(&f) != 0)
            return SVC_ENOMEM;
    }
    return 0;
}
