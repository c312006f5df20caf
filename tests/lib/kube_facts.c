/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the run through a table of facts.
 */
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int holds(const struct kube_fact *fact)
{
    static char answer[KUBE_TEXT_MAX];
    struct svc__store *st = kube_store_new();
    int same;

    assert_non_null(st);
    for (size_t i = 0; i < 10 && fact->lines[i] != NULL; i++)
        assert_int_equal(kube_apply(st, fact->lines[i]), 0);
    kube_answer(st, fact->query, answer);
    svc__store_free(st);
    same = strcmp(answer, fact->answer) == 0;
    if (!same)
        print_error("%s: %s\n  wanted: %s\n  got:    %s\n", fact->name,
                    fact->query, fact->answer, answer);
    return same;
}

void kube_check_facts(const struct kube_fact *facts, size_t count)
{
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++)
        wrong += !holds(&facts[i]);
    if (wrong > 0)
        fail_msg("%zu of %zu facts do not hold", wrong, count);
}
