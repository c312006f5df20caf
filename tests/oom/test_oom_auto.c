/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out anywhere in "auto": what cannot be opened or asked is
 * tried again, an answer is handed on or its loss is told, nothing is lost.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auto_run.h"
#include "oom.h"

#include "integration/still_clock.h"

static int64_t trace(void)
{
    return svc__clock_now_us();
}

/* Whether place i could be subscribed, which fails cleanly for want of memory
 * only. */
static int ask(int i, svc__clock_fn clock)
{
    int err = auto_run_ask(i, clock);

    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        assert_true(oom_failures() > 0);
    }
    return err == 0;
}

static void say(enum auto_part part, int i, const char *what)
{
    if (auto_heard[i].is_on && auto_run_is_asked(part, i))
        auto_run_say(part, i, what);
}

/* From DNS, after a held no, to the API server. */
static void talk(int i)
{
    say(AUTO_API, i, "!SVC_EUNREACH");
    auto_run_pass(300);
    say(AUTO_DNS, i, "SVC_ENOSERVICE");
    say(AUTO_API, i, "!SVC_EAUTH");
    say(AUTO_DNS, i, "10.96.0.1");
    say(AUTO_DNS, i, "!SVC_ETIMEDOUT");
    auto_run_pass(3000);
    say(AUTO_API, i, "10.0.0.1");
    auto_run_pass(0);
}

static void scenario(void *arg)
{
    int failed;

    if (auto_run_open(&moved_ms) == 0) {
        failed = !ask(0, NULL);
        failed += !ask(1, arg == NULL ? NULL : trace);
        talk(0);
        talk(1);
        if (failed == 0 && oom_failures() == 0) {
            assert_string_equal(auto_heard[0].source, "apiserver");
            assert_string_equal(auto_heard[1].source, "apiserver");
        }
        /* With memory again everything comes. */
        oom_disarm();
        auto_run_pass(2000);
        for (int i = 0; i < 2; i++) {
            if (!auto_heard[i].is_on)
                continue;
            say(AUTO_API, i, "10.0.0.2");
            assert_string_equal(auto_heard[i].source, "apiserver");
            assert_int_equal(auto_heard[i].trouble.code, 0);
        }
    }
    auto_run_close();
}

static void test_without_memory(void **state)
{
    int traced = 1;

    (void)state;
    oom_torture(scenario, NULL);
    oom_torture(scenario, &traced);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_without_memory)};

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
