/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of the lines. Objects are allocated as the decoders do it,
 * so that their unref functions fit.
 */
#include "kube_build.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 512

static void give_up(const char *what, const char *word)
{
    (void)fprintf(stderr, "kube_build: %s: \"%s\"\n", what, word);
    abort();
}

/* ---- words ----------------------------------------------------------- */

struct words {
    char text[KUBE_TEXT_MAX];
    char *word[WORDS_MAX];
    size_t count;
};

static void split(struct words *w, const char *line)
{
    size_t size = strlen(line);
    char *p = w->text;

    if (size >= sizeof(w->text))
        give_up("line is too long", line);
    memcpy(w->text, line, size + 1);
    w->count = 0;
    while (*(p += strspn(p, " ")) != '\0') {
        if (w->count == WORDS_MAX)
            give_up("too many words", line);
        w->word[w->count++] = p;
        p += strcspn(p, " ");
        if (*p != '\0')
            *p++ = '\0';
    }
}

/* What follows "key=" in a word, or NULL. */
static const char *value(const char *word, const char *key)
{
    size_t n = strlen(key);

    return strncmp(word, key, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

/* "shop/web" apart, in place. */
static const char *split_name(char *word, const char **ret_name)
{
    char *slash = strchr(word, '/');

    if (slash == NULL)
        give_up("no namespace", word);
    *slash = '\0';
    *ret_name = slash + 1;
    return word;
}

static uint16_t number(const char *text)
{
    return (uint16_t)strtoul(text, NULL, 10);
}

static struct svc__address address(const char *text)
{
    struct svc__address a;

    if (svc__address_parse(text, strlen(text), &a) != 0)
        give_up("no address", text);
    return a;
}

static uint8_t proto(const char *text)
{
    enum svc__proto p;

    if (svc__proto_parse(text, strlen(text), &p) != 0)
        give_up("no protocol", text);
    return (uint8_t)p;
}

/* "name:80/TCP" apart, in place. */
struct port_text {
    const char *name;
    const char *number;
    uint8_t proto;
};

static struct port_text split_port(const char *text)
{
    char *word = (char *)(uintptr_t)text;
    struct port_text p = {.name = "", .number = word, .proto = SVC__PROTO_TCP};
    char *colon = strchr(word, ':');
    char *slash = strchr(word, '/');

    if (slash != NULL) {
        *slash = '\0';
        p.proto = proto(slash + 1);
    }
    if (colon != NULL) {
        *colon = '\0';
        p.name = word;
        p.number = colon + 1;
    }
    return p;
}

/* ---- Services -------------------------------------------------------- */

static void add_ingress_error(struct svc__service_object *s, const char *text)
{
    struct svc__ingress *in = &s->ingress[s->ingress_count - 1];
    const char *colon = strchr(text, ':');

    if (colon == NULL)
        give_up("no text of an error", text);
    in->errors = svc__calloc(1, sizeof(*in->errors));
    if (in->errors == NULL)
        return;
    in->error_count = 1;
    in->errors[0].port = number(text);
    in->errors[0].proto = SVC__PROTO_TCP;
    in->errors[0].text = svc__strdup(colon + 1);
}

static void read_service_port(struct svc__service_object *s, const char *word)
{
    struct svc__service_port *p = &s->ports[s->port_count];
    const char *text;

    if ((text = value(word, "port")) != NULL) {
        struct port_text t = split_port(text);

        s->port_count++;
        p->name = svc__strdup(t.name);
        p->port = number(t.number);
        p->proto = t.proto;
    } else if ((text = value(word, "nodeport")) != NULL) {
        p[-1].node_port = number(text);
    } else if ((text = value(word, "app")) != NULL) {
        p[-1].app_protocol = svc__strdup(text);
    } else {
        give_up("no word of a Service", word);
    }
}

static void read_ingress(struct svc__service_object *s, const char *word)
{
    const char *text;

    if ((text = value(word, "lb")) != NULL)
        s->ingress[s->ingress_count++].address = address(text);
    else if ((text = value(word, "lbhost")) != NULL)
        s->ingress[s->ingress_count++].hostname = svc__strdup(text);
    else if ((text = value(word, "lberror")) != NULL)
        add_ingress_error(s, text);
    else
        read_service_port(s, word);
}

static enum svc__service_type service_type(const char *text)
{
    return strcmp(text, "NodePort") == 0       ? SVC__SERVICE_NODEPORT
           : strcmp(text, "LoadBalancer") == 0 ? SVC__SERVICE_LOADBALANCER
                                               : SVC__SERVICE_CLUSTERIP;
}

static void read_service(struct svc__service_object *s, const char *word)
{
    const char *text;

    if ((text = value(word, "type")) != NULL)
        s->type = service_type(text);
    else if ((text = value(word, "rv")) != NULL)
        s->resource_version = strtoull(text, NULL, 10);
    else if ((text = value(word, "ip")) != NULL)
        s->cluster_ips[s->cluster_ip_count++] = address(text);
    else if ((text = value(word, "family")) != NULL)
        s->families[s->family_count++] =
            text[0] == '4' ? SVC__FAMILY_IPV4 : SVC__FAMILY_IPV6;
    else if ((text = value(word, "external")) != NULL) {
        s->type = SVC__SERVICE_EXTERNALNAME;
        s->external_name = svc__strdup(text);
    } else if (strcmp(word, "headless") == 0)
        s->headless = 1;
    else if (strcmp(word, "itp=Local") == 0)
        s->internal_local = 1;
    else if (strcmp(word, "etp=Local") == 0)
        s->external_local = 1;
    else if (strcmp(word, "affinity") == 0)
        s->client_ip = 1;
    else if (strcmp(word, "selector") == 0)
        s->has_selector = 1;
    else
        read_ingress(s, word);
}

struct svc__service_object *kube_service(const char *line)
{
    static struct words w;
    struct svc__service_object *s;
    const char *namespace_;
    const char *name;

    split(&w, line);
    namespace_ = split_name(w.word[1], &name);
    s = svc__calloc(1, sizeof(*s) + strlen(namespace_) + strlen(name) + 2);
    if (s == NULL)
        return NULL;
    svc__refs_init(&s->refs);
    s->namespace_ = strcpy((char *)(s + 1), namespace_);
    s->name = strcpy(s->namespace_ + strlen(namespace_) + 1, name);
    s->ports = svc__calloc(w.count, sizeof(*s->ports));
    s->ingress = svc__calloc(w.count, sizeof(*s->ingress));
    for (size_t i = 2; i < w.count; i++)
        read_service(s, w.word[i]);
    return s;
}

/* ---- slices ---------------------------------------------------------- */

/* Text of a block that is being filled. */
struct text {
    char bytes[KUBE_TEXT_MAX * 2];
    uint32_t size;
};

static uint32_t put(struct text *t, const char *word)
{
    uint32_t at = t->size;
    size_t size = strlen(word) + 1;

    if (size == 1)
        return 0;
    memcpy(t->bytes + at, word, size);
    t->size += (uint32_t)size;
    return at;
}

/* All hints of one kind among the words of an endpoint, as one list. */
static uint32_t put_hints(struct text *t, char *const *words, size_t count,
                          const char *key)
{
    uint32_t at = t->size;
    int found = 0;

    for (size_t i = 0; i < count && words[i][0] != '@'; i++) {
        const char *hint = value(words[i], key);

        if (hint == NULL)
            continue;
        found = 1;
        put(t, hint);
    }
    if (!found)
        return 0;
    t->bytes[t->size++] = '\0';
    return at;
}

static uint8_t conditions(const char *text)
{
    uint8_t flags = SVC__EP_CONDITIONS;

    if (strchr(text, 'r') != NULL)
        flags |= SVC__EP_READY;
    if (strchr(text, 's') != NULL)
        flags |= SVC__EP_SERVING;
    if (strchr(text, 't') != NULL)
        flags |= SVC__EP_TERMINATING;
    return flags;
}

static void read_endpoint(struct svc__endpoint *ep, struct text *t,
                          const char *word)
{
    const char *text;

    if ((text = value(word, "node")) != NULL)
        ep->node = put(t, text);
    else if ((text = value(word, "zone")) != NULL)
        ep->zone = put(t, text);
    else if ((text = value(word, "host")) != NULL)
        ep->hostname = put(t, text);
    else if ((text = value(word, "pod")) != NULL)
        ep->pod = put(t, text);
    else if ((text = value(word, "cond")) != NULL)
        ep->flags = conditions(text);
    else if (value(word, "zonehint") == NULL && value(word, "nodehint") == NULL)
        give_up("no word of an endpoint", word);
}

static void read_endpoints(const struct words *w, size_t at, struct text *t,
                           struct svc__endpoint *eps, uint32_t *count)
{
    struct svc__endpoint *ep = NULL;

    for (; at < w->count; at++) {
        if (w->word[at][0] != '@') {
            read_endpoint(ep, t, w->word[at]);
            continue;
        }
        ep = &eps[(*count)++];
        memset(ep, 0, sizeof(*ep));
        ep->address = address(w->word[at] + 1);
        ep->flags = conditions("rs");
        ep->weight = 1;
        ep->zone_hints =
            put_hints(t, w->word + at + 1, w->count - at - 1, "zonehint");
        ep->node_hints =
            put_hints(t, w->word + at + 1, w->count - at - 1, "nodehint");
    }
}

static struct svc__block *block_from(const struct text *t,
                                     const struct svc__endpoint *eps,
                                     uint32_t count)
{
    struct svc__block *block = svc__block_new(count, t->size);

    if (block == NULL)
        return NULL;
    if (count > 0)
        memcpy(block->endpoints, eps, count * sizeof(*eps));
    memcpy(block->text, t->bytes, t->size);
    return block;
}

struct slice_draft {
    struct svc__slice slice;
    struct svc__slice_port ports[WORDS_MAX];
    struct svc__endpoint eps[WORDS_MAX];
    struct text text;
};

static void read_slice(struct slice_draft *d, const char *word)
{
    const char *text;

    if ((text = value(word, "of")) != NULL) {
        d->slice.service = text;
    } else if ((text = value(word, "rv")) != NULL) {
        d->slice.resource_version = strtoull(text, NULL, 10);
    } else if ((text = value(word, "type")) != NULL) {
        d->slice.type = strcmp(text, "IPv6") == 0   ? SVC__SLICE_IPV6
                        : strcmp(text, "FQDN") == 0 ? SVC__SLICE_FQDN
                                                    : SVC__SLICE_IPV4;
    } else if ((text = value(word, "port")) != NULL) {
        struct port_text t = split_port(text);
        struct svc__slice_port *p = &d->ports[d->slice.port_count++];

        memset(p, 0, sizeof(*p));
        p->name = put(&d->text, t.name);
        p->number = strcmp(t.number, "null") == 0 ? 0 : number(t.number);
        p->proto = t.proto;
    } else if ((text = value(word, "app")) != NULL) {
        d->ports[d->slice.port_count - 1].app_protocol = put(&d->text, text);
    } else {
        give_up("no word of a slice", word);
    }
}

/* The slice with its strings and ports in one piece. */
static struct svc__slice *slice_from(const struct slice_draft *d)
{
    const char *texts[] = {d->slice.namespace_, d->slice.name,
                           d->slice.service};
    const char **to[3];
    size_t ports = d->slice.port_count * sizeof(d->ports[0]);
    size_t size = sizeof(d->slice) + ports;
    struct svc__slice *s;
    char *at;

    for (size_t i = 0; i < 3; i++)
        size += strlen(texts[i]) + 1;
    s = svc__calloc(1, size);
    if (s == NULL)
        return NULL;
    *s = d->slice;
    svc__refs_init(&s->refs);
    at = (char *)(s + 1);
    s->ports = (struct svc__slice_port *)(void *)at;
    memcpy(at, d->ports, ports);
    at += ports;
    to[0] = &s->namespace_;
    to[1] = &s->name;
    to[2] = &s->service;
    for (size_t i = 0; i < 3; i++) {
        *to[i] = strcpy(at, texts[i]);
        at += strlen(texts[i]) + 1;
    }
    return s;
}

struct svc__slice *kube_slice(const char *line)
{
    static struct words w;
    static struct slice_draft d;
    struct svc__slice *s;
    uint32_t count = 0;
    size_t i = 2;

    split(&w, line);
    memset(&d.slice, 0, sizeof(d.slice));
    d.text.bytes[0] = '\0';
    d.text.size = 1;
    d.slice.type = SVC__SLICE_IPV4;
    d.slice.service = "";
    d.slice.namespace_ = split_name(w.word[1], &d.slice.name);
    while (i < w.count && w.word[i][0] != '@')
        read_slice(&d, w.word[i++]);
    read_endpoints(&w, i, &d.text, d.eps, &count);
    if (d.slice.type == SVC__SLICE_FQDN)
        count = 0;
    s = slice_from(&d);
    if (s == NULL)
        return NULL;
    s->block = block_from(&d.text, d.eps, count);
    if (s->block == NULL) {
        svc__free(s);
        return NULL;
    }
    return s;
}

/* ---- Nodes ----------------------------------------------------------- */

struct svc__node_object *kube_node(const char *line)
{
    static struct words w;
    struct svc__node_object *node;
    const char *text;

    split(&w, line);
    node = svc__calloc(1, sizeof(*node) + strlen(w.word[1]) + 1);
    if (node == NULL)
        return NULL;
    svc__refs_init(&node->refs);
    node->name = strcpy((char *)(node + 1), w.word[1]);
    node->ready = 1;
    for (size_t i = 2; i < w.count; i++) {
        if ((text = value(w.word[i], "zone")) != NULL)
            node->zone = svc__strdup(text);
        else if ((text = value(w.word[i], "rv")) != NULL)
            node->resource_version = strtoull(text, NULL, 10);
        else if ((text = value(w.word[i], "v4")) != NULL)
            node->ipv4 = address(text);
        else if ((text = value(w.word[i], "v6")) != NULL)
            node->ipv6 = address(text);
        else if (strcmp(w.word[i], "notready") == 0)
            node->ready = 0;
        else
            give_up("no word of a Node", w.word[i]);
    }
    return node;
}
