/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which servers there are: given ones, those of a resolv.conf, and a
 * resolv.conf that changes in every way (faults D26).
 */
#include "backend/dns_servers.h"
#include "base/clock.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct scratch scratch;
static struct svc__loop *loop;
static struct svc__log log_sink;
static struct svc__backend_dns dns;
static struct svc__backend_env env;
static struct svc__dns_servers servers;
static int changes;
static char log_text[4096];

static void keep_log(void *arg, int level, const char *text)
{
    (void)arg;
    (void)level;
    snprintf(log_text + strlen(log_text), sizeof(log_text) - strlen(log_text),
             "%s\n", text);
}

static int refusals; /* so many changes are not taken */

static int count_change(void *arg)
{
    (void)arg;
    changes++;
    return refusals-- > 0 ? SVC_ENOMEM : 0;
}

static int set_up(void **state)
{
    (void)state;
    scratch_make(&scratch);
    assert_int_equal(svc__loop_new(&loop, NULL), 0);
    memset(&dns, 0, sizeof(dns));
    memset(&env, 0, sizeof(env));
    log_sink.fn = keep_log;
    log_sink.level = SVC_LOG_WARNING;
    env.loop = loop;
    env.log = &log_sink;
    env.dns = &dns;
    changes = 0;
    refusals = 0;
    log_text[0] = '\0';
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    svc__dns_servers_fini(&servers);
    svc__loop_free(loop);
    scratch_remove(&scratch);
    return 0;
}

static int open_given(const char *const *given, svc_error *reterr)
{
    dns.servers = given;
    return svc__dns_servers_init(&servers, &env, count_change, NULL, reterr);
}

/* Opens on a resolv.conf with this text; NULL: there is none. */
static void open_file(const char *text)
{
    static char path[64];

    snprintf(path, sizeof(path), "%s", scratch_path(&scratch, "resolv.conf"));
    if (text != NULL)
        scratch_write(&scratch, "resolv.conf", text);
    dns.resolv_conf = path;
    assert_int_equal(
        svc__dns_servers_init(&servers, &env, count_change, NULL, NULL), 0);
}

/* The texts of all, with blanks between them. */
static const char *all(void)
{
    static char text[1024];

    text[0] = '\0';
    for (size_t i = 0; i < servers.count; i++) {
        strcat(text, i == 0 ? "" : " ");
        strcat(text, servers.text[i]);
    }
    return text;
}

/* Rounds until a change was told, or the watch has had its quiet time. */
static void settle(void)
{
    int64_t until = svc__clock_now_ms() + 2 * SVC__FILE_WATCH_QUIET_MS;
    int before = changes;

    while (changes == before && svc__clock_now_ms() < until)
        svc__loop_round(loop, SVC__FILE_WATCH_QUIET_MS);
}

static void given_servers_are_used(void **state)
{
    const char *const given[] = {"10.96.0.10", "127.0.0.1:5353", "fd00::a",
                                 "[fd00::b]:54", NULL};

    (void)state;
    assert_int_equal(open_given(given, NULL), 0);
    assert_string_equal(
        all(), "10.96.0.10:53 127.0.0.1:5353 [fd00::a]:53 [fd00::b]:54");
    assert_int_equal(servers.address[0].ss_family, AF_INET);
    assert_int_equal(servers.address[3].ss_family, AF_INET6);
    assert_null(servers.watch);
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const bad[] = {"dns.example", "10.0.0.1:0",     "10.0.0",
                                      "[fd00::1",    "10.0.0.1:70000", ""};
    svc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *const given[] = {bad[i], NULL};

        assert_int_equal(open_given(given, &error), SVC_EINVAL);
        assert_non_null(strstr(error.message, "no address"));
    }
}

static void nine_servers_are_too_many(void **state)
{
    const char *const given[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4",
                                 "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8",
                                 "10.0.0.9", NULL};
    svc_error error;

    (void)state;
    assert_int_equal(open_given(given, &error), SVC_EINVAL);
    assert_non_null(strstr(error.message, "more than 8"));
}

static void a_file_is_read(void **state)
{
    (void)state;
    open_file("search shop.svc.cluster.local\n"
              "nameserver 10.96.0.10\nnameserver fd00::a\noptions ndots:5\n");
    assert_string_equal(all(), "10.96.0.10:53 [fd00::a]:53");
    assert_string_equal(log_text, "");
}

/* resolv.conf(5): "If no nameserver entries are present, the default is to use
 * the name server on the local machine." */
static void without_any_it_is_this_host(void **state)
{
    (void)state;
    open_file(NULL);
    assert_string_equal(all(), "127.0.0.1:53");
    assert_non_null(strstr(log_text, "127.0.0.1:53 is asked"));
}

static void a_replaced_file_is_followed(void **state)
{
    (void)state;
    open_file("nameserver 10.0.0.1\n");
    scratch_replace(&scratch, "resolv.conf", "nameserver 10.0.0.2\n");
    settle();
    assert_int_equal(changes, 1);
    assert_string_equal(all(), "10.0.0.2:53");
    scratch_write(&scratch, "resolv.conf", "nameserver 10.0.0.3\n");
    settle();
    assert_string_equal(all(), "10.0.0.3:53");
}

static void a_touched_file_changes_nothing(void **state)
{
    (void)state;
    open_file("nameserver 10.0.0.1\n");
    scratch_replace(&scratch, "resolv.conf",
                    "# rewritten\nnameserver 10.0.0.1\n");
    settle();
    assert_int_equal(changes, 0);
    assert_string_equal(all(), "10.0.0.1:53");
}

/* Emptied, not text, without servers, of none that can be asked, too big,
 * gone: the last good list stays. */
static void a_bad_file_changes_nothing(void **state)
{
    static const char *const bad[] = {"", "nameserver fe80::1%eth0\n",
                                      "nameserver nonsense\n", "search a.b\n"};
    char *huge = calloc(1, 2 * 1024 * 1024 + 1);

    (void)state;
    open_file("nameserver 10.0.0.1\n");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        scratch_replace(&scratch, "resolv.conf", bad[i]);
        settle();
        assert_string_equal(all(), "10.0.0.1:53");
    }
    scratch_write_bytes(&scratch, "resolv.conf", "\0nameserver\0", 12);
    settle();
    memset(huge, '#', 2 * 1024 * 1024);
    scratch_replace(&scratch, "resolv.conf", huge);
    free(huge);
    settle();
    scratch_delete(&scratch, "resolv.conf");
    settle();
    assert_string_equal(all(), "10.0.0.1:53");
    assert_int_equal(changes, 0);
    assert_non_null(strstr(log_text, "stay as they were"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(given_servers_are_used),
        TEST(what_is_no_address_is_refused),
        TEST(nine_servers_are_too_many),
        TEST(a_file_is_read),
        TEST(without_any_it_is_this_host),
        TEST(a_replaced_file_is_followed),
        TEST(a_touched_file_changes_nothing),
        TEST(a_bad_file_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
