/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the rules of NO_PROXY, as golang.org/x/net/http/httpproxy has them:
 * what kubectl reaches through a proxy is reached so here.
 */
#include "kube/config.h"
#include "model/address.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The server, as entries are compared with it. */
struct server {
    const char *host;
    size_t host_size;
    int is_address;
    struct svc__address address;
    char port[6];
};

/* A piece of NO_PROXY. */
struct piece {
    const char *text;
    size_t size;
};

/* An IPv4-mapped address is its IPv4 address, as to net.IP of Go. */
static int read_address(const char *text, size_t size, struct svc__address *ret)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};

    if (svc__address_parse(text, size, ret) != 0)
        return 0;
    if (ret->family == SVC__FAMILY_IPV6 &&
        memcmp(ret->bytes, mapped, 12) == 0) {
        memmove(ret->bytes, ret->bytes + 12, 4);
        memset(ret->bytes + 4, 0, 12);
        ret->family = SVC__FAMILY_IPV4;
    }
    return 1;
}

/* ---- entries ---- */

static int is_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned last = bits % 8;

    if (memcmp(a, b, bits / 8) != 0)
        return 0;
    return last == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - last) == 0;
}

/* Reads ADDRESS/BITS. Returns whether the entry is that. */
static int read_block(const struct piece *p, struct svc__address *ret,
                      unsigned *ret_bits)
{
    const char *slash = memchr(p->text, '/', p->size);
    const char *end = p->text + p->size;
    unsigned bits = 0;
    unsigned most;

    if (slash == NULL || slash + 1 == end ||
        !read_address(p->text, (size_t)(slash - p->text), ret))
        return 0;
    for (const char *at = slash + 1; at < end; at++) {
        if (*at < '0' || *at > '9' || bits > 128)
            return 0;
        bits = bits * 10 + (unsigned)(*at - '0');
    }
    most = memchr(p->text, ':', p->size) == NULL ? 32 : 128;
    *ret_bits = bits;
    return bits <= most;
}

/* Returns whether the entry is a block, and in *ret whether the server is in
 * it. */
static int match_block(const struct piece *p, const struct server *s, int *ret)
{
    struct svc__address block;
    unsigned bits;

    if (!read_block(p, &block, &bits))
        return 0;
    *ret = 0;
    if (block.family == SVC__FAMILY_IPV4 &&
        memchr(p->text, ':', p->size) != NULL) {
        /* Wider than the mapped addresses, it is a block of IPv6. */
        if (bits < 96)
            return 1;
        bits -= 96;
    }
    *ret = s->is_address && s->address.family == block.family &&
           is_equal(s->address.bytes, block.bytes, bits);
    return 1;
}

/* Takes ":port" off, as net.SplitHostPort does; *ret_port is empty where there
 * is none. */
static void split_port(struct piece *p, struct piece *ret_port)
{
    const char *end = p->text + p->size;
    const char *colon = end;
    const char *host = p->text;
    size_t host_size;

    *ret_port = (struct piece){end, 0};
    while (colon > p->text && colon[-1] != ':')
        colon--;
    if (colon == p->text)
        return;
    colon--;
    host_size = (size_t)(colon - host);
    if (host_size >= 2 && host[0] == '[' && host[host_size - 1] == ']') {
        host++;
        host_size -= 2;
    } else if (memchr(host, ':', host_size) != NULL) {
        return;
    }
    if (memchr(host, '[', host_size) != NULL ||
        memchr(host, ']', host_size) != NULL ||
        memchr(colon, ']', (size_t)(end - colon)) != NULL ||
        memchr(colon, '[', (size_t)(end - colon)) != NULL)
        return;
    p->text = host;
    p->size = host_size;
    *ret_port = (struct piece){colon + 1, (size_t)(end - colon - 1)};
}

static int is_port(const struct piece *port, const struct server *s)
{
    return port->size == 0 || (strlen(s->port) == port->size &&
                               memcmp(s->port, port->text, port->size) == 0);
}

/* name, .suffix or *.suffix; a name has its subdomains in it. */
static int match_name(const struct piece *name, const struct server *s)
{
    const char *text = name->text;
    size_t size = name->size;
    size_t behind;

    if (size >= 2 && text[0] == '*' && text[1] == '.') {
        text++;
        size--;
    }
    if (text[0] != '.' && size == s->host_size &&
        strncasecmp(text, s->host, size) == 0)
        return 1;
    if (size >= s->host_size + (text[0] == '.'))
        return 0;
    behind = s->host_size - size;
    return strncasecmp(s->host + behind, text, size) == 0 &&
           (text[0] == '.' || s->host[behind - 1] == '.');
}

static int match_entry(struct piece entry, const struct server *s)
{
    struct svc__address address;
    struct piece port;
    int is_inside = 0;

    if (entry.size == 1 && entry.text[0] == '*')
        return 1;
    if (match_block(&entry, s, &is_inside))
        return is_inside;
    split_port(&entry, &port);
    if (entry.size == 0 || !is_port(&port, s))
        return 0;
    if (read_address(entry.text, entry.size, &address))
        return s->is_address &&
               svc__address_compare(&address, &s->address) == 0;
    return !s->is_address && match_name(&entry, s);
}

/* ---- the decision ---- */

static void describe(const struct svc__config_url *url, struct server *ret)
{
    (void)snprintf(ret->port, sizeof(ret->port), "%u", (unsigned)url->port);
    ret->host = url->host;
    ret->host_size = url->host_size;
    ret->is_address = read_address(url->host, url->host_size, &ret->address);
}

static int is_direct(const struct svc__config_url *url, const char *none)
{
    struct server s;
    size_t size;

    describe(url, &s);
    if (s.is_address
            ? (svc__address_classify(&s.address) & SVC__ADDRESS_LOOPBACK) != 0
            : s.host_size == 9 && strncasecmp(s.host, "localhost", 9) == 0)
        return 1;
    for (; none != NULL; none = none[size] == '\0' ? NULL : none + size + 1) {
        struct piece entry;

        size = strcspn(none, ",");
        entry.size = size;
        entry.text = svc__config_trim(none, &entry.size);
        if (entry.size > 0 && match_entry(entry, &s))
            return 1;
    }
    return 0;
}

const char *svc__config_proxy(const struct svc__config *c,
                              const struct svc__config_proxies *p)
{
    struct svc__config_url url;
    const char *proxy;

    if (c->proxy_url != NULL)
        return c->proxy_url;
    if (svc__config_url_read(c->server, &url, NULL) != 0)
        return NULL;
    proxy = url.tls ? p->https : p->http;
    if (proxy == NULL || proxy[0] == '\0' || is_direct(&url, p->none))
        return NULL;
    return proxy;
}
