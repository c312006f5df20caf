/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the fields of a Service that are used (semantics 2.3 to 2.8) and the
 * life of the decoded object. Checks what the API server checks, as far as an
 * answer depends on it.
 */
#include "kube/decode.h"

#include "base/alloc.h"
#include "base/err.h"
#include "kube/decode_field.h"
#include "kube/decode_port.h"

#include <stdio.h>
#include <string.h>

/* ---- spec ---- */

enum {
    SPEC_PORTS,
    SPEC_CLUSTER_IPS,
    SPEC_FAMILIES,
    SPEC_SELECTOR
};
static const struct svc__decode_field spec_fields[] = {
    {"ports", SVC__DECODE_LIST},
    {"clusterIPs", SVC__DECODE_LIST},
    {"ipFamilies", SVC__DECODE_LIST},
    {"selector", SVC__DECODE_OBJECT},
    {"type", SVC__DECODE_TEXT},
    {"clusterIP", SVC__DECODE_TEXT},
    {"externalName", SVC__DECODE_TEXT},
    {"internalTrafficPolicy", SVC__DECODE_TEXT},
    {"externalTrafficPolicy", SVC__DECODE_TEXT},
    {"sessionAffinity", SVC__DECODE_TEXT},
    {NULL, SVC__DECODE_TEXT}};

/* One entry of clusterIPs, or the clusterIP: "None", an address, or "". */
static int add_cluster_ip(struct svc__decode *d, const char *text,
                          struct svc__service_object *service)
{
    struct svc__address address;

    if (text[0] == '\0')
        return 0;
    if (strcmp(text, "None") == 0) {
        service->headless = 1;
        return 0;
    }
    if (svc__address_parse(text, strlen(text), &address) != 0)
        return svc__decode_refuse(d, "", "not an IP address and not None",
                                  text);
    if (service->cluster_ip_count == 1 &&
        service->cluster_ips[0].family == address.family)
        return svc__decode_refuse(d, "", "a second address of its family",
                                  text);
    service->cluster_ips[service->cluster_ip_count++] = address;
    return 0;
}

/* The list begins with clusterIP where both are given: the API server sees to
 * that. */
static int add_cluster_ips(struct svc__decode *d, struct svc__json *j,
                           size_t count, const char *single,
                           struct svc__service_object *service)
{
    char text[SVC_ADDRESS_TEXT_SIZE];
    int err = 0;

    if (count > 2)
        return svc__decode_refuse(d, "", "more than two", NULL);
    for (size_t i = 0; err == 0 && i < count; i++) {
        svc__decode_path(d, "spec.clusterIPs", i, "");
        err = svc__decode_element(d, j, text, sizeof(text));
        if (err != 0)
            return err;
        if (i == 0 && single[0] != '\0' && strcmp(single, text) != 0)
            return svc__decode_refuse(d, "", "not the same as spec.clusterIP",
                                      text);
        err = add_cluster_ip(d, text, service);
    }
    return err;
}

/* clusterIPs, or clusterIP where the list is absent. */
static int read_cluster_ips(struct svc__decode *d,
                            const struct svc__decode_object *spec,
                            struct svc__service_object *service)
{
    const char *single = svc__decode_text(spec, "clusterIP");
    struct svc__json j;
    size_t count;
    int err = svc__decode_list(d, "spec.clusterIPs",
                               &spec->at[SPEC_CLUSTER_IPS], &j, &count);

    if (err != 0)
        return err;
    if (count > 0) {
        err = add_cluster_ips(d, &j, count, single, service);
    } else {
        svc__decode_path_set(d, "spec.clusterIP");
        err = add_cluster_ip(d, single, service);
    }
    if (err == 0 && service->headless && service->cluster_ip_count > 0)
        err = svc__decode_refuse(d, "", "None beside an address", NULL);
    return err;
}

static int parse_family(const char *text, enum svc__family *ret)
{
    *ret = SVC__FAMILY_IPV4;
    if (strcmp(text, "IPv4") == 0)
        return 0;
    *ret = SVC__FAMILY_IPV6;
    return strcmp(text, "IPv6") == 0 ? 0 : SVC_EINVAL;
}

static int read_families(struct svc__decode *d,
                         const struct svc__decode_mark *mark,
                         struct svc__service_object *service)
{
    char text[SVC_ADDRESS_TEXT_SIZE];
    struct svc__json j;
    size_t count;
    int err = svc__decode_list(d, "spec.ipFamilies", mark, &j, &count);

    if (err == 0 && count > 2)
        err = svc__decode_refuse(d, "", "more than two", NULL);
    for (size_t i = 0; err == 0 && i < count; i++) {
        svc__decode_path(d, "spec.ipFamilies", i, "");
        err = svc__decode_element(d, &j, text, sizeof(text));
        if (err != 0)
            break;
        if (parse_family(text, &service->families[i]) != 0)
            return svc__decode_refuse(d, "", "neither IPv4 nor IPv6", text);
        if (i == 1 && service->families[0] == service->families[1])
            return svc__decode_refuse(d, "", "listed twice", text);
        service->family_count = i + 1;
    }
    return err;
}

static int read_words(struct svc__decode *d,
                      const struct svc__decode_object *spec,
                      struct svc__service_object *service)
{
    int type = 0;
    int err;

    svc__decode_path_set(d, "spec.");
    err = svc__decode_word(d, spec, "type",
                           "ClusterIP, NodePort, LoadBalancer, ExternalName",
                           &type);
    service->type = (enum svc__service_type)type;
    if (err == 0)
        err = svc__decode_word(d, spec, "internalTrafficPolicy",
                               "Cluster, Local", &service->internal_local);
    if (err == 0)
        err = svc__decode_word(d, spec, "externalTrafficPolicy",
                               "Cluster, Local", &service->external_local);
    if (err == 0)
        err = svc__decode_word(d, spec, "sessionAffinity", "None, ClientIP",
                               &service->client_ip);
    return err;
}

/* A selector without terms is none (semantics 2.5). */
static int has_selector(const struct svc__decode_mark *mark)
{
    struct svc__json j = mark->j;
    struct svc__json_str key;

    return mark->is_set && svc__json_enter_object(&j) == 0 &&
           svc__json_next_member(&j, &key) == 1;
}

/* What depends on the type. An ExternalName has no address, whatever is
 * written (semantics 2.8); the others have ports, but for headless ones. */
static int check_type(struct svc__decode *d,
                      const struct svc__decode_object *spec,
                      struct svc__service_object *service)
{
    const char *external = svc__decode_text(spec, "externalName");

    svc__decode_path_set(d, "spec.");
    if (service->type != SVC__SERVICE_EXTERNALNAME) {
        if (service->port_count == 0 && !service->headless)
            return svc__decode_refuse(d, "ports", "missing", NULL);
        return 0;
    }
    if (external[0] == '\0')
        return svc__decode_refuse(d, "externalName", "missing", NULL);
    service->headless = 0;
    service->cluster_ip_count = 0;
    memset(service->cluster_ips, 0, sizeof(service->cluster_ips));
    return svc__decode_copy(d, external, &service->external_name);
}

static int read_spec(struct svc__decode *d, const struct svc__decode_mark *mark,
                     struct svc__service_object *service)
{
    struct svc__decode_object spec;
    int err;

    svc__decode_path_set(d, "");
    if (!mark->is_set)
        return svc__decode_refuse(d, "spec", "missing", NULL);
    err = svc__decode_inner(d, "spec.", mark, spec_fields, &spec);
    if (err != 0)
        return err;
    err = read_words(d, &spec, service);
    if (err == 0)
        err = read_cluster_ips(d, &spec, service);
    if (err == 0)
        err = read_families(d, &spec.at[SPEC_FAMILIES], service);
    if (err == 0)
        err = svc__decode_ports(d, &spec.at[SPEC_PORTS], service);
    if (err == 0)
        err = check_type(d, &spec, service);
    service->has_selector = has_selector(&spec.at[SPEC_SELECTOR]);
    svc__decode_object_fini(&spec);
    return err;
}

/* ---- status.loadBalancer.ingress ---- */

/* ports[].error that are set, of one entry. */
static int read_errors(struct svc__decode *d,
                       const struct svc__decode_mark *mark,
                       struct svc__ingress *ingress)
{
    static const struct svc__decode_field fields[] = {
        {"port", SVC__DECODE_INTEGER},
        {"protocol", SVC__DECODE_TEXT},
        {"error", SVC__DECODE_TEXT},
        {NULL, SVC__DECODE_TEXT}};
    char path[sizeof(d->path) + 8];
    struct svc__decode_object o;
    struct svc__json j;
    size_t count;
    int err;

    (void)snprintf(path, sizeof(path), "%sports", d->path);
    err = svc__decode_list(d, path, mark, &j, &count);
    if (err != 0 || count == 0)
        return err;
    ingress->errors = svc__calloc(count, sizeof(*ingress->errors));
    if (ingress->errors == NULL)
        return svc__err_nomem(d->reterr);
    for (size_t i = 0; err == 0 && i < count; i++) {
        struct svc__ingress_error *error =
            &ingress->errors[ingress->error_count];

        svc__json_next_element(&j);
        svc__decode_path(d, path, i, ".");
        err = svc__decode_object(d, &j, fields, &o);
        if (err != 0)
            return err;
        err = svc__decode_port(d, &o, &error->port);
        if (err == 0)
            err = svc__decode_proto(d, &o, &error->proto);
        if (err == 0)
            err = svc__decode_copy(d, svc__decode_text(&o, "error"),
                                   &error->text);
        ingress->error_count += error->text != NULL;
        svc__decode_object_fini(&o);
    }
    return err;
}

/* One entry; one without address and hostname is left out. */
static int add_ingress(struct svc__decode *d,
                       const struct svc__decode_object *o, int ports,
                       struct svc__service_object *service)
{
    struct svc__ingress *ingress = &service->ingress[service->ingress_count];
    int err = svc__decode_address(d, o, "ip", &ingress->address);

    if (err == 0)
        err = svc__decode_copy(d, svc__decode_text(o, "hostname"),
                               &ingress->hostname);
    if (err != 0 || (ingress->address.family == 0 && ingress->hostname == NULL))
        return err;
    service->ingress_count++;
    return read_errors(d, &o->at[ports], ingress);
}

/* Gives back what empty entries took; that it cannot be is no failure. */
static void shrink_ingress(struct svc__service_object *service, size_t count)
{
    struct svc__ingress *ingress;

    if (service->ingress_count == count)
        return;
    if (service->ingress_count == 0) {
        svc__free(service->ingress);
        service->ingress = NULL;
        return;
    }
    ingress = svc__realloc(service->ingress, service->ingress_count,
                           sizeof(*ingress));
    if (ingress != NULL)
        service->ingress = ingress;
}

static int read_ingress(struct svc__decode *d,
                        const struct svc__decode_mark *mark,
                        struct svc__service_object *service)
{
    enum {
        PORTS
    };
    static const struct svc__decode_field fields[] = {
        {"ports", SVC__DECODE_LIST},
        {"ip", SVC__DECODE_TEXT},
        {"hostname", SVC__DECODE_TEXT},
        {NULL, SVC__DECODE_TEXT}};
    static const char path[] = "status.loadBalancer.ingress";
    struct svc__decode_object o;
    struct svc__json j;
    size_t count;
    int err = svc__decode_list(d, path, mark, &j, &count);

    if (err != 0 || count == 0)
        return err;
    service->ingress = svc__calloc(count, sizeof(*service->ingress));
    if (service->ingress == NULL)
        return svc__err_nomem(d->reterr);
    for (size_t i = 0; err == 0 && i < count; i++) {
        svc__json_next_element(&j);
        svc__decode_path(d, path, i, ".");
        err = svc__decode_object(d, &j, fields, &o);
        if (err != 0)
            return err;
        err = add_ingress(d, &o, PORTS, service);
        svc__decode_object_fini(&o);
    }
    if (err == 0)
        shrink_ingress(service, count);
    return err;
}

static int read_status(struct svc__decode *d,
                       const struct svc__decode_mark *mark,
                       struct svc__service_object *service)
{
    static const struct svc__decode_field status_fields[] = {
        {"loadBalancer", SVC__DECODE_OBJECT}, {NULL, SVC__DECODE_TEXT}};
    static const struct svc__decode_field balancer_fields[] = {
        {"ingress", SVC__DECODE_LIST}, {NULL, SVC__DECODE_TEXT}};
    struct svc__decode_object status;
    struct svc__decode_object balancer;
    int err = svc__decode_inner(d, "status.", mark, status_fields, &status);

    if (err != 0)
        return err;
    err = svc__decode_inner(d, "status.loadBalancer.", &status.at[0],
                            balancer_fields, &balancer);
    svc__decode_object_fini(&status);
    if (err != 0)
        return err;
    err = read_ingress(d, &balancer.at[0], service);
    svc__decode_object_fini(&balancer);
    return err;
}

/* ---- the object ---- */

/* A Service with its names, which stand behind it in the same allocation. */
static struct svc__service_object *new_service(
    const struct svc__decode_meta *meta)
{
    size_t name = strlen(meta->name) + 1;
    size_t namespace_ = strlen(meta->namespace_) + 1;
    struct svc__service_object *service =
        svc__calloc(1, sizeof(*service) + name + namespace_);

    if (service == NULL)
        return NULL;
    svc__refs_init(&service->refs);
    service->resource_version = meta->resource_version;
    service->name = (char *)(service + 1);
    service->namespace_ = service->name + name;
    memcpy(service->name, meta->name, name);
    memcpy(service->namespace_, meta->namespace_, namespace_);
    return service;
}

static int read_service(struct svc__decode *d, const char *text, size_t size,
                        struct svc__service_object **ret)
{
    enum {
        METADATA,
        SPEC,
        STATUS
    };
    static const struct svc__decode_field fields[] = {
        {"metadata", SVC__DECODE_ANY},
        {"spec", SVC__DECODE_ANY},
        {"status", SVC__DECODE_ANY},
        /* Known already; here only so that none is there twice. */
        {"kind", SVC__DECODE_ANY},
        {"apiVersion", SVC__DECODE_ANY},
        {NULL, SVC__DECODE_TEXT}};
    struct svc__decode_object top = {0};
    struct svc__decode_meta meta = {0};
    struct svc__service_object *service = NULL;
    int err = svc__decode_top(d, text, size, fields, &top);

    if (err == 0)
        err = svc__decode_metadata(d, &top.at[METADATA], 1, &meta);
    if (err != 0)
        goto out;
    service = new_service(&meta);
    if (service == NULL) {
        err = svc__err_nomem(d->reterr);
        goto out;
    }
    err = read_spec(d, &top.at[SPEC], service);
    if (err == 0)
        err = read_status(d, &top.at[STATUS], service);
    if (err == 0)
        *ret = service;
    else
        svc__service_object_unref(service);
out:
    svc__decode_object_fini(&meta.o);
    svc__decode_object_fini(&top);
    return err;
}

int svc__decode_service(const char *text, size_t size,
                        struct svc__service_object **ret, svc_error *reterr)
{
    struct svc__decode d;
    int err = svc__decode_init(&d, "Service", reterr);

    if (err != 0)
        return err;
    err = read_service(&d, text, size, ret);
    svc__decode_fini(&d);
    return err;
}

struct svc__service_object *svc__service_object_ref(
    struct svc__service_object *service)
{
    svc__refs_get(&service->refs);
    return service;
}

static void free_ports(struct svc__service_object *service)
{
    for (size_t i = 0; i < service->port_count; i++) {
        svc__free(service->ports[i].name);
        svc__free(service->ports[i].app_protocol);
    }
    svc__free(service->ports);
}

static void free_ingress(struct svc__service_object *service)
{
    for (size_t i = 0; i < service->ingress_count; i++) {
        struct svc__ingress *ingress = &service->ingress[i];

        for (size_t k = 0; k < ingress->error_count; k++)
            svc__free(ingress->errors[k].text);
        svc__free(ingress->errors);
        svc__free(ingress->hostname);
    }
    svc__free(service->ingress);
}

void svc__service_object_unref(struct svc__service_object *service)
{
    if (service == NULL || !svc__refs_put(&service->refs))
        return;
    free_ports(service);
    free_ingress(service);
    svc__free(service->external_name);
    svc__free(service);
}
