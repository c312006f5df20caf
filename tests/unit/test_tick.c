/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tick comes soon, and ticks only rise.
 */
#include "base/tick.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

static void test_ticks_rise(void **state)
{
    const struct timespec pause = {0, 20000000};
    int64_t last = svc__tick_now();

    (void)state;
    for (int i = 0; i < 5; i++) {
        int64_t now;

        (void)nanosleep(&pause, NULL);
        now = svc__tick_now();
        assert_true(now > last);
        assert_true(svc__tick_now() >= now);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ticks_rise)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
