/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the decoding of one EndpointSlice: its metadata and ports, the order of
 * things, and the two allocations that are kept. Temporary memory belongs to
 * the decoder. Knows nothing of Services.
 */
#include "kube/slice.h"

#include "base/alloc.h"
#include "base/err.h"
#include "kube/fields.h"
#include "kube/meta.h"
#include "kube/slice_endpoint.h"
#include "model/name.h"

#include <string.h>

struct svc__slice_decoder {
    struct svc__fields fields;
    struct svc__slice_endpoints endpoints;
    struct svc__slice_port *ports;
    size_t port_count;
    size_t port_capacity;

    /* Of the slice in hand; pieces of its text. */
    enum svc__address_type type; /* 0: not seen yet */
    const char *endpoints_at;    /* not NULL: they came before the type */
    unsigned endpoints_depth;
    struct svc__json_str namespace_;
    struct svc__json_str name;
    struct svc__json_str service;
    uint64_t resource_version;
};

/* ---- metadata ----------------------------------------------------------- */

/* A text that is checked, but kept only at the end. */
static const char *read_checked(struct svc__fields *f, const char *p,
                                enum svc__rule rule, struct svc__json_str *ret)
{
    p = svc__fields_text(f, p, ret);
    if (p == NULL || svc__fields_check(f, rule, ret) != 0)
        return NULL;
    return p;
}

static const char *read_namespace(struct svc__fields *f, const char *p,
                                  void *target)
{
    struct svc__slice_decoder *d = target;

    return read_checked(f, p, SVC__RULE_LABEL, &d->namespace_);
}

static const char *read_name(struct svc__fields *f, const char *p, void *target)
{
    struct svc__slice_decoder *d = target;

    return read_checked(f, p, SVC__RULE_SUBDOMAIN, &d->name);
}

static const char *read_resource_version(struct svc__fields *f, const char *p,
                                         void *target)
{
    struct svc__slice_decoder *d = target;
    struct svc__json_str str = {0};

    p = svc__fields_text(f, p, &str);
    if (p == NULL || svc__fields_plain(f, &str, &str) != 0)
        return NULL;
    d->resource_version = svc__meta_version_number(str.text, str.size);
    return p;
}

static const char *read_service(struct svc__fields *f, const char *p,
                                void *target)
{
    struct svc__slice_decoder *d = target;

    return read_checked(f, p, SVC__RULE_VALUE, &d->service);
}

static const char *read_labels(struct svc__fields *f, const char *p,
                               void *target)
{
    static const struct svc__field fields[] = {
        SVC__FIELD("kubernetes.io/service-name", read_service),
    };
    static const struct svc__table table = {SVC__TABLE_LABELS, 1, fields};

    return svc__fields_object(f, p, &table, target);
}

static const char *read_metadata(struct svc__fields *f, const char *p,
                                 void *target)
{
    static const struct svc__field fields[] = {
        SVC__FIELD("name", read_name),
        SVC__FIELD_IGNORED("generateName"),
        SVC__FIELD("namespace", read_namespace),
        SVC__FIELD_IGNORED("uid"),
        SVC__FIELD("resourceVersion", read_resource_version),
        SVC__FIELD_IGNORED("generation"),
        SVC__FIELD_IGNORED("creationTimestamp"),
        SVC__FIELD("labels", read_labels),
        SVC__FIELD_IGNORED("annotations"),
        SVC__FIELD_IGNORED("ownerReferences"),
        SVC__FIELD_IGNORED("managedFields"),
    };
    static const struct svc__table table = {SVC__TABLE_METADATA, 11, fields};

    return svc__fields_object(f, p, &table, target);
}

/* ---- ports -------------------------------------------------------------- */

static const char *read_port_name(struct svc__fields *f, const char *p,
                                  void *target)
{
    struct svc__slice_port *port = target;

    return svc__fields_shared(f, p, SVC__RULE_LABEL, &port->name);
}

/* The API lets 0 pass, and kube-proxy takes it as it takes null. */
static const char *read_number(struct svc__fields *f, const char *p,
                               void *target)
{
    struct svc__slice_port *port = target;
    int64_t number = 0;

    f->j.at = p;
    if (svc__json_integer(&f->j, 0, UINT16_MAX, &number) != 0)
        return NULL;
    port->number = (uint16_t)number;
    return f->j.at;
}

static const char *read_protocol(struct svc__fields *f, const char *p,
                                 void *target)
{
    struct svc__slice_port *port = target;
    struct svc__json_str str = {0};

    p = svc__fields_text(f, p, &str);
    if (p == NULL)
        return NULL;
    if (svc__json_str_is(&str, "TCP"))
        port->proto = SVC__PROTO_TCP;
    else if (svc__json_str_is(&str, "UDP"))
        port->proto = SVC__PROTO_UDP;
    else if (svc__json_str_is(&str, "SCTP"))
        port->proto = SVC__PROTO_SCTP;
    else
        return svc__fields_refuse(f, &str, "is not TCP, UDP or SCTP");
    return p;
}

static const char *read_app_protocol(struct svc__fields *f, const char *p,
                                     void *target)
{
    struct svc__slice_port *port = target;

    return svc__fields_shared(f, p, SVC__RULE_QUALIFIED, &port->app_protocol);
}

static const char *read_port(struct svc__fields *f, const char *p, void *target)
{
    static const struct svc__field fields[] = {
        SVC__FIELD("name", read_port_name),
        SVC__FIELD("protocol", read_protocol),
        SVC__FIELD("port", read_number),
        SVC__FIELD("appProtocol", read_app_protocol),
    };
    static const struct svc__table table = {SVC__TABLE_PORT, 4, fields};
    struct svc__slice_decoder *d = target;
    struct svc__slice_port *port;

    if (d->port_count == d->port_capacity) {
        size_t capacity = d->port_capacity == 0 ? 4 : d->port_capacity * 2;

        port = svc__realloc(d->ports, capacity, sizeof(*port));
        if (port == NULL)
            return svc__fields_no_memory(f);
        d->ports = port;
        d->port_capacity = capacity;
    }
    port = &d->ports[d->port_count++];
    memset(port, 0, sizeof(*port));
    port->proto = SVC__PROTO_TCP;
    return svc__fields_object(f, p, &table, port);
}

static const char *read_ports(struct svc__fields *f, const char *p,
                              void *target)
{
    return svc__fields_array(f, p, SVC__SLICE_PORTS_MAX, read_port, target);
}

/* ---- the slice ---------------------------------------------------------- */

static const char *read_type(struct svc__fields *f, const char *p, void *target)
{
    struct svc__slice_decoder *d = target;
    struct svc__json_str str = {0};

    p = svc__fields_text(f, p, &str);
    if (p == NULL)
        return NULL;
    if (svc__json_str_is(&str, "IPv4"))
        d->type = SVC__SLICE_IPV4;
    else if (svc__json_str_is(&str, "IPv6"))
        d->type = SVC__SLICE_IPV6;
    else if (svc__json_str_is(&str, "FQDN"))
        d->type = SVC__SLICE_FQDN;
    else
        return svc__fields_refuse(f, &str, "is not IPv4, IPv6 or FQDN");
    return p;
}

/* What endpoints hold depends on the type: they wait for it. */
static const char *read_endpoints(struct svc__fields *f, const char *p,
                                  void *target)
{
    struct svc__slice_decoder *d = target;

    if (d->type == 0) {
        d->endpoints_at = p;
        d->endpoints_depth = f->j.depth;
    }
    if (d->type == 0 || d->type == SVC__SLICE_FQDN)
        return svc__fields_skip(f, p, NULL);
    d->endpoints.family =
        d->type == SVC__SLICE_IPV4 ? SVC__FAMILY_IPV4 : SVC__FAMILY_IPV6;
    return svc__slice_endpoints_read(f, p, &d->endpoints);
}

/* Of these only the key counts. */
static const char *read_nothing(struct svc__fields *f, const char *p,
                                void *target)
{
    return svc__fields_skip(f, p, target);
}

static int read_slice(struct svc__slice_decoder *d)
{
    static const struct svc__field fields[] = {
        SVC__FIELD("metadata", read_metadata),
        SVC__FIELD("addressType", read_type),
        SVC__FIELD("endpoints", read_endpoints),
        SVC__FIELD("ports", read_ports),
        SVC__FIELD("kind", read_nothing),
        SVC__FIELD("apiVersion", read_nothing),
    };
    static const struct svc__table table = {SVC__TABLE_SLICE, 6, fields};
    struct svc__fields *f = &d->fields;
    const char *p;

    svc__json_peek(&f->j);
    p = svc__fields_object(f, f->j.at, &table, d);
    if (p == NULL)
        return f->j.err;
    f->j.at = p;
    if (svc__json_finish(&f->j) != 0)
        return f->j.err;
    if (d->name.size == 0)
        return svc__json_fail(&f->j, f->j.start, "has no metadata.name");
    if (d->type == 0)
        return svc__json_fail(&f->j, f->j.start, "has no addressType");
    if (d->endpoints_at != NULL) {
        f->j.depth = d->endpoints_depth;
        f->j.next_end = 0;
        svc__fields_one(f, d->endpoints_at, &fields[2], d);
    }
    return f->j.err;
}

/* ---- what is kept ------------------------------------------------------- */

/* Writes a text and its NUL to *at, which moves on. Returns where it is. */
static const char *put(const struct svc__json_str *str, char **at)
{
    char *text = *at;
    size_t size = svc__json_str_copy(str, text);

    text[size] = '\0';
    *at = text + size + 1;
    return text;
}

static struct svc__slice *make_slice(const struct svc__slice_decoder *d)
{
    static const struct svc__json_str fallback = {"default", 7, 0};
    const struct svc__json_str *namespace_ =
        d->namespace_.size > 0 ? &d->namespace_ : &fallback;
    size_t ports_size = d->port_count * sizeof(struct svc__slice_port);
    size_t texts_size =
        namespace_->size + 1 + d->name.size + 1 + d->service.size + 1;
    struct svc__slice *slice =
        svc__alloc(sizeof(*slice) + ports_size + texts_size);
    char *at;

    if (slice == NULL)
        return NULL;
    memset(slice, 0, sizeof(*slice));
    slice->block =
        svc__block_copy(d->endpoints.items, (uint32_t)d->endpoints.count,
                        d->fields.text.data, (uint32_t)d->fields.text.size);
    if (slice->block == NULL) {
        svc__free(slice);
        return NULL;
    }
    svc__refs_init(&slice->refs);
    slice->resource_version = d->resource_version;
    slice->type = d->type;
    slice->port_count = (uint32_t)d->port_count;
    slice->ports = (struct svc__slice_port *)(slice + 1);
    if (ports_size > 0)
        memcpy(slice->ports, d->ports, ports_size);
    at = (char *)slice->ports + ports_size;
    slice->namespace_ = put(namespace_, &at);
    slice->name = put(&d->name, &at);
    slice->service = put(&d->service, &at);
    return slice;
}

/* ---- errors ------------------------------------------------------------- */

/* Of metadata, what can still be read where something else is malformed. */
static void identify(struct svc__json *j, struct svc__json_str *ret_namespace,
                     struct svc__json_str *ret_name)
{
    struct svc__json_str key = {0};

    svc__json_enter_object(j);
    while (svc__json_next_member(j, &key) == 1) {
        if (!svc__json_str_is(&key, "metadata")) {
            svc__json_skip(j, NULL);
            continue;
        }
        svc__json_enter_object(j);
        while (svc__json_next_member(j, &key) == 1) {
            if (svc__json_str_is(&key, "namespace"))
                svc__json_text(j, ret_namespace);
            else if (svc__json_str_is(&key, "name"))
                svc__json_text(j, ret_name);
            else
                svc__json_skip(j, NULL);
        }
        return;
    }
}

/* How much of a name is shown: it may be of any length where it is refused. */
static int shown(const struct svc__json_str *str)
{
    return str->size < 100 ? (int)str->size : 100;
}

/* Fills reterr: "EndpointSlice shop/web-x7k2p: endpoints[3].hostname: …". */
static int describe(const struct svc__slice_decoder *d, const char *text,
                    size_t size, svc_error *reterr)
{
    struct svc__json_str namespace_ = {"default", 7, 0};
    struct svc__json_str name = {"(unnamed)", 9, 0};
    struct svc__json j;
    struct svc__buf b;
    int err;

    svc__json_init(&j, text, size);
    identify(&j, &namespace_, &name);
    svc__buf_init(&b, SVC_ERROR_MESSAGE_SIZE);
    svc__buf_printf(&b, "EndpointSlice %.*s/%.*s", shown(&namespace_),
                    namespace_.text, shown(&name), name.text);
    err = svc__fields_error(&d->fields,
                            b.data != NULL ? b.data : "EndpointSlice", reterr);
    svc__buf_fini(&b);
    return err;
}

/* ---- the decoder -------------------------------------------------------- */

struct svc__slice_decoder *svc__slice_decoder_new(void)
{
    return svc__calloc(1, sizeof(struct svc__slice_decoder));
}

void svc__slice_decoder_free(struct svc__slice_decoder *d)
{
    if (d == NULL)
        return;
    svc__fields_fini(&d->fields);
    svc__slice_endpoints_fini(&d->endpoints);
    svc__free(d->ports);
    svc__free(d);
}

/* Forgets the slice before, keeps the memory. */
static void reset(struct svc__slice_decoder *d, const char *text, size_t size)
{
    static const struct svc__json_str nothing = {"", 0, 0};

    svc__fields_init(&d->fields, text, size);
    d->endpoints.count = 0;
    d->port_count = 0;
    d->type = 0;
    d->endpoints_at = NULL;
    d->namespace_ = nothing;
    d->name = nothing;
    d->service = nothing;
    d->resource_version = 0;
}

static int decode(struct svc__slice_decoder *d, const char *text, size_t size,
                  struct svc__slice **ret, svc_error *reterr)
{
    struct svc__slice *slice;

    if (read_slice(d) != 0)
        return describe(d, text, size, reterr);
    slice = make_slice(d);
    if (slice == NULL) {
        svc__err_nomem(reterr);
        return SVC_ENOMEM;
    }
    *ret = slice;
    return 0;
}

int svc__slice_decoder_decode(struct svc__slice_decoder *d, const char *text,
                              size_t size, struct svc__slice **ret,
                              svc_error *reterr)
{
    reset(d, text, size);
    return decode(d, text, size, ret, reterr);
}

int svc__slice_decoder_item(struct svc__slice_decoder *d,
                            const struct svc__frame_item *item,
                            struct svc__slice **ret, svc_error *reterr)
{
    reset(d, item->text, item->size);
    svc__json_use_ends(&d->fields.j, &item->ends);
    return decode(d, item->text, item->size, ret, reterr);
}

int svc__slice_decode(const char *text, size_t size, struct svc__slice **ret,
                      svc_error *reterr)
{
    struct svc__slice_decoder *d = svc__slice_decoder_new();
    int err = SVC_ENOMEM;

    if (d != NULL)
        err = svc__slice_decoder_decode(d, text, size, ret, reterr);
    else
        svc__err_nomem(reterr);
    svc__slice_decoder_free(d);
    return err;
}

struct svc__slice *svc__slice_ref(struct svc__slice *slice)
{
    svc__refs_get(&slice->refs);
    return slice;
}

void svc__slice_unref(struct svc__slice *slice)
{
    if (slice == NULL || !svc__refs_put(&slice->refs))
        return;
    svc__block_unref(slice->block);
    svc__free(slice);
}
