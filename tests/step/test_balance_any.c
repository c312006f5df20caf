/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources, picks, weights and time in any order: what holds of every set, and
 * of the picks from it, whatever came before (faults I4,
 * I12, I14).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "integration/still_clock.h"
#include "script.h"
#include "script_pick.h"

#include "base/rng.h"

#include <stdio.h>
#include <string.h>

#define NUMBERS 24 /* endpoints 10.0.0.1 … */
#define OPEN    64

struct play {
    svc_resolver *r;
    svc_service *s;
    size_t subset;
    struct svc__rng rng;
    uint64_t generation;
    int is_there[NUMBERS + 1]; /* in what the source says */
    int is_ready[NUMBERS + 1];
    int given[NUMBERS + 1]; /* -1: no weight was given */
    uint32_t mood;          /* of 100 picks so many of the odd ones fail */
    svc_pick open[OPEN];
    size_t open_count;
};

/* ---- what happens -------------------------------------------------------- */

static void change_source(struct play *p)
{
    const uint32_t there = svc__rng_below(&p->rng, 101);
    char text[512] = "";
    size_t used = 0;

    for (unsigned i = 1; i <= NUMBERS; i++) {
        p->is_there[i] = svc__rng_below(&p->rng, 100) < there;
        p->is_ready[i] = svc__rng_below(&p->rng, 100) < 80;
        if (!p->is_there[i])
            p->given[i] = -1;
        else
            used +=
                (size_t)snprintf(text + used, sizeof(text) - used,
                                 "10.0.0.%u%s ", i, p->is_ready[i] ? "" : "!1");
    }
    script_addresses(p->r, "web.dev", text);
}

static void weigh_one(struct play *p)
{
    svc_endpoints *eps = svc_service_endpoints(p->s);
    const svc_endpoint *ep;
    int weight;

    if (svc_endpoints_total(eps) > 0) {
        ep = svc_endpoints_at(
            eps, svc__rng_below(&p->rng, (uint32_t)svc_endpoints_total(eps)));
        weight = (int)svc__rng_below(&p->rng, 6) - 1;
        assert_int_equal(svc_service_weigh(p->s, ep, weight), 0);
        p->given[svc__candidate_endpoint(&ep->c)->address.bytes[3]] = weight;
    }
    svc_endpoints_unref(eps);
}

static void end_one(struct play *p)
{
    const uint32_t at = svc__rng_below(&p->rng, (uint32_t)p->open_count);
    svc_pick pick = p->open[at];
    int outcome = SVC_OUTCOME_OK;

    p->open[at] = p->open[--p->open_count];
    if (script_number(&pick) % 2 != 0 && svc__rng_below(&p->rng, 100) < p->mood)
        outcome = 1 + (int)svc__rng_below(&p->rng, 5);
    svc_pick_done(&pick, outcome);
}

static void pick_some(struct play *p)
{
    svc_pick_options o = SVC_PICK_OPTIONS_INIT;

    o.track = 1;
    for (uint32_t n = 1 + svc__rng_below(&p->rng, 60); n > 0; n--) {
        svc_pick *pick = &p->open[p->open_count];

        if (svc_service_pick(p->s, &o, pick) != 0)
            return;
        p->open_count++;
        while (p->open_count > 0 &&
               (p->open_count == OPEN || svc__rng_below(&p->rng, 2) == 0))
            end_one(p);
    }
}

static void something(struct play *p)
{
    const uint32_t dice = svc__rng_below(&p->rng, 100);

    if (dice < 15)
        change_source(p);
    else if (dice < 30)
        weigh_one(p);
    else if (dice < 80)
        pick_some(p);
    else if (dice < 97)
        moved_ms += svc__rng_below(&p->rng, 20000);
    else
        p->mood = svc__rng_below(&p->rng, 101);
    script_round(p->r);
}

/* ---- what holds ---------------------------------------------------------- */

struct tally {
    size_t total;
    size_t reasons[16]; /* by the number of the bit */
    size_t usable;
};

/* Each is told once, with the one reason against it that there is. */
static void look_at(const struct play *p, const svc_endpoints *eps,
                    struct tally *t)
{
    int seen[NUMBERS + 1] = {0};

    memset(t, 0, sizeof(*t));
    for (t->total = 0; t->total < svc_endpoints_total(eps); t->total++) {
        const struct svc__candidate *c = &svc_endpoints_at(eps, t->total)->c;
        const unsigned i = svc__candidate_endpoint(c)->address.bytes[3];

        assert_in_range(i, 1, NUMBERS);
        assert_true(p->is_there[i] && !seen[i]);
        seen[i] = 1;
        assert_int_equal((c->why & SVC_WHY_NOT_READY) != 0, !p->is_ready[i]);
        assert_true(c->why == 0 || (c->why & (c->why - 1)) == 0);
        if ((c->why & (SVC_WHY_NOT_READY | SVC_WHY_OUTSIDE_SUBSET)) == 0)
            assert_int_equal(c->why == SVC_WHY_DRAINING, p->given[i] == 0);
        t->usable += c->why == 0;
        if (c->why != 0)
            t->reasons[__builtin_ctz(c->why)]++;
    }
}

#define COUNT(t, why) (t)->reasons[__builtin_ctz(why)]

static void expect_bounds(const struct play *p, const struct tally *t)
{
    const size_t ejected = COUNT(t, SVC_WHY_EJECTED);
    const size_t members = t->usable + ejected;
    const size_t outside = COUNT(t, SVC_WHY_OUTSIDE_SUBSET);
    const size_t chosen = members + COUNT(t, SVC_WHY_DRAINING);
    size_t unready = COUNT(t, SVC_WHY_NOT_READY);

    assert_int_equal(chosen < p->subset && outside > 0, 0);
    assert_true(p->subset == 0 ? outside == 0 : chosen <= p->subset);
    if (members > 0)
        assert_true(t->usable > 0);
    assert_true(ejected <= (members < 20 ? 1 : members / 10));
    if (outside > 0)
        unready = unready * members / (members + outside);
    if (ejected > 0)
        assert_true(t->usable * 2 >= members + unready);
}

static void expect_all(struct play *p)
{
    svc_endpoints *eps = svc_service_endpoints(p->s);
    size_t there = 0;
    struct tally t;
    svc_pick pick;

    look_at(p, eps, &t);
    expect_bounds(p, &t);
    for (unsigned i = 1; i <= NUMBERS; i++)
        there += (size_t)p->is_there[i];
    assert_int_equal(t.total, there);
    assert_int_equal(t.usable, svc_endpoints_count(eps));
    assert_true(eps->generation >= p->generation);
    p->generation = eps->generation;
    if (t.usable == 0) {
        assert_int_equal(svc_service_pick(p->s, NULL, &pick), SVC_ENOENDPOINTS);
    } else {
        assert_int_equal(svc_service_pick(p->s, NULL, &pick), 0);
        assert_true(p->is_there[script_number(&pick)] &&
                    p->is_ready[script_number(&pick)] &&
                    p->given[script_number(&pick)] != 0);
        assert_int_equal(pick.generation, p->generation);
    }
    svc_endpoints_unref(eps);
    /* Nothing is left to be done at once: no loop without a pause. */
    assert_int_not_equal(svc_resolver_timeout_ms(p->r), 0);
}

static void play(const char *options, size_t subset, uint64_t seed)
{
    struct play p = {.r = script_new(NULL), .subset = subset};
    char name[128];
    svc_stats stats = SVC_STATS_INIT;

    (void)snprintf(name, sizeof(name), "web:80?track=1%s", options);
    assert_int_equal(svc_service_new(p.r, name, NULL, &p.s, NULL), 0);
    svc__rng_seed(&p.rng, seed);
    memset(p.given, -1, sizeof(p.given));
    script_round(p.r);
    change_source(&p);
    for (int i = 0; i < 3000; i++) {
        something(&p);
        expect_all(&p);
    }
    assert_int_equal(svc_resolver_stats(p.r, &stats), 0);
    assert_int_equal(stats.ejections > 10, subset != 1); /* never the last */
    assert_int_equal(stats.picks_twice + stats.picks_leaked, 0);
    script_free(p.r);
    svc_service_free(p.s);
}

static void whatever_comes(void **state)
{
    static const struct {
        const char *options;
        size_t subset;
    } rows[] = {
        {"&policy=rr", 0},
        {"&policy=adaptive&slow_start_ms=5000", 0},
        {"&policy=wrr&subset=4&slow_start_ms=20000", 4},
        {"&policy=ewma&subset=1", 1},
        {"&policy=mh", 0},
        {"&policy=ring&hash_balance_factor=125", 0},
        {"&policy=lc&subset=21", 21},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        play(rows[i].options, rows[i].subset, i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
