/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring hashing: picks against a walk over all points, what moves, and the bound
 * on load.
 */
#include "base/rng.h"
#include "key_run.h"
#include "policy/key.h"
#include "tracked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define POINTS_MAX 20000
#define SLOTS_MAX  16

/* ---- a model --------------------------------------------------------- */

struct point {
    uint32_t at;
    uint32_t owner;
};

static struct point points[POINTS_MAX];
static size_t point_count;

static void make_points(const struct svc_endpoints *set,
                        const uint32_t *weights)
{
    point_count = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        struct svc__rng rng = svc__key_of_endpoint(&set->endpoints[i].c);
        const uint32_t count = 160 * (weights == NULL ? 1 : weights[i]);

        assert_true(point_count + count <= POINTS_MAX);
        for (uint32_t k = 0; k < count; k++) {
            points[point_count].at = (uint32_t)(svc__rng_next(&rng) >> 32);
            points[point_count++].owner = i;
        }
    }
}

/* The owner of the point that is first reached from a place onwards. */
static uint32_t owner_at(uint32_t place)
{
    uint32_t fewest = UINT32_MAX;
    uint32_t owner = UINT32_MAX;

    for (size_t i = 0; i < point_count; i++) {
        if (owner == UINT32_MAX || points[i].at - place < fewest) {
            fewest = points[i].at - place;
            owner = points[i].owner;
        }
    }
    return owner;
}

/* Random places, and those on, right before and right behind points. */
static void picks_are_as_the_model(void **state)
{
    static const uint32_t weights[] = {3, 1, 8, 1, 2, 9, 1, 1, 4, 40};
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 11);
    for (uint32_t n = 1; n <= 10; n++) {
        const uint32_t *w = n % 2 ? weights : NULL;
        struct policy_run run;

        policy_begin(&run, &svc__policy_ring, 1);
        policy_set(&run, set_range(1, n), w, NULL);
        make_points(run.set, w);
        for (size_t i = 0; i < 300; i++) {
            uint32_t place = (uint32_t)svc__rng_next(&rng);

            if (i % 4 != 0)
                place = points[place % point_count].at + (uint32_t)(i % 4) - 2;
            assert_int_equal(
                pick_hash(&run, (uint64_t)place << 32 | (i % 2 ? ~0U : 0)),
                owner_at(place));
        }
        assert_int_equal(pick_hash(&run, 0), owner_at(0));
        assert_int_equal(pick_hash(&run, UINT64_MAX), owner_at(UINT32_MAX));
        policy_end(&run);
    }
}

/* A ring of 480,000 points, each looked up: it is its owner's. Two that fall
 * together are the first one's in the order of the set; there are about
 * 480,000^2 / 2^33 such pairs, which is 27. */
static void each_point_is_its_owners(void **state)
{
    static const uint32_t weights[] = {1000, 1500, 500};
    struct policy_run run;
    size_t shared = 0;

    (void)state;
    policy_begin(&run, &svc__policy_ring, 1);
    policy_set(&run, set_range(1, 3), weights, NULL);
    for (size_t i = 0; i < 3; i++) {
        struct svc__rng rng = svc__key_of_endpoint(&run.set->endpoints[i].c);

        for (uint32_t k = 0; k < 160 * weights[i]; k++) {
            const size_t at = pick_hash(&run, svc__rng_next(&rng) >> 32 << 32);

            assert_true(at <= i);
            shared += at < i;
        }
    }
    assert_in_range(shared, 1, 60);
    policy_end(&run);
}

/* ---- changes and shares ---------------------------------------------- */

/* Only keys of the one that left move, and all of those do. 5 sigma of 20,000
 * keys and of 160 points, whose shares vary by 1/sqrt(160). */
static void only_keys_of_the_one_that_left_move(void **state)
{
    static const struct {
        uint32_t size;
        size_t least;
        size_t most;
    } rows[] = {{2, 6000, 14000}, {10, 1000, 3000}, {100, 80, 320}};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        for (uint32_t t = 0; t < 5; t++) {
            const uint32_t gone = 1 + t * (rows[k].size - 1) / 4;
            const struct moved moved =
                count_moved(&svc__policy_ring, rows[k].size, gone, 20000);

            assert_in_range(moved.all, rows[k].least, rows[k].most);
            assert_int_equal(moved.others, 0);
        }
    }
}

/* Shares of 160 points vary by 7.9 %, 5 sigma are 40 %; so many keys add a
 * tenth of that. */
static void shares_are_about_even(void **state)
{
    struct policy_run run;
    size_t counts[100] = {0};

    (void)state;
    policy_begin(&run, &svc__policy_ring, 1);
    policy_set(&run, set_range(1, 100), NULL, NULL);
    for (unsigned i = 0; i < 200000; i++)
        counts[pick_number(&run, i)]++;
    for (size_t i = 0; i < 100; i++)
        assert_in_range(counts[i], 1200, 2800);
    policy_end(&run);
}

/* The same for weights, and for those that are halved, once or often, since
 * there would be too many points. */
static void weights_are_shares(void **state)
{
    static const uint32_t rows[][3] = {
        {1, 2, 5}, {1000, 2000, 5000}, {4000000, 1500000, 4000000}};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const double sum = (double)rows[k][0] + rows[k][1] + rows[k][2];
        double counts[3] = {0};
        struct policy_run run;

        policy_begin(&run, &svc__policy_ring, 1);
        policy_set(&run, set_range(1, 3), rows[k], NULL);
        for (unsigned i = 0; i < 20000; i++)
            counts[pick_number(&run, i)]++;
        for (size_t i = 0; i < 3; i++) {
            const double wanted = 20000.0 * rows[k][i] / sum;

            assert_true(counts[i] > 0.6 * wanted && counts[i] < 1.4 * wanted);
        }
        policy_end(&run);
    }
}

/* ---- the bound ------------------------------------------------------- */

struct bounded {
    struct policy_run run;
    struct tracked t;
    uint32_t epochs[SLOTS_MAX];
    uint32_t flights[SLOTS_MAX];
    uint32_t all;
};

static void begin(struct bounded *b, uint32_t count, const uint32_t *weights,
                  unsigned percent)
{
    memset(b, 0, sizeof(*b));
    tracked_init(&b->t);
    policy_begin(&b->run, &svc__policy_ring, 1);
    b->run.params.hash_balance_factor = percent;
    policy_set(&b->run, set_range(1, count), weights, b->t.at);
}

static void take(struct bounded *b, size_t i)
{
    b->epochs[i] = svc__slot_take(b->t.at[i], TRACKED_NOW, &(uint32_t){0});
    b->flights[i]++;
    b->all++;
}

static void drop(struct bounded *b, size_t i)
{
    if (b->flights[i] == 0)
        return;
    (void)svc__slot_done(b->t.at[i], b->epochs[i], SVC_OUTCOME_OK, 1,
                         TRACKED_NOW);
    b->flights[i]--;
    b->all--;
}

/* What one more pick may bring an endpoint to. */
static uint64_t capacity(const struct bounded *b, const uint32_t *weights,
                         uint64_t percent, size_t i)
{
    uint64_t sum = 0;

    for (size_t k = 0; k < b->run.set->count; k++)
        sum += weights == NULL ? 1 : weights[k];
    sum *= 100;
    return ((b->all + 1) * percent * (weights == NULL ? 1 : weights[i]) + sum -
            1) /
           sum;
}

/* The first from a hash on, in the order that attempts without a bound have,
 * which has room. */
static size_t first_with_room(const struct bounded *b, struct policy_run *free,
                              const uint32_t *weights, unsigned percent,
                              uint64_t hash)
{
    size_t i;

    for (free->ctx.attempt = 0;; free->ctx.attempt++) {
        assert_true(free->ctx.attempt < free->set->count);
        i = pick_hash(free, hash);
        if (b->flights[i] + 1 <= capacity(b, weights, percent, i))
            return i;
    }
}

/* Picks that come and go, of few keys, so that the bound is met. */
static void the_bound_holds(void **state)
{
    static const uint32_t weights[] = {1, 3, 2, 1, 1, 5, 1, 1};
    static const unsigned percents[] = {100, 110, 125, 200, 1000};

    (void)state;
    for (size_t k = 0; k < 10; k++) {
        const uint32_t *w = k % 2 ? weights : NULL;
        const unsigned percent = percents[k / 2];
        struct bounded b;
        struct policy_run free;
        struct svc__rng rng;

        svc__rng_seed(&rng, k);
        begin(&b, 8, w, percent);
        policy_begin(&free, &svc__policy_ring, 1);
        policy_set(&free, set_range(1, 8), w, NULL);
        for (int i = 0; i < 2000; i++) {
            const uint64_t hash =
                (uint64_t)svc__rng_below(&rng, 3) * 0x123456789abcdef1u;
            const size_t at = pick_hash(&b.run, hash);

            assert_int_equal(at, first_with_room(&b, &free, w, percent, hash));
            take(&b, at);
            if (svc__rng_below(&rng, 100) < 45)
                drop(&b, svc__rng_below(&rng, 8));
        }
        policy_end(&b.run);
        policy_end(&free);
    }
}

/* A light one may have its share fifty times, which is less than half of all,
 * or a thousand times, which is more than there is. */
static void a_great_bound_counts_as_it_is(void **state)
{
    static const unsigned percents[] = {5000, 100000};
    static const uint32_t weights[SLOTS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1,
                                                1, 1, 1, 1, 1, 1, 1, 100};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct bounded b;
        struct policy_run free;
        struct svc__rng rng;
        uint64_t hash; /* which is the first one's */

        begin(&b, SLOTS_MAX, weights, percents[k]);
        policy_begin(&free, &svc__policy_ring, 1);
        policy_set(&free, set_range(1, SLOTS_MAX), weights, NULL);
        rng = svc__key_of_endpoint(&free.set->endpoints[0].c);
        hash = svc__rng_next(&rng);
        for (int i = 0; i < 1000; i++) {
            const size_t at = pick_hash(&b.run, hash);

            assert_int_equal(
                at, first_with_room(&b, &free, weights, percents[k], hash));
            take(&b, at);
        }
        assert_int_equal(b.flights[0], k == 0 ? 435 : 1000);
        policy_end(&b.run);
        policy_end(&free);
    }
}

/* One key alone: nobody has more than the bound. */
static void one_hot_key_is_spread(void **state)
{
    struct bounded b;

    (void)state;
    begin(&b, 10, NULL, 125);
    for (int i = 0; i < 1000; i++)
        take(&b, pick_hash(&b.run, 42));
    for (size_t i = 0; i < 10; i++)
        assert_in_range(b.flights[i], 0, 125);
    policy_end(&b.run);
}

/* Without slots, or with the bound 0, load is not looked at. */
static void no_bound_unless_asked(void **state)
{
    struct bounded b;
    struct policy_run free;

    (void)state;
    begin(&b, 10, NULL, 0);
    policy_begin(&free, &svc__policy_ring, 1);
    free.params.hash_balance_factor = 100;
    policy_set(&free, set_range(1, 10), NULL, NULL);
    for (int i = 0; i < 100; i++) {
        const size_t at = pick_hash(&b.run, 42);

        assert_int_equal(at, pick_hash(&free, 42));
        take(&b, at);
    }
    policy_end(&b.run);
    policy_end(&free);
}

/* Below 100 percent nobody might have room: it counts as 100. */
static void too_small_a_bound_is_one(void **state)
{
    struct bounded b;

    (void)state;
    begin(&b, 4, NULL, 1);
    for (int i = 0; i < 400; i++)
        take(&b, pick_hash(&b.run, 42));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(b.flights[i], 100);
    policy_end(&b.run);
}

/* An attempt goes to another endpoint with room, and where there is none, to
 * one without. */
static void attempts_and_the_bound(void **state)
{
    struct bounded b;
    size_t first;
    size_t second;

    (void)state;
    begin(&b, 3, NULL, 100);
    first = pick_hash(&b.run, 42);
    b.run.ctx.attempt = 1;
    second = pick_hash(&b.run, 42);
    assert_int_not_equal(first, second);
    for (int i = 0; i < 9; i++)
        take(&b, second);
    assert_int_equal(pick_hash(&b.run, 42), 3 - first - second);
    for (int i = 0; i < 9; i++)
        take(&b, 3 - first - second);
    assert_int_equal(pick_hash(&b.run, 42), second);
    b.run.ctx.attempt = 0;
    assert_int_equal(pick_hash(&b.run, 42), first);
    policy_end(&b.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picks_are_as_the_model),
        cmocka_unit_test(each_point_is_its_owners),
        cmocka_unit_test(only_keys_of_the_one_that_left_move),
        cmocka_unit_test(shares_are_about_even),
        cmocka_unit_test(weights_are_shares),
        cmocka_unit_test(the_bound_holds),
        cmocka_unit_test(a_great_bound_counts_as_it_is),
        cmocka_unit_test(one_hot_key_is_spread),
        cmocka_unit_test(no_bound_unless_asked),
        cmocka_unit_test(too_small_a_bound_is_one),
        cmocka_unit_test(attempts_and_the_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
