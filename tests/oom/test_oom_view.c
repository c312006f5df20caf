/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out while a view is copied: no copy, no leak, and the
 * blocks have the references that they had.
 */
#include "model/view.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

static void fill(struct svc__view *v)
{
    v->service = svc__strdup("web");
    v->namespace_ = svc__strdup("shop");
    v->canonical = svc__strdup("web.shop.svc.cluster.local");
    v->port_name = svc__strdup("http");
    v->alias = svc__strdup("example.com");
    v->alias_port_name = svc__strdup("https");
    v->gap = svc__strdup("gap");
    assert_int_equal(svc__view_fail(v, SVC_EPENDING, "story"), 0);
    assert_int_equal(svc__view_hint(v, "hint"), 0);
    for (uint32_t i = 0; i < 9; i++) {
        struct svc__candidate c = {.block = svc__block_new(1, 1), .index = 0};

        assert_non_null(c.block);
        assert_int_equal(
            svc__view_hold(v, (struct svc__block *)(uintptr_t)c.block), 0);
        assert_int_equal(svc__view_add(v, &c), 0);
        svc__block_unref((struct svc__block *)(uintptr_t)c.block);
    }
}

static void copy_once(void *arg)
{
    const struct svc__view *v = arg;
    struct svc__view *copy = svc__view_copy(v, NULL);

    assert_int_equal(copy == NULL, oom_failures() > 0);
    for (size_t i = 0; i < v->block_count; i++)
        assert_int_equal(atomic_load(&v->blocks[i]->refs.count),
                         copy == NULL ? 1 : 2);
    svc__view_free(copy);
}

static void test_a_copy(void **state)
{
    struct svc__view *v = svc__view_new("dns", NULL);

    (void)state;
    assert_non_null(v);
    fill(v);
    oom_torture(copy_once, v);
    svc__view_free(v);
    assert_int_equal(oom_live(), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_copy)};

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
