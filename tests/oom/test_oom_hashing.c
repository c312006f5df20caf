/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out while the table of a hashing policy or a subset is made:
 * no table, no leak, and no candidate judged.
 */
#include "base/alloc.h"
#include "oom.h"
#include "policy/policy.h"
#include "policy/subset.h"
#include "set_build.h"
#include "set_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint32_t weights[] = {1, 2, 3, 4, 5, 6, 7};

struct building {
    const struct svc__policy_ops *ops;
    struct svc__policy_input in;
};

static void build_once(void *arg)
{
    const struct building *b = arg;
    const struct svc__policy_params params = {.seed = 1};
    struct svc__policy p = {0};
    const int err = svc__policy_build(b->ops, &b->in, &params, &p);

    assert_int_equal(err, oom_failures() > 0 ? SVC_ENOMEM : 0);
    assert_int_equal(p.ops == NULL, err != 0);
    svc__policy_fini(&p);
}

static void tables(void **state)
{
    static const struct svc__policy_ops *const policies[] = {
        &svc__policy_sh, &svc__policy_maglev, &svc__policy_ring};
    struct svc_endpoints *set = set_range(1, 7);

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct building b = {policies[i / 2],
                             {set, i % 2 ? weights : NULL, NULL}};

        oom_torture(build_once, &b);
    }
    svc_endpoints_unref(set);
    assert_int_equal(oom_live(), 0);
}

static int64_t no_clock(void)
{
    return 0;
}

static void apply_once(void *arg)
{
    struct svc__view *v = svc__view_copy(arg, no_clock);
    int err;

    if (v == NULL)
        return;
    err = svc__subset_apply(v, "web-0", 2);
    assert_int_equal(err, oom_failures() > 0 ? SVC_ENOMEM : 0);
    svc__view_free(v);
}

static void subsets(void **state)
{
    struct svc__view *v = view_text(
        "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.3:80/TCP [fd00::1]:80/TCP",
        NULL);

    (void)state;
    oom_torture(apply_once, v);
    svc__view_free(v);
    assert_int_equal(oom_live(), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),
        cmocka_unit_test(subsets),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
