/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the memory of a view, the order of candidates, and the words for views,
 * families and types.
 */
#include "model/view.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A message or step is for people: longer text is cut. */
#define TEXT_MAX 1024

struct svc__view *svc__view_new(const char *source, svc__clock_fn trace)
{
    struct svc__view *v = svc__calloc(1, sizeof(*v));

    if (v == NULL)
        return NULL;
    v->source = source;
    v->ttl_ms = -1;
    v->trace = trace;
    svc__list_init(&v->steps);
    return v;
}

void svc__view_free(struct svc__view *v)
{
    struct svc__list *it;
    struct svc__list *after;

    if (v == NULL)
        return;
    svc__list_each_safe (it, after, &v->steps) {
        svc__free(svc__list_entry(it, struct svc__step, link));
    }
    for (size_t i = 0; i < v->block_count; i++)
        svc__block_unref(v->blocks[i]);
    svc__free(v->blocks);
    svc__free(v->candidates);
    svc__free(v->message);
    svc__free(v->hint);
    svc__free(v->gap);
    svc__free(v->service);
    svc__free(v->namespace_);
    svc__free(v->canonical);
    svc__free(v->port_name);
    svc__free(v->alias);
    svc__free(v->alias_port_name);
    svc__free(v);
}

/* Room for one more member in an array of *capacity. Returns the array, moved
 * or not; NULL, with the old one in place, when out of memory. */
static void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
    size_t want = *capacity == 0 ? 4 : *capacity * 2;

    if (count < *capacity)
        return array;
    array = svc__realloc(array, want, size);
    if (array != NULL)
        *capacity = want;
    return array;
}

int svc__view_hold(struct svc__view *v, struct svc__block *block)
{
    struct svc__block **blocks;

    /* Blocks come one after the other, so the last one is the one asked for
     * again; a block held twice by an unusual order does no harm. */
    if (v->block_count > 0 && v->blocks[v->block_count - 1] == block)
        return 0;
    blocks =
        grow(v->blocks, v->block_count, &v->block_capacity, sizeof(*blocks));
    if (blocks == NULL)
        return SVC_ENOMEM;
    v->blocks = blocks;
    v->blocks[v->block_count++] = svc__block_ref(block);
    return 0;
}

int svc__view_add(struct svc__view *v, const struct svc__candidate *c)
{
    struct svc__candidate *candidates =
        grow(v->candidates, v->count, &v->capacity, sizeof(*candidates));

    if (candidates == NULL)
        return SVC_ENOMEM;
    v->candidates = candidates;
    v->candidates[v->count++] = *c;
    return 0;
}

__attribute__((format(printf, 2, 0))) static void print(char text[TEXT_MAX],
                                                        const char *format,
                                                        va_list args)
{
    if (vsnprintf(text, TEXT_MAX, format, args) < 0)
        text[0] = '\0';
    svc__err_tidy(text, TEXT_MAX);
}

int svc__view_fail(struct svc__view *v, int code, const char *format, ...)
{
    char text[TEXT_MAX];
    char *message;
    va_list args;

    va_start(args, format);
    print(text, format, args);
    va_end(args);
    message = svc__strdup(text);
    if (message == NULL)
        return SVC_ENOMEM;
    svc__free(v->message);
    svc__free(v->hint);
    v->message = message;
    v->hint = NULL;
    v->code = code;
    return 0;
}

int svc__view_hint(struct svc__view *v, const char *format, ...)
{
    char text[TEXT_MAX];
    char *hint;
    va_list args;

    va_start(args, format);
    print(text, format, args);
    va_end(args);
    hint = svc__strdup(text);
    if (hint == NULL)
        return SVC_ENOMEM;
    svc__free(v->hint);
    v->hint = hint;
    return 0;
}

int svc__view_step(struct svc__view *v, const char *step, const char *format,
                   ...)
{
    char text[TEXT_MAX];
    struct svc__step *line;
    size_t size;
    va_list args;

    if (v->trace == NULL)
        return 0;
    va_start(args, format);
    print(text, format, args);
    va_end(args);
    size = strlen(text) + 1;
    line = svc__alloc(sizeof(*line) + size);
    if (line == NULL)
        return SVC_ENOMEM;
    line->step = step;
    line->at_us = v->trace();
    memcpy(line->text, text, size);
    svc__list_init(&line->link);
    svc__list_add(&v->steps, &line->link);
    return 0;
}

void svc__view_step_first(struct svc__view *v, int64_t at_us)
{
    struct svc__list *link = v->steps.prev;

    svc__list_entry(link, struct svc__step, link)->at_us = at_us;
    svc__list_remove(link);
    svc__list_add(v->steps.next, link);
}

int svc__candidate_compare(const struct svc__candidate *a,
                           const struct svc__candidate *b)
{
    int order = svc__address_compare(&svc__candidate_endpoint(a)->address,
                                     &svc__candidate_endpoint(b)->address);

    if (order == 0)
        order = (a->port > b->port) - (a->port < b->port);
    if (order == 0)
        order = (a->proto > b->proto) - (a->proto < b->proto);
    return order;
}

uint64_t svc__candidate_hash(const struct svc__candidate *c,
                             const struct svc__hash_key *key)
{
    const struct svc__address *a = &svc__candidate_endpoint(c)->address;
    uint8_t bytes[sizeof(a->bytes) + 4];

    memcpy(bytes, a->bytes, sizeof(a->bytes));
    bytes[16] = a->family;
    bytes[17] = c->proto;
    bytes[18] = (uint8_t)(c->port >> 8);
    bytes[19] = (uint8_t)c->port;
    return svc__hash(key, bytes, sizeof(bytes));
}

static const char *const kind_names[] = {"auto", "pods", "vip", "node", "lb"};

int svc__view_kind_parse(const char *word, enum svc__view_kind *ret)
{
    for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
        if (strcasecmp(word, kind_names[i]) == 0) {
            *ret = (enum svc__view_kind)i;
            return 0;
        }
    }
    return SVC_EINVAL;
}

const char *svc__view_kind_name(enum svc__view_kind kind)
{
    return kind < SVC__VIEW_NONE ? kind_names[kind] : NULL;
}

int svc__family_parse(const char *word, enum svc__family *ret)
{
    if (strcasecmp(word, "any") == 0)
        *ret = SVC__FAMILY_ANY;
    else if (strcasecmp(word, "ipv4") == 0)
        *ret = SVC__FAMILY_IPV4;
    else if (strcasecmp(word, "ipv6") == 0)
        *ret = SVC__FAMILY_IPV6;
    else
        return SVC_EINVAL;
    return 0;
}

const char *svc__type_name(enum svc__type type)
{
    static const char *const names[] = {
        "Unknown",      "ClusterIP",    "Headless", "NodePort",
        "LoadBalancer", "ExternalName", "External", "Literal"};

    return names[type];
}
