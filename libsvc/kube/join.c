/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the union over slices of one Service and port.
 *
 * Design notes
 *
 * Everything is listed. An endpoint that cannot be used becomes a candidate
 * all the same, with the reasons that slices alone tell (no such port, wrong
 * family, refused address, duplicate); ready, terminating and topology come
 * later and look only at candidates without a reason. So an answer can always
 * say what was left out, and no two filters judge one candidate. The exception
 * is a hostname: endpoints that do not carry it are not part of the question.
 *
 * One port a slice. Port names are unique in a slice (API validation), so the
 * first port that fits is the port of all its endpoints; pods whose named
 * target port resolves to different numbers are in different slices (semantics
 * 2.9 rule 9).
 *
 * One winner for each place. While an endpoint moves it is in two slices, and
 * an address may belong to a new pod before the old Pod object is gone. Which
 * of two entries wins must not depend on the order of events, so it is decided
 * by a total order: not terminating, then ready, then the place in the list.
 * The list of slices is sorted by resourceVersion, an unknown one last, then
 * by name, and endpoints keep their order within a slice. Were unknown
 * versions passed over instead of last, three slices could beat each other in
 * a circle.
 *
 * The table of places is keyed with the store's secret: who writes slices
 * chooses the addresses, and must not choose where they collide (faults 3.6).
 * It is made for the number of candidates, used once and freed.
 */
#include "kube/join.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "kube/port.h"

#include <string.h>
#include <strings.h>

/* Slices that get a step of their own; the others only count. */
#define STEPS_MAX 16
/* Hostnames named in a hint. */
#define HOSTS_MAX 8

struct join {
    const struct svc__facts *f;
    const struct svc__port *port;
    struct svc__view *v;
    const char *host; /* NULL: the whole Service */
    struct svc__address host_address;
    int host_is_address;
    size_t used;      /* slices whose endpoints were looked at */
    size_t fqdn;      /* slices of type FQDN */
    size_t endpoints; /* in the used slices */
};

uint16_t svc__join_address_why(const struct svc__facts *f, int any_family,
                               const struct svc__address *a,
                               struct svc__view *v)
{
    const struct svc__service_object *service = f->service;
    int asked = f->query->family == SVC__FAMILY_ANY ||
                (unsigned)f->query->family == a->family;
    int listed = any_family || service->family_count == 0;
    uint16_t why = 0;

    for (size_t i = 0; i < service->family_count; i++)
        listed |= (unsigned)service->families[i] == a->family;
    if (!asked || !listed)
        why |= SVC_WHY_WRONG_FAMILY;
    if (!svc__address_is_allowed(a, f->query->allow)) {
        why |= SVC_WHY_REFUSED_ADDRESS;
        v->refused++;
    }
    return why;
}

/* An endpoint answers to its hostname, or to its dashed address when it has
 * none (semantics 2.4, 2.11, 4; CoreDNS endpointHostname). */
static int answers_to_host(const struct join *j, const struct svc__block *block,
                           uint32_t index)
{
    const struct svc__endpoint *ep = &block->endpoints[index];

    if (ep->hostname != 0)
        return strcasecmp(block->text + ep->hostname, j->host) == 0;
    return j->host_is_address &&
           svc__address_compare(&ep->address, &j->host_address) == 0;
}

/* ---- one slice ------------------------------------------------------- */

static const char *type_name(const struct svc__slice *slice)
{
    return slice->type == SVC__SLICE_IPV4   ? "IPv4"
           : slice->type == SVC__SLICE_IPV6 ? "IPv6"
                                            : "FQDN";
}

/* One line for a slice: what was found in it. */
static int step_slice(const struct join *j, const struct svc__slice *slice,
                      int has_port, uint16_t number)
{
    unsigned count = slice->block->count;
    const char *many = count == 1 ? "" : "s";

    if (j->used + j->fqdn > STEPS_MAX)
        return 0;
    if (slice->type == SVC__SLICE_FQDN)
        return svc__view_step(j->v, "slices",
                              "slice \"%s\": left out, FQDN slices are not "
                              "used",
                              slice->name);
    if (!has_port)
        return svc__view_step(j->v, "slices",
                              "slice \"%s\" (%s): %u endpoint%s without the "
                              "port",
                              slice->name, type_name(slice), count, many);
    if (number == 0)
        return svc__view_step(j->v, "slices",
                              "slice \"%s\" (%s): %u endpoint%s, port unknown",
                              slice->name, type_name(slice), count, many);
    return svc__view_step(
        j->v, "slices", "slice \"%s\" (%s): %u endpoint%s at port %u",
        slice->name, type_name(slice), count, many, (unsigned)number);
}

/* Appends the endpoints of a slice. FQDN slices have no meaning that two
 * consumers agree on, and reach what the address filter cannot see: they are
 * counted and left out (semantics 2.9 rule 4, faults 3.3). */
static int add_slice(struct join *j, const struct svc__slice *slice)
{
    struct svc__candidate c = {.block = slice->block,
                               .proto = (uint8_t)j->port->proto};
    uint16_t base = 0;

    if (slice->type == SVC__SLICE_FQDN) {
        j->fqdn++;
        return step_slice(j, slice, 0, 0);
    }
    j->used++;
    j->endpoints += slice->block->count;
    if (!svc__port_in_slice(j->port, slice, &c.port, &c.app_protocol))
        base = SVC_WHY_NO_SUCH_PORT;
    if (step_slice(j, slice, base == 0, c.port) != 0)
        return SVC_ENOMEM;
    if (slice->block->count > 0 && svc__view_hold(j->v, slice->block) != 0)
        return SVC_ENOMEM;
    for (c.index = 0; c.index < slice->block->count; c.index++) {
        const struct svc__address *a =
            &slice->block->endpoints[c.index].address;

        if (j->host != NULL && !answers_to_host(j, slice->block, c.index))
            continue;
        c.why = base | svc__join_address_why(j->f, j->port->headless, a, j->v);
        if (svc__view_add(j->v, &c) != 0)
            return SVC_ENOMEM;
    }
    return 0;
}

/* ---- duplicates ------------------------------------------------------ */

/* Whether the later entry a takes the place of b: a live pod beats a
 * terminating one, whose address it may have got, then a ready one beats one
 * that is not (semantics 2.9 rule 8; 2.11, 9). */
static int beats(const struct svc__candidate *a, const struct svc__candidate *b)
{
    const struct svc__endpoint *x = svc__candidate_endpoint(a);
    const struct svc__endpoint *y = svc__candidate_endpoint(b);
    int x_goes = svc__endpoint_is_terminating(x);
    int y_goes = svc__endpoint_is_terminating(y);

    if (x_goes != y_goes)
        return y_goes;
    return svc__endpoint_is_ready(x) && !svc__endpoint_is_ready(y);
}

/* A place is an address, a port and a protocol, not an address alone: pods on
 * the network of their host share it (semantics 2.9 rule 8). */
/* Marks all but the best of the entries that name one place. The table holds
 * 1 + the index of the best so far, at most half full. */
static int mark_duplicates(struct join *j)
{
    struct svc__candidate *c = j->v->candidates;
    size_t slots = 16;
    uint32_t *table;

    if (j->v->count < 2)
        return 0;
    while (slots / 2 < j->v->count)
        slots *= 2;
    table = svc__calloc(slots, sizeof(*table));
    if (table == NULL)
        return SVC_ENOMEM;
    for (size_t i = 0; i < j->v->count; i++) {
        size_t at;

        if (c[i].why != 0)
            continue;
        at = (size_t)svc__candidate_hash(&c[i], j->f->hash_key) & (slots - 1);
        while (table[at] != 0 &&
               svc__candidate_compare(&c[table[at] - 1], &c[i]) != 0)
            at = (at + 1) & (slots - 1);
        if (table[at] != 0) {
            size_t loser = beats(&c[i], &c[table[at] - 1]) ? table[at] - 1 : i;

            c[loser].why |= SVC_WHY_DUPLICATE;
            j->v->duplicates++;
            if (loser == i)
                continue;
        }
        table[at] = (uint32_t)(i + 1);
    }
    svc__free(table);
    return 0;
}

/* ---- when there is nothing ------------------------------------------- */

/* "web-0, web-1": hostnames that would have been found. */
static int hint_hosts(const struct join *j)
{
    struct svc__buf list;
    const char *last = "";
    int found = 0;
    int err = 0;

    svc__buf_init(&list, 400);
    for (size_t i = 0; i < j->f->slice_count && found < HOSTS_MAX; i++) {
        const struct svc__block *block = j->f->slices[i]->block;

        for (uint32_t k = 0; k < block->count && found < HOSTS_MAX; k++) {
            const char *host =
                svc__block_text(block, block->endpoints[k].hostname);

            if (host == NULL || strcmp(host, last) == 0)
                continue;
            svc__buf_printf(&list, "%s%s", found == 0 ? "" : ", ", host);
            last = host;
            found++;
        }
    }
    if (list.err == SVC_ENOMEM)
        err = SVC_ENOMEM;
    else if (found > 0)
        err = svc__view_hint(j->v, "hostnames in it: %s%s", list.data,
                             found == HOSTS_MAX ? ", …" : "");
    else
        err = svc__view_hint(j->v,
                             "no endpoint has a hostname: a Pod gets one when "
                             "its spec.subdomain is the name of the Service; "
                             "the dashed address works too, as 10-0-0-1");
    svc__buf_fini(&list);
    return err;
}

/* As DNS, which answers NXDOMAIN: a hostname that nobody carries does not exist
 * (semantics 2.11, 4). */
static int say_no_host(const struct join *j)
{
    const struct svc__service_object *service = j->f->service;

    if (svc__view_fail(j->v, SVC_ENOSERVICE,
                       "no endpoint of Service \"%s\" in namespace \"%s\" has "
                       "the hostname \"%s\" (source: %s)",
                       service->name, service->namespace_, j->host,
                       j->v->source) != 0)
        return SVC_ENOMEM;
    return hint_hosts(j);
}

/* No slice, and slices without endpoints, are different stories (semantics 2.9
 * rule 3). */
static int say_empty(const struct join *j)
{
    const struct svc__service_object *service = j->f->service;
    const char *what = "its EndpointSlices are empty";
    const char *hint = "no Pod matches its selector, or none of them has an "
                       "address yet";

    if (j->used == 0 && j->fqdn > 0) {
        what = "all its EndpointSlices are of type FQDN, which is not used";
        hint = "list IP addresses, or use a Service of type ExternalName";
    } else if (j->used == 0) {
        what = "there is no EndpointSlice for it";
        hint = service->has_selector
                   ? "its EndpointSlices are not written yet, or not part of "
                     "the source: kubectl get endpointslices"
                   : "it has no selector, so somebody has to write "
                     "EndpointSlices with the label "
                     "kubernetes.io/service-name";
    } else if (!service->has_selector) {
        hint = "it has no selector: whoever writes its EndpointSlices has "
               "listed nothing";
    }
    if (svc__view_fail(j->v, SVC_ENOENDPOINTS,
                       "Service \"%s\" in namespace \"%s\" has no endpoint: %s "
                       "(source: %s)",
                       service->name, service->namespace_, what,
                       j->v->source) != 0)
        return SVC_ENOMEM;
    return svc__view_hint(j->v, "%s", hint);
}

/* ---- the whole ------------------------------------------------------- */

/* The last line for slices counts all of them, also those beyond STEPS_MAX. */
static int step_summary(const struct join *j)
{
    size_t left_out = 0;

    for (size_t i = 0; i < j->v->count; i++)
        left_out += j->v->candidates[i].why != 0;
    return svc__view_step(
        j->v, "slices",
        "slices: %zu, endpoints in them: %zu; part of the "
        "answer%s: %zu; left out: %zu (duplicates: %llu, "
        "refused addresses: %llu)",
        j->used, j->endpoints, j->host == NULL ? "" : " for this hostname",
        j->v->count - left_out, left_out, (unsigned long long)j->v->duplicates,
        (unsigned long long)j->v->refused);
}

int svc__join_pods(const struct svc__facts *f, const struct svc__port *port,
                   struct svc__view *v)
{
    struct join j = {.f = f, .port = port, .v = v, .host = f->query->host};
    size_t most = 0;

    if (j.host != NULL)
        j.host_is_address = svc__address_parse_dashed(j.host, strlen(j.host),
                                                      &j.host_address) == 0;
    for (size_t i = 0; i < f->slice_count; i++)
        most += f->slices[i]->block->count;
    /* Of a whole Service no more than these, and hardly fewer. */
    if (j.host == NULL && svc__view_reserve(v, most) != 0)
        return SVC_ENOMEM;
    for (size_t i = 0; i < f->slice_count; i++) {
        if (add_slice(&j, f->slices[i]) != 0)
            return SVC_ENOMEM;
    }
    if (mark_duplicates(&j) != 0 || step_summary(&j) != 0)
        return SVC_ENOMEM;
    if (v->count > 0)
        return 0;
    return j.host != NULL ? say_no_host(&j) : say_empty(&j);
}
