/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which latency a service learns from a tracked pick: the one it measures, the
 * one that is given, or none.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/tick.h"
#include "integration/still_clock.h"
#include "script.h"
#include "script_pick.h"

/* base/tick for this program: time passes when a test says so. */
static int64_t tick_ns = INT64_C(5000000000000);

int64_t svc__tick_now(void)
{
    return tick_ns / 1000;
}

int64_t svc__tick_exact_ns(void)
{
    return tick_ns;
}

/* ---- how a pick is closed ----------------------------------------------- */

static void measured(svc_pick *pick, int64_t us)
{
    tick_ns += us * 1000;
    svc_pick_done(pick, SVC_OUTCOME_OK);
}

/* The time that passes has nothing to do with it. */
static void given(svc_pick *pick, int64_t us)
{
    tick_ns += us < 10000 ? 20000000 : 1000;
    svc_pick_done_after(pick, SVC_OUTCOME_OK, us);
}

/* ---- what is learned ---------------------------------------------------- */

#define PICKS 200

/* Until it is that one: the others were not meant. */
static svc_pick pick_one(svc_service *s, unsigned number)
{
    svc_pick pick = script_pick(s);

    while (script_number(&pick) != number) {
        svc_pick_done(&pick, SVC_OUTCOME_CANCELLED);
        pick = script_pick(s);
    }
    return pick;
}

/* Two endpoints, which have answered after so long; returns how many picks of
 * then on go to the second, as ewma chooses by cost alone. */
static unsigned share_of_second(void (*end)(svc_pick *, int64_t), int64_t first,
                                int64_t second)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1&policy=ewma");
    unsigned count = 0;
    svc_pick pick;

    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2");
    pick = pick_one(s, 1);
    end(&pick, first);
    pick = pick_one(s, 2);
    end(&pick, second);
    for (int i = 0; i < PICKS; i++) {
        assert_int_equal(svc_service_pick(s, NULL, &pick), 0);
        count += script_number(&pick) == 2;
    }
    script_end(r, s);
    return count;
}

/* The time from the pick to its end. */
static void the_library_measures(void **state)
{
    (void)state;
    assert_int_equal(share_of_second(measured, 10000, 50000), 0);
    assert_int_equal(share_of_second(measured, 50000, 0), PICKS);
}

static void the_caller_knows_better(void **state)
{
    (void)state;
    assert_int_equal(share_of_second(given, 1000, 15000), 0);
    assert_int_equal(share_of_second(given, 15000, 1000), PICKS);
    assert_int_equal(share_of_second(given, 1, 0), PICKS);
}

/* Below 0 nothing is known, whatever the time was: who never answered costs
 * nothing. */
static void what_is_not_known_is_not_learned(void **state)
{
    (void)state;
    assert_int_equal(share_of_second(given, -1, 1), 0);
    assert_int_equal(share_of_second(given, 1, -1), PICKS);
    assert_int_equal(share_of_second(given, 1, INT64_MIN), PICKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_measures),
        cmocka_unit_test(the_caller_knows_better),
        cmocka_unit_test(what_is_not_known_is_not_learned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
