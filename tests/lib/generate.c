/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns how objects are written. Where the order of members differs between
 * the styles, a table tells it.
 */
#include "generate.h"

#include "base/rng.h"
#include "json_writer.h"

#include <string.h>

struct writer {
    struct json_writer json;
    const struct generate_options *options;
    struct svc__rng rng;
    size_t index; /* of the object */
    size_t service;
    uint32_t node; /* of the endpoint in hand */
    uint32_t number;
};

/* ---- order -------------------------------------------------------------- */

/* Members of an object in the API server's order, and their place when they
 * are sorted. */
struct part {
    void (*write)(struct writer *w);
    int sorted;
};

static void parts(struct writer *w, const struct part *all, int count)
{
    for (int i = 0; i < count; i++) {
        int at = i;

        if (w->options->style == GENERATE_INDENTED) {
            at = 0;
            while (all[at].sorted != i)
                at++;
        }
        all[at].write(w);
    }
}

#define PARTS(w, all) parts(w, all, (int)(sizeof(all) / sizeof((all)[0])))

/* ---- texts -------------------------------------------------------------- */

static void member_uid(struct writer *w, const char *name)
{
    uint64_t high = svc__rng_next(&w->rng);
    uint64_t low = svc__rng_next(&w->rng);

    json_key(&w->json, name);
    svc__buf_printf(w->json.b, "\"%08x-%04x-4%03x-a%03x-%012llx\"",
                    (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xFFFF),
                    (unsigned)(high & 0xFFF), (unsigned)(low >> 48 & 0xFFF),
                    (unsigned long long)(low & 0xFFFFFFFFFFFF));
}

/* Five characters as the API server appends them to generated names. */
static void suffix(struct writer *w, char ret[6])
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";

    for (int i = 0; i < 5; i++)
        ret[i] = letters[svc__rng_below(&w->rng, sizeof(letters) - 1)];
    ret[5] = '\0';
}

static void member_service(struct writer *w, const char *name)
{
    json_key(&w->json, name);
    svc__buf_printf(w->json.b, "\"checkout-api-%05zu\"", w->service);
}

static void member_namespace(struct writer *w)
{
    json_key(&w->json, "namespace");
    svc__buf_printf(w->json.b, "\"team-%02zu\"", w->service % 50);
}

static const char *zone_of(uint32_t node)
{
    static const char *const zones[] = {"eu-central-1a", "eu-central-1b",
                                        "eu-central-1c"};

    return zones[node % 3];
}

/* ---- metadata ----------------------------------------------------------- */

static void slice_name(struct writer *w)
{
    char end[6];

    suffix(w, end);
    json_key(&w->json, "name");
    svc__buf_printf(w->json.b, "\"checkout-api-%05zu-%s\"", w->service, end);
}

static void generate_name(struct writer *w)
{
    json_key(&w->json, "generateName");
    svc__buf_printf(w->json.b, "\"checkout-api-%05zu-\"", w->service);
}

static void uid(struct writer *w)
{
    member_uid(w, "uid");
}

static void resource_version(struct writer *w)
{
    json_key(&w->json, "resourceVersion");
    svc__buf_printf(w->json.b, "\"%zu\"", 48211903 + w->index * 7);
}

static void generation(struct writer *w)
{
    json_key(&w->json, "generation");
    svc__buf_printf(w->json.b, "%u", 1 + svc__rng_below(&w->rng, 60));
}

static void created(struct writer *w)
{
    json_member(&w->json, "creationTimestamp", "2025-03-11T08:15:42Z");
}

static void slice_labels(struct writer *w)
{
    json_key(&w->json, "labels");
    json_open(&w->json, '{');
    json_member(&w->json, "app.kubernetes.io/name", "checkout");
    json_member(&w->json, "endpointslice.kubernetes.io/managed-by",
                "endpointslice-controller.k8s.io");
    member_service(w, "kubernetes.io/service-name");
    json_close(&w->json, '}');
}

static void annotations(struct writer *w)
{
    json_key(&w->json, "annotations");
    json_open(&w->json, '{');
    json_member(&w->json, "endpoints.kubernetes.io/last-change-trigger-time",
                "2025-03-12T10:01:37Z");
    json_close(&w->json, '}');
}

static void owners(struct writer *w)
{
    json_key(&w->json, "ownerReferences");
    json_open(&w->json, '[');
    json_separate(&w->json);
    json_open(&w->json, '{');
    json_member(&w->json, "apiVersion", "v1");
    json_plain(&w->json, "blockOwnerDeletion", "true");
    json_plain(&w->json, "controller", "true");
    json_member(&w->json, "kind", "Service");
    member_service(w, "name");
    member_uid(w, "uid");
    json_close(&w->json, '}');
    json_close(&w->json, ']');
}

static void fields_of_metadata(struct writer *w)
{
    json_key(&w->json, "f:metadata");
    json_open(&w->json, '{');
    json_key(&w->json, "f:annotations");
    json_open(&w->json, '{');
    json_empty(&w->json, ".");
    json_empty(&w->json, "f:endpoints.kubernetes.io/last-change-trigger-time");
    json_close(&w->json, '}');
    json_empty(&w->json, "f:generateName");
    json_key(&w->json, "f:labels");
    json_open(&w->json, '{');
    json_empty(&w->json, ".");
    json_empty(&w->json, "f:app.kubernetes.io/name");
    json_empty(&w->json, "f:endpointslice.kubernetes.io/managed-by");
    json_empty(&w->json, "f:kubernetes.io/service-name");
    json_close(&w->json, '}');
    json_key(&w->json, "f:ownerReferences");
    json_open(&w->json, '{');
    json_empty(&w->json, ".");
    json_empty(&w->json,
               "k:{\"uid\":\"0f3bca51-7a4a-4c6e-9a53-6d3a2f1f8f6e\"}");
    json_close(&w->json, '}');
    json_close(&w->json, '}');
}

static void managed_fields(struct writer *w)
{
    if (!w->options->managed_fields)
        return;
    json_key(&w->json, "managedFields");
    json_open(&w->json, '[');
    json_separate(&w->json);
    json_open(&w->json, '{');
    json_member(&w->json, "manager", "kube-controller-manager");
    json_member(&w->json, "operation", "Update");
    json_member(&w->json, "apiVersion", "discovery.k8s.io/v1");
    json_member(&w->json, "time", "2025-03-12T10:01:38Z");
    json_member(&w->json, "fieldsType", "FieldsV1");
    json_key(&w->json, "fieldsV1");
    json_open(&w->json, '{');
    json_empty(&w->json, "f:addressType");
    json_empty(&w->json, "f:endpoints");
    fields_of_metadata(w);
    json_empty(&w->json, "f:ports");
    json_close(&w->json, '}');
    json_close(&w->json, '}');
    json_close(&w->json, ']');
}

static void slice_metadata(struct writer *w)
{
    static const struct part all[] = {
        {slice_name, 6}, {generate_name, 2},    {member_namespace, 7},
        {uid, 10},       {resource_version, 9}, {generation, 3},
        {created, 1},    {slice_labels, 4},     {annotations, 0},
        {owners, 8},     {managed_fields, 5},
    };

    json_key(&w->json, "metadata");
    json_open(&w->json, '{');
    PARTS(w, all);
    json_close(&w->json, '}');
}

/* ---- endpoints ---------------------------------------------------------- */

static void addresses(struct writer *w)
{
    json_key(&w->json, "addresses");
    json_open(&w->json, '[');
    json_separate(&w->json);
    svc__buf_printf(w->json.b, "\"10.%u.%u.%u\"", 64 + (w->number >> 16 & 63),
                    w->number >> 8 & 255, 1 + w->number % 250);
    json_close(&w->json, ']');
}

static void conditions(struct writer *w)
{
    int ready = svc__rng_below(&w->rng, 50) != 0;
    int terminating = !ready && svc__rng_below(&w->rng, 2) == 0;

    json_key(&w->json, "conditions");
    json_open(&w->json, '{');
    json_plain(&w->json, "ready", ready ? "true" : "false");
    json_plain(&w->json, "serving", ready || terminating ? "true" : "false");
    json_plain(&w->json, "terminating", terminating ? "true" : "false");
    json_close(&w->json, '}');
}

static void node_name(struct writer *w)
{
    json_key(&w->json, "nodeName");
    svc__buf_printf(w->json.b, "\"worker-eu1-%04u\"", w->node);
}

static void zone(struct writer *w)
{
    json_member(&w->json, "zone", zone_of(w->node));
}

/* Only some Services ask for traffic to stay in its zone. */
static void hints(struct writer *w)
{
    if (w->service % 4 != 0)
        return;
    json_key(&w->json, "hints");
    json_open(&w->json, '{');
    json_key(&w->json, "forZones");
    json_open(&w->json, '[');
    json_separate(&w->json);
    json_open(&w->json, '{');
    json_member(&w->json, "name", zone_of(w->node));
    json_close(&w->json, '}');
    json_close(&w->json, ']');
    json_close(&w->json, '}');
}

static void pod_name(struct writer *w)
{
    char end[6];

    suffix(w, end);
    json_key(&w->json, "name");
    svc__buf_printf(w->json.b, "\"checkout-api-%05zu-6d8f9c7b5d-%s\"",
                    w->service, end);
}

static void target_ref(struct writer *w)
{
    static const struct part all[] = {
        {member_namespace, 1},
        {pod_name, 0},
        {uid, 2},
    };

    json_key(&w->json, "targetRef");
    json_open(&w->json, '{');
    json_member(&w->json, "kind", "Pod");
    PARTS(w, all);
    json_close(&w->json, '}');
}

static void endpoints(struct writer *w)
{
    static const struct part all[] = {
        {addresses, 0}, {conditions, 1}, {target_ref, 4},
        {node_name, 3}, {zone, 5},       {hints, 2},
    };

    json_key(&w->json, "endpoints");
    json_open(&w->json, '[');
    for (size_t i = 0; i < w->options->endpoints; i++) {
        w->node = svc__rng_below(&w->rng, 1000);
        w->number = (uint32_t)(w->index * w->options->endpoints + i);
        json_separate(&w->json);
        json_open(&w->json, '{');
        PARTS(w, all);
        json_close(&w->json, '}');
    }
    json_close(&w->json, ']');
}

static void slice_ports(struct writer *w)
{
    json_key(&w->json, "ports");
    json_open(&w->json, '[');
    json_separate(&w->json);
    json_open(&w->json, '{');
    json_member(&w->json, "name", "http");
    if (w->options->style == GENERATE_INDENTED) {
        json_plain(&w->json, "port", "8080");
        json_member(&w->json, "protocol", "TCP");
    } else {
        json_member(&w->json, "protocol", "TCP");
        json_plain(&w->json, "port", "8080");
    }
    json_close(&w->json, '}');
    json_close(&w->json, ']');
}

/* ---- objects ------------------------------------------------------------ */

/* Items of a typed list have no kind of their own. */
static int is_typed(const struct writer *w)
{
    return w->options->style == GENERATE_COMPACT && w->options->services == 0;
}

static void slice_kind(struct writer *w)
{
    if (!is_typed(w))
        json_member(&w->json, "kind", "EndpointSlice");
}

static void slice_version(struct writer *w)
{
    if (!is_typed(w))
        json_member(&w->json, "apiVersion", "discovery.k8s.io/v1");
}

static void address_type(struct writer *w)
{
    json_member(&w->json, "addressType", "IPv4");
}

/* Each object has its own numbers, so it does not depend on those before. */
static void start(struct writer *w, size_t index, size_t service)
{
    svc__rng_seed(&w->rng, w->options->seed * 1000003 + index);
    w->index = index;
    w->service = service;
}

static void slice(struct writer *w, size_t index)
{
    static const struct part all[] = {
        {slice_kind, 3},   {slice_version, 1}, {slice_metadata, 4},
        {address_type, 0}, {endpoints, 2},     {slice_ports, 5},
    };
    size_t services = w->options->services;

    start(w, index, services > 0 ? index % services : index);
    json_open(&w->json, '{');
    PARTS(w, all);
    json_close(&w->json, '}');
}

static void service_name(struct writer *w)
{
    member_service(w, "name");
}

static void service_metadata(struct writer *w)
{
    static const struct part all[] = {
        {service_name, 1},     {member_namespace, 2}, {uid, 4},
        {resource_version, 3}, {created, 0},
    };

    json_key(&w->json, "metadata");
    json_open(&w->json, '{');
    PARTS(w, all);
    json_close(&w->json, '}');
}

static void service_spec(struct writer *w)
{
    char ip[24];
    struct svc__buf b;

    svc__buf_init(&b, sizeof(ip) - 1);
    svc__buf_printf(&b, "10.%zu.%zu.%zu", 96 + (w->service >> 16),
                    w->service >> 8 & 255, w->service & 255);
    json_key(&w->json, "spec");
    json_open(&w->json, '{');
    json_member(&w->json, "clusterIP", b.data);
    json_key(&w->json, "clusterIPs");
    json_open(&w->json, '[');
    json_separate(&w->json);
    json_text(&w->json, b.data);
    json_close(&w->json, ']');
    svc__buf_fini(&b);
    json_member(&w->json, "internalTrafficPolicy", "Cluster");
    json_key(&w->json, "ipFamilies");
    json_open(&w->json, '[');
    json_separate(&w->json);
    json_text(&w->json, "IPv4");
    json_close(&w->json, ']');
    json_member(&w->json, "ipFamilyPolicy", "SingleStack");
    json_key(&w->json, "ports");
    json_open(&w->json, '[');
    json_separate(&w->json);
    json_open(&w->json, '{');
    json_member(&w->json, "name", "http");
    json_plain(&w->json, "port", "80");
    json_member(&w->json, "protocol", "TCP");
    json_member(&w->json, "targetPort", "http");
    json_close(&w->json, '}');
    json_close(&w->json, ']');
    json_key(&w->json, "selector");
    json_open(&w->json, '{');
    member_service(w, "app");
    json_close(&w->json, '}');
    json_member(&w->json, "sessionAffinity", "None");
    json_member(&w->json, "type", "ClusterIP");
    json_close(&w->json, '}');
}

static void service(struct writer *w, size_t index)
{
    start(w, index, index);
    json_open(&w->json, '{');
    json_member(&w->json, "apiVersion", "v1");
    json_member(&w->json, "kind", "Service");
    service_metadata(w);
    service_spec(w);
    json_key(&w->json, "status");
    json_open(&w->json, '{');
    json_empty(&w->json, "loadBalancer");
    json_close(&w->json, '}');
    json_close(&w->json, '}');
}

/* ---- lists -------------------------------------------------------------- */

static void items(struct writer *w)
{
    json_key(&w->json, "items");
    json_open(&w->json, '[');
    for (size_t i = 0; i < w->options->services; i++) {
        json_separate(&w->json);
        service(w, i);
    }
    for (size_t i = 0; i < w->options->slices; i++) {
        json_separate(&w->json);
        slice(w, i);
    }
    json_close(&w->json, ']');
}

static void list_kind(struct writer *w)
{
    json_member(&w->json, "kind", is_typed(w) ? "EndpointSliceList" : "List");
}

static void list_version(struct writer *w)
{
    json_member(&w->json, "apiVersion",
                is_typed(w) ? "discovery.k8s.io/v1" : "v1");
}

static void list_metadata(struct writer *w)
{
    json_key(&w->json, "metadata");
    json_open(&w->json, '{');
    json_member(&w->json, "resourceVersion",
                w->options->style == GENERATE_COMPACT ? "48299117" : "");
    json_close(&w->json, '}');
}

static struct writer begin(struct svc__buf *b,
                           const struct generate_options *options)
{
    struct writer w = {.options = options};

    w.json.b = b;
    w.json.indented = options->style == GENERATE_INDENTED;
    w.json.first = 1;
    return w;
}

void generate_list(struct svc__buf *b, const struct generate_options *options)
{
    static const struct part all[] = {
        {list_kind, 2},
        {list_version, 0},
        {list_metadata, 3},
        {items, 1},
    };
    struct writer w = begin(b, options);

    json_open(&w.json, '{');
    PARTS(&w, all);
    json_close(&w.json, '}');
    svc__buf_add_byte(b, '\n');
}

void generate_slice(struct svc__buf *b, const struct generate_options *options,
                    size_t index)
{
    struct writer w = begin(b, options);

    slice(&w, index);
}
