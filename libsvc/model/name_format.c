/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the two texts of a name that was read: the canonical form, which reads
 * back to an equal name, and the DNS name that owns the addresses.
 *
 * The canonical form is short where it can be: no zone, the port behind the
 * name, the namespace always written, the options in a fixed order. The form
 * "svc:///" is not kept: it says nothing that a name without scheme does not.
 * kubernetes://ns/svc becomes kubernetes:///svc.ns.
 *
 * Appending latches its first failure (base/buf), so nothing is checked on
 * the way.
 */
#include "base/buf.h"
#include "model/name.h"

/* A name is at most 2,048 bytes; what is added to one is far below as much. */
#define TEXT_SIZE_MAX 4096

static void add_dotted(struct svc__buf *b, const char *text)
{
    svc__buf_add_text(b, text);
    svc__buf_add_byte(b, '.');
}

static void add_service(struct svc__buf *b, const struct svc__name *name)
{
    add_dotted(b, name->service);
    svc__buf_add_text(b, name->namespace_);
}

/* The address in a label, which never begins with '-': a zero in front of
 * "::" changes nothing. */
static void add_pod(struct svc__buf *b, const struct svc__name *name)
{
    char dashed[SVC_ADDRESS_TEXT_SIZE];

    svc__address_format_dashed(&name->address, dashed);
    if (dashed[0] == '-')
        svc__buf_add_byte(b, '0');
    add_dotted(b, dashed);
    svc__buf_add_text(b, name->namespace_);
    svc__buf_add_text(b, ".pod");
}

static void add_zonal(struct svc__buf *b, const struct svc__name *name)
{
    add_dotted(b, name->topo_zone);
    add_dotted(b, name->topo_prefer ? "prefer" : "pin");
    add_dotted(b, "_zone");
    add_service(b, name);
    svc__buf_add_text(b, ".svc");
}

static void add_clusterset(struct svc__buf *b, const struct svc__name *name)
{
    if (name->host != NULL) {
        add_dotted(b, name->host);
        add_dotted(b, name->cluster_id);
    }
    add_service(b, name);
    svc__buf_add_text(b, ".svc.clusterset.local");
}

static void add_address(struct svc__buf *b, const struct svc__name *name,
                        int brackets)
{
    char text[SVC_ADDRESS_TEXT_SIZE];

    brackets = brackets && name->address.family == SVC__FAMILY_IPV6;
    svc__address_format(&name->address, text);
    svc__buf_printf(b, "%s%s%s", brackets ? "[" : "", text,
                    brackets ? "]" : "");
}

/* In lower case, as DNS writes it. */
static void add_proto(struct svc__buf *b, enum svc__proto proto)
{
    for (const char *p = svc__proto_name(proto); *p != '\0'; p++)
        svc__buf_add_byte(b, (char)(*p | 0x20));
}

/* A named port of an outside name stands in front, with its protocol. */
static void add_external(struct svc__buf *b, const struct svc__name *name)
{
    if (name->port_name != NULL) {
        svc__buf_add_byte(b, '_');
        add_dotted(b, name->port_name);
        svc__buf_add_byte(b, '_');
        add_proto(b, name->proto);
        svc__buf_add_byte(b, '.');
    }
    svc__buf_add_text(b, name->domain);
    /* What keeps a short name from being read as a Service. */
    if (name->scheme != SVC__SCHEME_DNS)
        svc__buf_add_byte(b, '.');
}

static void add_scheme(struct svc__buf *b, const struct svc__name *name)
{
    if (name->scheme == SVC__SCHEME_DNS) {
        svc__buf_add_text(b, "dns:///");
    } else if (name->scheme == SVC__SCHEME_KUBERNETES) {
        svc__buf_add_text(b, "kubernetes:///");
    } else if (name->scheme == SVC__SCHEME_FILE) {
        svc__buf_add_text(b, "file://");
        svc__buf_add_text(b, name->file);
        svc__buf_add_byte(b, '#');
    }
}

static void add_name(struct svc__buf *b, const struct svc__name *name)
{
    switch (name->kind) {
    case SVC__NAME_SERVICE:
        if (name->host != NULL)
            add_dotted(b, name->host);
        add_service(b, name);
        /* "host.svc.pod" would read as a pod's address. */
        if (name->host != NULL)
            svc__buf_add_text(b, ".svc");
        break;
    case SVC__NAME_POD:
        add_pod(b, name);
        break;
    case SVC__NAME_LITERAL:
        add_address(b, name, 1);
        break;
    case SVC__NAME_EXTERNAL:
        add_external(b, name);
        break;
    case SVC__NAME_CLUSTERSET:
        add_clusterset(b, name);
        break;
    case SVC__NAME_ZONAL:
        add_zonal(b, name);
        break;
    }
}

/* A name that was read has a number or a port name, never both. */
static void add_port(struct svc__buf *b, const struct svc__name *name)
{
    if (name->port != 0)
        svc__buf_printf(b, ":%u", (unsigned)name->port);
    else if (name->port_name != NULL && name->kind != SVC__NAME_EXTERNAL)
        svc__buf_printf(b, ":%s", name->port_name);
}

/* "?key=" the first time, then "&key=". */
static void add_key(struct svc__buf *b, char *sign, const char *key)
{
    svc__buf_printf(b, "%c%s=", *sign, key);
    *sign = '&';
}

static void add_option(struct svc__buf *b, char *sign, const char *key,
                       const char *value)
{
    if (value == NULL)
        return;
    add_key(b, sign, key);
    svc__buf_add_text(b, value);
}

static void add_options(struct svc__buf *b, const struct svc__name *name)
{
    int in_front = name->kind == SVC__NAME_EXTERNAL && name->port_name != NULL;
    char sign = '?';

    add_option(b, &sign, "view", name->view);
    add_option(b, &sign, "family", name->family);
    if (name->proto != SVC__PROTO_ANY && !in_front) {
        add_key(b, &sign, "proto");
        add_proto(b, name->proto);
    }
    add_option(b, &sign, "policy", name->policy);
    add_option(b, &sign, "track", name->track);
    add_option(b, &sign, "subset", name->subset);
    add_option(b, &sign, "slow_start_ms", name->slow_start_ms);
    add_option(b, &sign, "hash_balance_factor", name->hash_balance_factor);
}

char *svc__name_format(const struct svc__name *name,
                       const struct svc__name_env *env)
{
    struct svc__buf b;
    char *text;

    (void)env; /* every part of a name is written out */
    svc__buf_init(&b, TEXT_SIZE_MAX);
    add_scheme(&b, name);
    add_name(&b, name);
    add_port(&b, name);
    add_options(&b, name);
    text = svc__buf_take(&b);
    svc__buf_fini(&b);
    return text;
}

char *svc__name_canonical(const struct svc__name *name,
                          const struct svc__name_env *env)
{
    struct svc__buf b;
    char *text;

    svc__buf_init(&b, TEXT_SIZE_MAX);
    switch (name->kind) {
    case SVC__NAME_SERVICE:
        if (name->host != NULL)
            add_dotted(&b, name->host);
        add_service(&b, name);
        svc__buf_printf(&b, ".svc.%s", env->zone);
        break;
    case SVC__NAME_LITERAL:
        add_address(&b, name, 0);
        break;
    case SVC__NAME_EXTERNAL:
        svc__buf_add_text(&b, name->domain);
        break;
    case SVC__NAME_CLUSTERSET:
        add_clusterset(&b, name);
        break;
    case SVC__NAME_POD:
    case SVC__NAME_ZONAL:
        add_name(&b, name);
        svc__buf_printf(&b, ".%s", env->zone);
        break;
    }
    text = svc__buf_take(&b);
    svc__buf_fini(&b);
    return text;
}
