/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that answers, but not with what was asked for: who is told what,
 * when it is asked again, and the old set stays (faults A6, A9, A12, A13, A15,
 * A17, A21, J12).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_run.h"
#include "skip_clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define WATCH_SLICES "/endpointslices?watch=1&resourceVersion="

static struct api_run run;
static svc_service *s;

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    run.ahead = skip_ms;
    s = api_run_web(&run);
    api_run_watches(&run, 2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    svc_service_free(s);
    api_run_close(&run);
    return 0;
}

/* The watches end after a while, so that the next ones come soon. */
static void end_watches(void)
{
    skip_ms(120000);
    api_world_end_watches(run.world);
}

static void refuse(int times, int status, const char *headers, const char *body)
{
    const struct api_rule rule = {.text = ASKS_SLICES,
                                  .times = times,
                                  .deed = API_ANSWERS,
                                  .status = status,
                                  .headers = headers,
                                  .body = body};

    api_world_rule(run.world, &rule);
}

/* ---- load and failures --------------------------------------------------- */

static const struct {
    int status;
    const char *headers;
    const char *body;
    int code;
    const char *words;
} failures[] = {
    {429, "Retry-After: 1\r\nContent-Type: text/plain\r\n",
     "Too many requests, please try again later.\n", SVC_EUNREACH,
     "429 Too Many Requests: Too many requests, please try again later."},
    {500, "", API_STATUS(500, "InternalError", "etcdserver: leader changed"),
     SVC_EUNREACH, "500 Internal Server Error: etcdserver: leader changed"},
    {502, "Content-Type: text/html\r\n",
     "<html>\r\n<head><title>502 Bad Gateway</title></head>\x01\x02\xff",
     SVC_EUNREACH, "502 Bad Gateway: <html>"},
    {503, "", "", SVC_EUNREACH, "503 Service Unavailable"},
    {504, "", API_STATUS(504, "Timeout", "request timed out"), SVC_EUNREACH,
     "504 Gateway Timeout: request timed out"},
    {418, "", "", SVC_EPROTO, "418"},
    {400, "", API_STATUS(400, "BadRequest", "no"), SVC_EPROTO,
     "400 Bad Request: no"},
    {599, "", "", SVC_EUNREACH, "599"},
};

static void each_failure_is_told_and_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        svc_error error;

        refuse(1, failures[i].status, failures[i].headers, failures[i].body);
        end_watches();
        error = api_run_trouble(&run, s, failures[i].code, failures[i].words);
        assert_non_null(
            strstr(error.message, "watch endpointslices in \"dev\": "));
        assert_non_null(strstr(api_run_text(&run, s), "10.0.0.1:8080 stale"));
        skip_ms(3000);
        api_run_expect(&run, s, "10.0.0.1:8080");
        api_run_watches(&run, 2);
    }
}

/* A page of 64 KiB from some proxy: its beginning, in what can be printed. */
static void a_long_page_is_shown_cut(void **state)
{
    static char page[65536];
    svc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(page) - 1; i++)
        page[i] = i % 7 == 0 ? '\x1b' : '<';
    refuse(1, 502, "Content-Type: text/html\r\n", page);
    end_watches();
    error = api_run_trouble(&run, s, SVC_EUNREACH, "502 Bad Gateway: ");
    assert_in_range(strlen(error.message), 100, 400);
    for (const char *at = error.message; *at != '\0'; at++)
        assert_in_range(*at, ' ', '~');
    skip_ms(3000);
    api_run_expect(&run, s, "10.0.0.1:8080");
}

/* 1,000 times in a row: pauses grow, and nobody is asked in a loop. */
static void it_backs_off(void **state)
{
    unsigned asked;

    (void)state;
    refuse(0, 503, "", "");
    end_watches();
    (void)api_run_trouble(&run, s, SVC_EUNREACH, "503");
    for (int i = 0; i < 600; i++) { /* ten minutes */
        skip_ms(1000);
        api_run_pass(&run, 2);
    }
    asked = api_server_asked(run.server, ASKS_SLICES);
    assert_in_range(asked, 20, 80); /* every 15 s, at random */
    api_world_no_rules(run.world);
    skip_ms(30000);
    api_run_expect(&run, s, "10.0.0.1:8080");
}

/* ---- Retry-After --------------------------------------------------------- */

/* How long after a 429 with this header the next request comes; at most
 * max_ms. */
static int64_t waits(const char *header, int64_t max_ms)
{
    const unsigned asked = api_server_asked(run.server, ASKS_SLICES);
    const int64_t step_ms = max_ms / 200;
    int64_t ms = 0;

    refuse(1, 429, header, "busy");
    end_watches();
    api_run_asked(&run, ASKS_SLICES, asked + 1);
    (void)api_run_trouble(&run, s, SVC_EUNREACH, "429");
    while (api_server_asked(run.server, ASKS_SLICES) < asked + 2 &&
           ms <= max_ms) {
        skip_ms(step_ms);
        ms += step_ms;
        api_run_pass(&run, 1);
    }
    api_run_expect(&run, s, "10.0.0.1:8080");
    api_run_watches(&run, 2);
    return ms;
}

static void seconds_are_waited(void **state)
{
    (void)state;
    assert_in_range(waits("Retry-After: 1\r\n", 4000), 900, 2500);
    assert_in_range(waits("Retry-After: 20\r\n", 40000), 19000, 22000);
}

/* A date is understood, too; its beginning is now. */
static void a_date_is_waited_for(void **state)
{
    time_t in = time(NULL) + 30;
    char header[128];
    struct tm tm;

    (void)state;
    (void)gmtime_r(&in, &tm);
    (void)strftime(header, sizeof(header),
                   "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
    assert_in_range(waits(header, 40000), 27000, 33000);
}

/* What says nothing sensible is no header; a wish without bound is bounded. */
static void junk_is_no_wish(void **state)
{
    static const char *const junk[] = {
        "",
        "Retry-After: 0\r\n",
        "Retry-After: -1\r\n",
        "Retry-After: soon\r\n",
        "Retry-After: 1e9\r\n",
        "Retry-After:\r\n",
        "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n",
        "Retry-After: Wed, 99 Foo 2015 07:28:00 GMT\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
        assert_in_range(waits(junk[i], 4000), 0, 2000);
    assert_in_range(waits("Retry-After: 1000000000\r\n", 1300000), 1000,
                    1200000);
}

/* ---- elsewhere ----------------------------------------------------------- */

static void a_redirect_is_not_followed(void **state)
{
    static const int kinds[] = {301, 302, 303, 307, 308};
    struct api_server *canary = api_server_new(NULL, NULL);
    char header[128];

    (void)state;
    snprintf(header, sizeof(header), "Location: http://127.0.0.1:%u/x\r\n",
             (unsigned)api_server_port(canary));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        refuse(1, kinds[i], header, "");
        end_watches();
        (void)api_run_trouble(&run, s, SVC_EPROTO,
                              "redirects are not followed");
        skip_ms(3000);
        api_run_expect(&run, s, "10.0.0.1:8080");
        api_run_watches(&run, 2);
    }
    assert_int_equal(api_server_connections(canary), 0);
    api_server_free(canary);
}

/* ---- the first answer ---------------------------------------------------- */

/* Another service of the same resolver, which has nothing yet. */
static svc_error first_trouble(const char *text, int status, const char *body,
                               int code)
{
    const struct api_rule rule = {.text = text,
                                  .deed = API_ANSWERS,
                                  .status = status,
                                  .headers = "Content-Type: text/plain\r\n",
                                  .body = body};
    svc_service *other;
    svc_error error;

    api_world_no_rules(run.world);
    api_world_rule(run.world, &rule);
    other = api_run_service(&run, "other:80");
    error = api_run_trouble(&run, other, code, NULL);
    assert_int_equal(svc_service_wait(other, 0, NULL), code);
    svc_service_free(other);
    return error;
}

static void an_old_server_is_told(void **state)
{
    svc_error error = first_trouble("/endpointslices?", 404,
                                    "404 page not found\n", SVC_ENOTSUP);

    (void)state;
    assert_non_null(strstr(error.message, "endpointslices in \"dev\": 404"));
    assert_non_null(strstr(error.hint, "discovery.k8s.io/v1"));
    assert_non_null(strstr(error.hint, "1.21"));
}

static void no_api_server_at_all_is_told(void **state)
{
    svc_error error =
        first_trouble("GET ", 404, "404 page not found\n", SVC_ENOTSUP);

    (void)state;
    assert_non_null(strstr(error.hint, "is it an API server"));
}

/* A web server that answers 200 to everything. */
static void a_page_with_200_is_told(void **state)
{
    svc_error error =
        first_trouble("other", 200, "<html>It works!</html>", SVC_EPROTO);

    (void)state;
    assert_non_null(strstr(error.message, "services in \"dev\""));
}

/* 401 for ever: told, asked ever more rarely, the last good set stays. */
static void unauthorized_for_ever(void **state)
{
    svc_error error;
    unsigned asked;

    (void)state;
    refuse(0, 401, "", API_STATUS(401, "Unauthorized", "Unauthorized"));
    end_watches();
    error = api_run_trouble(&run, s, SVC_EAUTH, "401 Unauthorized");
    assert_non_null(strstr(error.hint, "token"));
    for (int i = 0; i < 300; i++) {
        skip_ms(1000);
        api_run_pass(&run, 2);
    }
    asked = api_server_asked(run.server, ASKS_SLICES);
    assert_in_range(asked, 10, 60);
    assert_string_equal(api_run_text(&run, s), "10.0.0.1:8080 stale SVC_EAUTH");
    api_world_no_rules(run.world);
    skip_ms(30000);
    api_run_expect(&run, s, "10.0.0.1:8080");
}

/* Once: a token that was just replaced is no trouble. */
static void unauthorized_once_is_asked_again_at_once(void **state)
{
    const unsigned asked = api_server_asked(run.server, ASKS_SLICES);

    (void)state;
    refuse(1, 401, "", API_STATUS(401, "Unauthorized", "Unauthorized"));
    end_watches();
    api_run_asked(&run, ASKS_SLICES, asked + 1);
    api_run_asked(&run, ASKS_SLICES, asked + 2);
    assert_string_equal(api_run_text(&run, s), "10.0.0.1:8080");
    assert_int_equal(api_run_logged(&run, "401"), 0);
    api_run_watches(&run, 2);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(each_failure_is_told_and_passes),
        row(a_long_page_is_shown_cut),
        row(it_backs_off),
        row(seconds_are_waited),
        row(a_date_is_waited_for),
        row(junk_is_no_wish),
        row(a_redirect_is_not_followed),
        row(an_old_server_is_told),
        row(no_api_server_at_all_is_told),
        row(a_page_with_200_is_told),
        row(unauthorized_for_ever),
        row(unauthorized_once_is_asked_again_at_once),
    };

    return cmocka_run_group_tests_name("api refused", tests, NULL, NULL);
}
