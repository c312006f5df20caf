/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where what a service remembers of its endpoints meets something else: sets
 * that become empty, places that change hands, subsets, who explains, who tries
 * again from many threads, picks that are broken.
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

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Time passes when a test says so. */
static void pass(svc_resolver *r, int ms)
{
    moved_ms += ms;
    script_round(r);
}

/* ---- picks and weights -------------------------------------------------- */

/* Five failures in a row of whoever is picked first; all others do well. */
static void let_one_fail(svc_resolver *r, svc_service *s)
{
    svc_pick pick = script_pick(s);
    const unsigned number = script_number(&pick);

    for (int failed = 0; failed < 5;) {
        const int is_it = script_number(&pick) == number;

        svc_pick_done(&pick, is_it ? SVC_OUTCOME_ERROR : SVC_OUTCOME_OK);
        failed += is_it;
        pick = script_pick(s);
    }
    svc_pick_done(&pick, SVC_OUTCOME_CANCELLED);
    script_round(r);
}

/* Opens a service that nobody follows; one of its three endpoints is ejected.
 */
static svc_service *open_with_one_out(svc_resolver *r)
{
    svc_service *s = NULL;

    assert_int_equal(
        svc_service_new(r, "web:80?track=1&policy=rr", NULL, &s, NULL), 0);
    script_round(r);
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2 10.0.0.3");
    let_one_fail(r, s);
    return s;
}

/* The same weight for all. */
static void weigh_all(svc_resolver *r, svc_service *s, int weight)
{
    svc_endpoints *eps = svc_service_endpoints(s);

    for (size_t i = 0; i < svc_endpoints_total(eps); i++)
        assert_int_equal(svc_service_weigh(s, svc_endpoints_at(eps, i), weight),
                         0);
    svc_endpoints_unref(eps);
    script_round(r);
}

/* ---- rounds that are not wanted ----------------------------------------- */

/* All are drained while one starts slowly: nothing is left to be done by time.
 */
static void drained_in_a_slow_start(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s =
        script_open(r, "web:80?track=1&policy=wrr&slow_start_ms=10000");

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1");
    pass(r, 1000);
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2");
    assert_in_range(svc_resolver_timeout_ms(r), 1, 1000);
    weigh_all(r, s, 0);
    pass(r, 2000);
    script_round(r);
    assert_int_equal(svc_resolver_timeout_ms(r), -1);
    weigh_all(r, s, 1);
    assert_in_range(svc_resolver_timeout_ms(r), 1, 1000);
    script_end(r, s);
}

/* However many fail: a set is looked at once in 10 ms, also where nothing comes
 * of it. */
static void reviews_are_rationed(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1");
    svc_pick pick;

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2");
    pick = script_pick(s);
    svc_pick_done(&pick, SVC_OUTCOME_ERROR);
    script_round(r);
    assert_int_equal(svc_resolver_timeout_ms(r), -1);
    pick = script_pick(s);
    svc_pick_done(&pick, SVC_OUTCOME_ERROR);
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
    assert_int_equal(svc_resolver_timeout_ms(r), 10);
    moved_ms += 10;
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
    assert_int_equal(svc_resolver_timeout_ms(r), -1);
    /* Nothing that a source said was looked at there. */
    assert_int_equal(STAT(r, updates_unchanged), 0);
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2");
    assert_int_equal(STAT(r, updates_unchanged), 1);
    script_end(r, s);
}

/* A source that is asked anew and has not answered is not well because a pick
 * failed. */
static void a_review_ends_no_trouble(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1");
    svc_pick pick;

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2");
    script_refuse(SVC_EUNREACH);
    script_alias(r, "web.dev", "db.dev.svc.cluster.local");
    assert_int_equal(svc_service_status(s, NULL), SVC_EUNREACH);
    script_refuse(0);
    pass(r, 1000);
    pick = script_pick(s);
    svc_pick_done(&pick, SVC_OUTCOME_ERROR);
    script_round(r);
    assert_int_equal(svc_service_status(s, NULL), SVC_EUNREACH);
    script_addresses(r, "web.dev", "10.0.0.1");
    assert_int_equal(svc_service_status(s, NULL), 0);
    script_end(r, s);
}

/* A Service that is gone leaves nobody out, nor does one that is closed. */
static void nobody_is_left_out_of_nothing(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = open_with_one_out(r);

    (void)state;
    assert_int_equal(STAT(r, endpoints_ejected), 1);
    script_code(r, "web.dev", SVC_ENOSERVICE);
    assert_int_equal(STAT(r, endpoints_ejected), 0);
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2 10.0.0.3");
    assert_int_equal(STAT(r, endpoints_ejected), 1);
    assert_int_equal(STAT(r, ejections), 1);
    svc__refs_get(&s->refs);
    svc_service_free(s);
    script_round(r);
    assert_int_equal(STAT(r, endpoints_ejected), 0);
    svc__service_unref(s);
    script_free(r);
}

/* ---- places ------------------------------------------------------------- */

/* Two Pods are told for one place, as while one follows the other on a Node
 * with hostNetwork: who stands for it is one and the same from set to set. */
static void two_pods_at_one_place(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1&policy=fo");
    svc_pick pick;

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1#2 10.0.0.1#1!2048");
    pick = script_pick(s);
    script_addresses(r, "web.dev", "10.0.0.1#2 10.0.0.1#1!2048 10.0.0.2#3");
    svc_pick_done(&pick, SVC_OUTCOME_OK);
    assert_int_equal(STAT(r, picks_late), 0);
    pick = script_pick(s);
    script_addresses(r, "web.dev", "10.0.0.1#4 10.0.0.2#5");
    svc_pick_done(&pick, SVC_OUTCOME_OK);
    assert_int_equal(STAT(r, picks_late), 1);
    script_end(r, s);
}

/* ---- subsets ------------------------------------------------------------ */

/* Those who are not ready are many beside the subset, and few beside all that
 * there are: no panic. */
static void a_subset_ejects_too(void **state)
{
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r;
    svc_service *s;

    (void)state;
    options.client_id = "client-1";
    r = script_new(&options);
    s = script_open(r, "web:80?track=1&policy=rr&subset=3");
    script_addresses(r, "web.dev",
                     "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6 "
                     "10.0.0.7 10.0.0.8 10.0.0.9 10.0.0.10 10.0.1.1!1 "
                     "10.0.1.2!1 10.0.1.3!1 10.0.1.4!1 10.0.1.5!1");
    let_one_fail(r, s);
    assert_int_equal(STAT(r, ejections), 1);
    assert_int_equal(STAT(r, endpoints_ejected), 1);
    script_end(r, s);
}

/* The same where a place chose part of those that are ready: 16, 32 and 64 are
 * other zones, other Nodes, and not local. */
static void part_of_all_ejects_too(void **state)
{
    (void)state;
    for (unsigned why = 16; why <= 64; why *= 2) {
        svc_resolver *r = script_new(NULL);
        svc_service *s = script_open(r, "web:80?track=1&policy=rr");
        char text[512] = "10.0.0.1 10.0.0.2 10.0.0.3";
        size_t used = strlen(text);

        for (unsigned i = 1; i <= 12; i++)
            used += (size_t)snprintf(text + used, sizeof(text) - used,
                                     " 10.0.1.%u!%u", i, i <= 7 ? why : 1u);
        script_addresses(r, "web.dev", text);
        let_one_fail(r, s);
        assert_int_equal(STAT(r, endpoints_ejected), 1);
        script_end(r, s);
    }
}

/* Who is not of the subset is told where nothing is usable. */
static void all_of_a_subset_drained(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?subset=1");
    svc_error error;

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2 10.0.0.3");
    weigh_all(r, s, 0);
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_ENOENDPOINTS);
    assert_non_null(strstr(error.message,
                           "no usable endpoint: 2 outside the subset, 1 "
                           "draining"));
    script_end(r, s);
}

/* ---- explaining --------------------------------------------------------- */

/* Who explains keeps what it explains until the loop has let go of it; nobody
 * picks from it. */
static void what_is_explained_stays(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = open_with_one_out(r);
    svc_service *again = NULL;
    struct svc__request request = {.name = "web:80",
                                   .trace = svc__clock_now_us};
    svc_endpoints *eps;

    (void)state;
    request.explained = s;
    assert_int_equal(svc__service_new(r, &request, &again, NULL), 0);
    script_round(r);
    svc_service_free(s);
    script_round(r);
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2 10.0.0.3");
    eps = svc_service_endpoints(again);
    assert_int_equal(svc_endpoints_count(eps), 2);
    svc_endpoints_unref(eps);
    assert_null(atomic_load(&again->publish.snapshot)->policy.ops);
    assert_int_equal(again->balance.members.map.count, 0);
    svc_service_free(again);
    script_round(r);
    assert_int_equal(STAT(r, services_open), 0);
    assert_int_equal(STAT(r, endpoints_ejected), 0);
    script_free(r);
}

/* ---- trying again ------------------------------------------------------- */

#define THREADS 4
#define HOUR_MS 3600000

struct crowd {
    svc_service *s;
    pthread_barrier_t barrier;
    _Atomic uint64_t allowed;
};

/* Thirty picks a second for an hour, and then all at once want to try again. */
static void *pick_and_retry(void *arg)
{
    struct crowd *c = arg;
    uint64_t allowed = 0;
    svc_pick pick;

    for (int i = 0; i < 30 * 3600; i++)
        (void)svc_service_pick(c->s, NULL, &pick);
    (void)pthread_barrier_wait(&c->barrier);
    (void)pthread_barrier_wait(&c->barrier);
    for (int i = 0; i < 30000; i++) {
        svc_pick next = pick;

        allowed += svc_pick_next(&next, SVC_OUTCOME_ERROR) == 0;
    }
    (void)atomic_fetch_add(&c->allowed, allowed);
    return NULL;
}

/* The budget has no more than the last ten seconds of all of them: 60 for each
 * thread, and the reserve of 30. */
static void many_threads_have_one_budget(void **state)
{
    svc_resolver *r = script_new(NULL);
    struct crowd c = {.s = script_open(r, "web:80")};
    pthread_t threads[THREADS];

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2 10.0.0.3");
    assert_int_equal(pthread_barrier_init(&c.barrier, NULL, THREADS + 1), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, pick_and_retry, &c),
                         0);
    (void)pthread_barrier_wait(&c.barrier);
    moved_ms += HOUR_MS;
    (void)pthread_barrier_wait(&c.barrier);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_in_range(c.allowed, 60 * THREADS + 29, 60 * THREADS + 30);
    pthread_barrier_destroy(&c.barrier);
    script_end(r, c.s);
}

/* ---- picks that are broken ---------------------------------------------- */

/* Whatever is in a pick: it is refused, or taken for another one; nothing is
 * read or written that is not its own. */
static void garbage_breaks_nothing(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1");
    struct svc__rng rng;
    svc_pick pick;

    (void)state;
    memset(&pick, 0, sizeof(pick));
    svc_pick_done(&pick, SVC_OUTCOME_OK);
    assert_int_equal(svc_pick_next(&pick, SVC_OUTCOME_OK), SVC_EINVAL);
    memset(&pick, 0xFF, sizeof(pick));
    assert_int_equal(svc_pick_next(&pick, SVC_OUTCOME_OK), SVC_ECLOSED);
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2 10.0.0.3");
    svc__rng_seed(&rng, 1);
    for (int i = 0; i < 20000; i++) {
        unsigned char *bytes = (unsigned char *)&pick;

        pick = script_pick(s);
        for (uint32_t n = 1 + svc__rng_below(&rng, 16); n > 0; n--)
            bytes[svc__rng_below(&rng, sizeof(pick))] =
                (unsigned char)svc__rng_next(&rng);
        if (i % 2 == 0)
            (void)svc_pick_next(&pick, (int)svc__rng_below(&rng, 8) - 1);
        svc_pick_done(&pick, (int)svc__rng_below(&rng, 8) - 1);
        if (i % 1000 == 0)
            pass(r, 1000);
    }
    script_end(r, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drained_in_a_slow_start),
        cmocka_unit_test(reviews_are_rationed),
        cmocka_unit_test(a_review_ends_no_trouble),
        cmocka_unit_test(nobody_is_left_out_of_nothing),
        cmocka_unit_test(two_pods_at_one_place),
        cmocka_unit_test(a_subset_ejects_too),
        cmocka_unit_test(part_of_all_ejects_too),
        cmocka_unit_test(all_of_a_subset_drained),
        cmocka_unit_test(what_is_explained_stays),
        cmocka_unit_test(many_threads_have_one_budget),
        cmocka_unit_test(garbage_breaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
