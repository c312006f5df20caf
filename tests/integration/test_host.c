/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses of a host: as they stand, by a hosts file, by DNS servers that
 * answer, deny, lead on or say nothing; ended at any moment, and without
 * memory.
 */
#include "backend/host.h"
#include "dns_message.h"
#include "dns_run.h"
#include "oom.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct scratch s;
static struct dns_server *server;
static struct svc__loop *l;
static struct svc__source_stats stats;
static const struct svc__log quiet = {NULL, NULL, SVC_LOG_WARNING};
static char server_text[32];
static const char *servers[2] = {server_text};
static struct svc__backend_dns dns;
static struct svc__backend_env env;
static char hosts[256];

/* What done said. */
static struct {
    int count; /* of calls */
    int err;
    char addresses[1024];
    svc_error error;
    struct svc__host *to_free;
} said;

static void update(struct svc__sub *sub, struct svc__view *view)
{
    (void)sub;
    (void)view;
    fail_msg("a sink of the caller's was called");
}

static void fail_sub(struct svc__sub *sub, const svc_error *error)
{
    (void)sub;
    (void)error;
    fail_msg("a sink of the caller's was called");
}

static int setup(void **state)
{
    svc_error error;

    (void)state;
    scratch_make(&s);
    (void)snprintf(hosts, sizeof(hosts), "%s", scratch_path(&s, "hosts"));
    server = dns_server_new(NULL, NULL);
    (void)snprintf(server_text, sizeof(server_text), "127.0.0.1:%u",
                   (unsigned)dns_server_port(server));
    assert_int_equal(svc__loop_new(&l, &error), 0);
    dns = (struct svc__backend_dns){.servers = servers,
                                    .resolv_conf = "/nowhere",
                                    .max_stale_ms = 1000,
                                    .ttl_min_ms = 1000,
                                    .ttl_max_ms = 60000};
    env = (struct svc__backend_env){.loop = l,
                                    .log = &quiet,
                                    .hash_key = {1, 2},
                                    .stats = &stats,
                                    .dns = &dns,
                                    .update = update,
                                    .fail = fail_sub};
    memset(&said, 0, sizeof(said));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(svc__loop_timeout_ms(l), -1);
    svc__loop_free(l);
    dns_server_free(server);
    scratch_remove(&s);
    assert_int_equal(oom_live(), 0);
    return 0;
}

static void done(void *arg, int err, const struct svc__address *addresses,
                 size_t count, const svc_error *error)
{
    char text[SVC_ADDRESS_TEXT_SIZE];
    size_t used = 0;

    (void)arg;
    said.count++;
    said.err = err;
    said.addresses[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        (void)svc__address_format(&addresses[i], text);
        used += (size_t)snprintf(said.addresses + used,
                                 sizeof(said.addresses) - used, "%s%s",
                                 i == 0 ? "" : " ", text);
    }
    assert_int_equal(err == 0, count > 0);
    assert_int_equal(err == 0, error == NULL);
    if (error != NULL)
        said.error = *error;
    svc__host_free(said.to_free);
    said.to_free = NULL;
}

static struct svc__host *begin(const char *name)
{
    const struct svc__host_settings settings = {
        .env = &env, .hosts = hosts, .done = done};
    struct svc__host *h = NULL;
    svc_error error;

    said.count = 0;
    assert_int_equal(svc__host_new(&settings, name, &h, &error), 0);
    assert_int_equal(said.count, 0);
    return h;
}

static void run_round(void)
{
    struct pollfd p = {.fd = svc__loop_fd(l), .events = POLLIN};
    int wait_ms = svc__loop_timeout_ms(l);

    if (wait_ms < 0 || wait_ms > 5)
        wait_ms = 5;
    (void)poll(&p, 1, wait_ms);
    (void)svc__loop_round(l, 0);
}

/* Runs until it is done, and frees it from inside, or afterwards. */
static void finish(struct svc__host *h, int inside)
{
    const int64_t until = dns_run_clock_ms() + DNS_SERVER_MS;

    said.to_free = inside ? h : NULL;
    while (said.count == 0 && dns_run_clock_ms() < until)
        run_round();
    assert_int_equal(said.count, 1);
    if (!inside)
        svc__host_free(h);
}

static void found(const char *name, const char *addresses)
{
    finish(begin(name), said.err & 1);
    if (said.err != 0)
        fail_msg("%s", said.error.message);
    assert_string_equal(said.addresses, addresses);
}

/* ---- without asking ------------------------------------------------------ */

static void what_needs_no_asking(void **state)
{
    (void)state;
    found("10.0.0.1", "10.0.0.1");
    found("fd00::1", "fd00::1");
    found("FD00::1", "fd00::1");
    found("localhost", "127.0.0.1 ::1");
    found("LocalHost.", "127.0.0.1 ::1");
    found("api.localhost", "127.0.0.1 ::1");
    scratch_write(&s, "hosts",
                  "10.0.0.1 api.example\n10.0.0.2 localhost\n"
                  "10.0.0.3 API.example my_host\nfd00::1 x Api.Example\n");
    found("api.example", "10.0.0.1 fd00::1 10.0.0.3");
    found("API.Example.", "10.0.0.1 fd00::1 10.0.0.3");
    found("my_host", "10.0.0.3");
    found("localhost", "127.0.0.1 ::1");
    assert_int_equal(dns_server_count(server), 0);
}

static void names_that_are_none(void **state)
{
    static const char *const names[] = {
        "",
        ".",
        "a..b",
        "a b",
        ".a",
        "[::1]",
        "a/b",
        "a:80",
        "\xc3\xa9",
        "a%b",
        "0123456789012345678901234567890123456789012345678901234567890123",
        "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
        "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
        "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
        "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
        "a"};
    const struct svc__host_settings settings = {
        .env = &env, .hosts = hosts, .done = done};
    struct svc__host *h = NULL;
    svc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(svc__host_new(&settings, names[i], &h, &error),
                         SVC_ENAME);
        assert_int_equal(error.code, SVC_ENAME);
        assert_null(h);
    }
    svc__host_free(NULL);
}

/* A file that is too large says nothing. */
static void a_hosts_file_has_a_bound(void **state)
{
    static int rcode = DNS_NXDOMAIN;
    char *text = malloc(SVC__HOST_FILE_MAX + 32);

    (void)state;
    assert_non_null(text);
    memset(text, '\n', SVC__HOST_FILE_MAX + 32);
    memcpy(text, "10.0.0.1 api.example", 20);
    scratch_write_bytes(&s, "hosts", text, SVC__HOST_FILE_MAX);
    found("api.example", "10.0.0.1");
    scratch_write_bytes(&s, "hosts", text, SVC__HOST_FILE_MAX + 1);
    free(text);
    dns_server_set(server, dns_run_rcode, &rcode);
    finish(begin("api.example"), 0);
    assert_int_equal(said.err, SVC_EUNREACH);
}

/* ---- by DNS -------------------------------------------------------------- */

static void zone(const char *text)
{
    dns_server_set(server, dns_zone, (void *)(uintptr_t)text);
}

static void dns_is_asked(void **state)
{
    (void)state;
    zone("api.example 60 A 10.0.0.1\napi.example 60 A 10.0.0.2\n"
         "api.example 60 AAAA fd00::1\nkube 60 A 10.0.0.9\n"
         "six.example 60 AAAA fd00::6\nloop.example 60 A 127.0.0.1\n"
         "six.example 60 AAAA fe80::6\n");
    finish(begin("API.example"), 0);
    assert_int_equal(said.err, 0);
    /* Which of the two is first is the server's business. */
    assert_true(strcmp(said.addresses, "10.0.0.1 fd00::1 10.0.0.2") == 0 ||
                strcmp(said.addresses, "10.0.0.2 fd00::1 10.0.0.1") == 0);
    found("kube", "10.0.0.9");
    found("loop.example", "127.0.0.1");
    finish(begin("six.example"), 1);
    assert_true(strcmp(said.addresses, "fd00::6 fe80::6") == 0 ||
                strcmp(said.addresses, "fe80::6 fd00::6") == 0);
}

static void aliases_are_followed(void **state)
{
    (void)state;
    zone(
        "api.example 60 CNAME real.example\nreal.example 60 A 10.0.0.1\n"
        "one.example 60 CNAME two.example\ntwo.example 60 CNAME one.example\n");
    found("api.example", "10.0.0.1");
    finish(begin("one.example"), 0);
    assert_int_equal(said.err, SVC_EUNREACH);
}

/* An answer that ends in an alias, whose target is then asked for. */
static void cut_chain(void *arg, const struct dns_query *q)
{
    (void)arg;
    if (strcmp(q->name, "api.example") == 0)
        dns_run_answer(q, DNS_NOERROR, "@ 60 CNAME real.example");
    else if (q->type == 1)
        dns_run_answer(q, DNS_NOERROR, "@ 60 A 10.0.0.7");
    else
        dns_run_answer(q, DNS_NOERROR, "");
}

static void the_target_is_asked(void **state)
{
    (void)state;
    dns_server_set(server, cut_chain, NULL);
    found("api.example", "10.0.0.7");
}

static void what_is_denied(void **state)
{
    static int none = DNS_NXDOMAIN;
    static int refused = DNS_REFUSED;

    (void)state;
    dns_server_set(server, dns_run_rcode, &none);
    finish(begin("api.example"), 1);
    assert_int_equal(said.err, SVC_EUNREACH);
    assert_int_equal(said.error.code, SVC_EUNREACH);
    assert_non_null(strstr(said.error.message, "host \"api.example\""));
    assert_non_null(strstr(said.error.message, "as \"api.example.\""));
    assert_non_null(strstr(said.error.hint, "hosts"));
    dns_server_set(server, dns_run_rcode, &refused);
    finish(begin("api.example"), 0);
    assert_int_equal(said.err, SVC_EUNREACH);
    assert_non_null(strstr(said.error.message, server_text));
}

static void silence_has_an_end(void **state)
{
    const int64_t began_ms = dns_run_clock_ms();

    (void)state;
    dns_server_set(server, dns_run_silence, NULL);
    finish(begin("api.example"), 0);
    assert_int_equal(said.err, SVC_EUNREACH);
    assert_non_null(strstr(said.error.message, server_text));
    assert_true(dns_run_clock_ms() - began_ms < 8000);
}

/* ---- ends ---------------------------------------------------------------- */

/* Freed after so many rounds, whatever it is at then; nothing is said. */
static void freed_at_any_moment(void **state)
{
    (void)state;
    dns_server_set(server, cut_chain, NULL);
    for (int rounds = 0; rounds < 40; rounds++) {
        struct svc__host *h = begin("api.example");

        for (int i = 0; i < rounds && said.count == 0; i++)
            run_round();
        svc__host_free(h);
        said.count = 0;
        run_round();
        assert_int_equal(said.count, 0);
    }
}

static void play(void *arg)
{
    const struct svc__host_settings settings = {
        .env = &env, .hosts = hosts, .done = done};
    const int64_t until = dns_run_clock_ms() + DNS_SERVER_MS;
    struct svc__host *h = NULL;
    svc_error error;
    int err;

    said.count = 0;
    err = svc__host_new(&settings, arg, &h, &error);
    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        assert_true(oom_failures() > 0);
        return;
    }
    while (said.count == 0 && dns_run_clock_ms() < until)
        run_round();
    assert_int_equal(said.count, 1);
    if (said.err != 0)
        assert_true(oom_failures() > 0);
    svc__host_free(h);
}

static void every_allocation_may_fail(void **state)
{
    char by_file[] = "api.file";
    char by_dns[] = "api.example";

    (void)state;
    scratch_write(&s, "hosts", "10.0.0.1 api.file\n");
    zone("api.example 60 A 10.0.0.1\napi.example 60 AAAA fd00::1\n");
    oom_torture(play, by_file);
    oom_torture(play, by_dns);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_needs_no_asking),     TEST(names_that_are_none),
        TEST(a_hosts_file_has_a_bound), TEST(dns_is_asked),
        TEST(aliases_are_followed),     TEST(the_target_is_asked),
        TEST(what_is_denied),           TEST(silence_has_an_end),
        TEST(freed_at_any_moment),      TEST(every_allocation_may_fail),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
