/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the lines that change a store, that ask it, and that write down what it
 * answered.
 */
#include "kube_build.h"

#include "base/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void give_up(const char *what, const char *line)
{
    (void)fprintf(stderr, "kube_build: %s: \"%s\"\n", what, line);
    abort();
}

struct svc__store *kube_store_new(void)
{
    const struct svc__hash_key key = {0x0123456789abcdefu, 0xfedcba9876543210u};

    return svc__store_new("test", &key);
}

/* "shop/web rest" apart. Returns the rest, "" if there is none. */
static const char *split_name(const char *text, char ret_namespace[256],
                              char ret_name[256])
{
    size_t n = strcspn(text, "/ ");
    size_t m;

    if (text[n] != '/') {
        (void)snprintf(ret_name, 256, "%.*s", (int)n, text);
        ret_namespace[0] = '\0';
        return text + n;
    }
    (void)snprintf(ret_namespace, 256, "%.*s", (int)n, text);
    text += n + 1;
    m = strcspn(text, " ");
    (void)snprintf(ret_name, 256, "%.*s", (int)m, text);
    return text[m] == '\0' ? text + m : text + m + 1;
}

/* What follows a word and a space, or NULL. */
static const char *after(const char *line, const char *word)
{
    size_t n = strlen(word);

    return strncmp(line, word, n) == 0 && line[n] == ' ' ? line + n + 1 : NULL;
}

/* "s/1 owner why": a slice by name. */
static int refuse_one(struct svc__store *st, const char *text)
{
    char namespace_[256];
    char name[256];
    char owner[256];
    const char *rest = split_name(text, namespace_, name);
    const size_t n = strcspn(rest, " ");

    (void)snprintf(owner, sizeof(owner), "%.*s", (int)n, rest);
    return svc__store_refuse_one(st, namespace_, owner, name,
                                 rest[n] == '\0' ? "" : rest + n + 1);
}

static int refuse(struct svc__store *st, const char *line)
{
    char namespace_[256];
    char name[256];
    const char *rest = after(line, "Service");
    const char *reason;

    if (rest != NULL) {
        reason = split_name(rest, namespace_, name);
        return svc__store_refuse_service(st, namespace_, name, reason);
    }
    rest = after(line, "One");
    if (rest != NULL)
        return refuse_one(st, rest);
    rest = after(line, "Slice");
    if (rest == NULL)
        give_up("nothing to refuse", line);
    reason = split_name(rest, namespace_, name);
    return svc__store_refuse_slice(st, namespace_, name, reason);
}

static int delete (struct svc__store *st, const char *line)
{
    char namespace_[256];
    char name[256];
    const char *rest;

    if ((rest = after(line, "Service")) != NULL) {
        (void)split_name(rest, namespace_, name);
        svc__store_delete_service(st, namespace_, name);
    } else if ((rest = after(line, "Slice")) != NULL) {
        (void)split_name(rest, namespace_, name);
        svc__store_delete_slice(st, namespace_, name);
    } else if ((rest = after(line, "Node")) != NULL) {
        svc__store_delete_node(st, rest);
    } else {
        give_up("nothing to delete", line);
    }
    return 0;
}

static int put(struct svc__store *st, const char *line, int is_update)
{
    int err;

    if (after(line, "Service") != NULL) {
        struct svc__service_object *service = kube_service(line);

        err = is_update ? svc__store_update_service(st, service)
                        : svc__store_apply_service(st, service, NULL);
        svc__service_object_unref(service);
    } else if (after(line, "Slice") != NULL) {
        struct svc__slice *slice = kube_slice(line);

        err = is_update ? svc__store_update_slice(st, slice)
                        : svc__store_apply_slice(st, slice, NULL);
        svc__slice_unref(slice);
    } else {
        struct svc__node_object *node = kube_node(line);

        err = is_update ? svc__store_update_node(st, node)
                        : svc__store_apply_node(st, node, NULL);
        svc__node_object_unref(node);
    }
    return err;
}

/* What DELETED tells: the object as the line says it. */
static void remove_one(struct svc__store *st, const char *line)
{
    if (after(line, "Service") != NULL) {
        struct svc__service_object *o = kube_service(line);

        svc__store_remove_service(st, o->namespace_, o->name,
                                  o->resource_version);
        svc__service_object_unref(o);
    } else if (after(line, "Slice") != NULL) {
        struct svc__slice *o = kube_slice(line);

        svc__store_remove_slice(st, o->namespace_, o->name, o->service,
                                o->resource_version);
        svc__slice_unref(o);
    } else {
        struct svc__node_object *o = kube_node(line);

        svc__store_remove_node(st, o->name, o->resource_version);
        svc__node_object_unref(o);
    }
}

int kube_apply(struct svc__store *st, const char *line)
{
    const char *rest;

    if ((rest = after(line, "Delete")) != NULL)
        return delete (st, rest);
    if ((rest = after(line, "Refuse")) != NULL)
        return refuse(st, rest);
    if ((rest = after(line, "Update")) != NULL)
        return put(st, rest, 1);
    if ((rest = after(line, "Remove")) != NULL) {
        remove_one(st, rest);
        return 0;
    }
    if (after(line, "Service") == NULL && after(line, "Slice") == NULL &&
        after(line, "Node") == NULL)
        give_up("no such line", line);
    return put(st, line, 0);
}

/* ---- questions ------------------------------------------------------- */

static const char *value(const char *word, const char *key)
{
    size_t n = strlen(key);

    return strncmp(word, key, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

static void read_port(struct svc__query *q, const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (*end == '\0')
        q->port = (uint16_t)number;
    else
        q->port_name = text;
}

static void read_word(struct kube_query *ret, const char *word)
{
    struct svc__query *q = &ret->q;
    const char *text;

    if ((text = value(word, "port")) != NULL)
        read_port(q, text);
    else if ((text = value(word, "proto")) != NULL)
        (void)svc__proto_parse(text, strlen(text), &q->proto);
    else if ((text = value(word, "view")) != NULL)
        (void)svc__view_kind_parse(text, &q->view);
    else if ((text = value(word, "family")) != NULL)
        q->family = text[0] == '4' ? SVC__FAMILY_IPV4 : SVC__FAMILY_IPV6;
    else if ((text = value(word, "host")) != NULL)
        q->host = text;
    else if ((text = value(word, "allow")) != NULL)
        q->allow |= svc__address_class_parse(text);
    else if ((text = value(word, "node")) != NULL)
        ret->env.node = q->node = text;
    else if (strcmp(word, "outside") == 0)
        q->outside = 1;
    else if ((text = value(word, "zone")) != NULL)
        ret->env.zone = text;
    else
        give_up("no word of a question", word);
}

void kube_query(struct kube_query *ret, const char *line)
{
    char *words[32];
    size_t count = 0;
    char *at = ret->text;

    memset(ret, 0, sizeof(*ret));
    (void)snprintf(ret->text, sizeof(ret->text), "%s", line);
    while (*(at += strspn(at, " /")) != '\0' && count < 32) {
        words[count] = at;
        /* Only the name is split at a slash. */
        at += strcspn(at, count++ == 0 ? "/" : " ");
        if (*at != '\0')
            *at++ = '\0';
    }
    ret->q.zone = "cluster.local";
    ret->q.namespace_ = words[0];
    ret->q.service = words[1];
    for (size_t i = 2; i < count; i++)
        read_word(ret, words[i]);
}

/* ---- answers --------------------------------------------------------- */

struct out {
    char *text;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void out(struct out *o,
                                                      const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(o->text + o->size, KUBE_TEXT_MAX - o->size, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= KUBE_TEXT_MAX - o->size)
        give_up("answer is too long", format);
    o->size += (size_t)n;
}

static int by_place(const void *a, const void *b)
{
    const struct svc__candidate *x = a;
    const struct svc__candidate *y = b;

    if ((x->why == 0) != (y->why == 0))
        return x->why == 0 ? -1 : 1;
    if (svc__candidate_compare(x, y) != 0)
        return svc__candidate_compare(x, y);
    return (x->why > y->why) - (x->why < y->why);
}

static void out_candidate(struct out *o, const struct svc__candidate *c)
{
    const char *proto = svc__proto_name((enum svc__proto)c->proto);
    char address[SVC_ADDRESS_TEXT_SIZE];
    const char *mark = "(";

    (void)svc__address_format(&svc__candidate_endpoint(c)->address, address);
    out(o, "%s%s%s%s:", o->size == 0 ? "" : " ",
        strchr(address, ':') == NULL ? "" : "[", address,
        strchr(address, ':') == NULL ? "" : "]");
    if (c->port == 0)
        out(o, "?");
    else
        out(o, "%u", (unsigned)c->port);
    if (proto != NULL)
        out(o, "/%s", proto);
    for (uint32_t bit = 1; bit != 0 && c->why != 0; bit <<= 1) {
        if ((c->why & bit) == 0)
            continue;
        out(o, "%s%s", mark, svc_why_name(bit));
        mark = ",";
    }
    if (c->why != 0)
        out(o, ")");
}

void kube_view_text(const struct svc__view *v, char ret[KUBE_TEXT_MAX])
{
    struct out o = {ret, 0};
    struct svc__candidate *sorted = NULL;

    ret[0] = '\0';
    if (v->code != 0)
        out(&o, "%s", svc_err_name(v->code));
    if (v->alias != NULL) {
        out(&o, "alias %s", v->alias);
        if (v->alias_port_name != NULL)
            out(&o, ":%s", v->alias_port_name);
        else if (v->alias_port != 0)
            out(&o, ":%u", (unsigned)v->alias_port);
    }
    if (v->count == 0)
        return;
    sorted = malloc(v->count * sizeof(*sorted));
    if (sorted == NULL)
        give_up("out of memory", "");
    memcpy(sorted, v->candidates, v->count * sizeof(*sorted));
    qsort(sorted, v->count, sizeof(*sorted), by_place);
    for (size_t i = 0; i < v->count; i++)
        out_candidate(&o, &sorted[i]);
    free(sorted);
}

struct svc__view *kube_view(const struct svc__store *st, const char *query,
                            svc__clock_fn trace, svc_error *reterr)
{
    struct kube_query q;
    struct svc__view *v;

    kube_query(&q, query);
    if (svc__store_view(st, &q.q, trace, &v, reterr) != 0)
        return NULL;
    if (q.env.zone == NULL)
        q.env.zone = v->caller_zone;
    if (v->code == 0 &&
        (svc__eligible_apply(v, &q.env) != 0 || svc__eligible_judge(v) != 0)) {
        svc__view_free(v);
        reterr->code = SVC_ENOMEM;
        return NULL;
    }
    return v;
}

void kube_answer(const struct svc__store *st, const char *query,
                 char ret[KUBE_TEXT_MAX])
{
    svc_error error;
    struct svc__view *v = kube_view(st, query, NULL, &error);

    if (v == NULL) {
        (void)snprintf(ret, KUBE_TEXT_MAX, "%s", svc_err_name(error.code));
        return;
    }
    kube_view_text(v, ret);
    svc__view_free(v);
}
