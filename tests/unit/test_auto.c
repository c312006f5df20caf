/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "auto" as conversations: the API server, DNS where it is silent or does not
 * let us, and never back from the one to the other.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auto_run.h"

#include "backend/auto.h"
#include "integration/still_clock.h"

#include <string.h>

static int begin(void **state)
{
    (void)state;
    if (auto_run_open(&moved_ms) != 0)
        return 1;
    auto_run_forget();
    return 0;
}

static int end(void **state)
{
    (void)state;
    auto_run_close();
    return 0;
}

/* Place 0 subscribes, and nobody has said anything. */
static void ask(void)
{
    assert_int_equal(auto_run_ask(0, NULL), 0);
    auto_run_expect("[    0] api: subscribe 0\n");
}

/* The same, when DNS has just been asked too. */
static void ask_both(void)
{
    ask();
    auto_run_pass(300);
    auto_run_expect("[  300] dns: init\n"
                    "[  300] dns: subscribe 0\n");
}

/* ---- the API server is well ---------------------------------------------- */

static void test_dns_is_not_asked(void **state)
{
    (void)state;
    ask();
    auto_run_pass(290);
    auto_run_say(AUTO_API, 0, "10.0.0.1");
    auto_run_pass(10000);
    auto_run_say(AUTO_API, 0, "10.0.0.2");
    auto_run_expect("[  290] 0 has 10.0.0.1 by apiserver\n"
                    "[10290] 0 has 10.0.0.2 by apiserver\n");
}

/* Trouble that others have told; with that of DNS it is another story. */
static void test_told_elsewhere(void **state)
{
    (void)state;
    ask();
    auto_run_say(AUTO_API, 0, "!!SVC_EAUTH");
    auto_run_pass(10);
    auto_run_say(AUTO_DNS, 0, "10.96.0.1");
    auto_run_say(AUTO_DNS, 0, "!SVC_EUNREACH");
    auto_run_expect(
        "[    0] dns: init\n"
        "[    0] dns: subscribe 0\n"
        "[   10] 0 has 10.96.0.1 by dns\n"
        "[   10] 0 is in trouble, covered, told: SVC_EAUTH: API server: api in "
        "trouble; DNS answers meanwhile\n"
        "[   10] 0 is in trouble: SVC_EAUTH: API server: api in trouble; DNS: "
        "dns in trouble\n");
}

static void test_an_answer_from_inside(void **state)
{
    (void)state;
    auto_run_at_once(AUTO_API, "10.0.0.1");
    assert_int_equal(auto_run_ask(0, NULL), 0);
    auto_run_pass(1000);
    auto_run_leave(0);
    auto_run_expect("[    0] api: subscribe 0\n"
                    "[    0] 0 has 10.0.0.1 by apiserver\n"
                    "[ 1000] api: unsubscribe 0\n");
}

static void test_an_empty_answer_is_one(void **state)
{
    (void)state;
    ask();
    auto_run_say(AUTO_API, 0, "SVC_ENOSERVICE");
    auto_run_pass(1000);
    auto_run_expect("[    0] 0 has SVC_ENOSERVICE by apiserver: api says no\n");
}

/* Once it has answered it grows stale, and DNS is not asked for all that. */
static void test_never_back_to_dns(void **state)
{
    (void)state;
    ask_both();
    auto_run_say(AUTO_DNS, 0, "10.96.0.1");
    auto_run_say(AUTO_API, 0, "10.0.0.1");
    auto_run_say(AUTO_DNS, 0, "10.96.0.2");
    auto_run_pass(0);
    auto_run_say(AUTO_API, 0, "!SVC_EAUTH");
    auto_run_pass(60000);
    auto_run_expect("[  300] 0 has 10.96.0.1 by dns\n"
                    "[  300] 0 has 10.0.0.1 by apiserver\n"
                    "[  300] dns: unsubscribe 0\n"
                    "[  300] 0 is in trouble: SVC_EAUTH: api in trouble\n");
}

/* ---- the API server is slow or away -------------------------------------- */

static void test_the_first_whole_answer_wins(void **state)
{
    (void)state;
    ask_both();
    auto_run_say(AUTO_DNS, 0, "10.96.0.1");
    auto_run_pass(700);
    auto_run_say(AUTO_DNS, 0, "10.96.0.2");
    auto_run_say(AUTO_API, 0, "10.0.0.1");
    auto_run_pass(0);
    auto_run_expect("[  300] 0 has 10.96.0.1 by dns\n"
                    "[ 1000] 0 has 10.96.0.2 by dns\n"
                    "[ 1000] 0 has 10.0.0.1 by apiserver\n"
                    "[ 1000] dns: unsubscribe 0\n");
}

static void test_dns_serves_and_status_says_why(void **state)
{
    (void)state;
    ask();
    auto_run_say(AUTO_API, 0, "!SVC_EUNREACH");
    auto_run_pass(300);
    auto_run_say(AUTO_DNS, 0, "10.96.0.1");
    auto_run_pass(5000);
    auto_run_say(AUTO_DNS, 0, "SVC_ENOSERVICE");
    auto_run_expect(
        "[    0] 0 is in trouble: SVC_EUNREACH: API server: api in trouble; "
        "DNS has not answered yet\n"
        "[  300] dns: init\n"
        "[  300] dns: subscribe 0\n"
        "[  300] 0 has 10.96.0.1 by dns\n"
        "[  300] 0 is in trouble, covered: SVC_EUNREACH: API server: api in "
        "trouble; DNS answers meanwhile\n"
        "[ 5300] 0 has SVC_ENOSERVICE by dns: API server: api in trouble; "
        "DNS: dns says no / mend api\n"
        "[ 5300] 0 is in trouble, covered: SVC_EUNREACH: API server: api in "
        "trouble; DNS answers meanwhile\n");
}

static void test_dns_fails_too(void **state)
{
    (void)state;
    ask_both();
    auto_run_say(AUTO_DNS, 0, "10.96.0.1");
    auto_run_say(AUTO_DNS, 0, "!SVC_ETIMEDOUT");
    auto_run_say(AUTO_API, 0, "!SVC_EUNREACH");
    assert_string_equal(auto_heard[0].trouble.hint,
                        "mend api; or for DNS: mend dns");
    auto_run_say(AUTO_API, 0, "10.0.0.1");
    auto_run_expect(
        "[  300] 0 has 10.96.0.1 by dns\n"
        "[  300] 0 is in trouble: SVC_ETIMEDOUT: dns in trouble\n"
        "[  300] 0 is in trouble: SVC_EUNREACH: API server: api in trouble; "
        "DNS: dns in trouble\n"
        "[  300] 0 has 10.0.0.1 by apiserver\n");
}

/* ---- the API server does not let us -------------------------------------- */

static void test_denied_asks_dns_at_once(void **state)
{
    static const char *const codes[] = {"!SVC_EAUTH", "!SVC_ENOTSUP"};

    for (int i = 0; i < 2; i++) {
        auto_run_close();
        assert_int_equal(begin(state), 0);
        ask();
        auto_run_say(AUTO_API, 0, codes[i]);
        auto_run_expect("");
        auto_run_pass(10);
        auto_run_expect("[    0] dns: init\n"
                        "[    0] dns: subscribe 0\n");
    }
}

/* Trouble that will not pass ends the wait of callers: DNS is heard first. */
static void test_denied_waits_for_dns(void **state)
{
    (void)state;
    auto_run_at_once(AUTO_API, "!SVC_EAUTH");
    assert_int_equal(auto_run_ask(0, NULL), 0);
    auto_run_pass(2990);
    auto_run_expect("[    0] api: subscribe 0\n"
                    "[    0] dns: init\n"
                    "[    0] dns: subscribe 0\n");
    auto_run_pass(10);
    auto_run_say(AUTO_DNS, 0, "!SVC_ETIMEDOUT");
    auto_run_say(AUTO_DNS, 0, "10.96.0.1");
    auto_run_expect(
        "[ 3000] 0 is in trouble: SVC_EAUTH: API server: api in trouble; DNS "
        "has not answered yet\n"
        "[ 3000] 0 is in trouble: SVC_EAUTH: API server: api in trouble; DNS: "
        "dns in trouble\n"
        "[ 3000] 0 has 10.96.0.1 by dns\n"
        "[ 3000] 0 is in trouble, covered: SVC_EAUTH: API server: api in "
        "trouble; DNS answers meanwhile\n");
}

static void test_denied_and_no_such_service(void **state)
{
    (void)state;
    auto_run_at_once(AUTO_API, "!SVC_EAUTH");
    assert_int_equal(auto_run_ask(0, NULL), 0);
    auto_run_pass(0);
    auto_run_forget();
    auto_run_say(AUTO_DNS, 0, "SVC_ENOSERVICE");
    auto_run_expect(
        "[    0] 0 has SVC_ENOSERVICE by dns: API server: api in trouble; "
        "DNS: dns says no / mend api\n"
        "[    0] 0 is in trouble, covered: SVC_EAUTH: API server: api in "
        "trouble; DNS answers meanwhile\n");
}

static void test_rights_that_come_later(void **state)
{
    (void)state;
    auto_run_at_once(AUTO_API, "!SVC_EAUTH");
    assert_int_equal(auto_run_ask(0, NULL), 0);
    auto_run_pass(0);
    auto_run_say(AUTO_DNS, 0, "10.96.0.1");
    auto_run_forget();
    auto_run_pass(400000);
    auto_run_say(AUTO_API, 0, "10.0.0.1");
    auto_run_pass(0);
    assert_int_equal(auto_heard[0].trouble.code, 0);
    auto_run_expect("[400000] 0 has 10.0.0.1 by apiserver\n"
                    "[400000] dns: unsubscribe 0\n");
}

/* ---- no such Service, says DNS ------------------------------------------- */

static void test_a_quick_no_is_held(void **state)
{
    (void)state;
    ask_both();
    auto_run_say(AUTO_DNS, 0, "SVC_ENOSERVICE");
    auto_run_pass(700);
    auto_run_say(AUTO_API, 0, "10.0.0.1");
    auto_run_pass(0);
    auto_run_expect("[ 1000] 0 has 10.0.0.1 by apiserver\n"
                    "[ 1000] dns: unsubscribe 0\n");
}

static void test_a_no_beside_a_dead_server_is_trouble(void **state)
{
    (void)state;
    ask_both();
    auto_run_say(AUTO_DNS, 0, "SVC_ENOSERVICE");
    auto_run_say(AUTO_API, 0, "!SVC_EUNREACH");
    auto_run_say(AUTO_DNS, 0, "10.96.0.1");
    auto_run_expect(
        "[  300] 0 is in trouble: SVC_EUNREACH: API server: api in trouble; "
        "DNS: dns says no\n"
        "[  300] 0 has 10.96.0.1 by dns\n"
        "[  300] 0 is in trouble, covered: SVC_EUNREACH: API server: api in "
        "trouble; DNS answers meanwhile\n");
}

static void test_a_held_no_counts_when_denied(void **state)
{
    (void)state;
    ask_both();
    auto_run_say(AUTO_DNS, 0, "SVC_ENOENDPOINTS");
    auto_run_say(AUTO_DNS, 0, "SVC_ENOSERVICE");
    auto_run_say(AUTO_API, 0, "!SVC_EAUTH");
    auto_run_expect(
        "[  300] 0 has SVC_ENOSERVICE by dns: API server: api in trouble; "
        "DNS: dns says no / mend api\n"
        "[  300] 0 is in trouble, covered: SVC_EAUTH: API server: api in "
        "trouble; DNS answers meanwhile\n");
}

static void test_silence_is_told_after_three_seconds(void **state)
{
    (void)state;
    ask_both();
    auto_run_say(AUTO_DNS, 0, "SVC_ENOSERVICE");
    auto_run_pass(2690);
    auto_run_expect("");
    auto_run_pass(10);
    auto_run_expect("[ 3000] 0 is in trouble: SVC_ETIMEDOUT: API server: no "
                    "answer yet; DNS: dns says no\n");
}

/* Of a ClusterIP DNS knows no pods: that is no answer, whatever else. */
static void test_a_view_that_dns_cannot_give(void **state)
{
    (void)state;
    auto_run_at_once(AUTO_API, "!SVC_EAUTH");
    assert_int_equal(auto_run_ask(0, NULL), 0);
    auto_run_pass(0);
    auto_run_forget();
    auto_run_say(AUTO_DNS, 0, "SVC_ENOTSUP");
    auto_run_say(AUTO_API, 0, "10.0.0.1");
    auto_run_expect("[    0] 0 is in trouble: SVC_EAUTH: API server: api in "
                    "trouble; DNS: dns says no\n"
                    "[    0] 0 has 10.0.0.1 by apiserver\n");
}

/* ---- what cannot be opened ----------------------------------------------- */

static void test_an_api_that_cannot_be_opened(void **state)
{
    (void)state;
    auto_run_close();
    auto_run_refuse_init(AUTO_API, SVC_EFILE);
    assert_int_equal(auto_run_open(&moved_ms), 0);
    assert_int_equal(auto_run_ask(0, NULL), 0);
    auto_run_pass(0);
    auto_run_say(AUTO_DNS, 0, "10.96.0.1");
    auto_run_pass(20000);
    auto_run_refuse_init(AUTO_API, 0);
    auto_run_pass(10000);
    auto_run_say(AUTO_API, 0, "10.0.0.1");
    auto_run_expect(
        "[    0] api: init refused\n"
        "[    0] api: fini\n"
        "[    0] dns: init\n"
        "[    0] dns: subscribe 0\n"
        "[    0] 0 has 10.96.0.1 by dns\n"
        "[    0] 0 is in trouble, covered: SVC_EFILE: API server: scripted "
        "init; DNS answers meanwhile\n"
        "[30000] api: init\n"
        "[30000] api: subscribe 0\n"
        "[30000] 0 has 10.0.0.1 by apiserver\n");
}

static void test_no_memory_for_the_api(void **state)
{
    auto_run_close();
    auto_run_refuse_init(AUTO_API, SVC_ENOMEM);
    assert_int_equal(auto_run_open(&moved_ms), SVC_ENOMEM);
    auto_run_close();
    assert_int_equal(begin(state), 0);
}

static void test_a_refused_subscription(void **state)
{
    (void)state;
    auto_run_refuse(AUTO_API, SVC_ETOOBIG);
    assert_int_equal(auto_run_ask(0, NULL), SVC_ETOOBIG);
    auto_run_refuse(AUTO_API, 0);
    auto_run_pass(5000);
    auto_run_expect("[    0] api: subscribe 0 refused\n");
}

static void test_a_dns_that_cannot_be_asked(void **state)
{
    (void)state;
    ask();
    auto_run_refuse_init(AUTO_DNS, SVC_ENOMEM);
    auto_run_say(AUTO_API, 0, "!SVC_EUNREACH");
    auto_run_forget();
    auto_run_pass(300);
    auto_run_refuse_init(AUTO_DNS, 0);
    auto_run_refuse(AUTO_DNS, SVC_ETOOBIG);
    auto_run_pass(1000);
    auto_run_refuse(AUTO_DNS, 0);
    auto_run_pass(30000);
    auto_run_expect(
        "[  300] dns: init refused\n"
        "[  300] dns: fini\n"
        "[  300] 0 is in trouble: SVC_EUNREACH: API server: api in trouble; "
        "DNS: scripted init\n"
        "[ 1300] dns: init\n"
        "[ 1300] dns: subscribe 0 refused\n"
        "[ 1300] 0 is in trouble: SVC_EUNREACH: API server: api in trouble; "
        "DNS: scripted refusal\n"
        "[ 3000] 0 is in trouble: SVC_EUNREACH: API server: api in trouble; "
        "DNS: scripted refusal\n"
        "[31300] dns: subscribe 0\n");
}

/* ---- the rest ------------------------------------------------------------ */

static int64_t trace(void)
{
    return svc__clock_now_us();
}

static void test_steps_of_both(void **state)
{
    (void)state;
    assert_int_equal(auto_run_ask(0, trace), 0);
    auto_run_pass(300);
    auto_run_say(AUTO_DNS, 0, "SVC_ENOSERVICE");
    auto_run_say(AUTO_API, 0, "10.0.0.1");
    assert_string_equal(auto_heard[0].text,
                        "service: api found it\n"
                        "source: auto: the API server answers, and DNS does "
                        "not: dns says no\n"
                        "service: dns found it\n");
    assert_int_equal(auto_run_ask(1, trace), 0);
    auto_run_say(AUTO_API, 1, "!SVC_EAUTH");
    auto_run_pass(0);
    auto_run_say(AUTO_DNS, 1, "10.96.0.1");
    assert_string_equal(auto_heard[1].text,
                        "service: dns found it\n"
                        "source: auto: DNS answers, and the API server does "
                        "not: api in trouble\n");
}

static void test_refresh_and_leave(void **state)
{
    (void)state;
    ask();
    auto_run_refresh(0);
    auto_run_pass(300);
    auto_run_refresh(0);
    auto_run_say(AUTO_DNS, 0, "SVC_ENOSERVICE");
    auto_run_leave(0);
    auto_run_pass(5000);
    auto_run_expect("[    0] api: refresh 0\n"
                    "[  300] dns: init\n"
                    "[  300] dns: subscribe 0\n"
                    "[  300] api: refresh 0\n"
                    "[  300] dns: refresh 0\n"
                    "[  300] api: unsubscribe 0\n"
                    "[  300] dns: unsubscribe 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(test_dns_is_not_asked),
        TEST(test_told_elsewhere),
        TEST(test_an_answer_from_inside),
        TEST(test_an_empty_answer_is_one),
        TEST(test_never_back_to_dns),
        TEST(test_the_first_whole_answer_wins),
        TEST(test_dns_serves_and_status_says_why),
        TEST(test_dns_fails_too),
        TEST(test_denied_asks_dns_at_once),
        TEST(test_denied_waits_for_dns),
        TEST(test_denied_and_no_such_service),
        TEST(test_rights_that_come_later),
        TEST(test_a_quick_no_is_held),
        TEST(test_a_no_beside_a_dead_server_is_trouble),
        TEST(test_a_held_no_counts_when_denied),
        TEST(test_silence_is_told_after_three_seconds),
        TEST(test_a_view_that_dns_cannot_give),
        TEST(test_an_api_that_cannot_be_opened),
        TEST(test_no_memory_for_the_api),
        TEST(test_a_refused_subscription),
        TEST(test_a_dns_that_cannot_be_asked),
        TEST(test_steps_of_both),
        TEST(test_refresh_and_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
