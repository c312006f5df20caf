/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests, and a program that is run, with one of our allocations failing or
 * all from one on (faults P1, P2): a clear error, nothing left, and what was
 * begun ends. The allocations of libcurl are its own and do not fail here.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_run.h"
#include "io/proc.h"
#include "oom.h"

#include <string.h>

#define ANSWER                                                                 \
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
#define PEM "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"
#define KEY "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n"

static struct http_run run;
static struct http_probe probe;
static int whole; /* runs in which all went well */

static const struct svc__http_settings settings = {
    .user_agent = "tests/1",
    .tls_server_name = "api.test",
    .ca = {PEM, sizeof(PEM) - 1},
    .certificate = {PEM, sizeof(PEM) - 1},
    .key = {KEY, sizeof(KEY) - 1},
};

static void ask(void)
{
    static const char *const headers[] = {"A: b", NULL};
    svc_error error = {0};
    int err;

    http_run_probe(&run, &probe);
    probe.q.bearer = "abc";
    probe.q.headers = headers;
    err = svc__http_start(run.http, &probe.q, &error);
    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        assert_int_equal(error.code, SVC_ENOMEM);
        assert_null(probe.q.entry);
        return;
    }
    while (probe.done == 0 && !http_server_has_caller(&run.server))
        http_server_round(&run.server);
    if (probe.done == 0) {
        http_server_accept(&run.server);
        http_server_read(&run.server);
        http_server_say(&run.server, ANSWER);
        http_server_hang_up(&run.server);
        http_run_wait(&probe);
    }
    if (probe.err != 0)
        assert_int_equal(probe.err, SVC_ENOMEM);
    whole += probe.err == 0;
}

static void requests(void *arg)
{
    struct svc__http_settings own = settings;
    svc_error error = {0};
    int err = svc__loop_new(&run.loop, &error);

    (void)arg;
    run.http = NULL;
    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        return;
    }
    run.server.loop = run.loop;
    own.loop = run.loop;
    err = svc__http_new(&own, &run.http, &error);
    if (err != 0)
        assert_int_equal(err, SVC_ENOMEM);
    else
        ask();
    svc__http_free(run.http);
    svc__loop_free(run.loop);
}

static void requests_survive_no_memory(void **state)
{
    (void)state;
    http_run_open(&run, NULL);
    svc__http_free(run.http);
    svc__loop_free(run.loop);
    oom_torture(requests, NULL);
    assert_true(whole >= 2);
    http_server_close(&run.server);
}

static void proxies(void *arg)
{
    struct svc__http_settings own = {.user_agent = "tests/1",
                                     .proxy = "socks5://proxy.test"};
    svc_error error = {0};
    struct svc__http *h = NULL;

    if (svc__loop_new(&own.loop, &error) != 0)
        return;
    memset(&probe, 0, sizeof(probe));
    probe.q.url = "https://api.test/";
    probe.q.address = "127.0.0.1";
    if (svc__http_new(&own, &h, &error) == 0 &&
        svc__http_start(h, &probe.q, &error) == 0)
        whole++;
    else
        assert_int_equal(error.code, SVC_ENOMEM);
    (void)arg;
    svc__http_free(h);
    svc__loop_free(own.loop);
}

static void proxies_survive_no_memory(void **state)
{
    (void)state;
    whole = 0;
    oom_torture(proxies, NULL);
    assert_true(whole >= 2);
}

static void done(void *arg, int err, const char *output, size_t size,
                 const svc_error *error)
{
    int *is_done = arg;

    *is_done = 1;
    if (err != 0) {
        assert_int_equal(error->code, SVC_ENOMEM);
        return;
    }
    assert_int_equal(size, 6);
    assert_memory_equal(output, "hello\n", 6);
    whole++;
}

static void program(void *arg)
{
    static const char *const argv[] = {"echo", "hello", NULL};
    static const char *const envp[] = {NULL};
    int is_done = 0;
    struct svc__proc_settings own = {.argv = argv,
                                     .envp = envp,
                                     .path = "/usr/bin:/bin",
                                     .output_max = 1000,
                                     .timeout_ms = 20000,
                                     .done = done,
                                     .arg = &is_done};
    svc_error error = {0};
    struct svc__proc *p = NULL;

    (void)arg;
    if (svc__loop_new(&own.loop, &error) != 0)
        return;
    if (svc__proc_start(&own, &p, &error) != 0) {
        assert_int_equal(error.code, SVC_ENOMEM);
        is_done = 1;
    }
    while (!is_done)
        assert_int_equal(svc__loop_round(own.loop, -1), 0);
    svc__proc_free(p);
    svc__loop_free(own.loop);
}

static void programs_survive_no_memory(void **state)
{
    (void)state;
    whole = 0;
    oom_torture(program, NULL);
    assert_true(whole >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_survive_no_memory),
        cmocka_unit_test(proxies_survive_no_memory),
        cmocka_unit_test(programs_survive_no_memory),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
