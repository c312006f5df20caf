/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap against a plain array that is searched: whatever is set, moved and
 * removed in whatever order, the first one has the smallest key.
 */
#include "base/clock.h"
#include "base/heap.h"
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MANY 300

struct item {
    char before[3]; /* the node is not at the front */
    struct svc__heap_node node;
    int64_t key; /* as the model knows it */
    int is_in;
};

struct model {
    struct svc__heap heap;
    struct item items[MANY];
    size_t count; /* items in use */
};

static void model_init(struct model *m, size_t count)
{
    svc__heap_init(&m->heap);
    m->count = count;
    for (size_t i = 0; i < count; i++) {
        svc__heap_node_init(&m->items[i].node);
        m->items[i].is_in = 0;
    }
}

static void model_set(struct model *m, size_t i, int64_t key)
{
    svc__heap_set(&m->heap, &m->items[i].node, key);
    m->items[i].key = key;
    m->items[i].is_in = 1;
}

static void model_remove(struct model *m, size_t i)
{
    svc__heap_remove(&m->heap, &m->items[i].node);
    m->items[i].is_in = 0;
}

/* The first is one of the smallest, and each knows whether it is in. */
static struct item *model_check(struct model *m)
{
    struct svc__heap_node *node = svc__heap_first(&m->heap);
    const struct item *least = NULL;
    struct item *first;

    for (size_t i = 0; i < m->count; i++) {
        const struct item *item = &m->items[i];

        assert_int_equal(svc__heap_has(&item->node), item->is_in);
        if (item->is_in && (least == NULL || item->key < least->key))
            least = item;
    }
    if (node == NULL || least == NULL) {
        assert_true(node == NULL && least == NULL);
        return NULL;
    }
    first = svc__heap_entry(node, struct item, node);
    assert_true(first->is_in && first->key == least->key);
    assert_true(node->key == first->key);
    assert_true(node->prev == NULL && node->next == NULL);
    return first;
}

/* Takes out the first one until none is left. */
static void model_drain(struct model *m)
{
    int64_t last = INT64_MIN;
    struct item *first;

    while ((first = model_check(m)) != NULL) {
        assert_true(first->key >= last);
        last = first->key;
        model_remove(m, (size_t)(first - m->items));
    }
}

static void test_empty(void **state)
{
    struct model m;

    (void)state;
    model_init(&m, 1);
    assert_null(svc__heap_first(&m.heap));
    model_remove(&m, 0);
    model_remove(&m, 0);
    model_check(&m);
    for (int i = 0; i < 3; i++) {
        model_set(&m, 0, -i);
        model_check(&m);
    }
    model_drain(&m);
}

/* In every order of four, with equals among them. */
static void test_every_order(void **state)
{
    struct model m;

    (void)state;
    for (int code = 0; code < 4 * 4 * 4 * 4; code++) {
        for (size_t out = 0; out < 4; out++) {
            model_init(&m, 4);
            for (size_t i = 0; i < 4; i++) {
                model_set(&m, i, code >> i * 2 & 3);
                model_check(&m);
            }
            model_remove(&m, out);
            model_drain(&m);
        }
    }
}

/* Few keys, or keys of all sizes; more or fewer removed than set. */
static void test_random_steps(void **state)
{
    struct model m;
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 4);
    for (unsigned round = 0; round < 60; round++) {
        model_init(&m, 1 + svc__rng_below(&rng, round % 2 ? 10 : MANY));
        for (int step = 0; step < 1000; step++) {
            size_t i = svc__rng_below(&rng, (uint32_t)m.count);
            int64_t key = round % 3 ? (int64_t)svc__rng_next(&rng)
                                    : (int64_t)svc__rng_below(&rng, 8);
            struct item *first = model_check(&m);
            uint32_t what = svc__rng_below(&rng, 8);

            if (what < 4)
                model_set(&m, i, key);
            else if (what < 6)
                model_remove(&m, i);
            else if (first != NULL && what == 6)
                model_remove(&m, (size_t)(first - m.items));
            else if (first != NULL)
                model_set(&m, (size_t)(first - m.items), key);
        }
        model_drain(&m);
    }
}

static void test_extremes(void **state)
{
    static const int64_t keys[] = {0,  INT64_MAX, INT64_MIN,     -1,
                                   1,  INT64_MAX, INT64_MIN + 1, 0,
                                   -5, INT64_MIN};
    struct model m;

    (void)state;
    model_init(&m, 10);
    for (size_t i = 0; i < 10; i++)
        model_set(&m, i, keys[i]);
    model_drain(&m);
}

/* 200,000 in the worst orders for a list: no recursion, no square. */
static void test_many(void **state)
{
    const size_t count = 200000;
    struct svc__heap_node *nodes = calloc(count, sizeof(*nodes));
    int64_t before_ms = svc__clock_now_ms();
    struct svc__heap h;

    (void)state;
    assert_non_null(nodes);
    for (int order = -1; order <= 1; order += 2) {
        size_t left = count;

        svc__heap_init(&h);
        for (size_t i = 0; i < count; i++) {
            svc__heap_node_init(&nodes[i]);
            svc__heap_set(&h, &nodes[i], order * (int64_t)i);
        }
        for (size_t i = 0; i < count; i += 2, left--)
            svc__heap_remove(&h, &nodes[i]);
        for (int64_t last = INT64_MIN; svc__heap_first(&h) != NULL; left--) {
            assert_true(svc__heap_first(&h)->key > last);
            last = svc__heap_first(&h)->key;
            svc__heap_remove(&h, svc__heap_first(&h));
        }
        assert_int_equal(left, 0);
    }
    /* A tenth of a second is what it takes. */
    assert_in_range(svc__clock_now_ms() - before_ms, 0, 10000);
    free(nodes);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),        cmocka_unit_test(test_every_order),
        cmocka_unit_test(test_random_steps), cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
