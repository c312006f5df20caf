/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns which records of a message count.
 *
 * Design notes
 *
 * A message is a heap of records, and whoever answers may put anything into
 * it. So one name at a time is looked at: the one that was asked for, and after
 * an alias the one it leads to. A record of any other name is passed over, as
 * is one of another type; what is left is what the question is about, and no
 * list of things to distrust is needed.
 *
 * Servers write a chain in its order, so one pass over the records is enough.
 * Only when an alias was followed and something was passed over before does
 * the end of the chain get another pass; each pass but the last follows an
 * alias, and there are at most eleven of those.
 *
 * Addresses go straight into the block that views will share, targets into one
 * piece of memory without the part that they have in common. An answer of 64 KB
 * with a record every 16 bytes would otherwise become megabytes.
 *
 * Sorting replaces every table that could be keyed by what the answer says: no
 * choice of names or addresses makes it slow (faults 3.6), and the order of the
 * records, which servers shuffle, does not show (semantics 2.2).
 */
#include "dns/answer.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of all target names of one answer. */
#define NAMES_MAX ((size_t)SVC__WIRE_RECORDS_MAX * SVC__WIRE_NAME_MAX)
/* Bytes of a chain, and of what is said of it. */
#define CHAIN_BYTES_MAX                                                        \
    ((size_t)(SVC__DNS_ALIASES_MAX + 1) * (1 + SVC__WIRE_NAME_MAX))
#define CHAIN_TEXT_MAX 700

struct reader {
    const struct svc__wire_message *m;
    const struct svc__dns_reading *how;
    struct svc__dns_answer *a;
    struct svc__wire_name at; /* the end of the chain so far */
    struct svc__buf chain;    /* the names before it, in wire form */
    struct svc__buf names;    /* of targets */
    struct svc__wire_record record;
    uint32_t ttl_s;      /* of the aliases */
    uint32_t data_ttl_s; /* of the records */
    uint32_t count;      /* of block or services */
    int strayed;         /* records of other names were passed over */
    int moved;           /* an alias was followed */
    int done;            /* nothing more is to be read */
};

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---- aliases --------------------------------------------------------- */

/* "a -> b -> a" of the chain, its end, and the target that broke it. */
static int tell_chain(struct reader *r)
{
    const struct svc__wire_name *last[] = {&r->at, &r->record.target};
    struct svc__wire_name name;
    char text[SVC__WIRE_TEXT_MAX];
    struct svc__buf b;

    svc__buf_init(&b, CHAIN_TEXT_MAX);
    for (size_t i = 0; i < r->chain.size; i += 1 + (size_t)name.size) {
        name.size = (uint8_t)r->chain.data[i];
        memcpy(name.bytes, r->chain.data + i + 1, name.size);
        (void)svc__wire_name_format(&name, text);
        svc__buf_printf(&b, "%s -> ", text);
    }
    for (size_t i = 0; i < 2; i++) {
        (void)svc__wire_name_format(last[i], text);
        svc__buf_printf(&b, "%s%s", i == 0 ? "" : " -> ", text);
    }
    if (b.err == SVC_ETOOBIG) {
        b.err = 0;
        b.max += sizeof("…");
        svc__buf_add_text(&b, "…");
    }
    r->a->chain = svc__buf_take(&b);
    svc__buf_fini(&b);
    return r->a->chain == NULL ? SVC_ENOMEM : 0;
}

/* Whether a name is on the chain already. */
static int is_on_chain(const struct reader *r, const struct svc__wire_name *n)
{
    const uint8_t *names = (const uint8_t *)r->chain.data;

    if (svc__wire_name_equal(n, &r->at))
        return 1;
    for (size_t i = 0; i < r->chain.size; i += 1 + (size_t)names[i]) {
        if (names[i] == n->size &&
            memcmp(names + i + 1, n->bytes, n->size) == 0)
            return 1;
    }
    return 0;
}

/* Forgets the records that were taken. */
static void drop_data(struct reader *r)
{
    r->count = 0;
    r->data_ttl_s = UINT32_MAX;
    r->a->skipped = 0;
    r->a->refused = 0;
    svc__buf_clear(&r->names);
}

/* Goes from the end of the chain to the target of the alias there. Data beside
 * an alias does not count (RFC 1034 section 3.6.2). */
static int follow(struct reader *r)
{
    struct svc__dns_answer *a = r->a;
    const struct svc__wire_name *target = &r->record.target;

    drop_data(r);
    r->ttl_s = least(r->ttl_s, r->record.ttl_s);
    if (r->how->follow &&
        (a->aliases == SVC__DNS_ALIASES_MAX || is_on_chain(r, target))) {
        a->kind = SVC__DNS_BROKEN;
        r->done = 1;
        return tell_chain(r);
    }
    svc__buf_add_byte(&r->chain, (char)r->at.size);
    svc__buf_add(&r->chain, r->at.bytes, r->at.size);
    a->aliases++;
    r->at = *target;
    r->moved = 1;
    r->done = !r->how->follow;
    return r->chain.err;
}

/* ---- addresses ------------------------------------------------------- */

/* Room for as many addresses as the section has records: the message was
 * checked, so each of them takes bytes of it (faults D22). */
static int begin_block(struct reader *r)
{
    const char *host = r->how->hostname;
    uint32_t size = 1 + (uint32_t)(host == NULL ? 0 : strlen(host) + 1);

    r->a->block = svc__block_new(r->m->counts[SVC__WIRE_ANSWER], size);
    if (r->a->block == NULL)
        return SVC_ENOMEM;
    if (host != NULL)
        memcpy(r->a->block->text + 1, host, size - 1);
    return 0;
}

/* An A or AAAA record. */
static int add_address(struct reader *r)
{
    if (r->a->block == NULL && begin_block(r) != 0)
        return SVC_ENOMEM;
    r->a->block->endpoints[r->count++].address = r->record.address;
    r->data_ttl_s = least(r->data_ttl_s, r->record.ttl_s);
    return 0;
}

static int compare_endpoints(const void *a, const void *b)
{
    const struct svc__endpoint *x = a;
    const struct svc__endpoint *y = b;

    return svc__address_compare(&x->address, &y->address);
}

/* An endpoint without hostname answers to its dashed address, which is then no
 * hostname of its own (semantics 2.4). */
static void name_endpoints(const struct reader *r)
{
    const char *host = r->how->hostname;
    struct svc__block *block = r->a->block;
    struct svc__address dashed;
    int is_dashed;

    if (host == NULL)
        return;
    is_dashed = svc__address_parse_dashed(host, strlen(host), &dashed) == 0;
    for (uint32_t i = 0; i < block->count; i++) {
        struct svc__endpoint *ep = &block->endpoints[i];

        if (!is_dashed || svc__address_compare(&ep->address, &dashed) != 0)
            ep->hostname = 1;
    }
}

/* In order, each once (faults D16). */
static void end_addresses(struct reader *r)
{
    struct svc__endpoint *eps = r->a->block->endpoints;
    uint32_t kept = 0;

    if (r->count > 1)
        qsort(eps, r->count, sizeof(*eps), compare_endpoints);
    for (uint32_t i = 0; i < r->count; i++) {
        if (kept > 0 && compare_endpoints(&eps[kept - 1], &eps[i]) == 0)
            continue;
        eps[kept].address = eps[i].address;
        eps[kept++].weight = 1;
    }
    r->a->duplicates += r->count - kept;
    r->a->block->count = kept;
    name_endpoints(r);
}

/* ---- services -------------------------------------------------------- */

/* How many bytes of a name are kept: all of them, or those before the domain,
 * or -1 when it is not within. */
static int kept_size(const struct reader *r, const struct svc__wire_name *name)
{
    const struct svc__wire_name *domain = r->how->domain;

    if (domain == NULL)
        return name->size;
    if (svc__wire_name_below(name, domain) < 0)
        return -1;
    return name->size - domain->size;
}

/* A target "." says that there is nothing (RFC 2782), and port 0 is none. */
static int add_service(struct reader *r)
{
    const struct svc__wire_record *record = &r->record;
    struct svc__dns_answer *a = r->a;
    struct svc__dns_service *s;
    int size = kept_size(r, &record->target);

    if (record->target.size <= 1 || record->port == 0) {
        a->skipped++;
        return 0;
    }
    if (size < 0) {
        a->refused++;
        return 0;
    }
    if (a->services == NULL) {
        a->services =
            svc__calloc(r->m->counts[SVC__WIRE_ANSWER], sizeof(*a->services));
        if (a->services == NULL)
            return SVC_ENOMEM;
    }
    s = &a->services[r->count++];
    *s = (struct svc__dns_service){.at = (uint32_t)r->names.size,
                                   .port = record->port,
                                   .priority = record->priority,
                                   .weight = record->weight,
                                   .size = (uint8_t)size};
    r->data_ttl_s = least(r->data_ttl_s, record->ttl_s);
    return svc__buf_add(&r->names, record->target.bytes, (size_t)size);
}

/* By length first: the Service itself, which has no labels, is the first. */
static int compare_targets(const struct svc__dns_service *x,
                           const struct svc__dns_service *y)
{
    if (x->size != y->size)
        return (x->size > y->size) - (x->size < y->size);
    return memcmp(x->target, y->target, x->size);
}

static int compare_services(const void *a, const void *b)
{
    const struct svc__dns_service *x = a;
    const struct svc__dns_service *y = b;
    int order = compare_targets(x, y);

    if (order == 0)
        order = (x->port > y->port) - (x->port < y->port);
    if (order == 0) /* so that which of two equal ones stays is no chance */
        order = (x->weight < y->weight) - (x->weight > y->weight);
    return order;
}

/* Of a name outside only those of the lowest priority are to be tried first
 * (RFC 2782); a Service has but one. */
static void keep_lowest_priority(struct reader *r)
{
    struct svc__dns_service *s = r->a->services;
    uint16_t lowest = UINT16_MAX;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < r->count; i++)
        lowest = s[i].priority < lowest ? s[i].priority : lowest;
    for (uint32_t i = 0; i < r->count; i++) {
        if (s[i].priority == lowest)
            s[kept++] = s[i];
    }
    r->count = kept;
}

/* In order, each pair of target and port once (semantics 2.11, 11). */
static void end_services(struct reader *r)
{
    struct svc__dns_answer *a = r->a;
    struct svc__dns_service *s = a->services;
    size_t kept = 0;

    if (r->how->domain == NULL)
        keep_lowest_priority(r);
    for (uint32_t i = 0; i < r->count; i++)
        s[i].target = s[i].size == 0 ? (const uint8_t *)""
                                     : (const uint8_t *)r->names.data + s[i].at;
    if (r->count > 1)
        qsort(s, r->count, sizeof(*s), compare_services);
    for (uint32_t i = 0; i < r->count; i++) {
        if (kept > 0 && compare_targets(&s[kept - 1], &s[i]) == 0 &&
            s[kept - 1].port == s[i].port)
            continue;
        s[kept++] = s[i];
    }
    a->duplicates += r->count - kept;
    a->service_count = kept;
}

size_t svc__dns_answer_next(const struct svc__dns_answer *a, size_t i)
{
    size_t next = i + 1;

    while (next < a->service_count &&
           compare_targets(&a->services[i], &a->services[next]) == 0)
        next++;
    return next;
}

/* ---- glue ------------------------------------------------------------ */

/* The first service with a target, or the count. */
static size_t find_target(const struct svc__dns_answer *a,
                          const struct svc__dns_service *target)
{
    size_t low = 0;
    size_t high = a->service_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_targets(&a->services[middle], target) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < a->service_count &&
        compare_targets(&a->services[low], target) != 0)
        return a->service_count;
    return low;
}

static int compare_glue(const void *a, const void *b)
{
    const struct svc__dns_glue *x = a;
    const struct svc__dns_glue *y = b;

    if (x->service != y->service)
        return (x->service > y->service) - (x->service < y->service);
    return svc__address_compare(&x->address, &y->address);
}

/* An address of the additional section, when it is a target's. */
static int add_glue(struct reader *r)
{
    struct svc__dns_answer *a = r->a;
    const struct svc__wire_name *owner = &r->record.owner;
    int size = kept_size(r, owner);
    const struct svc__dns_service like = {.target = owner->bytes,
                                          .size = (uint8_t)size};
    size_t service;

    if (size < 0)
        return 0;
    service = find_target(a, &like);
    if (service == a->service_count)
        return 0;
    if (a->glue == NULL) {
        a->glue =
            svc__calloc(r->m->counts[SVC__WIRE_ADDITIONAL], sizeof(*a->glue));
        if (a->glue == NULL)
            return SVC_ENOMEM;
    }
    a->glue[a->glue_count].service = (uint32_t)service;
    a->glue[a->glue_count++].address = r->record.address;
    r->data_ttl_s = least(r->data_ttl_s, r->record.ttl_s);
    return 0;
}

/* Only addresses of targets count, whatever else is in the section (faults
 * D14). */
static int read_glue(struct reader *r)
{
    struct svc__dns_answer *a = r->a;
    struct svc__wire_cursor c;
    size_t kept = 0;
    int err = 0;

    if (a->service_count == 0 || r->m->counts[SVC__WIRE_ADDITIONAL] == 0)
        return 0;
    svc__wire_begin(&c, r->m);
    while (err == 0 && svc__wire_next(&c, &r->record)) {
        if (r->record.section == SVC__WIRE_ADDITIONAL &&
            (r->record.type == SVC__WIRE_A || r->record.type == SVC__WIRE_AAAA))
            err = add_glue(r);
    }
    if (a->glue_count > 1)
        qsort(a->glue, a->glue_count, sizeof(*a->glue), compare_glue);
    for (size_t i = 0; i < a->glue_count; i++) {
        if (kept > 0 && compare_glue(&a->glue[kept - 1], &a->glue[i]) == 0)
            continue;
        a->glue[kept++] = a->glue[i];
    }
    a->glue_count = kept;
    return err;
}

/* ---- the whole ------------------------------------------------------- */

/* One record of the answer section. */
static int take(struct reader *r)
{
    if (!svc__wire_name_equal(&r->record.owner, &r->at)) {
        r->strayed = 1;
        return 0;
    }
    if (r->record.type == SVC__WIRE_CNAME)
        return follow(r);
    if (r->record.type != r->how->question->type)
        return 0;
    return r->record.type == SVC__WIRE_SRV ? add_service(r) : add_address(r);
}

/* One pass over the answer section. */
static int read_once(struct reader *r)
{
    struct svc__wire_cursor c;
    int err = 0;

    r->moved = 0;
    r->strayed = 0;
    drop_data(r);
    svc__wire_begin(&c, r->m);
    while (err == 0 && !r->done && svc__wire_next(&c, &r->record) &&
           r->record.section == SVC__WIRE_ANSWER)
        err = take(r);
    return err;
}

/* For how long nothing is there: the SOA of a zone that the name is in tells
 * (RFC 2308 section 5). */
static int64_t negative_ttl_ms(struct reader *r)
{
    const struct svc__wire_record *record = &r->record;
    struct svc__wire_cursor c;
    int64_t ttl_ms = -1;

    svc__wire_begin(&c, r->m);
    while (svc__wire_next(&c, &r->record)) {
        if (record->section == SVC__WIRE_AUTHORITY &&
            record->type == SVC__WIRE_SOA &&
            svc__wire_name_below(&r->at, &record->owner) >= 0)
            ttl_ms = (int64_t)least(record->ttl_s, record->minimum_s) * 1000;
    }
    return ttl_ms;
}

/* What is not there, or where else it may be. An alias with nothing behind it
 * is the end when the server says so by the SOA of the zone that the end is in
 * (RFC 2308 section 2.2); else it may not have looked. */
static void conclude_negative(struct reader *r)
{
    struct svc__dns_answer *a = r->a;
    int64_t chain_ms = (int64_t)r->ttl_s * 1000;
    int64_t soa_ms = negative_ttl_ms(r);
    int is_absent = r->m->rcode == SVC__WIRE_NXDOMAIN;

    a->ttl_ms = soa_ms < chain_ms ? soa_ms : chain_ms;
    if (a->end != NULL && (!r->how->follow || (!is_absent && soa_ms < 0))) {
        a->kind = SVC__DNS_ALIAS;
        a->ttl_ms = chain_ms;
        return;
    }
    a->kind = is_absent ? SVC__DNS_NXDOMAIN : SVC__DNS_NODATA;
}

static void conclude(struct reader *r)
{
    if (r->a->kind == SVC__DNS_BROKEN)
        r->a->ttl_ms = (int64_t)r->ttl_s * 1000;
    else if (r->count > 0)
        r->a->ttl_ms = (int64_t)least(r->ttl_s, r->data_ttl_s) * 1000;
    else
        conclude_negative(r);
}

static int read_all(struct reader *r)
{
    struct svc__dns_answer *a = r->a;
    int err;

    do
        err = read_once(r);
    while (err == 0 && !r->done && r->moved && r->strayed);
    if (err != 0)
        return err;
    if (r->chain.size > 0) {
        a->end = svc__alloc(sizeof(*a->end));
        if (a->end == NULL)
            return SVC_ENOMEM;
        *a->end = r->at;
    }
    if (r->count > 0 && a->block != NULL)
        end_addresses(r);
    if (r->count > 0 && a->services != NULL)
        end_services(r);
    if (r->count == 0) { /* an alias came after the data beside it */
        svc__block_unref(a->block);
        a->block = NULL;
    }
    err = read_glue(r);
    if (err == 0)
        conclude(r);
    return err;
}

int svc__dns_answer_read(const struct svc__wire_message *m,
                         const struct svc__dns_reading *how,
                         struct svc__dns_answer *ret)
{
    struct svc__dns_answer a = {.ttl_ms = -1, .aliases = how->aliases};
    struct reader r = {.m = m,
                       .how = how,
                       .a = &a,
                       .at = how->question->name,
                       .ttl_s = UINT32_MAX};
    int err;

    svc__buf_init(&r.names, NAMES_MAX);
    svc__buf_init(&r.chain, CHAIN_BYTES_MAX);
    err = read_all(&r);
    svc__buf_fini(&r.chain);
    a.names = r.names.data;
    if (err != 0) {
        svc__dns_answer_fini(&a);
        return SVC_ENOMEM;
    }
    *ret = a;
    return 0;
}

void svc__dns_answer_fini(struct svc__dns_answer *a)
{
    svc__block_unref(a->block);
    svc__free(a->services);
    svc__free(a->glue);
    svc__free(a->end);
    svc__free(a->chain);
    svc__free(a->names);
    *a = (struct svc__dns_answer){0};
}
