/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring hashing, as ketama: each endpoint has many points on a ring, and a key
 * goes to the first point at or behind its hash. An endpoint that goes leaves
 * its keys to those behind its points, and no other key moves.
 *
 * An endpoint has 160 points for each unit of its weight: the upper halves of
 * its first numbers (key.h). Of two that fall together the first in the order
 * of the set counts. At most 1,048,576 points, or one for each of more
 * endpoints: what is more is halved, each endpoint's, as often as it takes, to
 * no less than 1; a change that makes it one time more or less moves other keys
 * too.
 *
 * With a bound on load (Mirrokni et al., "Consistent Hashing with Bounded
 * Loads", 2016) an endpoint is passed over when the pick would take what is in
 * flight there above its share of all that is in flight, times the bound. That
 * sum is made by each pick that meets an endpoint with something in flight,
 * over all endpoints.
 */
#include "base/alloc.h"
#include "policy/key.h"
#include "policy/scale.h"

#include <string.h>

#define POINTS_EACH  160
#define POINTS_MAX   ((uint64_t)1 << 20)
#define PERCENT_MIN  100 /* with less all may be full */
#define RADIX_BITS   11
#define RADIX_DIGITS 3
#define NEAR         4 /* points that are looked at together */

/* A point is in the upper half of a word, its endpoint in the lower. */
struct ring {
    uint32_t count; /* endpoints */
    uint32_t points;
    uint32_t shift;   /* of a point, to where it may be looked for */
    uint32_t percent; /* 0: no bound */
    struct svc__slot *const *slots; /* with a bound */
    uint32_t *shares;               /* points of each endpoint */
    uint64_t *ring;                 /* points, in order, and some behind all */
    uint32_t *starts; /* the first with these upper bits, or behind them */
};

/* ---- the ring -------------------------------------------------------- */

/* The points of all endpoints, one endpoint's behind the other's. */
static void make_points(const struct ring *r, const struct svc_endpoints *set,
                        uint64_t *ret)
{
    for (uint32_t i = 0; i < r->count; i++) {
        struct svc__rng rng = svc__key_of_endpoint(&set->endpoints[i].c);

        for (uint32_t left = r->shares[i]; left > 0; left--)
            *ret++ = svc__rng_next(&rng) >> 32 << 32 | i;
    }
}

/* Sorts by points, digit by digit; those that fall together keep their order,
 * which is that of endpoints. Linear whatever the points are, which are made
 * from addresses that others choose. from is overwritten. */
static void sort_digit(const uint64_t *from, uint64_t *to, uint32_t size,
                       unsigned shift)
{
    uint32_t starts[1U << RADIX_BITS] = {0};
    const uint64_t mask = (1U << RADIX_BITS) - 1;
    uint32_t start = 0;

    for (uint32_t i = 0; i < size; i++)
        starts[from[i] >> shift & mask]++;
    for (size_t i = 0; i <= mask; i++) {
        const uint32_t count = starts[i];

        starts[i] = start;
        start += count;
    }
    for (uint32_t i = 0; i < size; i++)
        to[starts[from[i] >> shift & mask]++] = from[i];
}

static void sort(uint64_t *from, uint64_t *to, uint32_t size)
{
    for (unsigned i = 0; i < RADIX_DIGITS; i++) {
        uint64_t *other = from;

        sort_digit(from, to, size, 32 + i * RADIX_BITS);
        from = to;
        to = other;
    }
}

/* One or two points on average have the same upper bits. */
static int index_points(struct ring *r)
{
    uint32_t bits = 0;
    uint32_t at = 0;
    size_t size;

    while (bits < 31 && r->points >> (bits + 1) != 0)
        bits++;
    size = (size_t)1 << bits;
    r->shift = 32 - bits;
    r->starts = svc__realloc(NULL, size, sizeof(*r->starts));
    if (r->starts == NULL)
        return SVC_ENOMEM;
    for (size_t i = 0; i < size; i++) {
        while (at < r->points && r->ring[at] >> 32 >> r->shift < i)
            at++;
        r->starts[i] = at;
    }
    return 0;
}

static int make_ring(struct ring *r, const struct svc_endpoints *set)
{
    uint64_t *points = svc__realloc(NULL, r->points, sizeof(*points));

    if (points == NULL)
        return SVC_ENOMEM;
    r->ring = svc__realloc(NULL, (size_t)r->points + NEAR, sizeof(*r->ring));
    if (r->ring != NULL) {
        make_points(r, set, points);
        sort(points, r->ring, r->points);
        memset(r->ring + r->points, 0xff, NEAR * sizeof(*r->ring));
    }
    svc__free(points);
    return r->ring == NULL ? SVC_ENOMEM : index_points(r);
}

static int share_points(struct ring *r, const uint32_t *weights)
{
    const uint64_t most = r->count > POINTS_MAX ? r->count : POINTS_MAX;
    struct svc__scale scale = {
        .weights = weights, .divisor = 1, .worth = POINTS_EACH};

    r->shares = svc__realloc(NULL, r->count, sizeof(*r->shares));
    if (r->shares == NULL)
        return SVC_ENOMEM;
    r->points = (uint32_t)svc__scale_fit(&scale, r->count, most);
    for (uint32_t i = 0; i < r->count; i++)
        r->shares[i] = (uint32_t)svc__scale_of(&scale, i);
    return 0;
}

static void destroy(void *state)
{
    struct ring *r = state;

    if (r == NULL)
        return;
    svc__free(r->shares);
    svc__free(r->ring);
    svc__free(r->starts);
    svc__free(r);
}

static int build(const struct svc__policy_input *in,
                 const struct svc__policy_params *params, void **ret_state)
{
    struct ring *r = svc__calloc(1, sizeof(*r));

    if (r == NULL)
        return SVC_ENOMEM;
    r->count = svc__policy_count(in);
    r->slots = in->slots;
    if (in->slots != NULL && params->hash_balance_factor != 0)
        r->percent = params->hash_balance_factor > PERCENT_MIN
                         ? params->hash_balance_factor
                         : PERCENT_MIN;
    if (share_points(r, in->weights) != 0 || make_ring(r, in->set) != 0) {
        destroy(r);
        return SVC_ENOMEM;
    }
    *ret_state = r;
    return 0;
}

/* ---- picking --------------------------------------------------------- */

/* The first point at or behind a place on the ring. No branch depends on where
 * among its neighbours that is, for it cannot be foreseen. */
static uint32_t find(const struct ring *r, uint32_t place)
{
    const uint64_t wanted = (uint64_t)place << 32;
    uint32_t at = r->starts[(uint64_t)place >> r->shift];
    uint32_t before;

    do {
        before = 0;
        for (unsigned i = 0; i < NEAR; i++)
            before += r->ring[at + i] < wanted;
        at += before;
    } while (before == NEAR);
    return at < r->points ? at : 0;
}

/* What is in flight, as far as a pick has had to know. */
struct load {
    uint64_t all; /* with this pick; 0: not summed up yet */
    uint32_t now_ms;
};

static uint64_t sum_flights(const struct ring *r, uint32_t now_ms)
{
    uint64_t all = 1;

    for (uint32_t i = 0; i < r->count; i++)
        all += svc__slot_in_flight(r->slots[i], now_ms);
    return all < UINT32_MAX ? all : UINT32_MAX;
}

/* Whether one pick more would be above the bound, rounded up. What is idle
 * never is. */
static int is_full(const struct ring *r, uint32_t i, struct load *load)
{
    const uint64_t flights = svc__slot_in_flight(r->slots[i], load->now_ms);

    if (flights == 0)
        return 0;
    if (load->all == 0)
        load->all = sum_flights(r, load->now_ms);
    /* Divided, since a product of all three would not fit 64 bits. */
    return flights * r->points * 100 / r->percent >= load->all * r->shares[i];
}

/* From a point on, the endpoint before which `turn` others come. Looks at load
 * when there is something to look at. Returns 0 when there are not so many. */
static int walk(const struct ring *r, uint32_t at, unsigned turn,
                struct load *load, uint32_t *ret)
{
    struct svc__key_seen seen = {.count = 0};

    for (uint32_t left = r->points; left > 0; left--) {
        const uint32_t i = (uint32_t)r->ring[at];

        if ((load == NULL || !is_full(r, i, load)) && svc__key_see(&seen, i) &&
            seen.count > turn) {
            *ret = i;
            return 1;
        }
        at = at + 1 < r->points ? at + 1 : 0;
    }
    return 0;
}

/* Around the ring. When too few have room the bound does not count. */
static uint32_t go_on(const struct ring *r, const struct svc__pick_ctx *ctx,
                      uint32_t at)
{
    const unsigned turn = svc__key_turn(ctx, r->count);
    struct load load = {.now_ms = ctx->now_ms};
    uint32_t i = (uint32_t)r->ring[at];

    if (r->percent == 0 || !walk(r, at, turn, &load, &i))
        (void)walk(r, at, turn, NULL, &i);
    return i;
}

static size_t pick(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct ring *r = state;
    const uint32_t at = find(r, (uint32_t)(svc__key_of_pick(ctx) >> 32));

    if (ctx->attempt == 0 && r->percent == 0)
        return (uint32_t)r->ring[at];
    return go_on(r, ctx, at);
}

const struct svc__policy_ops svc__policy_ring = {
    .name = "ring",
    .alias = "ring_hash",
    .build = build,
    .pick = pick,
    .destroy = destroy,
};
