/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each endpoint with a chance as its weight, from the generator that the pick
 * brings: by the alias method (A. J. Walker 1974, built as M. D. Vose 1991), so
 * that a pick takes one draw and one look however many there are.
 */
#include "base/alloc.h"
#include "policy/policy.h"
#include "policy/scale.h"

#define WHOLE (UINT64_C(1) << 32)

/* A share of the draws as large as any other, of two endpoints. */
struct column {
    uint32_t own;   /* parts in 2^32 of the endpoint with this index */
    uint32_t other; /* whose the rest is */
};

struct random_state {
    uint32_t count;
    int is_weighted; /* else there are no columns */
    struct column columns[];
};

/* An endpoint while the columns are filled. */
struct filling {
    uint64_t parts; /* in 2^32 of a column, that it still has to get */
    uint32_t stack; /* indices of columns that are not filled yet: from the
                       start those short of a whole, from the end the others */
};

/* Cuts each endpoint's share into columns: what is short of a whole one is
 * filled up by one that has more. */
static void fill(struct random_state *st, struct filling *of)
{
    uint32_t low = 0;
    uint32_t high = st->count;

    for (uint32_t i = 0; i < st->count; i++)
        of[of[i].parts < WHOLE ? low++ : --high].stack = i;
    while (low > 0 && high < st->count) {
        const uint32_t small = of[--low].stack;
        const uint32_t large = of[high].stack;

        st->columns[small].own = (uint32_t)of[small].parts;
        st->columns[small].other = large;
        of[large].parts -= WHOLE - of[small].parts;
        if (of[large].parts < WHOLE) {
            high++;
            of[low++].stack = large;
        }
    }
    /* What is left is a whole, but for what divisions rounded off. */
    while (low > 0 || high < st->count) {
        const uint32_t i = of[low > 0 ? --low : high++].stack;

        st->columns[i] = (struct column){0, i};
    }
}

static int build_columns(struct random_state *st, const uint32_t *weights)
{
    struct filling *of = svc__calloc(st->count, sizeof(*of));
    struct svc__scale scale = {.weights = weights, .divisor = 1, .worth = 1};
    uint64_t sum;

    if (of == NULL)
        return SVC_ENOMEM;
    sum = svc__scale_fit(&scale, st->count, WHOLE - 1);
    for (uint32_t i = 0; i < st->count; i++) {
        const uint64_t share = svc__scale_of(&scale, i) * st->count;

        of[i].parts = (share / sum) * WHOLE + (share % sum) * WHOLE / sum;
    }
    fill(st, of);
    svc__free(of);
    return 0;
}

static int build(const struct svc__policy_input *in,
                 const struct svc__policy_params *params, void **ret_state)
{
    const uint32_t count = svc__policy_count(in);
    const int is_weighted = svc__policy_is_weighted(in);
    struct random_state *st = svc__alloc(
        sizeof(*st) + (is_weighted ? count * sizeof(st->columns[0]) : 0));

    (void)params;
    if (st == NULL)
        return SVC_ENOMEM;
    st->count = count;
    st->is_weighted = is_weighted;
    if (is_weighted && build_columns(st, in->weights) != 0) {
        svc__free(st);
        return SVC_ENOMEM;
    }
    *ret_state = st;
    return 0;
}

/* The upper half of a draw says which column, the lower half where in it; that
 * prefers no column by more than count parts in 2^32. */
static size_t pick(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct random_state *st = state;
    struct column column;
    uint64_t bits;
    uint32_t at;

    if (!st->is_weighted)
        return svc__rng_below(ctx->rng, st->count);
    bits = svc__rng_next(ctx->rng);
    at = (uint32_t)((bits >> 32) * st->count >> 32);
    column = st->columns[at];
    return svc__policy_either(at, column.other, (uint32_t)bits >= column.own);
}

const struct svc__policy_ops svc__policy_random = {
    .name = "random",
    .alias = "",
    .build = build,
    .pick = pick,
    .destroy = svc__free,
};
