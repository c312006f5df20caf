/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any script of events on a small cache: one question at a time for a key, no
 * hot loop, no wake-up for nobody, and no set that goes by one answer or by a
 * failure.
 */
#include "cache/cache_own.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEYS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
    const uint8_t *data;
    size_t size;
    struct svc__cache *c;
    struct svc__cache_entry *entries[KEYS];
    size_t wanted[KEYS];
    int is_out[KEYS]; /* a question */
    int64_t now_ms;
    struct svc__block *block;
};

static void check(int good)
{
    if (!good)
        abort();
}

static unsigned take(struct fuzz *f)
{
    if (f->size == 0)
        return 0;
    f->size--;
    return *f->data++;
}

static int64_t take_keep(struct fuzz *f)
{
    static const int64_t keeps[] = {-1, 0, 1500, 20000};

    return keeps[take(f) % 4];
}

static void check_action(struct fuzz *f, const struct svc__cache_action *a)
{
    struct svc__cache_entry *e = a->entry;
    unsigned key = (unsigned)(e->key[0] - 'a');

    if (a->what == SVC__CACHE_GONE) {
        check(f->wanted[key] == 0 || f->entries[key] != e);
        check(e->wanted == 0 && !e->asking);
        if (f->entries[key] == e) {
            check(!f->is_out[key]);
            f->entries[key] = NULL;
        }
        return;
    }
    check(f->entries[key] == e && e->wanted > 0);
    if (a->what == SVC__CACHE_ASK) {
        check(e->asking && !f->is_out[key]);
        check(a->confirm == (e->held != NULL && e->doubted_ms >= 0));
        f->is_out[key] = 1;
    }
    check(a->what != SVC__CACHE_SHOW || e->view != NULL);
}

static void check_entry(const struct fuzz *f, unsigned key)
{
    const struct svc__cache_entry *e = f->entries[key];

    check(e->wanted == f->wanted[key] && e->asking == f->is_out[key]);
    check(e->held == NULL || svc__cache_has_set(e->view));
    check((e->link.next != &e->link) == (e->wanted == 0 && !e->asking));
    check(svc__heap_has(&e->due) == (svc__cache_time_due(e) != INT64_MAX));
    check(!svc__heap_has(&e->due) || e->due.key > f->now_ms);
    check(!e->is_stale || e->view != NULL);
    check(e->trouble == 0 || svc__cache_trouble(e, NULL) == e->trouble);
}

static void check_all(struct fuzz *f)
{
    struct svc__cache_action a;
    struct svc__cache_stats stats;
    uint64_t negative = 0;
    size_t wanted = 0;

    while (svc__cache_next(f->c, &a))
        check_action(f, &a);
    for (unsigned i = 0; i < KEYS; i++) {
        if (f->entries[i] == NULL)
            continue;
        check_entry(f, i);
        wanted += f->wanted[i] > 0;
        negative += f->entries[i]->view != NULL &&
                    f->entries[i]->found != SVC__CACHE_HAVE;
    }
    svc__cache_stats(f->c, &stats);
    check(stats.negative == negative && f->c->wanted == wanted);
    check(stats.entries <= f->c->settings.entries_max);
    check(wanted > 0 || svc__cache_due_ms(f->c) == INT64_MAX);
}

static void go(struct fuzz *f, int64_t to_ms)
{
    while (svc__cache_due_ms(f->c) <= to_ms) {
        f->now_ms = svc__cache_due_ms(f->c);
        svc__cache_due(f->c, f->now_ms);
        check_all(f);
    }
    f->now_ms = to_ms;
}

static void want(struct fuzz *f, unsigned key)
{
    const char text[2] = {(char)('a' + key), '\0'};
    struct svc__cache_entry *e;
    int err = svc__cache_want(f->c, text, f->now_ms, &e);

    check(err == 0 || err == SVC_ETOOBIG);
    if (err != 0)
        return;
    check(f->entries[key] == e || f->wanted[key] == 0);
    f->entries[key] = e;
    f->wanted[key]++;
}

static struct svc__view *make_view(struct fuzz *f, enum svc__cache_found found)
{
    struct svc__view *v = svc__view_new("fuzz", NULL);
    unsigned bits = found == SVC__CACHE_HAVE ? take(f) : 0;

    check(v != NULL);
    v->ttl_ms = (int64_t)(take(f) % 64) * 500 - 1;
    check(svc__view_hold(v, f->block) == 0);
    for (uint32_t i = 0; i < 8; i++) {
        struct svc__candidate c = {
            .block = f->block, .index = i, .port = 80, .proto = 6};

        if (bits >> i & 1)
            check(svc__view_add(v, &c) == 0);
    }
    return v;
}

/* Only a question that is out is answered; one answer does not empty a set. */
static void answer(struct fuzz *f, unsigned key, char what)
{
    struct svc__cache_entry *e = f->entries[key];
    struct svc__cache_answer a = {NULL, SVC__CACHE_HAVE, what == 'p', 1};
    const struct svc__view *before = e->view;
    int is_settled = e->held == NULL && svc__cache_has_set(before);

    if (what == 'x' || what == 'o')
        a.found = what == 'x' ? SVC__CACHE_NXDOMAIN : SVC__CACHE_NODATA;
    a.is_last = !a.is_partial || take(f) % 2;
    a.view = make_view(f, a.found);
    f->is_out[key] = !a.is_last;
    svc__cache_answer(e, &a, f->now_ms);
    if (is_settled && a.found != SVC__CACHE_HAVE)
        check(e->view == before);
}

static void fail(struct fuzz *f, unsigned key)
{
    static const svc_error error = {SVC_ETIMEDOUT, "none", ""};
    struct svc__cache_entry *e = f->entries[key];
    const struct svc__view *before = e->view;
    int is_settled = e->held == NULL && f->c->settings.error_keep_ms < 0 &&
                     f->c->settings.max_stale_ms < 0;

    f->is_out[key] = 0;
    svc__cache_fail(e, &error, f->now_ms);
    check(!is_settled || e->view == before);
    check(e->ask_ms >= f->now_ms + 100);
}

static void step(struct fuzz *f)
{
    char what = (char)take(f);
    unsigned key = take(f) % KEYS;

    if (what == 't') {
        go(f, f->now_ms + ((int64_t)1 << key * 2));
    } else if (what == 'c') {
        svc__cache_refresh_all(f->c, f->now_ms);
    } else if (what == 'w') {
        want(f, key);
    } else if (f->wanted[key] > 0 && what == 'u') {
        f->wanted[key]--;
        svc__cache_unwant(f->entries[key], f->now_ms);
    } else if (f->wanted[key] > 0 && what == 'r') {
        svc__cache_refresh(f->entries[key], f->now_ms);
    } else if (f->is_out[key] && what == 'f') {
        fail(f, key);
    } else if (f->is_out[key] && strchr("apxo", what) != NULL) {
        answer(f, key, what);
    }
    check_all(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz f = {.data = data, .size = size};
    struct svc__cache_settings s = {
        .ttl_min_ms = 1000, .ttl_max_ms = 30000, .negative_max_ms = 5000};

    s.entries_max = 1 + take(&f) % KEYS;
    s.nxdomain_keep_ms = take_keep(&f);
    s.nodata_keep_ms = take_keep(&f);
    s.error_keep_ms = take_keep(&f);
    s.max_stale_ms = take_keep(&f);
    s.seed = take(&f);
    f.block = svc__block_new(8, 1);
    check(f.block != NULL);
    for (uint32_t i = 0; i < 8; i++)
        f.block->endpoints[i].address.bytes[3] = (uint8_t)i;
    f.c = svc__cache_new(&s);
    check(f.c != NULL);
    while (f.size > 0)
        step(&f);
    svc__cache_free(f.c);
    svc__block_unref(f.block);
    return 0;
}
