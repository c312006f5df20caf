/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the forms of semantics 2.1: which Service, pod or outside name a row of
 * labels means. Nothing is looked up.
 *
 * One reading for each row, decided by its last labels and its final dot, so
 * that a name never changes its meaning with what exists in the cluster, as it
 * does under a search list:
 *
 *     ….svc.ZONE, ….pod.ZONE       absolute, in the cluster's zone
 *     ….svc.clusterset.local       absolute, of a set of clusters
 *     ….svc, ….pod  (3 or more)    absolute, the zone left away
 *     1 to 3 labels                svc, svc.ns, host.svc.ns
 *     4 or more, or a final dot    outside, unless it is in one of the zones
 *
 * The rows are tried in this order. An absolute ending with the wrong number
 * of labels in front is a mistake and not an outside name: asking the servers
 * of the world for "web.svc.cluster.local" helps nobody. So is any other name
 * in the zone; dns:/// is left for those who do mean one. Two labels are
 * always svc.ns, so that namespaces called svc, pod or local can be named.
 *
 * Labels have been checked by name_label.c: lower case, RFC 1123, but for an
 * underscore in front, which only "_zone" may still have.
 */
#include "base/err.h"
#include "model/name_reader.h"

#include <string.h>

static const char clusterset_zone[] = "clusterset.local";

static int label_is(const struct svc__name_reader *r, size_t i,
                    const char *text)
{
    return svc__name_span_is(r->labels[i], text);
}

/* How many labels at the end of the name are those of a zone: all of them or
 * none. */
static size_t zone_labels(const struct svc__name_reader *r, const char *zone)
{
    const struct svc__name_span *last = &r->labels[r->label_count - 1];
    size_t size = (size_t)(last->ptr + last->size - r->labels[0].ptr);
    const char *text = r->labels[0].ptr;
    size_t zone_size = strlen(zone);
    size_t count = 1;

    if (size < zone_size || zone_size == 0 ||
        memcmp(text + size - zone_size, zone, zone_size) != 0 ||
        (size > zone_size && text[size - zone_size - 1] != '.'))
        return 0;
    for (size_t i = 0; i < zone_size; i++)
        count += zone[i] == '.';
    return count;
}

/* ---- inside the cluster ---- */

static int set_namespace(struct svc__name_reader *r)
{
    struct svc__name_span span = {r->namespace_, strlen(r->namespace_)};

    return svc__name_copy(r, span, &r->name.namespace_);
}

/* [host.]svc[.ns], the first count labels. */
static int set_service(struct svc__name_reader *r, size_t first, size_t count)
{
    int err = 0;

    if (count == 3)
        err = svc__name_copy(r, r->labels[first++], &r->name.host);
    if (err == 0)
        err = svc__name_copy(r, r->labels[first], &r->name.service);
    if (err == 0)
        err = count == 1 ? set_namespace(r)
                         : svc__name_copy(r, r->labels[first + 1],
                                          &r->name.namespace_);
    return err;
}

/* a-b-c-d.ns, in front of "pod". The address is believed, as CoreDNS does with
 * "pods insecure": no pod needs to have it. */
static int read_pod(struct svc__name_reader *r, size_t count)
{
    struct svc__address *a = &r->name.address;

    r->name.kind = SVC__NAME_POD;
    if (count != 2 ||
        svc__address_parse_dashed(r->labels[0].ptr, r->labels[0].size, a)) {
        svc__err_set(&r->error, SVC_ENAME,
                     "in front of \"pod\" stands no pod address and namespace");
        return svc__err_hint(&r->error,
                             "a pod is \"10-244-1-18.shop.pod\"; a Service in "
                             "a namespace named pod is \"web.pod.svc\"");
    }
    if (r->name.port_name != NULL) {
        svc__err_set(&r->error, SVC_ENAME, "a pod address has no named ports");
        return svc__err_hint(&r->error, "give the number: "
                                        "\"10-244-1-18.shop.pod:80\"");
    }
    if (svc__name_check_address(r, a) != 0)
        return SVC_EINVAL;
    return svc__name_copy(r, r->labels[1], &r->name.namespace_);
}

/* topo.zone.pin|prefer._zone.svc.ns, in front of "svc" (CoreDNS, option zonal).
 * The topology zone may have dots, so it is what is left over. */
static int read_zonal(struct svc__name_reader *r, size_t count)
{
    struct svc__name_span topo = r->labels[0];
    size_t word = count - 4;

    if (!label_is(r, word, "pin") && !label_is(r, word, "prefer")) {
        svc__err_set(&r->error, SVC_ENAME,
                     "\"%.*s\" in front of \"_zone\" is neither pin nor prefer",
                     (int)r->labels[word].size, r->labels[word].ptr);
        return svc__err_hint(&r->error, "a zonal name is \"eu-1a.prefer._zone."
                                        "web.shop.svc.cluster.local\"");
    }
    topo.size = (size_t)(r->labels[word].ptr - 1 - topo.ptr);
    r->name.kind = SVC__NAME_ZONAL;
    r->name.topo_prefer = label_is(r, word, "prefer");
    if (svc__name_copy(r, topo, &r->name.topo_zone) != 0)
        return SVC_ENOMEM;
    return set_service(r, count - 2, 2);
}

static int refuse_service(struct svc__name_reader *r, size_t count)
{
    if (count == 0)
        svc__err_set(&r->error, SVC_ENAME,
                     "this is the part of the zone that Services are in, "
                     "without a Service");
    else if (count == 1)
        svc__err_set(&r->error, SVC_ENAME,
                     "the namespace is missing between \"%.*s\" and \"svc\"",
                     (int)r->labels[0].size, r->labels[0].ptr);
    else
        svc__err_set(&r->error, SVC_ENAME,
                     "%zu parts stand in front of \"svc\", where a Service "
                     "has 2 or 3",
                     count);
    return svc__err_hint(&r->error,
                         "write \"web.shop.svc.%s\", or with a pod's hostname "
                         "\"web-0.web.shop.svc.%s\"",
                         r->zone, r->zone);
}

/* The count labels in front of "svc" or "pod". */
static int read_absolute(struct svc__name_reader *r, size_t count)
{
    if (label_is(r, count, "pod"))
        return read_pod(r, count);
    if (count >= 5 && label_is(r, count - 3, "_zone"))
        return read_zonal(r, count);
    return count == 2 || count == 3 ? set_service(r, 0, count)
                                    : refuse_service(r, count);
}

/* The count labels in front of "svc.clusterset.local" (KEP-1645): svc.ns or
 * host.clusterid.svc.ns. A cluster id without a host must not exist there. */
static int read_clusterset(struct svc__name_reader *r, size_t count)
{
    int err = 0;

    r->name.kind = SVC__NAME_CLUSTERSET;
    if (count != 2 && count != 4) {
        svc__err_set(&r->error, SVC_ENAME,
                     "%zu parts stand in front of \"svc.%s\", where a "
                     "multi-cluster Service has 2, or 4 with a pod's hostname",
                     count, clusterset_zone);
        return svc__err_hint(&r->error,
                             "write \"web.shop.svc.%s\" or "
                             "\"web-0.east.web.shop.svc.%s\"",
                             clusterset_zone, clusterset_zone);
    }
    if (count == 4)
        err = svc__name_copy(r, r->labels[0], &r->name.host);
    if (count == 4 && err == 0)
        err = svc__name_copy(r, r->labels[1], &r->name.cluster_id);
    return err != 0 ? err : set_service(r, count - 2, 2);
}

static int refuse_in_zone(struct svc__name_reader *r, const char *zone)
{
    svc__err_set(&r->error, SVC_ENAME,
                 "in the zone \"%s\" Services stand under \"svc\" only", zone);
    return svc__err_hint(&r->error,
                         "write \"web.shop.svc.%s\"; a name of another kind "
                         "is asked of DNS as \"dns:///web.%s\"",
                         zone, zone);
}

/* ---- outside ---- */

static int is_number(struct svc__name_span label)
{
    size_t i = 0;

    while (i < label.size && label.ptr[i] >= '0' && label.ptr[i] <= '9')
        i++;
    return i == label.size;
}

/* No top-level domain is a number (RFC 3696 section 2). */
static int refuse_number(struct svc__name_reader *r)
{
    size_t numbers = 0;

    while (numbers < r->label_count && is_number(r->labels[numbers]))
        numbers++;
    if (numbers == 4 && r->label_count == 4)
        svc__err_set(&r->error, SVC_ENAME,
                     "this is no IPv4 address: its four numbers are 0 to 255 "
                     "without leading zeros");
    else
        svc__err_set(&r->error, SVC_ENAME, "a domain does not end in a number");
    return svc__err_hint(&r->error, "an address is \"10.0.0.1:80\", a name "
                                    "outside the cluster "
                                    "\"dns:///www.example.com:80\"");
}

static int read_external(struct svc__name_reader *r)
{
    struct svc__name_span last = r->labels[r->label_count - 1];
    struct svc__name_span domain = r->labels[0];

    r->name.kind = SVC__NAME_EXTERNAL;
    if (is_number(last))
        return refuse_number(r);
    domain.size = (size_t)(last.ptr + last.size - domain.ptr);
    return svc__name_copy(r, domain, &r->name.domain);
}

/* ---- which of them ---- */

/* The Service of kubernetes://ns/svc, whose namespace was read. */
static int read_service_only(struct svc__name_reader *r)
{
    if (r->label_count == 1 && !r->final_dot)
        return svc__name_copy(r, r->labels[0], &r->name.service);
    svc__err_set(&r->error, SVC_ENAME,
                 "behind the namespace \"%s\" stands more than a Service",
                 r->name.namespace_);
    return svc__err_hint(&r->error, "write \"kubernetes://shop/web:80\" or "
                                    "\"kubernetes:///web-0.web.shop:80\"");
}

static int is_reserved(const struct svc__name_reader *r, size_t i)
{
    return label_is(r, i, "svc") || label_is(r, i, "pod");
}

/* A name without a known ending; zone and set are where those zones begin. */
static int read_other(struct svc__name_reader *r, size_t zone, size_t set)
{
    size_t n = r->label_count;

    if (n < 4 && !r->final_dot)
        return set_service(r, 0, n);
    if (zone < n)
        return refuse_in_zone(r, r->zone);
    return set < n ? refuse_in_zone(r, clusterset_zone) : read_external(r);
}

/* The longest ending that is known decides. */
static int read_any(struct svc__name_reader *r)
{
    size_t n = r->label_count;
    size_t zone = n - zone_labels(r, r->zone);
    size_t set = n - zone_labels(r, clusterset_zone);

    if (n > 2 && zone > 0 && zone < n && is_reserved(r, zone - 1))
        return read_absolute(r, zone - 1);
    if (n > 2 && set > 0 && set < n && label_is(r, set - 1, "svc"))
        return read_clusterset(r, set - 1);
    if (n > 2 && is_reserved(r, n - 1))
        return read_absolute(r, n - 1);
    return read_other(r, zone, set);
}

static int refuse_underscore(struct svc__name_reader *r, size_t i)
{
    svc__err_set(&r->error, SVC_ENAME,
                 "the underscore of \"%.*s\" cannot stand there",
                 (int)r->labels[i].size, r->labels[i].ptr);
    return svc__err_hint(&r->error,
                         "underscores stand in \"_http._tcp.web.shop\" and in "
                         "\"eu-1a.pin._zone.web.shop.svc.%s\"",
                         r->zone);
}

int svc__name_read_form(struct svc__name_reader *r)
{
    size_t underscores = 0;
    size_t last = 0;
    int err;

    if (r->name.scheme == SVC__SCHEME_DNS)
        err = read_external(r);
    else if (r->name.namespace_ != NULL)
        err = read_service_only(r);
    else
        err = read_any(r);
    if (err != 0)
        return err;
    for (size_t i = 0; i < r->label_count; i++) {
        if (r->labels[i].ptr[0] == '_') {
            underscores++;
            last = i;
        }
    }
    /* A zonal name has one, in "_zone". */
    return underscores == (r->name.kind == SVC__NAME_ZONAL)
               ? 0
               : refuse_underscore(r, last);
}
