/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of those that compete: what is in it, and drawing two of them.
 */
#include "policy/contenders.h"

#include "base/alloc.h"
#include "chances.h"
#include "set_build.h"
#include "tracked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Every ordered pair of different ones, and no other. */
static void pairs_are_even(void **state)
{
    static const uint32_t sizes[] = {2, 3, 5, 10, 31};

    (void)state;
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        const uint32_t n = sizes[k];
        uint32_t counts[31 * 31] = {0};
        double chances[31 * 31];
        struct svc__rng rng;

        svc__rng_seed(&rng, n);
        for (uint32_t i = 0; i < n * n; i++)
            chances[i] = i / n != i % n;
        for (uint32_t i = 0; i < 100 * n * n; i++) {
            const struct svc__contenders_pair at =
                svc__contenders_draw(&rng, n);

            assert_true(at.first < n && at.second < n);
            counts[at.first * n + at.second]++;
        }
        assert_chances(counts, chances, (size_t)n * n);
    }
}

static void a_pair_is_one_draw(void **state)
{
    struct svc__rng rng;
    struct svc__rng same;

    (void)state;
    svc__rng_seed(&rng, 4);
    svc__rng_seed(&same, 4);
    (void)svc__contenders_draw(&rng, 100);
    (void)svc__rng_next(&same);
    assert_int_equal(rng.state, same.state);
}

static struct svc__contenders *build(struct svc_endpoints *set,
                                     const uint32_t *weights,
                                     struct svc__slot *const *slots)
{
    const struct svc__policy_input in = {set, weights, slots};
    const struct svc__policy_params params = {0};
    void *st = NULL;

    assert_int_equal(svc__contenders_build(&in, &params, &st), 0);
    return st;
}

static void each_has_its_slot_and_weight(void **state)
{
    static const uint32_t weights[] = {4, 1, 2};
    struct svc_endpoints *set = set_range(1, 3);
    struct tracked t;

    (void)state;
    tracked_init(&t);
    for (int with = 0; with < 4; with++) {
        const uint32_t *w = (with & 1) != 0 ? weights : NULL;
        struct svc__slot *const *slots = (with & 2) != 0 ? t.at : NULL;
        struct svc__contenders *st = build(set, w, slots);

        assert_ptr_equal(st->set, set);
        assert_int_equal(st->count, 3);
        assert_int_equal(st->is_tracked, slots != NULL);
        assert_int_equal(st->is_plain, with == 0);
        for (size_t i = 0; i < 3 && !st->is_plain; i++) {
            const uint32_t weight = w != NULL ? w[i] : 1;

            assert_ptr_equal(st->all[i].slot, slots != NULL ? slots[i] : NULL);
            assert_int_equal(st->all[i].weight, weight);
            assert_true(st->all[i].inverse * (float)weight == 1.0F);
        }
        svc__free(st);
    }
    svc_endpoints_unref(set);
}

/* Weights that are all the same tell nobody from another, and one alone has
 * nobody to compete with. */
static void nothing_to_compare(void **state)
{
    static const uint32_t weights[] = {7, 7, 7};
    struct svc_endpoints *set = set_range(1, 3);
    struct svc_endpoints *one = set_range(1, 1);
    struct tracked t;
    struct svc__contenders *st = build(set, weights, NULL);

    (void)state;
    assert_true(st->is_plain);
    svc__free(st);
    tracked_init(&t);
    st = build(one, NULL, t.at);
    assert_true(st->is_plain && !st->is_tracked);
    svc__free(st);
    svc_endpoints_unref(one);
    svc_endpoints_unref(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_even),
        cmocka_unit_test(a_pair_is_one_draw),
        cmocka_unit_test(each_has_its_slot_and_weight),
        cmocka_unit_test(nothing_to_compare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
