/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maglev hashing (Eisenbud et al., NSDI 2016, section 3.4): the endpoints fill
 * a table of 65,537 places in turns, each by an order of its own, so that all
 * get the same number of places and few change hands when one comes or goes.
 *
 * The order of an endpoint begins at the place that its first number falls on
 * and goes on by a step, 1 and the upper 16 bits of its second (key.h). Turns
 * come in rounds. In round r, from 0, an endpoint has a turn when it has had k
 * of them so far and r times its weight is no less than k times the greatest
 * weight: all in the first, and in each when weights are alike. Of more
 * endpoints than 65,536 the first so many have places.
 *
 * The fill is the build's cost, and nearly all of it are places that are found
 * taken: their number is n ln n, and each turn meets a random number of them,
 * which no branch predictor foresees. So where they are few, a block of turns
 * looks ahead together, without a branch for each; and the last ones are not
 * looked for, but computed from the places that are left.
 */
#include "base/alloc.h"
#include "policy/key.h"

#include <string.h>

#define PLACES    65537U
#define COUNT_MAX 65536U /* an entry has 16 bits */

#define BLOCK     512
#define BLOCK_MIN 48            /* fewer turns do not pay */
#define CROWDED   (PLACES / 32) /* nor does it with so few places left */
#define LAST      192           /* so few are computed */

struct maglev {
    uint32_t count;
    uint16_t table[PLACES]; /* endpoint of a place */
};

/* An endpoint while the table is filled. */
struct cursor {
    uint32_t at; /* the place it had last, or shall try next */
    uint32_t step;
};

struct fill {
    uint32_t count;
    uint16_t *table;
    uint16_t turns[PLACES]; /* who has each turn */
    uint8_t taken[PLACES];
    struct cursor cursors[];
};

/* ---- whose turn it is ------------------------------------------------ */

/* The rounds in which an endpoint has its turns, one after the other: round r
 * is the first with r * weight >= k * most, and over is by how much. */
struct rounds {
    uint32_t weight;
    uint32_t most;
    uint64_t round;
    uint32_t over;
};

static void next_round(struct rounds *r)
{
    const uint32_t rest = r->most % r->weight;

    r->round += r->most / r->weight;
    if (r->over < rest) {
        r->round++;
        r->over += r->weight;
    }
    r->over -= rest;
}

/* Turns of all endpoints in the first `rounds` rounds. */
static uint64_t count_turns(const uint32_t *weights, uint32_t count,
                            uint32_t most, uint32_t rounds)
{
    uint64_t turns = 0;

    for (uint32_t i = 0; i < count; i++)
        turns += (uint64_t)(rounds - 1) * weights[i] / most + 1;
    return turns;
}

/* The least number of rounds that fills the table. The heaviest endpoint has
 * a turn in each. */
static uint32_t count_rounds(const uint32_t *weights, uint32_t count,
                             uint32_t most)
{
    uint32_t low = 1;
    uint32_t high = PLACES;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (count_turns(weights, count, most, middle) < PLACES)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The turns by weight, round by round, and in each by the order of the set.
 * What the last round has too much is left out. 0 or SVC_ENOMEM. */
static int weigh_turns(struct fill *f, const uint32_t *weights)
{
    uint32_t most = 0;
    uint32_t rounds;
    uint32_t *starts;
    uint32_t start = 0;

    for (uint32_t i = 0; i < f->count; i++)
        most = weights[i] > most ? weights[i] : most;
    rounds = count_rounds(weights, f->count, most);
    starts = svc__calloc(rounds, sizeof(*starts));
    if (starts == NULL)
        return SVC_ENOMEM;
    for (uint32_t i = 0; i < f->count; i++) {
        struct rounds r = {.weight = weights[i], .most = most};

        for (; r.round < rounds; next_round(&r))
            starts[r.round]++;
    }
    for (uint32_t r = 0; r < rounds; r++) {
        const uint32_t size = starts[r];

        starts[r] = start;
        start += size;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        struct rounds r = {.weight = weights[i], .most = most};

        for (; r.round < rounds; next_round(&r)) {
            if (starts[r.round] < PLACES)
                f->turns[starts[r.round]++] = (uint16_t)i;
        }
    }
    svc__free(starts);
    return 0;
}

/* The turns of equals: one round after the other, copied in portions that
 * double. */
static void equal_turns(struct fill *f)
{
    uint32_t filled = f->count;

    for (uint32_t i = 0; i < f->count; i++)
        f->turns[i] = (uint16_t)i;
    while (filled < PLACES) {
        const uint32_t left = PLACES - filled;
        const uint32_t more = filled < left ? filled : left;

        memcpy(f->turns + filled, f->turns, more * sizeof(f->turns[0]));
        filled += more;
    }
}

/* ---- where it takes it ----------------------------------------------- */

static void enter(struct cursor *c, const struct svc__candidate *candidate)
{
    struct svc__rng rng = svc__key_of_endpoint(candidate);

    c->at = svc__key_place(svc__rng_next(&rng), PLACES);
    c->step = 1 + (uint32_t)(svc__rng_next(&rng) >> 48);
}

/* The next place of an order. Written so that what depends on the place before
 * is one comparison and one choice. */
static inline uint32_t advance(uint32_t at, uint32_t step)
{
    const uint32_t gap = PLACES - step;

    return at < gap ? at + step : at - gap;
}

/* Turns from k on, at most so many, that are different endpoints': the order
 * of a round rises. */
static uint32_t block_size(const struct fill *f, uint32_t k, uint32_t most)
{
    uint32_t size = 1;

    while (size < most && f->turns[k + size] > f->turns[k + size - 1])
        size++;
    return size;
}

/* Takes the cursors of a block to places that are free yet. Who is still
 * looking is in a list that each walk makes shorter. */
static void look_ahead(struct fill *f, const uint16_t *turns, uint32_t size)
{
    uint16_t looking[BLOCK];
    uint32_t left = 0;

    for (uint32_t k = 0; k < size; k++) {
        looking[left] = turns[k];
        left += f->taken[f->cursors[turns[k]].at];
    }
    while (left > 0) {
        uint32_t kept = 0;

        for (uint32_t k = 0; k < left; k++) {
            const uint16_t i = looking[k];
            const uint32_t at = advance(f->cursors[i].at, f->cursors[i].step);

            f->cursors[i].at = at;
            looking[kept] = i;
            kept += f->taken[at];
        }
        left = kept;
    }
}

/* The turns of a block: each takes its next place that is free. */
static void take(struct fill *f, const uint16_t *turns, uint32_t size)
{
    for (uint32_t k = 0; k < size; k++) {
        struct cursor *c = &f->cursors[turns[k]];
        uint32_t at = c->at;

        while (f->taken[at])
            at = advance(at, c->step);
        f->taken[at] = 1;
        f->table[at] = turns[k];
        c->at = at;
    }
}

/* The inverse of a step modulo PLACES, which is a prime (Euclid). */
static uint32_t invert(uint32_t step)
{
    uint32_t a = PLACES;
    uint32_t b = step;
    int32_t x = 0;
    int32_t y = 1;

    while (b > 1) {
        const uint32_t times = a / b;
        const uint32_t rest = a % b;
        const int32_t z = x - (int32_t)times * y;

        a = b;
        b = rest;
        x = y;
        y = z;
    }
    return y < 0 ? (uint32_t)(y + (int32_t)PLACES) : (uint32_t)y;
}

/* The last turns: of the places that are left, an endpoint takes the one that
 * is fewest steps away. */
static void take_last(struct fill *f, const uint16_t *turns, uint32_t left)
{
    uint32_t places[LAST];
    uint32_t count = 0;

    for (uint32_t at = 0; at < PLACES; at++) {
        if (!f->taken[at])
            places[count++] = at;
    }
    for (uint32_t k = 0; k < left; k++) {
        const struct cursor *c = &f->cursors[turns[k]];
        const uint64_t inverse = invert(c->step);
        uint64_t fewest = PLACES;
        uint32_t best = 0;

        for (uint32_t j = 0; j < count; j++) {
            const uint64_t steps =
                (places[j] + PLACES - c->at) * inverse % PLACES;

            best = steps < fewest ? j : best;
            fewest = steps < fewest ? steps : fewest;
        }
        f->table[places[best]] = turns[k];
        places[best] = places[--count];
    }
}

static void fill(struct fill *f)
{
    uint32_t k = 0;
    uint32_t left;

    while ((left = PLACES - k) > LAST) {
        const uint32_t most = left - LAST < BLOCK ? left - LAST : BLOCK;
        const uint32_t size = block_size(f, k, most);

        if (size >= BLOCK_MIN && left > CROWDED)
            look_ahead(f, f->turns + k, size);
        take(f, f->turns + k, size);
        k += size;
    }
    take_last(f, f->turns + k, left);
}

/* ---- the policy ------------------------------------------------------ */

/* Turns, cursors, and the table from them. 0 or SVC_ENOMEM. */
static int make_table(struct maglev *st, const struct svc__policy_input *in)
{
    struct fill *f = svc__alloc(sizeof(*f) + st->count * sizeof(f->cursors[0]));
    int err = 0;

    if (f == NULL)
        return SVC_ENOMEM;
    f->count = st->count;
    f->table = st->table;
    memset(f->taken, 0, sizeof(f->taken));
    for (uint32_t i = 0; i < st->count; i++)
        enter(&f->cursors[i], &in->set->endpoints[i].c);
    if (in->weights == NULL)
        equal_turns(f);
    else
        err = weigh_turns(f, in->weights);
    if (err == 0)
        fill(f);
    svc__free(f);
    return err;
}

static int build(const struct svc__policy_input *in,
                 const struct svc__policy_params *params, void **ret_state)
{
    const size_t count = in->set->count;
    struct maglev *st = svc__alloc(sizeof(*st));

    (void)params;
    if (st == NULL)
        return SVC_ENOMEM;
    st->count = count < COUNT_MAX ? (uint32_t)count : COUNT_MAX;
    if (make_table(st, in) != 0) {
        svc__free(st);
        return SVC_ENOMEM;
    }
    *ret_state = st;
    return 0;
}

static size_t find(const void *state, uint64_t hash)
{
    const struct maglev *st = state;

    return st->table[svc__key_place(hash, PLACES)];
}

static size_t pick(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct maglev *st = state;
    const struct svc__key_table t = {st, st->count, find};
    const uint64_t hash = svc__key_of_pick(ctx);

    return ctx->attempt == 0 ? find(st, hash) : svc__key_retry(&t, ctx, hash);
}

const struct svc__policy_ops svc__policy_maglev = {
    .name = "mh",
    .alias = "maglev",
    .build = build,
    .pick = pick,
    .destroy = svc__free,
};
