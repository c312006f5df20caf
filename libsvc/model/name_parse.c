/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the outer grammar of a name; the dotted part is read by name_label.c
 * and name_form.c, the port by name_port.c, the options by name_option.c.
 *
 *     text    = [scheme] (dotted [":" port] | address ":" port) ["?" options]
 *     scheme  = "svc:///" | "dns:///" | "kubernetes://" [namespace] "/"
 *             | "kubernetes://" | "file://" path "#"
 *     address = IPv4 | "[" IPv6 "]"
 *
 * A text is cut from the left: the scheme first, since a path may hold any of
 * the other signs, then the options at the first '?', then the port at the
 * only ':'. What is left is an address if it reads as one, strictly: "10.1" is
 * the Service 10 in the namespace 1, never an address in the short form of
 * inet_aton. Nothing is tried twice, and nothing is looked up.
 */
#include "base/err.h"
#include "model/name_reader.h"

#include <stddef.h>
#include <string.h>

#define TEXT_SIZE_MAX 2048
#define FILE_SIZE_MAX 1024
#define QUOTED_MAX    80

static const struct {
    const char *word;
    enum svc__name_scheme scheme;
} schemes[] = {{"svc://", SVC__SCHEME_NONE},
               {"dns://", SVC__SCHEME_DNS},
               {"kubernetes://", SVC__SCHEME_KUBERNETES},
               {"file://", SVC__SCHEME_FILE}};

static void skip(struct svc__name_span *rest, size_t size)
{
    rest->ptr += size;
    rest->size -= size;
}

/* The first c in a span, or NULL. */
static const char *find(struct svc__name_span span, char c)
{
    return memchr(span.ptr, c, span.size);
}

/* ---- schemes ---- */

/* Bytes of a scheme in front with its "://", or 0. */
static size_t scheme_size(struct svc__name_span rest)
{
    size_t i = 0;

    while (i < rest.size && (svc__name_is_letter_digit(rest.ptr[i]) ||
                             memchr("+.-", rest.ptr[i], 3) != NULL))
        i++;
    return rest.size - i >= 3 && memcmp(rest.ptr + i, "://", 3) == 0 ? i + 3
                                                                     : 0;
}

/* The namespace of kubernetes://ns/svc. */
static int read_authority(struct svc__name_reader *r,
                          struct svc__name_span authority)
{
    int err = svc__name_read_labels(r, authority);

    if (err == 0 && (r->label_count != 1 || r->final_dot ||
                     r->name.proto != SVC__PROTO_ANY)) {
        svc__err_set(&r->error, SVC_ENAME,
                     "between \"kubernetes://\" and '/' stands one namespace "
                     "without dots");
        return svc__err_hint(&r->error, "write \"kubernetes://shop/web:80\" "
                                        "or \"kubernetes:///web.shop:80\"");
    }
    if (err == 0)
        err = svc__name_copy(r, r->labels[0], &r->name.namespace_);
    r->label_count = 0;
    return err;
}

/* kubernetes:///svc.ns:port, kubernetes://ns/svc:port and
 * kubernetes://svc.ns:port, the forms of github.com/sercand/kuberesolver. */
static int read_kubernetes(struct svc__name_reader *r,
                           struct svc__name_span *rest)
{
    const char *options = find(*rest, '?');
    const char *slash = find(*rest, '/');
    struct svc__name_span authority = *rest;

    if (slash == NULL || (options != NULL && options < slash))
        return 0;
    authority.size = (size_t)(slash - rest->ptr);
    skip(rest, authority.size + 1);
    return authority.size > 0 ? read_authority(r, authority) : 0;
}

static int refuse_path(struct svc__name_reader *r, const char *why)
{
    svc__err_set(&r->error, SVC_ENAME, "%s", why);
    return svc__err_hint(&r->error,
                         "file:// takes an absolute path, '#' and a name: "
                         "\"file:///etc/services.yaml#web.shop:80\"");
}

/* file:///path#name. The path is taken as it stands, with no %-escapes, up to
 * the last '#': a name has none. */
static int read_file(struct svc__name_reader *r, struct svc__name_span *rest)
{
    struct svc__name_span path = *rest;

    if (rest->size == 0 || rest->ptr[0] != '/')
        return refuse_path(r, "the path behind file:// does not begin with "
                              "'/'");
    while (path.size > 0 && path.ptr[path.size - 1] != '#')
        path.size--;
    if (path.size == 0)
        return refuse_path(r, "no '#' with a name stands behind the path");
    path.size--;
    if (path.size > FILE_SIZE_MAX)
        return refuse_path(r, "the path is longer than 1024 bytes");
    for (size_t i = 0; i < path.size; i++) {
        if ((unsigned char)path.ptr[i] < ' ' || path.ptr[i] == 0x7F)
            return refuse_path(r, "the path has a control character");
    }
    skip(rest, path.size + 1);
    return svc__name_copy(r, path, &r->name.file);
}

/* http:// and the like are refused and not skipped: the caller would take the
 * rest of a URL, its path, for part of what was resolved. */
static int refuse_scheme(struct svc__name_reader *r, struct svc__name_span word)
{
    svc__err_set(&r->error, SVC_ENAME,
                 "unknown scheme \"%.*s\"; the schemes are svc, kubernetes, "
                 "dns, file",
                 word.size > 40 ? 40 : (int)word.size, word.ptr);
    return svc__err_hint(&r->error, "leave the scheme away: \"web.shop:80\"");
}

/* svc:///name and dns:///name: nothing between the second and third '/'. A
 * server there, as in gRPC's dns://server/name, is not for a name to choose. */
static int read_slash(struct svc__name_reader *r, const char *scheme,
                      struct svc__name_span *rest)
{
    if (rest->size > 0 && rest->ptr[0] == '/') {
        skip(rest, 1);
        return 0;
    }
    svc__err_set(&r->error, SVC_ENAME,
                 "%s takes three slashes, and no server in front of the name",
                 scheme);
    return svc__err_hint(&r->error, "write \"%s/web.shop.example:80\"", scheme);
}

/* Takes a scheme off the front. */
static int read_scheme(struct svc__name_reader *r, struct svc__name_span *rest)
{
    struct svc__name_span word = {rest->ptr, scheme_size(*rest)};
    char lower[16];
    size_t i = 0;

    if (word.size == 0)
        return 0;
    for (; i < word.size && i < sizeof(lower) - 1; i++)
        lower[i] = svc__name_lower(word.ptr[i]);
    lower[i] = '\0';
    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strlen(schemes[i].word) == word.size &&
            strcmp(schemes[i].word, lower) == 0)
            break;
    }
    word.size -= 3;
    if (i == sizeof(schemes) / sizeof(schemes[0]))
        return refuse_scheme(r, word);
    skip(rest, word.size + 3);
    r->name.scheme = schemes[i].scheme;
    if (r->name.scheme == SVC__SCHEME_KUBERNETES)
        return read_kubernetes(r, rest);
    if (r->name.scheme == SVC__SCHEME_FILE)
        return read_file(r, rest);
    return read_slash(r, schemes[i].word, rest);
}

/* ---- addresses ---- */

/* An address that stands where a name or an address with a port belongs. */
static int refuse_address(struct svc__name_reader *r,
                          const struct svc__address *a, const char *why)
{
    char text[SVC_ADDRESS_TEXT_SIZE];
    int ipv6 = a->family == SVC__FAMILY_IPV6;

    svc__address_format(a, text);
    svc__err_set(&r->error, SVC_ENAME, "%s", why);
    return svc__err_hint(&r->error, "write \"%s%s%s:80\"", ipv6 ? "[" : "",
                         text, ipv6 ? "]" : "");
}

/* An address, and what stands behind its ':' (ptr NULL: nothing). */
static int read_literal(struct svc__name_reader *r,
                        const struct svc__address *a,
                        struct svc__name_span port)
{
    int err;

    if (r->name.scheme == SVC__SCHEME_DNS)
        return refuse_address(r, a, "dns:/// takes a name, not an address");
    if (r->name.namespace_ != NULL)
        return refuse_address(r, a, "an address has no namespace");
    if (port.ptr == NULL)
        return refuse_address(r, a, "an address needs a port");
    err = svc__name_check_address(r, a);
    if (err == 0)
        err = svc__name_read_port(r, port);
    if (err == 0 && r->name.port_name != NULL)
        return refuse_address(r, a, "an address has no named ports");
    r->name.kind = SVC__NAME_LITERAL;
    r->name.address = *a;
    return err;
}

static int refuse_brackets(struct svc__name_reader *r, const char *why)
{
    svc__err_set(&r->error, SVC_ENAME, "%s", why);
    return svc__err_hint(&r->error, "an IPv6 address is written "
                                    "\"[fd00::1]:80\"");
}

/* [address]:port, as RFC 3986 section 3.2.2 writes it. */
static int read_brackets(struct svc__name_reader *r, struct svc__name_span rest)
{
    const char *end = find(rest, ']');
    struct svc__name_span inner = {rest.ptr + 1, 0};
    struct svc__name_span port = {NULL, 0};
    struct svc__address a;

    if (end == NULL)
        return refuse_brackets(r, "the bracket ']' is missing");
    inner.size = (size_t)(end - inner.ptr);
    if (find(inner, '%') != NULL)
        return refuse_brackets(r, "an IPv6 zone (behind '%') is not possible "
                                  "here");
    if (svc__address_parse(inner.ptr, inner.size, &a) != 0 ||
        a.family != SVC__FAMILY_IPV6)
        return refuse_brackets(r, "between the brackets stands no IPv6 "
                                  "address");
    skip(&rest, inner.size + 2);
    if (rest.size > 0 && rest.ptr[0] != ':')
        return refuse_brackets(r, "behind ']' stands something else than ':' "
                                  "and a port");
    if (rest.size > 0) {
        skip(&rest, 1);
        port = rest;
    }
    if (port.ptr != NULL && port.size == 0)
        return refuse_brackets(r, "behind ']' and ':' the port is missing");
    return read_literal(r, &a, port);
}

/* ---- name and port ---- */

/* Without brackets nobody knows whether fd00::1:80 ends in a port. */
static int refuse_colons(struct svc__name_reader *r, struct svc__name_span rest)
{
    struct svc__address a;

    if (svc__address_parse(rest.ptr, rest.size, &a) == 0)
        return refuse_brackets(r, "an IPv6 address needs brackets and a port");
    svc__err_set(&r->error, SVC_ENAME, "there is more than one ':'");
    return svc__err_hint(&r->error, "one port stands behind the name: "
                                    "\"web.shop:80\"; an IPv6 address is "
                                    "written \"[fd00::1]:80\"");
}

/* Only Services have named ports; DNS finds a named port of an outside name by
 * SRV, whose question needs the protocol too. */
static int read_named_port(struct svc__name_reader *r,
                           struct svc__name_span port)
{
    int had_name = r->name.port_name != NULL;
    int err = svc__name_read_port(r, port);

    if (err != 0 || r->name.port_name == NULL || had_name)
        return err;
    if (r->name.kind == SVC__NAME_POD)
        return refuse_address(r, &r->name.address,
                              "the address of a pod has no named ports");
    if (r->name.kind != SVC__NAME_EXTERNAL)
        return 0;
    svc__err_set(&r->error, SVC_ENAME,
                 "a name outside the cluster has no named port \"%s\"",
                 r->name.port_name);
    return svc__err_hint(&r->error,
                         "give the number, \"dns:///%.200s:443\", or ask for "
                         "SRV: \"dns:///_%s._tcp.%.200s\"",
                         r->name.domain, r->name.port_name, r->name.domain);
}

static int read_name(struct svc__name_reader *r, struct svc__name_span rest)
{
    const char *colon = find(rest, ':');
    struct svc__name_span port = {NULL, 0};
    struct svc__address a;
    int err;

    if (rest.size > 0 && rest.ptr[0] == '[')
        return read_brackets(r, rest);
    if (colon != NULL) {
        port.ptr = colon + 1;
        port.size = rest.size - (size_t)(colon - rest.ptr) - 1;
        if (find(port, ':') != NULL)
            return refuse_colons(r, rest);
        rest.size -= port.size + 1;
    }
    if (colon != NULL && port.size == 0) {
        svc__err_set(&r->error, SVC_ENAME, "no port stands behind ':'");
        return svc__err_hint(&r->error, "write \"web.shop:80\", "
                                        "\"web.shop:http\" or \"web.shop\"");
    }
    if (svc__address_parse(rest.ptr, rest.size, &a) == 0)
        return read_literal(r, &a, port);
    err = svc__name_read_labels(r, rest);
    if (err == 0)
        err = svc__name_read_form(r);
    if (err == 0 && port.ptr != NULL)
        err = read_named_port(r, port);
    return err;
}

/* ---- the whole ---- */

static int read_text(struct svc__name_reader *r)
{
    struct svc__name_span rest = {r->text, strnlen(r->text, TEXT_SIZE_MAX + 1)};
    struct svc__name_span options;
    const char *sign;
    int err;

    if (rest.size > TEXT_SIZE_MAX) {
        svc__err_set(&r->error, SVC_ENAME, "a name has at most 2048 bytes");
        return svc__err_hint(&r->error, "write SERVICE.NAMESPACE:PORT: "
                                        "\"web.shop:http\"");
    }
    err = read_scheme(r, &rest);
    if (err != 0)
        return err;
    options = rest;
    sign = find(rest, '?');
    if (sign != NULL)
        rest.size = (size_t)(sign - rest.ptr);
    err = read_name(r, rest);
    if (err == 0 && sign != NULL) {
        skip(&options, rest.size + 1);
        err = svc__name_read_options(r, options);
    }
    return err;
}

/* Puts the name, cut, in front of the message, which is ASCII then: what is
 * no ASCII in a name is part of the mistake. */
static int finish_error(struct svc__name_reader *r)
{
    char *p = r->error.message;

    if (r->error.code == SVC_ENOMEM)
        return SVC_ENOMEM;
    if (r->error.hint[0] == '\0')
        svc__err_hint(&r->error, "options are written "
                                 "\"web.shop:80?view=pods&policy=rr\"");
    svc__err_wrap(&r->error, "name \"%.*s%s\"", QUOTED_MAX, r->text,
                  strnlen(r->text, QUOTED_MAX + 1) > QUOTED_MAX ? "..." : "");
    for (; *p != '\0'; p++) {
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    }
    return r->error.code;
}

/* The reader is on the stack, bounded by the longest domain; only the fields
 * of the name are allocated, and the name is given away at the very end. */
int svc__name_parse(const char *text, const struct svc__name_env *env,
                    struct svc__name *ret, svc_error *reterr)
{
    struct svc__name_reader r;
    int err;

    memset(&r, 0, offsetof(struct svc__name_reader, error));
    r.error.code = 0;
    r.text = text != NULL ? text : "";
    r.namespace_ = env->namespace_;
    r.zone = env->zone;
    err = read_text(&r);
    if (err != 0) {
        err = finish_error(&r);
        if (reterr != NULL)
            *reterr = r.error;
        svc__name_fini(&r.name);
        return err;
    }
    *ret = r.name;
    return 0;
}
