/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns which names are kept and for how long.
 *
 * Design notes. A hit takes one lock, and under it compares, takes a reference
 * to the set and leaves: publishing puts each new set here too, so that the
 * service's own lock is not needed. What is not a hit (no set yet, or no entry)
 * waits on the service as a caller of svc_service_wait would. Opening happens
 * under the lock: it parses a name and queues a command, and so N threads open
 * one service.
 * A service in the memo has the reference that a caller would have; whoever
 * takes its entry out gives that back, outside the lock, and where callers
 * wait for its answer the last of them does. The entry's memory is
 * the service's, since the loop may be about to put a set into it.
 * Time is not read on a hit: an entry is marked as used, and a timer of the
 * loop lets those go that were not for two rounds of it.
 */
#include "core/memo.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/tick.h"
#include "core/service.h"

#include <string.h>

#define BUCKETS_MIN 64
#define SWEEP_PART  256  /* entries looked at in one go, lock held */
#define GIVE_WAY    100  /* entries that make room for others in one go */
#define KEY_MAX     4096 /* a longer one is not kept */
/* References to a set that an entry takes at once: one by one under the lock
 * they cost no atomic operation. */
#define SPARE_MAX 4096

/* One call. */
struct call {
    svc_resolver *r;
    struct svc__request request;
    const char *key; /* the text that tells one entry from another */
    size_t key_size;
    uint64_t hash;
    int timeout_ms;
};

/* ---- the table, lock held ------------------------------------------------ */

static struct svc__memo_entry *find(const struct svc__memo *m,
                                    const struct call *c)
{
    struct svc__memo_entry *e =
        m->buckets == NULL ? NULL : m->buckets[c->hash & m->mask];

    while (e != NULL && (e->hash != c->hash || e->key_size != c->key_size ||
                         memcmp(e->key, c->key, c->key_size) != 0))
        e = e->next;
    return e;
}

/* Twice as many buckets; without memory the chains grow instead. 0, or
 * SVC_ENOMEM where there are none at all. */
static int grow(struct svc__memo *m)
{
    size_t size = m->buckets == NULL ? BUCKETS_MIN : 2 * (m->mask + 1);
    struct svc__memo_entry **buckets = svc__calloc(size, sizeof(*buckets));
    struct svc__list *it;

    if (buckets == NULL)
        return m->buckets == NULL ? SVC_ENOMEM : 0;
    svc__free(m->buckets);
    m->buckets = buckets;
    m->mask = size - 1;
    svc__list_each (it, &m->entries) {
        struct svc__memo_entry *e =
            svc__list_entry(it, struct svc__memo_entry, link);

        e->next = buckets[e->hash & m->mask];
        buckets[e->hash & m->mask] = e;
    }
    return 0;
}

static void free_buckets(struct svc__memo *m)
{
    svc__free(m->buckets);
    m->buckets = NULL;
    m->mask = 0;
}

static void insert(struct svc__memo *m, struct svc__memo_entry *e)
{
    struct svc__memo_entry **bucket = &m->buckets[e->hash & m->mask];

    e->is_kept = 1;
    e->next = *bucket;
    *bucket = e;
    svc__list_add(&m->entries, &e->link);
    m->count++;
}

/* Takes an entry out and puts it on a list of those to be let go, unless
 * callers wait for its answer: they would see their service closed. */
static void take_out(struct svc__memo *m, struct svc__memo_entry *e,
                     struct svc__list *gone)
{
    struct svc__memo_entry **at = &m->buckets[e->hash & m->mask];

    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    e->is_kept = 0;
    svc__list_remove(&e->link);
    if (e->waiting == 0)
        svc__list_add(gone, &e->link);
    m->count--;
}

/* Leaves at most max: those used since the last look get another turn. */
static void evict(struct svc__memo *m, size_t max, struct svc__list *gone)
{
    while (m->count > max) {
        struct svc__memo_entry *e =
            svc__list_entry(m->entries.next, struct svc__memo_entry, link);

        if (!e->is_used) {
            take_out(m, e, gone);
            continue;
        }
        e->is_used = 0;
        e->idle = 0;
        svc__list_remove(&e->link);
        svc__list_add(&m->entries, &e->link);
    }
}

/* Takes the set out of an entry, if there is one, with one reference. */
static struct svc_endpoints *drop_set(struct svc__memo_entry *e)
{
    struct svc_endpoints *eps = e->eps;

    if (eps != NULL)
        svc__refs_put_many(&eps->refs, e->spare);
    e->eps = NULL;
    e->spare = 0;
    return eps;
}

/* Gives back what the memo had of entries that it took out; no lock held. */
static void let_go(struct svc__list *gone)
{
    while (!svc__list_is_empty(gone)) {
        struct svc__memo_entry *e =
            svc__list_entry(gone->next, struct svc__memo_entry, link);
        struct svc_endpoints *eps = drop_set(e);

        svc__list_remove(&e->link);
        svc__service_free(e->s); /* e goes with it */
        svc_endpoints_unref(eps);
    }
}

/* ---- answering ------------------------------------------------------------
 */

/* Lock held: the answer of an entry that has one. */
static int answer(struct svc__memo_entry *e, struct svc_endpoints **ret,
                  svc_error *reterr)
{
    e->is_used = 1;
    if (e->code == 0) {
        if (e->spare == 0) {
            e->spare = SPARE_MAX;
            svc__refs_get_many(&e->eps->refs, e->spare);
        }
        e->spare--;
        *ret = e->eps;
    } else if (reterr != NULL) {
        reterr->code = e->code;
        memcpy(reterr->message, e->message, e->message_size);
        reterr->message[e->message_size] = '\0';
        memcpy(reterr->hint, e->hint, e->hint_size);
        reterr->hint[e->hint_size] = '\0';
    }
    return e->code;
}

/* Lock held: opens a name and keeps it, perhaps instead of another one. */
static int open_entry(const struct call *c, struct svc__list *gone,
                      struct svc__memo_entry **ret, svc_error *reterr)
{
    struct svc__memo *m = &c->r->memo;
    struct svc__request request = c->request;
    struct svc__memo_entry *e = svc__calloc(1, sizeof(*e) + c->key_size);
    int err;

    if (e == NULL || (m->count >= m->mask && grow(m) != 0)) {
        svc__free(e);
        return svc__err_nomem(reterr);
    }
    svc__list_init(&e->link);
    e->hash = c->hash;
    e->key_size = (uint32_t)c->key_size;
    memcpy(e->key, c->key, c->key_size);
    request.memo = e;
    err = svc__service_new(c->r, &request, &e->s, reterr);
    if (err != 0) {
        svc__free(e);
        if (m->count == 0)
            free_buckets(m);
        return err;
    }
    evict(m, SVC__MEMO_MAX - 1, gone);
    insert(m, e);
    *ret = e;
    return 0;
}

/* Waits on a service for its first answer. */
static int wait_for(svc_service *s, int timeout_ms, struct svc_endpoints **ret,
                    svc_error *reterr)
{
    int err = svc__service_wait(s, timeout_ms, reterr);
    struct svc_endpoints *eps;

    if (err != 0)
        return err;
    eps = svc__publish_get(&s->publish);
    if (eps == NULL)
        return svc__err_set(reterr, SVC_ECLOSED,
                            "the resolver was freed meanwhile");
    *ret = eps;
    return 0;
}

/* Not kept: open, wait, close. */
static int resolve_once(const struct call *c, struct svc_endpoints **ret,
                        svc_error *reterr)
{
    svc_service *s;
    int err = svc__service_new(c->r, &c->request, &s, reterr);

    if (err != 0)
        return err;
    err = wait_for(s, c->timeout_ms, ret, reterr);
    svc__service_free(s);
    return err;
}

/* Waits for an entry's first answer, outside the lock; was counted as waiting.
 * What will not come by itself, such as a source that could not be opened, is
 * tried anew by the next call. */
static int wait_for_entry(const struct call *c, struct svc__memo_entry *e,
                          struct svc_endpoints **ret, svc_error *reterr)
{
    struct svc__memo *m = &c->r->memo;
    svc_service *s = e->s;
    int err = wait_for(s, c->timeout_ms, ret, reterr);
    struct svc__list gone;

    svc__list_init(&gone);
    svc__mutex_lock(&m->lock);
    e->waiting--;
    if (!e->is_kept && e->waiting == 0)
        svc__list_add(&gone, &e->link);
    else if (e->is_kept && e->eps == NULL && err != 0 &&
             !svc_err_is_transient(err))
        take_out(m, e, &gone);
    svc__mutex_unlock(&m->lock);
    let_go(&gone);
    svc__service_unref(s);
    return err;
}

static int resolve(const struct call *c, struct svc_endpoints **ret,
                   svc_error *reterr)
{
    struct svc__memo *m = &c->r->memo;
    _Atomic uint64_t *resolves = &c->r->counters.resolves;
    struct svc__memo_entry *e;
    struct svc__list gone;
    int err = 0;

    svc__mutex_lock(&m->lock);
    /* Written under this lock only. */
    atomic_store_explicit(
        resolves, atomic_load_explicit(resolves, memory_order_relaxed) + 1,
        memory_order_relaxed);
    e = find(m, c);
    if (e != NULL && e->eps != NULL) {
        err = answer(e, ret, reterr);
        svc__mutex_unlock(&m->lock);
        return err;
    }
    svc__list_init(&gone);
    if (e == NULL && !m->closed && c->key_size <= KEY_MAX)
        err = open_entry(c, &gone, &e, reterr);
    if (e != NULL) {
        e->is_used = 1;
        e->waiting++;
        svc__refs_get(&e->s->refs);
    }
    svc__mutex_unlock(&m->lock);
    let_go(&gone);
    if (e != NULL)
        return wait_for_entry(c, e, ret, reterr);
    return err != 0 ? err : resolve_once(c, ret, reterr);
}

/* Appends bytes to the key, with the NUL in front that no name has. */
static size_t add_bytes(char key[KEY_MAX], size_t used, const void *bytes,
                        size_t size)
{
    if (used + 1 + size > KEY_MAX)
        return KEY_MAX + 1;
    key[used] = '\0';
    if (size > 0)
        memcpy(key + used + 1, bytes, size);
    return used + 1 + size;
}

static size_t add_word(char key[KEY_MAX], size_t used, const char *word)
{
    return add_bytes(key, used, word, word == NULL ? 0 : strlen(word));
}

/* The same name with other options is another entry. */
static int resolve_with(const struct call *call, struct svc_endpoints **ret,
                        svc_error *reterr)
{
    struct call c = *call;
    svc_service_options o = SVC_SERVICE_OPTIONS_INIT;
    char key[KEY_MAX];
    size_t used = strlen(c.request.name);
    int err = svc__settings_copy(&o, sizeof(o), c.request.options, reterr);

    if (err != 0)
        return err;
    if (used <= KEY_MAX)
        memcpy(key, c.request.name, used);
    used = add_word(key, used, o.view);
    used = add_word(key, used, o.family);
    used = add_word(key, used, o.proto);
    used = add_word(key, used, o.policy);
    c.key_size = add_bytes(key, used, &o.subset, sizeof(o.subset));
    c.key = key;
    if (c.key_size <= KEY_MAX)
        c.hash = svc__hash(&c.r->hash_key, key, c.key_size);
    return resolve(&c, ret, reterr);
}

/* Nobody but the caller runs the loop, and a caller who only ever resolves
 * would never hear of changes. */
static void catch_up(svc_resolver *r)
{
    int64_t tick = svc__tick_now();

    if (tick == r->memo.tick)
        return;
    r->memo.tick = tick;
    (void)svc__resolver_round(r, 0);
}

int svc__memo_resolve(svc_resolver *r, const struct svc__memo_question *q,
                      struct svc_endpoints **ret, svc_error *reterr)
{
    struct call c;

    if (r->settings.external_loop)
        catch_up(r);
    c.r = r;
    c.request = (struct svc__request){.name = q->name, .options = q->options};
    c.key = NULL;
    c.key_size = 0;
    c.hash = 0;
    c.timeout_ms = q->timeout_ms;
    if (q->options != NULL)
        return resolve_with(&c, ret, reterr);
    c.key = q->name;
    c.key_size = strlen(q->name);
    c.hash = svc__hash(&r->hash_key, c.key, c.key_size);
    return resolve(&c, ret, reterr);
}

/* ---- the loop's side ------------------------------------------------------
 */

/* The story of a set without usable endpoints, ready to be copied: as much of
 * it as an svc_error holds. */
static void prepare(struct svc__memo_entry *e, const struct svc_endpoints *eps)
{
    svc_error error;

    e->code = svc__publish_code(eps, &error);
    if (e->code == 0)
        return;
    e->message =
        eps->view->message != NULL ? eps->view->message : svc_err_text(e->code);
    e->message_size = (uint16_t)strlen(error.message);
    e->hint = eps->view->hint != NULL ? eps->view->hint : "";
    e->hint_size = (uint16_t)strlen(error.hint);
}

void svc__memo_set(struct svc__memo *m, struct svc__memo_entry *e,
                   struct svc_endpoints *eps)
{
    struct svc_endpoints *old = NULL;

    svc__mutex_lock(&m->lock);
    if (e->is_kept) {
        old = drop_set(e);
        e->eps = svc_endpoints_ref(eps);
        prepare(e, eps);
    }
    svc__mutex_unlock(&m->lock);
    svc_endpoints_unref(old);
}

/* Looks at the first count entries, which go to the end of the list, and takes
 * those out that were not used for long. */
static void sweep(struct svc__memo *m, size_t count, struct svc__list *gone)
{
    while (count-- > 0 && !svc__list_is_empty(&m->entries)) {
        struct svc__memo_entry *e =
            svc__list_entry(m->entries.next, struct svc__memo_entry, link);

        e->idle = e->is_used || e->waiting > 0 ? 0 : e->idle + 1;
        e->is_used = 0;
        if (e->idle >= SVC__MEMO_SWEEPS) {
            take_out(m, e, gone);
            continue;
        }
        svc__list_remove(&e->link);
        svc__list_add(&m->entries, &e->link);
    }
}

static void begin(svc_resolver *r)
{
    svc__loop_set(r->loop, &r->memo.timer,
                  svc__loop_now_ms(r->loop) + SVC__MEMO_SWEEP_MS);
}

static void on_timer(void *arg)
{
    svc_resolver *r = arg;
    struct svc__memo *m = &r->memo;
    struct svc__list gone;
    size_t left;

    svc__list_init(&gone);
    svc__mutex_lock(&m->lock);
    for (left = m->count; left > 0;) {
        size_t part = left < SWEEP_PART ? left : SWEEP_PART;

        sweep(m, part, &gone);
        left -= part;
        /* Callers are not to wait for all of it. */
        svc__mutex_unlock(&m->lock);
        svc__mutex_lock(&m->lock);
    }
    left = m->count;
    if (left == 0)
        free_buckets(m);
    svc__mutex_unlock(&m->lock);
    let_go(&gone);
    if (left > 0)
        begin(r);
}

void svc__memo_begin(svc_resolver *r)
{
    if (!svc__timer_is_set(&r->memo.timer))
        begin(r);
}

int svc__memo_give_way(struct svc__memo *m)
{
    struct svc__list gone;
    size_t before;

    svc__list_init(&gone);
    svc__mutex_lock(&m->lock);
    before = m->count;
    evict(m, before > GIVE_WAY ? before - GIVE_WAY : 0, &gone);
    svc__mutex_unlock(&m->lock);
    let_go(&gone);
    return before > 0;
}

/* ---- life -----------------------------------------------------------------
 */

int svc__memo_init(struct svc__memo *m, svc_resolver *r)
{
    memset(m, 0, sizeof(*m));
    svc__list_init(&m->entries);
    svc__timer_init(&m->timer, on_timer, r);
    return svc__mutex_init(&m->lock);
}

void svc__memo_fini(struct svc__memo *m)
{
    svc__free(m->buckets);
    svc__mutex_fini(&m->lock);
}

void svc__memo_close(struct svc__memo *m)
{
    struct svc__list gone;

    svc__list_init(&gone);
    svc__mutex_lock(&m->lock);
    m->closed = 1;
    while (!svc__list_is_empty(&m->entries))
        take_out(m,
                 svc__list_entry(m->entries.next, struct svc__memo_entry, link),
                 &gone);
    svc__mutex_unlock(&m->lock);
    let_go(&gone);
}
