/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding a policy by name, and what holds for all of them.
 */
#include "policy_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void names_and_aliases(void **state)
{
    static const struct {
        const char *word;
        const struct svc__policy_ops *ops;
    } rows[] = {
        {NULL, &svc__policy_rr},
        {"", &svc__policy_rr},
        {"rr", &svc__policy_rr},
        {"round_robin", &svc__policy_rr},
        {"random", &svc__policy_random},
        {"fo", &svc__policy_pick_first},
        {"pick_first", &svc__policy_pick_first},
        {"failover", &svc__policy_pick_first},
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
        assert_non_null(strstr(error.message, "valid: rr, random, fo"));
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
    assert_int_equal(count, 3);
}

/* Faults 4.3 invariant 12, for sets of one and more, and along a chain of
 * sets. */
static void picks_are_always_in_the_set(void **state)
{
    static const uint32_t sizes[] = {1, 2, 7, 1, 100, 3};
    const struct svc__policy_ops *ops;

    (void)state;
    for (size_t k = 0; (ops = svc__policy_at(k)) != NULL; k++) {
        struct policy_run run;

        policy_begin(&run, ops, 99);
        for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            policy_set(&run, set_range(1 + i, sizes[i] + i), NULL, NULL);
            for (int n = 0; n < 300; n++)
                (void)policy_index(&run); /* which looks */
        }
        policy_end(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_aliases),
        cmocka_unit_test(unknown_names_list_the_valid_ones),
        cmocka_unit_test(the_list_is_whole),
        cmocka_unit_test(picks_are_always_in_the_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
