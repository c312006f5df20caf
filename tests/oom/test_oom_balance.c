/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out when a set is to be judged anew: it is judged later, and
 * the source, which has nothing to do with it, is neither blamed nor asked.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "integration/still_clock.h"
#include "oom.h"
#include "script.h"
#include "script_pick.h"

static void pass(svc_resolver *r, int ms)
{
    moved_ms += ms;
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
}

/* All picks of one endpoint of three fail. */
static void eject_one(svc_resolver *r, svc_service *s)
{
    for (int i = 0; i < 15; i++) {
        svc_pick pick = script_pick(s);

        svc_pick_done(&pick, script_number(&pick) == 2 ? SVC_OUTCOME_ERROR
                                                       : SVC_OUTCOME_OK);
    }
    pass(r, 100);
}

static size_t count_of(svc_service *s)
{
    svc_endpoints *eps = svc_service_endpoints(s);
    const size_t count = svc_endpoints_count(eps);

    svc_endpoints_unref(eps);
    return count;
}

/* Whether the n-th allocation was asked for. */
static int come_back(long n, int forever)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?track=1&policy=rr");
    int failed;

    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2 10.0.0.3");
    eject_one(r, s);
    assert_int_equal(count_of(s), 2);
    oom_arm(n, forever);
    pass(r, 30000);
    failed = oom_failures() > 0;
    oom_disarm();
    assert_int_equal(count_of(s), failed ? 2 : 3);
    assert_int_equal(svc_service_status(s, NULL), 0);
    assert_int_equal(svc_resolver_timeout_ms(r), failed ? 1000 : -1);
    pass(r, 1000);
    assert_int_equal(count_of(s), 3);
    script_expect("subscribe web.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1 10.0.0.2 10.0.0.3\n");
    script_end(r, s);
    return failed;
}

static void who_is_ejected_comes_back(void **state)
{
    (void)state;
    for (int forever = 0; forever < 2; forever++) {
        for (long n = 1; come_back(n, forever); n++)
            continue;
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_ejected_comes_back),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
