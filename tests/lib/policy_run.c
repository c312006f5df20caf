/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the thread of a policy's test.
 */
#include "policy_run.h"

#include "tracked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void policy_begin(struct policy_run *run, const struct svc__policy_ops *ops,
                  uint64_t seed)
{
    memset(run, 0, sizeof(*run));
    run->ops = ops;
    run->params.seed = seed;
    svc__rng_seed(&run->rng, seed);
    run->ctx.rng = &run->rng;
    run->ctx.cursor = &run->cursor;
    run->ctx.now_ms = TRACKED_NOW;
}

void policy_end(struct policy_run *run)
{
    svc__policy_fini(&run->policy);
    svc_endpoints_unref(run->set);
}

void policy_set(struct policy_run *run, struct svc_endpoints *set,
                const uint32_t *weights, struct svc__slot *const *slots)
{
    const struct svc__policy_input in = {set, weights, slots};

    svc__policy_fini(&run->policy);
    svc_endpoints_unref(run->set);
    run->set = set;
    assert_int_equal(
        svc__policy_build(run->ops, &in, &run->params, &run->policy), 0);
}

size_t policy_index(struct policy_run *run)
{
    const size_t at = svc__policy_pick(&run->policy, &run->ctx);

    assert_true(at < run->set->count);
    return at;
}

uint32_t policy_pick(struct policy_run *run)
{
    return set_number(run->set, policy_index(run));
}
