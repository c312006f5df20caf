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

/* Blocks that a named view has room for: A and AAAA. */
#define NAMED_BLOCKS 2

/* An empty view, with room for more behind it. */
static struct svc__view *make(const char *source, svc__clock_fn trace,
                              size_t more)
{
    struct svc__view *v = svc__alloc(sizeof(*v) + more);

    if (v == NULL)
        return NULL;
    memset(v, 0, sizeof(*v));
    v->size = sizeof(*v) + more;
    v->source = source;
    v->ttl_ms = -1;
    v->confirmed_ms = -1;
    v->trace = trace;
    svc__list_init(&v->steps);
    return v;
}

struct svc__view *svc__view_new(const char *source, svc__clock_fn trace)
{
    return make(source, trace, 0);
}

/* The texts of a view, in no special order. */
#define TEXTS 10

static void list_texts(const struct svc__view *v, char *ret[TEXTS])
{
    char *const texts[TEXTS] = {v->message,    v->hint,      v->gap,
                                v->service,    v->alias,     v->namespace_,
                                v->canonical,  v->port_name, v->alias_port_name,
                                v->caller_zone};

    memcpy(ret, texts, sizeof(texts));
}

/* Whether something lies in the memory of the view itself, as copied texts do.
 */
static int is_inside(const struct svc__view *v, const void *ptr)
{
    const uintptr_t from = (uintptr_t)v;
    const uintptr_t at = (uintptr_t)ptr;

    return at >= from && at < from + v->size;
}

void svc__view_drop(const struct svc__view *v, void *ptr)
{
    if (!is_inside(v, ptr))
        svc__free(ptr);
}

void svc__view_free(struct svc__view *v)
{
    struct svc__list *it;
    struct svc__list *after;
    char *texts[TEXTS];

    if (v == NULL)
        return;
    svc__list_each_safe (it, after, &v->steps) {
        svc__free(svc__list_entry(it, struct svc__step, link));
    }
    for (size_t i = 0; i < v->block_count; i++)
        svc__block_unref(v->blocks[i]);
    svc__view_drop(v, v->blocks);
    svc__free(v->candidates);
    list_texts(v, texts);
    for (size_t i = 0; i < TEXTS; i++)
        svc__view_drop(v, texts[i]);
    svc__free(v);
}

/* Where the next text of a copy goes. */
struct piece {
    char *at;
};

/* Copies a text there; NULL stays NULL. */
static char *put_text(struct piece *p, const char *text)
{
    char *copy = p->at;
    size_t size;

    if (text == NULL)
        return NULL;
    size = strlen(text) + 1;
    memcpy(copy, text, size);
    p->at += size;
    return copy;
}

static size_t size_of(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

struct svc__view *svc__view_new_named(const char *source, svc__clock_fn trace,
                                      const struct svc__view_names *names)
{
    const size_t blocks_size = NAMED_BLOCKS * sizeof(struct svc__block *);
    struct svc__view *v =
        make(source, trace,
             blocks_size + size_of(names->service) +
                 size_of(names->namespace_) + size_of(names->canonical));
    struct piece p;

    if (v == NULL)
        return NULL;
    v->blocks = (struct svc__block **)(void *)(v + 1);
    v->block_capacity = NAMED_BLOCKS;
    p.at = (char *)(v + 1) + blocks_size;
    v->service = put_text(&p, names->service);
    v->namespace_ = put_text(&p, names->namespace_);
    v->canonical = put_text(&p, names->canonical);
    return v;
}

/* Moves all that the struct, copied as it was, points to into the piece behind
 * it, and takes a reference to each block. */
static void settle(struct svc__view *v)
{
    struct piece p = {(char *)(v + 1)};
    const size_t blocks_size = v->block_count * sizeof(v->blocks[0]);

    v->block_capacity = v->block_count;
    if (blocks_size > 0) {
        memcpy(p.at, v->blocks, blocks_size);
        v->blocks = (struct svc__block **)(void *)p.at;
        p.at += blocks_size;
        for (size_t i = 0; i < v->block_count; i++)
            (void)svc__block_ref(v->blocks[i]);
    } else {
        v->blocks = NULL;
    }
    v->message = put_text(&p, v->message);
    v->hint = put_text(&p, v->hint);
    v->gap = put_text(&p, v->gap);
    v->service = put_text(&p, v->service);
    v->namespace_ = put_text(&p, v->namespace_);
    v->canonical = put_text(&p, v->canonical);
    v->port_name = put_text(&p, v->port_name);
    v->alias = put_text(&p, v->alias);
    v->alias_port_name = put_text(&p, v->alias_port_name);
    v->caller_zone = put_text(&p, v->caller_zone);
}

/* One allocation, and one for the candidates, which do not live as long. */
struct svc__view *svc__view_copy(const struct svc__view *v, svc__clock_fn trace)
{
    size_t size = sizeof(*v) + v->block_count * sizeof(v->blocks[0]);
    struct svc__candidate *candidates = NULL;
    struct svc__view *copy;
    char *texts[TEXTS];

    list_texts(v, texts);
    for (size_t i = 0; i < TEXTS; i++)
        size += size_of(texts[i]);
    if (v->count > 0) {
        candidates = svc__calloc(v->count, sizeof(*candidates));
        if (candidates == NULL)
            return NULL;
        memcpy(candidates, v->candidates, v->count * sizeof(*candidates));
    }
    copy = svc__alloc(size);
    if (copy == NULL) {
        svc__free(candidates);
        return NULL;
    }
    *copy = *v;
    copy->size = size;
    copy->trace = trace;
    copy->candidates = candidates;
    copy->capacity = copy->count;
    svc__list_init(&copy->steps);
    settle(copy);
    return copy;
}

/* Room for one more block. 0 or SVC_ENOMEM. */
static int grow_blocks(struct svc__view *v)
{
    size_t want = v->block_capacity == 0 ? 4 : v->block_capacity * 2;
    struct svc__block **blocks;

    if (v->block_count < v->block_capacity)
        return 0;
    blocks = svc__calloc(want, sizeof(*blocks));
    if (blocks == NULL)
        return SVC_ENOMEM;
    if (v->block_count > 0)
        memcpy(blocks, v->blocks, v->block_count * sizeof(*blocks));
    svc__view_drop(v, v->blocks);
    v->blocks = blocks;
    v->block_capacity = want;
    return 0;
}

int svc__view_hold(struct svc__view *v, struct svc__block *block)
{
    /* Blocks come one after the other, so the last one is the one asked for
     * again; a block held twice by an unusual order does no harm. */
    if (v->block_count > 0 && v->blocks[v->block_count - 1] == block)
        return 0;
    if (grow_blocks(v) != 0)
        return SVC_ENOMEM;
    v->blocks[v->block_count++] = svc__block_ref(block);
    return 0;
}

int svc__view_reserve(struct svc__view *v, size_t count)
{
    struct svc__candidate *candidates;

    if (count <= v->capacity)
        return 0;
    candidates = svc__realloc(v->candidates, count, sizeof(*candidates));
    if (candidates == NULL)
        return SVC_ENOMEM;
    v->candidates = candidates;
    v->capacity = count;
    return 0;
}

int svc__view_add(struct svc__view *v, const struct svc__candidate *c)
{
    const size_t want = v->capacity == 0 ? 4 : v->capacity * 2;

    if (v->count == v->capacity && svc__view_reserve(v, want) != 0)
        return SVC_ENOMEM;
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
    svc__view_drop(v, v->message);
    svc__view_drop(v, v->hint);
    v->message = message;
    v->hint = NULL;
    v->code = code;
    return 0;
}

void svc__view_clear_code(struct svc__view *v)
{
    svc__view_drop(v, v->message);
    svc__view_drop(v, v->hint);
    v->message = NULL;
    v->hint = NULL;
    v->code = 0;
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
    svc__view_drop(v, v->hint);
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

void svc__view_take_steps(struct svc__view *v, struct svc__view *from)
{
    svc__list_move(&v->steps, &from->steps);
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
