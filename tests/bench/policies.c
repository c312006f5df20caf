/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies by themselves: what building one costs, which each new set does for
 * each service; choices by a key; and how many keys go elsewhere when an
 * endpoint leaves.
 */
#include "bench.h"
#include "built.h"
#include "policy/key.h"

#include <stdio.h>
#include <string.h>

#define POLICIES_MAX 16
#define COUNTS       3
#define LEAVES_MAX   100
#define MOVED_KEYS   200000

static const unsigned counts[COUNTS] = {10, 100, 1000};

/* Those that send a key to one endpoint. */
static const struct svc__policy_ops *const hashing[] = {
    &svc__policy_maglev, &svc__policy_ring, &svc__policy_sh};

#define HASHING (sizeof(hashing) / sizeof(hashing[0]))

static void init_from(struct built_from *from, unsigned count, unsigned without)
{
    bench_must(built_from_init(from, count, without) == 0, "a set");
}

/* ---- building ----------------------------------------------------------- */

struct building {
    const struct svc__policy_ops *ops;
    const struct built_from *from;
    int is_weighted;
    size_t times;
};

static void build_one(const struct building *b, struct svc__policy *ret)
{
    bench_must(built_policy(b->from, b->ops, b->is_weighted, 1, ret) == 0,
               "building a policy");
}

static void build(void *arg)
{
    const struct building *b = arg;
    struct svc__policy policy = {0};

    for (size_t i = 0; i < b->times; i++) {
        build_one(b, &policy);
        svc__policy_fini(&policy);
    }
}

/* Bytes, as malloc rounds them. */
static void print_kept(const char *title, const char *name,
                       const struct building *b)
{
    const size_t live = memory_live();
    struct svc__policy policy = {0};
    char text[64];

    build_one(b, &policy);
    (void)snprintf(text, sizeof(text), "%s, kept", name);
    bench_value(title, text, (double)(memory_live() - live), "bytes");
    svc__policy_fini(&policy);
}

static void run_builds(const struct built_from *from, int is_weighted)
{
    char title[64];
    struct building buildings[POLICIES_MAX];
    struct bench_peer peers[POLICIES_MAX];
    struct bench_group group = {
        .title = title, .operation = "build", .peers = peers};
    const size_t times = bench_settings.quick ? 10 : 200;
    const struct svc__policy_ops *ops;

    memset(buildings, 0, sizeof(buildings));
    memset(peers, 0, sizeof(peers));
    (void)snprintf(title, sizeof(title), "policies, built of %zu%s endpoints",
                   from->set->count, is_weighted ? " weighted" : "");
    while ((ops = svc__policy_at(group.count)) != NULL) {
        const size_t i = group.count++;

        bench_must(i < POLICIES_MAX, "counting policies");
        buildings[i] = (struct building){ops, from, is_weighted, times};
        peers[i].name = ops->name;
        peers[i].arg = &buildings[i];
        peers[i].run = build;
    }
    group.operations = (double)times;
    bench_run(&group);
    for (size_t i = 0; i < group.count; i++)
        print_kept(title, peers[i].name, &buildings[i]);
}

/* ---- choosing by a key --------------------------------------------------- */

struct choosing {
    struct svc__policy policy;
    const struct built_keys *keys; /* NULL: by a hash that is there already */
    size_t times;
    uint64_t sum;
};

static void choose(void *arg)
{
    struct choosing *c = arg;

    c->sum = built_choose(&c->policy, 0, c->keys, c->times);
}

static uint64_t chosen(void *arg)
{
    return ((struct choosing *)arg)->sum;
}

static void run_choices(const struct built_from *from, size_t key_size)
{
    static struct built_keys keys;
    char title[64];
    struct choosing choosing[HASHING];
    struct bench_peer peers[HASHING];
    struct bench_group group = {.title = title,
                                .operation = "choice",
                                .peers = peers,
                                .count = HASHING,
                                .different = 1};

    memset(peers, 0, sizeof(peers));
    memset(choosing, 0, sizeof(choosing));
    if (key_size > 0)
        built_keys_init(&keys, key_size);
    if (key_size > 0)
        (void)snprintf(title, sizeof(title),
                       "choices by a key of %zu bytes, of %zu endpoints",
                       key_size, from->set->count);
    else
        (void)snprintf(title, sizeof(title),
                       "choices by a hash, of %zu endpoints", from->set->count);
    for (size_t i = 0; i < HASHING; i++) {
        struct choosing *c = &choosing[i];

        bench_must(built_policy(from, hashing[i], 0, 0, &c->policy) == 0,
                   "building a policy");
        c->keys = key_size > 0 ? &keys : NULL;
        c->times = bench_settings.quick ? 100000 : 3000000;
        peers[i].name = hashing[i]->name;
        peers[i].arg = c;
        peers[i].run = choose;
        peers[i].after = chosen;
    }
    group.operations = (double)choosing[0].times;
    bench_run(&group);
    for (size_t i = 0; i < HASHING; i++)
        svc__policy_fini(&choosing[i].policy);
}

/* ---- keys that move ------------------------------------------------------ */

/* The numbers of the endpoints that keys from 0 on go to. */
static void place_keys(const struct built_from *from,
                       const struct svc__policy_ops *ops,
                       unsigned ret[MOVED_KEYS], uint32_t keys)
{
    struct svc__policy policy = {0};
    struct built_turn t;

    bench_must(built_policy(from, ops, 0, 0, &policy) == 0,
               "building a policy");
    built_turn_init(&t, 0);
    t.ctx.has_key = 1;
    for (uint32_t i = 0; i < keys; i++) {
        t.ctx.hash = svc__key_hash(&i, sizeof(i));
        ret[i] = built_number(from, svc__policy_pick(&policy, &t.ctx));
    }
    svc__policy_fini(&policy);
}

/* Keys that move when an endpoint leaves, in proportion to one endpoint's share
 * of all: the mean of up to a hundred endpoints, each of which leaves once. */
static double moved(const struct svc__policy_ops *ops, unsigned count,
                    uint32_t keys)
{
    const unsigned leaves = count < LEAVES_MAX ? count : LEAVES_MAX;
    static unsigned before[MOVED_KEYS];
    static unsigned after[MOVED_KEYS];
    struct built_from from;
    size_t sum = 0;

    init_from(&from, count, count);
    place_keys(&from, ops, before, keys);
    built_from_fini(&from);
    for (unsigned i = 0; i < leaves; i++) {
        init_from(&from, count, i * (count / leaves));
        place_keys(&from, ops, after, keys);
        for (uint32_t k = 0; k < keys; k++)
            sum += before[k] != after[k];
        built_from_fini(&from);
    }
    return (double)sum * count / ((double)keys * leaves);
}

static void print_moves(void)
{
    const uint32_t keys = bench_settings.quick ? 2000 : MOVED_KEYS;
    char title[64];

    for (size_t i = 0; i < COUNTS; i++) {
        (void)snprintf(title, sizeof(title),
                       "keys that move when 1 of %u endpoints leaves",
                       counts[i]);
        if (!bench_settings.json)
            printf("%s\n", title);
        for (size_t p = 0; p < HASHING; p++)
            bench_value(title, hashing[p]->name,
                        moved(hashing[p], counts[i], keys),
                        "of an endpoint's share");
    }
}

void bench_policies(void)
{
    static const size_t key_sizes[] = {0, 8, 34};
    struct built_from from;

    for (size_t i = 0; i < COUNTS; i++) {
        init_from(&from, counts[i], counts[i]);
        run_builds(&from, 0);
        run_builds(&from, 1);
        for (size_t k = 0; k < 3; k++)
            run_choices(&from, key_sizes[k]);
        built_from_fini(&from);
    }
    print_moves();
}
