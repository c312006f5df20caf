/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service makes of its tracked picks, of weights and of time, as
 * conversations: who is left out, who comes back, who gets how much.
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

#include <string.h>

/* Time passes when a test says so. */
static void pass(svc_resolver *r, int ms)
{
    moved_ms += ms;
    script_round(r);
}

/* ---- picks -------------------------------------------------------------- */

/* Picks, tracked, until it is that one, ending all others well. */
static svc_pick pick_one(svc_service *s, unsigned number)
{
    svc_pick pick;

    for (int i = 0; i < 1000; i++) {
        pick = script_pick(s);
        if (script_number(&pick) == number)
            return pick;
        svc_pick_done(&pick, SVC_OUTCOME_OK);
    }
    fail_msg("%u is never picked", number);
    return pick;
}

/* So many failures in a row of one endpoint. */
static void let_fail(svc_resolver *r, svc_service *s, unsigned number,
                     int times)
{
    for (int i = 0; i < times; i++) {
        svc_pick pick = pick_one(s, number);

        svc_pick_done(&pick, SVC_OUTCOME_ERROR);
    }
    script_round(r);
}

static uint32_t why_of(svc_service *s, unsigned number)
{
    svc_endpoints *eps = svc_service_endpoints(s);
    svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

    assert_int_equal(svc_endpoint_describe(script_find(eps, number), &info), 0);
    svc_endpoints_unref(eps);
    return info.why;
}

/* ---- ejection ----------------------------------------------------------- */

#define THREE "10.0.0.1 10.0.0.2 10.0.0.3"

/* Faults L1: out after five failures, back after 30 s. */
static void who_fails_is_left_out(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1&policy=rr");

    (void)state;
    script_addresses(r, "web.dev", THREE);
    let_fail(r, s, 2, 4);
    script_expect("subscribe web.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1 10.0.0.2 10.0.0.3\n");
    let_fail(r, s, 2, 1);
    script_expect("publish 2 ClusterIP: 10.0.0.1 10.0.0.3 10.0.0.2!ejected\n");
    assert_int_equal(why_of(s, 2), SVC_WHY_EJECTED);
    assert_int_equal(STAT(r, ejections), 1);
    assert_int_equal(STAT(r, endpoints_ejected), 1);
    pass(r, 29000);
    script_expect("");
    pass(r, 1001);
    script_expect("publish 3 ClusterIP: 10.0.0.1 10.0.0.2 10.0.0.3\n");
    assert_int_equal(why_of(s, 2), 0);
    assert_int_equal(STAT(r, ejections), 1);
    assert_int_equal(STAT(r, endpoints_ejected), 0);
    script_end(r, s);
}

/* Faults L3: the last one never is. */
static void the_last_one_stays(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1");

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1");
    let_fail(r, s, 1, 20);
    script_expect("subscribe web.dev:80\npublish 1 ClusterIP: 10.0.0.1\n");
    script_end(r, s);
}

/* A set that the source sends meanwhile does not bring it back, and who leaves
 * for good is forgotten. */
static void the_source_changes_nothing_of_it(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1&policy=rr");

    (void)state;
    script_addresses(r, "web.dev", THREE);
    let_fail(r, s, 2, 5);
    script_addresses(r, "web.dev", THREE " 10.0.0.4");
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.4");
    assert_int_equal(STAT(r, endpoints_ejected), 0);
    script_addresses(r, "web.dev", THREE);
    script_expect(
        "subscribe web.dev:80\n"
        "publish 1 ClusterIP: 10.0.0.1 10.0.0.2 10.0.0.3\n"
        "publish 2 ClusterIP: 10.0.0.1 10.0.0.3 10.0.0.2!ejected\n"
        "publish 3 ClusterIP: 10.0.0.1 10.0.0.3 10.0.0.4 10.0.0.2!ejected\n"
        "publish 4 ClusterIP: 10.0.0.1 10.0.0.4\n"
        "publish 5 ClusterIP: 10.0.0.1 10.0.0.2 10.0.0.3\n");
    script_end(r, s);
}

/* Who is not ready for a while is remembered, and comes back as it went. */
static void a_pause_forgets_nothing(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1&policy=rr");

    (void)state;
    script_addresses(r, "web.dev", THREE);
    let_fail(r, s, 2, 5);
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2!1 10.0.0.3");
    script_addresses(r, "web.dev", THREE);
    script_expect("subscribe web.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1 10.0.0.2 10.0.0.3\n"
                  "publish 2 ClusterIP: 10.0.0.1 10.0.0.3 10.0.0.2!ejected\n"
                  "publish 3 ClusterIP: 10.0.0.1 10.0.0.3 10.0.0.2!not-ready\n"
                  "publish 4 ClusterIP: 10.0.0.1 10.0.0.3 10.0.0.2!ejected\n");
    script_end(r, s);
}

/* Explaining tells of it, by what the service that is explained knows. */
static void explain_tells_who_is_out(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1&policy=rr");
    char *json = NULL;

    (void)state;
    script_at_once("web.dev", THREE);
    script_addresses(r, "web.dev", THREE);
    let_fail(r, s, 2, 5);
    assert_int_equal(svc_service_explain(s, &json, NULL), 0);
    assert_non_null(strstr(json, "1 ejected for a while: their picks failed"));
    assert_non_null(strstr(json, "rr chooses among 2 of 3"));
    svc_text_free(json);
    script_end(r, s);
}

/* ---- weights ------------------------------------------------------------ */

static void weigh(svc_resolver *r, svc_service *s, unsigned number, int weight)
{
    svc_endpoints *eps = svc_service_endpoints(s);

    assert_int_equal(svc_service_weigh(s, script_find(eps, number), weight), 0);
    svc_endpoints_unref(eps);
    script_round(r);
}

static void count(svc_service *s, int picks, unsigned counts[5])
{
    memset(counts, 0, 5 * sizeof(counts[0]));
    for (int i = 0; i < picks; i++) {
        svc_pick pick;

        assert_int_equal(svc_service_pick(s, NULL, &pick), 0);
        counts[script_number(&pick)]++;
    }
}

static void weights_of_the_caller(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?policy=wrr");
    unsigned counts[5];

    (void)state;
    script_addresses(r, "web.dev", THREE);
    weigh(r, s, 3, 4);
    count(s, 600, counts);
    assert_int_equal(counts[1], 100);
    assert_int_equal(counts[2], 100);
    assert_int_equal(counts[3], 400);
    /* The source says something else, and the weight stays. */
    script_addresses(r, "web.dev", THREE " 10.0.0.4");
    count(s, 700, counts);
    assert_int_equal(counts[3], 400);
    weigh(r, s, 3, -1);
    count(s, 400, counts);
    assert_int_equal(counts[3], 100);
    script_end(r, s);
}

/* A weight of 0 drains; all drained is an answer. */
static void weight_0_drains(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");
    svc_pick pick;

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2");
    weigh(r, s, 1, 0);
    assert_int_equal(why_of(s, 1), SVC_WHY_DRAINING);
    weigh(r, s, 2, 0);
    assert_int_equal(svc_service_pick(s, NULL, &pick), SVC_ENOENDPOINTS);
    weigh(r, s, 1, 1);
    script_expect(
        "subscribe web.dev:80\n"
        "publish 1 ClusterIP: 10.0.0.1 10.0.0.2\n"
        "publish 2 ClusterIP: 10.0.0.2 10.0.0.1!draining\n"
        "publish 3 ClusterIP: 10.0.0.1!draining 10.0.0.2!draining "
        "SVC_ENOENDPOINTS: Service \"web\" in namespace \"dev\" has no usable "
        "endpoint: 2 draining (source: script)\n"
        "publish 4 ClusterIP: 10.0.0.1 10.0.0.2!draining\n");
    script_end(r, s);
}

/* ---- slow start --------------------------------------------------------- */

/* Faults L5: who is new gets a tenth at first, and nobody is told of the steps,
 * which change no set. */
static void who_is_new_starts_slowly(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?policy=wrr&slow_start_ms=10000");
    unsigned counts[5];

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2");
    count(s, 100, counts);
    assert_int_equal(counts[1], 50);
    pass(r, 1000);
    script_addresses(r, "web.dev", THREE);
    count(s, 210, counts);
    assert_int_equal(counts[3], 10);
    script_expect("subscribe web.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1 10.0.0.2\n"
                  "publish 2 ClusterIP: 10.0.0.1 10.0.0.2 10.0.0.3\n");
    for (int i = 0; i < 6; i++)
        pass(r, 1000);
    count(s, 2100, counts);
    assert_in_range(counts[3], 450, 560);
    for (int i = 0; i < 6; i++)
        pass(r, 1000);
    count(s, 300, counts);
    assert_int_equal(counts[3], 100);
    script_expect("");
    script_end(r, s);
}

/* ---- subsets ------------------------------------------------------------ */

static void a_subset_is_used(void **state)
{
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r;
    svc_service *s;
    svc_endpoints *eps;

    (void)state;
    options.client_id = "client-1";
    r = script_new(&options);
    s = script_open(r, "web:80?subset=2");
    script_addresses(r, "web.dev", THREE " 10.0.0.4");
    eps = svc_service_endpoints(s);
    assert_int_equal(svc_endpoints_count(eps), 2);
    assert_int_equal(svc_endpoints_total(eps), 4);
    svc_endpoints_unref(eps);
    script_end(r, s);
}

/* ---- tracked picks ------------------------------------------------------ */

/* Faults L4: late, twice, never. */
static void ends_that_are_ignored_are_counted(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1");
    svc_pick late;
    svc_pick twice;

    (void)state;
    script_addresses(r, "web.dev", THREE);
    twice = pick_one(s, 1);
    late = pick_one(s, 2);
    svc_pick_done(&twice, SVC_OUTCOME_OK);
    svc_pick_done(&twice, SVC_OUTCOME_OK);
    assert_int_equal(STAT(r, picks_twice), 1);
    script_addresses(r, "web.dev", "10.0.0.1");
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.3");
    svc_pick_done(&late, SVC_OUTCOME_OK);
    assert_int_equal(STAT(r, picks_late), 1);
    svc_pick_done(NULL, SVC_OUTCOME_OK);
    script_end(r, s);
}

/* Faults L4: a copy that is closed, too, ends whatever pick is in flight there,
 * and none where there is none. */
static void a_copy_is_not_known_as_one(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1");
    svc_pick copies[3];
    svc_pick other;

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1");
    copies[0] = copies[1] = copies[2] = script_pick(s);
    other = script_pick(s);
    svc_pick_done(&copies[0], SVC_OUTCOME_OK);
    svc_pick_done(&copies[1], SVC_OUTCOME_OK);
    assert_int_equal(STAT(r, picks_late), 0);
    svc_pick_done(&copies[2], SVC_OUTCOME_OK);
    assert_int_equal(STAT(r, picks_late), 1);
    svc_pick_done(&other, SVC_OUTCOME_OK);
    assert_int_equal(STAT(r, picks_late), 2);
    assert_int_equal(STAT(r, picks_twice), 0);
    script_end(r, s);
}

static void a_pick_outlives_its_service(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1");
    svc_pick done;
    svc_pick next;

    (void)state;
    script_addresses(r, "web.dev", THREE);
    done = pick_one(s, 1);
    next = pick_one(s, 2);
    script_end(r, s);
    svc_pick_done(&done, SVC_OUTCOME_ERROR);
    assert_int_equal(svc_pick_next(&next, SVC_OUTCOME_CONNECT), SVC_ECLOSED);
}

static void tracking_has_to_be_asked_for(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");
    svc_pick_options options = SVC_PICK_OPTIONS_INIT;
    svc_pick pick;

    (void)state;
    options.track = 1;
    script_addresses(r, "web.dev", THREE);
    assert_int_equal(svc_service_pick(s, &options, &pick), SVC_EINVAL);
    assert_int_equal(svc_service_pick(s, NULL, &pick), 0);
    svc_pick_done(&pick, SVC_OUTCOME_ERROR);
    assert_int_equal(STAT(r, picks_twice), 0);
    script_end(r, s);
}

/* ---- trying again ------------------------------------------------------- */

/* Each endpoint once, whatever the policy. */
static void next_is_always_another(void **state)
{
    static const char *const names[] = {
        "web:80?policy=rr", "web:80?policy=fo&track=1", "web:80?policy=mh",
        "web:80?policy=ring&track=1", "web:80?policy=ewma&track=1"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        svc_resolver *r = script_new(NULL);
        svc_service *s = script_open(r, names[i]);
        svc_pick_options options = SVC_PICK_OPTIONS_INIT;
        unsigned seen = 0;
        svc_pick pick;

        options.track = strstr(names[i], "track") != NULL;
        options.key = "k";
        options.key_size = 1;
        script_addresses(r, "web.dev", THREE " 10.0.0.4");
        assert_int_equal(svc_service_pick(s, &options, &pick), 0);
        seen |= 1u << script_number(&pick);
        for (int n = 0; n < 3; n++) {
            assert_int_equal(svc_pick_next(&pick, SVC_OUTCOME_CONNECT), 0);
            assert_int_equal(seen & 1u << script_number(&pick), 0);
            seen |= 1u << script_number(&pick);
        }
        assert_int_equal(svc_pick_next(&pick, SVC_OUTCOME_CONNECT),
                         SVC_ENOENDPOINTS);
        assert_int_equal(STAT(r, retries), 3);
        script_end(r, s);
    }
}

/* Thirty are there at first, and picks give a fifth each. */
static void retries_have_a_budget(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");
    int allowed = 0;

    (void)state;
    script_addresses(r, "web.dev", THREE);
    for (int i = 0; i < 500; i++) {
        svc_pick pick;

        assert_int_equal(svc_service_pick(s, NULL, &pick), 0);
        allowed += svc_pick_next(&pick, SVC_OUTCOME_ERROR) == 0;
    }
    assert_in_range(allowed, 128, 131);
    assert_int_equal(STAT(r, retries), allowed);
    assert_int_equal(STAT(r, retries_refused), 500 - allowed);
    script_end(r, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_fails_is_left_out),
        cmocka_unit_test(the_last_one_stays),
        cmocka_unit_test(the_source_changes_nothing_of_it),
        cmocka_unit_test(a_pause_forgets_nothing),
        cmocka_unit_test(explain_tells_who_is_out),
        cmocka_unit_test(weights_of_the_caller),
        cmocka_unit_test(weight_0_drains),
        cmocka_unit_test(who_is_new_starts_slowly),
        cmocka_unit_test(a_subset_is_used),
        cmocka_unit_test(ends_that_are_ignored_are_counted),
        cmocka_unit_test(a_copy_is_not_known_as_one),
        cmocka_unit_test(a_pick_outlives_its_service),
        cmocka_unit_test(tracking_has_to_be_asked_for),
        cmocka_unit_test(next_is_always_another),
        cmocka_unit_test(retries_have_a_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
