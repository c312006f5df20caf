/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map against a plain array of keys, by random operations; keys of every
 * shape; probe runs that wrap and close.
 */
#include "base/map.h"
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEYS 300

static const struct svc__hash_key hash_key = {1, 2};

/* values[i] is what key i maps to, NULL when it is absent. */
struct model {
    int *values[KEYS];
    size_t count;
};

static int things[1000];

static size_t make_key(char *ret, size_t size, uint32_t i)
{
    return (size_t)snprintf(ret, size, "ns-%u/service-%u", i % 7, i);
}

static void step(struct svc__rng *rng, struct svc__map *m, struct model *model)
{
    char key[64];
    uint32_t i = svc__rng_below(rng, KEYS);
    size_t size = make_key(key, sizeof(key), i);
    int *value = &things[svc__rng_below(rng, 1000)];
    void *old = m;

    if (svc__rng_below(rng, 2)) {
        assert_int_equal(svc__map_put(m, key, size, value, &old), 0);
        assert_ptr_equal(old, model->values[i]);
        model->count += model->values[i] == NULL;
        model->values[i] = value;
    } else {
        assert_ptr_equal(svc__map_remove(m, key, size), model->values[i]);
        model->count -= model->values[i] != NULL;
        model->values[i] = NULL;
    }
    assert_int_equal(m->count, model->count);
}

/* The same by entries: what was not there is made, and set or taken back. */
static void step_entry(struct svc__rng *rng, struct svc__map *m,
                       struct model *model)
{
    char key[64];
    uint32_t i = svc__rng_below(rng, KEYS);
    size_t size = make_key(key, sizeof(key), i);
    struct svc__map_entry *e = svc__map_enter(m, key, size);

    assert_non_null(e);
    assert_ptr_equal(e->value, model->values[i]);
    assert_string_equal(e->key, key);
    model->count -= model->values[i] != NULL;
    model->values[i] = NULL;
    if (svc__rng_below(rng, 2)) {
        model->values[i] = &things[svc__rng_below(rng, 1000)];
        model->count++;
        e->value = model->values[i];
    } else {
        svc__map_leave(m, e);
    }
    assert_int_equal(m->count, model->count);
}

/* Every key by get, and every entry by the walk, once. */
static void check(const struct svc__map *m, const struct model *model)
{
    char key[64];
    size_t walked = 0;
    size_t at = 0;
    struct svc__map_entry *e;

    for (uint32_t i = 0; i < KEYS; i++) {
        size_t size = make_key(key, sizeof(key), i);

        assert_ptr_equal(svc__map_get(m, key, size), model->values[i]);
    }
    while ((e = svc__map_next(m, &at)) != NULL) {
        unsigned group;
        unsigned i;

        assert_int_equal(sscanf(e->key, "ns-%u/service-%u", &group, &i), 2);
        assert_ptr_equal(e->value, model->values[i]);
        assert_int_equal(strlen(e->key), e->key_size);
        walked++;
    }
    assert_int_equal(walked, model->count);
}

static void test_random(void **state)
{
    struct svc__rng rng;
    struct svc__map m;
    struct model model = {{NULL}, 0};

    (void)state;
    svc__rng_seed(&rng, 1);
    svc__map_init(&m, &hash_key);
    for (int i = 0; i < 30000; i++) {
        step(&rng, &m, &model);
        step_entry(&rng, &m, &model);
        if (i % 500 == 0)
            check(&m, &model);
    }
    check(&m, &model);
    svc__map_fini(&m);
}

static void test_empty(void **state)
{
    struct svc__map m;
    size_t at = 0;

    (void)state;
    svc__map_init(&m, &hash_key);
    assert_null(svc__map_get(&m, "a", 1));
    assert_null(svc__map_remove(&m, "a", 1));
    assert_null(svc__map_next(&m, &at));
    svc__map_fini(&m);
    svc__map_fini(&m);
}

/* Keys are bytes: empty, with a NUL, one the beginning of another, long. */
static void test_keys(void **state)
{
    static char large[10000];
    const struct {
        const char *key;
        size_t size;
    } keys[] = {{"", 0},       {"\0", 1},     {"\0\0", 2},   {"a", 1},
                {"a\0", 2},    {"ab", 2},     {"A", 1},      {"a\0b", 3},
                {large, 1000}, {large, 9999}, {large, 10000}};
    struct svc__map m;

    (void)state;
    memset(large, 'x', sizeof(large));
    svc__map_init(&m, &hash_key);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_int_equal(
            svc__map_put(&m, keys[i].key, keys[i].size, &things[i], NULL), 0);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_ptr_equal(svc__map_get(&m, keys[i].key, keys[i].size),
                         &things[i]);
    /* The key was copied. */
    memset(large, 'y', sizeof(large));
    assert_null(svc__map_get(&m, large, 1000));
    svc__map_fini(&m);
}

/* The slots, so that the invariants of linear probing can be looked at: no
 * empty one between a key's home and its place. */
static void check_runs(const struct svc__map *m)
{
    for (size_t i = 0; m->slots != NULL && i <= m->mask; i++) {
        if (m->slots[i] == NULL)
            continue;
        for (size_t j = (size_t)m->slots[i]->hash & m->mask; j != i;
             j = (j + 1) & m->mask)
            assert_non_null(m->slots[j]);
    }
}

/* Puts and removes in a map kept as full as it gets, so that runs are long and
 * wrap around. */
static void test_runs(void **state)
{
    struct svc__rng rng;
    struct svc__map m;
    char key[64];
    uint32_t first = 0;

    (void)state;
    svc__rng_seed(&rng, 2);
    svc__map_init(&m, &hash_key);
    for (uint32_t i = 0; i < 4000; i++) {
        size_t size = make_key(key, sizeof(key), i);

        assert_int_equal(svc__map_put(&m, key, size, &things[0], NULL), 0);
        if (m.count > 48) {
            size = make_key(key, sizeof(key), first++);
            assert_non_null(svc__map_remove(&m, key, size));
        }
        check_runs(&m);
    }
    assert_int_equal(m.mask, 127);
    svc__map_fini(&m);
}

/* Three quarters full and no more. */
static void test_growth(void **state)
{
    struct svc__map m;
    char key[64];

    (void)state;
    svc__map_init(&m, &hash_key);
    for (uint32_t i = 1; i <= 1000; i++) {
        size_t size = make_key(key, sizeof(key), i);
        size_t slots = 8;

        while (i * 4 > slots * 3)
            slots *= 2;
        assert_int_equal(svc__map_put(&m, key, size, &things[0], NULL), 0);
        assert_int_equal(m.mask + 1, slots);
    }
    svc__map_fini(&m);
}

/* Emptied, it is as if new: no entry, and nothing left to probe. */
static void test_emptied(void **state)
{
    struct svc__map m;
    char key[64];

    (void)state;
    svc__map_init(&m, &hash_key);
    for (uint32_t i = 0; i < 1000; i++) {
        size_t size = make_key(key, sizeof(key), i);

        assert_int_equal(svc__map_put(&m, key, size, &things[i], NULL), 0);
    }
    assert_true(m.count * 4 <= (m.mask + 1) * 3);
    for (uint32_t i = 0; i < 1000; i++) {
        size_t size = make_key(key, sizeof(key), i);

        assert_ptr_equal(svc__map_remove(&m, key, size), &things[i]);
    }
    assert_int_equal(m.count, 0);
    for (size_t i = 0; i <= m.mask; i++)
        assert_null(m.slots[i]);
    svc__map_fini(&m);
}

/* A walk that removes some sees all, also those that a removal moves, at the
 * end of the table too. */
static void test_removal_in_a_walk(void **state)
{
    char key[64];

    (void)state;
    for (uint32_t count = 0; count < 200; count++) {
        struct svc__map_entry *e;
        struct svc__map m;
        size_t at = 0;

        svc__map_init(&m, &hash_key);
        for (uint32_t i = 0; i < count; i++) {
            size_t size = make_key(key, sizeof(key), i);

            assert_int_equal(svc__map_put(&m, key, size, &things[i], NULL), 0);
        }
        while ((e = svc__map_next(&m, &at)) != NULL) {
            if ((const char *)e->value - (const char *)&things[0] >=
                (ptrdiff_t)(count / 3 * sizeof(things[0]))) {
                svc__map_leave(&m, e);
                at--;
            }
        }
        assert_int_equal(m.count, count / 3);
        svc__map_fini(&m);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_emptied),
        cmocka_unit_test(test_removal_in_a_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
