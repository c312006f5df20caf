/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding a policy by name, and what holds for all of them.
 */
#include "policy_run.h"
#include "tracked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void names_and_aliases(void **state)
{
    static const struct {
        const char *word;
        const struct svc__policy_ops *ops;
    } rows[] = {
        {NULL, &svc__policy_adaptive},
        {"", &svc__policy_adaptive},
        {"adaptive", &svc__policy_adaptive},
        {"rr", &svc__policy_rr},
        {"round_robin", &svc__policy_rr},
        {"wrr", &svc__policy_wrr},
        {"weighted_round_robin", &svc__policy_wrr},
        {"random", &svc__policy_random},
        {"lc", &svc__policy_lc},
        {"least_conn", &svc__policy_lc},
        {"wlc", &svc__policy_wlc},
        {"weighted_least_conn", &svc__policy_wlc},
        {"sed", &svc__policy_sed},
        {"nq", &svc__policy_nq},
        {"twos", &svc__policy_twos},
        {"p2c", &svc__policy_twos},
        {"least_request", &svc__policy_twos},
        {"ewma", &svc__policy_ewma},
        {"peak_ewma", &svc__policy_ewma},
        {"fo", &svc__policy_pick_first},
        {"pick_first", &svc__policy_pick_first},
        {"failover", &svc__policy_pick_first},
        {"sh", &svc__policy_sh},
        {"source_hash", &svc__policy_sh},
        {"dh", &svc__policy_sh},
        {"dest_hash", &svc__policy_sh},
        {"mh", &svc__policy_maglev},
        {"maglev", &svc__policy_maglev},
        {"ring", &svc__policy_ring},
        {"ring_hash", &svc__policy_ring},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct svc__policy_ops *ops = NULL;

        assert_int_equal(svc__policy_find(rows[i].word, &ops, NULL), 0);
        assert_ptr_equal(ops, rows[i].ops);
    }
}

/* Not there is not there, be it a policy of a later day or half a name. */
static void unknown_names_list_the_valid_ones(void **state)
{
    static const char *const words[] = {
        "none", "RR",         "r", "rrr", "pick", "pick_first failover",
        " ",    "pick_first "};

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const struct svc__policy_ops *ops = NULL;
        svc_error error;

        assert_int_equal(svc__policy_find(words[i], &ops, &error), SVC_EINVAL);
        assert_null(ops);
        assert_int_equal(error.code, SVC_EINVAL);
        assert_non_null(strstr(error.message, words[i]));
        assert_non_null(strstr(error.message, "valid: adaptive, rr, wrr, "));
        assert_int_equal(svc__policy_find(words[i], &ops, NULL), SVC_EINVAL);
    }
}

/* Each policy that is listed is found by its name, and its table is whole. */
static void the_list_is_whole(void **state)
{
    const struct svc__policy_ops *ops;
    size_t count = 0;

    (void)state;
    for (; (ops = svc__policy_at(count)) != NULL; count++) {
        const struct svc__policy_ops *found = NULL;

        assert_int_equal(svc__policy_find(ops->name, &found, NULL), 0);
        assert_ptr_equal(found, ops);
        assert_non_null(ops->alias);
        assert_true(ops->build != NULL && ops->pick != NULL &&
                    ops->destroy != NULL);
        ops->destroy(NULL);
    }
    assert_true(count > 0);
}

/* No word means two policies. */
static void names_are_unique(void **state)
{
    const struct svc__policy_ops *ops;

    (void)state;
    for (size_t i = 0; (ops = svc__policy_at(i)) != NULL; i++) {
        char words[256];
        char *rest;

        assert_true(snprintf(words, sizeof(words), "%s %s", ops->name,
                             ops->alias) < (int)sizeof(words));
        for (char *word = strtok_r(words, " ", &rest); word != NULL;
             word = strtok_r(NULL, " ", &rest)) {
            const struct svc__policy_ops *found = NULL;

            assert_int_equal(svc__policy_find(word, &found, NULL), 0);
            assert_ptr_equal(found, ops);
        }
    }
}

/* Picks from a chain of sets, with or without weights and slots, that end or
 * do not. */
static void pick_along(struct policy_run *run, const uint32_t *weights,
                       struct tracked *t)
{
    static const uint32_t sizes[] = {1, 2, 7, 1, 100, 3};

    for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        policy_set(run, set_range(1 + i, sizes[i] + i), weights,
                   t != NULL ? t->at : NULL);
        for (uint32_t n = 0; n < 300; n++) {
            const size_t at = policy_index(run); /* which looks */

            run->ctx.attempt = n % 5;
            if (t != NULL && n % 2 != 0)
                tracked_answer(t, at, (float)n);
            else if (t != NULL)
                tracked_load(t, at, 1);
        }
    }
}

/* Faults I12, for sets of one and more. */
static void picks_are_always_in_the_set(void **state)
{
    const struct svc__policy_ops *ops;
    uint32_t weights[100];

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        weights[i] = 1 + i * i % 17;
    for (size_t k = 0; (ops = svc__policy_at(k)) != NULL; k++) {
        for (int with = 0; with < 4; with++) {
            struct policy_run run;
            struct tracked t;

            tracked_init(&t);
            policy_begin(&run, ops, 99);
            pick_along(&run, (with & 1) != 0 ? weights : NULL,
                       (with & 2) != 0 ? &t : NULL);
            policy_end(&run);
        }
    }
}

static void what_is_weighted(void **state)
{
    static const uint32_t alike[] = {3, 3, 3, 4};
    static const uint32_t differ[] = {3, 3, 4};
    struct svc_endpoints *set = set_range(1, 3);
    struct svc__policy_input in = {.set = set};

    (void)state;
    assert_false(svc__policy_is_weighted(&in));
    in.weights = alike;
    assert_false(svc__policy_is_weighted(&in));
    in.weights = differ;
    assert_true(svc__policy_is_weighted(&in));
    svc_endpoints_unref(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_aliases),
        cmocka_unit_test(unknown_names_list_the_valid_ones),
        cmocka_unit_test(the_list_is_whole),
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(picks_are_always_in_the_set),
        cmocka_unit_test(what_is_weighted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
