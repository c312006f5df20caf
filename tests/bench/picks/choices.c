/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what stands around a choice. What is chosen goes into a sum that is
 * told, or there would be nothing to do.
 */
#include "choices.h"

#include "../built.h"
#include "core/publish.h"
#include "crew.h"

#include <pthread.h>
#include <string.h>

struct choices {
    struct built_from from;
    struct svc__snapshot *snapshot; /* with the policy */
    struct built_keys keys;
    _Atomic uint64_t sum; /* of all indices chosen */

    _Atomic(const struct svc__snapshot *) newest;
    int is_fenced;
    pthread_rwlock_t lock;
};

/* ---- what a thread does ------------------------------------------------ */

static void alone(void *arg, unsigned number, size_t count)
{
    struct choices *c = arg;

    atomic_fetch_add(&c->sum,
                     built_choose(&c->snapshot->policy, number, NULL, count));
}

/* The same, where nothing is tracked (open_policy). */
static void plain(void *arg, unsigned number, size_t count)
{
    alone(arg, number, count);
}

static void by_key(void *arg, unsigned number, size_t count)
{
    struct choices *c = arg;

    atomic_fetch_add(
        &c->sum, built_choose(&c->snapshot->policy, number, &c->keys, count));
}

/* As core/publish does it, up to the pick that would be written. */
static void kept(void *arg, unsigned number, size_t count)
{
    struct choices *c = arg;
    struct built_turn t;
    uint64_t sum = 0;

    built_turn_init(&t, number);
    for (size_t i = 0; i < count; i++) {
        struct svc__reader *me = svc__reader_self();
        const struct svc__snapshot *s =
            svc__reader_enter(me, &c->newest, c->is_fenced);

        t.ctx.rng = &me->rng;
        t.ctx.cursor = svc__reader_cursor(me, &s->key);
        sum += svc__policy_pick(&s->policy, &t.ctx);
        svc__reader_leave(me);
    }
    atomic_fetch_add(&c->sum, sum);
}

static void locked(void *arg, unsigned number, size_t count)
{
    struct choices *c = arg;
    struct built_turn t;
    uint64_t sum = 0;

    built_turn_init(&t, number);
    for (size_t i = 0; i < count; i++) {
        pthread_rwlock_rdlock(&c->lock);
        sum += svc__policy_pick(&c->snapshot->policy, &t.ctx);
        pthread_rwlock_unlock(&c->lock);
    }
    atomic_fetch_add(&c->sum, sum);
}

/* ---- commands ---------------------------------------------------------- */

/* Weights are for the policy that is about them. */
static void open_policy(struct choices *c, const char *const *words,
                        int is_tracked)
{
    const unsigned count = (unsigned)client_number(words[2]);
    const struct svc__policy_ops *ops;
    svc_error error;

    client_must(svc__policy_find(words[1], &ops, &error) == 0 &&
                    built_from_init(&c->from, count, count) == 0,
                "finding a policy");
    c->snapshot = svc__snapshot_new(svc_endpoints_ref(c->from.set));
    client_must(c->snapshot != NULL &&
                    built_policy(&c->from, ops, ops == &svc__policy_wrr,
                                 is_tracked, &c->snapshot->policy) == 0 &&
                    pthread_rwlock_init(&c->lock, NULL) == 0,
                "building a policy");
    svc__reader_key_init(&c->snapshot->key);
    c->is_fenced = svc__reader_prepare();
    atomic_init(&c->newest, c->snapshot);
}

static void close_policy(struct choices *c)
{
    svc__reader_key_fini(&c->snapshot->key);
    svc__snapshot_free(c->snapshot);
    pthread_rwlock_destroy(&c->lock);
    built_from_fini(&c->from);
}

static void tell(void (*work)(void *, unsigned, size_t),
                 const char *const *words)
{
    static struct choices c;
    const struct crew crew = {work, &c, crew_threads(words[4]),
                              client_number(words[3])};

    memset(&c, 0, sizeof(c));
    if (work == by_key) {
        const size_t size = client_number(words[5]);

        client_must(size >= 3 && size < BUILT_KEY_SIZE, "a key's size");
        built_keys_init(&c.keys, size);
    }
    open_policy(&c, words, work != plain);
    crew_run(&crew);
    client_tell("mean", (double)c.sum / ((double)crew.count * crew.threads));
    close_policy(&c);
}

void choices_alone(const char *const words[CLIENT_WORDS_MAX])
{
    tell(alone, words);
}

void choices_plain(const char *const words[CLIENT_WORDS_MAX])
{
    tell(plain, words);
}

void choices_kept(const char *const words[CLIENT_WORDS_MAX])
{
    tell(kept, words);
}

void choices_locked(const char *const words[CLIENT_WORDS_MAX])
{
    tell(locked, words);
}

void choices_by_key(const char *const words[CLIENT_WORDS_MAX])
{
    tell(by_key, words);
}
