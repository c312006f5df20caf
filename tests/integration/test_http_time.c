/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What takes too long, on a clock that only the test moves (faults A22).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_run.h"
#include "still_clock.h"

#include <string.h>

#define HEADERS "HTTP/1.1 200 OK\r\n\r\n"

static struct http_run run;
static struct http_probe probe;

static int setup(void **state)
{
    (void)state;
    http_run_open(&run, NULL);
    http_run_probe(&run, &probe);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_run_close(&run);
    return 0;
}

static void move(int64_t ms)
{
    moved_ms += ms;
    for (int i = 0; i < 3; i++)
        http_server_round(&run.server);
}

static void no_answer(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        int64_t ms = i == 0 ? 30000 : 700;

        http_run_probe(&run, &probe);
        probe.q.answer_ms = i == 0 ? 0 : ms;
        http_run_ask(&run, &probe);
        move(ms - 1);
        http_server_say(&run.server, "HTTP/1.1 200 OK\r\nA: b\r\n");
        assert_int_equal(probe.done, 0);
        move(1);
        http_run_bad(&probe, SVC_EUNREACH,
                     i == 0 ? "no answer within 30000 ms"
                            : "no answer within 700 ms");
        http_server_hang_up(&run.server);
    }
}

/* A watch may drip: who has no rate and no total waits for ever. */
static void a_drip_is_allowed(void **state)
{
    (void)state;
    http_run_ask(&run, &probe);
    http_server_say(&run.server, HEADERS);
    for (int i = 0; i < 100; i++) {
        move(60000);
        http_server_say(&run.server, "x");
    }
    assert_int_equal(probe.done, 0);
    http_server_hang_up(&run.server);
    http_run_wait(&probe);
    assert_int_equal(probe.err, 0);
    assert_int_equal(probe.size, 100);
}

static void a_drip_is_too_slow(void **state)
{
    static char enough[3000];

    (void)state;
    memset(enough, 'x', sizeof(enough));
    probe.q.min_rate = 100;
    http_run_ask(&run, &probe);
    http_server_say(&run.server, HEADERS);
    move(1);
    for (int i = 0; i < 10; i++) {
        http_server_send(&run.server, enough, sizeof(enough));
        move(30000);
        assert_int_equal(probe.done, 0);
    }
    http_server_send(&run.server, enough, sizeof(enough) - 1);
    move(29990);
    assert_int_equal(probe.done, 0);
    move(11);
    http_run_bad(&probe, SVC_EUNREACH, "too slowly");
}

static void the_whole_takes_too_long(void **state)
{
    (void)state;
    probe.q.total_ms = 100000;
    probe.q.min_rate = 1;
    http_run_ask(&run, &probe);
    http_server_say(&run.server, HEADERS);
    for (int i = 0; i < 9; i++) {
        http_server_say(&run.server,
                        "0123456789012345678901234567890123456789");
        move(11000);
    }
    assert_int_equal(probe.done, 0);
    move(1001);
    http_run_bad(&probe, SVC_EUNREACH, "no whole response within 100000 ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_drip_is_allowed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_drip_is_too_slow, setup, teardown),
        cmocka_unit_test_setup_teardown(the_whole_takes_too_long, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
