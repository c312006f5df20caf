/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolv.conf as glibc reads it, broken files, and what it tells about the
 * cluster.
 */
#include "base/resolvconf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct svc__resolvconf rc;

/* "servers|search|ndots timeout attempts", lists with ','. */
static void dump(char *ret, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < rc.server_count; i++)
        used += (size_t)snprintf(ret + used, size - used, "%s%s",
                                 i > 0 ? "," : "", rc.servers[i]);
    used += (size_t)snprintf(ret + used, size - used, "|");
    for (size_t i = 0; i < rc.search_count; i++)
        used += (size_t)snprintf(ret + used, size - used, "%s%s",
                                 i > 0 ? "," : "", rc.search[i]);
    (void)snprintf(ret + used, size - used, "|%d %d %d", rc.ndots, rc.timeout_s,
                   rc.attempts);
}

struct row {
    const char *text;
    const char *want;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(rows[i].text);
        char *exact = malloc(size > 0 ? size : 1);
        char got[2048];

        /* No NUL behind it, so that a sanitizer sees a byte too far. */
        assert_non_null(exact);
        memcpy(exact, rows[i].text, size);
        svc__resolvconf_parse(exact, size, &rc);
        free(exact);
        dump(got, sizeof(got));
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s\n  is   %s\n  want %s", rows[i].text, got,
                     rows[i].want);
    }
}

static void test_kubernetes(void **state)
{
    static const struct row rows[] = {
        {"search dev.svc.cluster.local svc.cluster.local cluster.local\n"
         "nameserver 10.96.0.10\noptions ndots:5\n",
         "10.96.0.10|dev.svc.cluster.local,svc.cluster.local,cluster.local"
         "|5 5 2"},
        {"", "||1 5 2"},
        {"\n\n", "||1 5 2"}};

    (void)state;
    check(rows, COUNT(rows));
}

static void test_servers(void **state)
{
    static const struct row rows[] = {
        {"nameserver 1.1.1.1\nnameserver\t::1\n", "1.1.1.1,::1||1 5 2"},
        {"nameserver fe80::1%eth0", "fe80::1%eth0||1 5 2"},
        {"nameserver 1.1.1.1 2.2.2.2", "1.1.1.1||1 5 2"},
        {"nameserver 1.1.1.1#53", "1.1.1.1||1 5 2"},
        {"nameserver 1.1.1.1%eth0", "||1 5 2"},
        {"nameserver   1.1.1.1   ", "1.1.1.1||1 5 2"},
        {"nameserver1.1.1.1\nnameserver\nnameserver \n", "||1 5 2"},
        {" nameserver 1.1.1.1", "||1 5 2"},
        {"#nameserver 1.1.1.1\n;nameserver 1.1.1.2", "||1 5 2"},
        {"nameserver dns.example\nnameserver 1.1.1.256", "||1 5 2"},
        {"NameServer 1.1.1.1", "||1 5 2"},
        {"nameserver 1.1.1.1\r\nnameserver 2.2.2.2\r\n",
         "1.1.1.1,2.2.2.2||1 5 2"},
        {"nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n"
         "nameserver 1.1.1.4\nnameserver 1.1.1.5\nnameserver 1.1.1.6\n"
         "nameserver 1.1.1.7\nnameserver 1.1.1.8\nnameserver 1.1.1.9\n",
         "1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,1.1.1.6,1.1.1.7,1.1.1.8"
         "||1 5 2"}};

    (void)state;
    check(rows, COUNT(rows));
}

static void test_search(void **state)
{
    static const struct row rows[] = {
        {"search a b", "|a,b|1 5 2"},
        {"search\ta\t b ", "|a,b|1 5 2"},
        {"search a\nsearch b c", "|b,c|1 5 2"},
        {"search a b\ndomain c d", "|c|1 5 2"},
        {"domain c\nsearch a b", "|a,b|1 5 2"},
        {"search a\nsearch \nsearch\ndomain \n", "|a|1 5 2"},
        {"search AZ.Example.COM. b.", "|az.example.com,b|1 5 2"},
        {"search . .. a..b .a a!b \xff _ok.x", "|_ok.x|1 5 2"},
        {"search a\nsearch !", "||1 5 2"},
        {"search a\r\n", "|a|1 5 2"},
        {"searchdomain a\nsearch: b", "||1 5 2"}};

    (void)state;
    check(rows, COUNT(rows));
}

static void test_options(void **state)
{
    static const struct row rows[] = {
        {"options ndots:5 timeout:3 attempts:4", "||5 3 4"},
        {"options ndots:99 timeout:99 attempts:99", "||15 30 5"},
        {"options ndots:99999999999999999999", "||15 5 2"},
        {"options ndots:0 timeout:0 attempts:0", "||0 1 1"},
        {"options ndots:5\noptions timeout:1", "||5 1 2"},
        {"options rotate edns0 ndots:2 trust-ad", "||2 5 2"},
        {"options ndots: ndots:-1 ndots:x ndots:5x timeout:+1", "||1 5 2"},
        {"options ndots:12 timeout:30 attempts:5", "||12 30 5"},
        {"options ndots:5 ndots:3", "||3 5 2"}};

    (void)state;
    check(rows, COUNT(rows));
}

/* A name of 253 characters fits, a label of 64 or one more does not. */
static void test_limits(void **state)
{
    char text[8192];
    char name[300];
    size_t used = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = i % 2 == 0 ? 'a' : '.';
    (void)snprintf(text, sizeof(text), "search %.253s %.255s %.253s.", name,
                   name, name);
    svc__resolvconf_parse(text, strlen(text), &rc);
    assert_int_equal(rc.search_count, 2);
    assert_int_equal(strlen(rc.search[1]), 253);

    memset(name, 'a', sizeof(name));
    (void)snprintf(text, sizeof(text), "search %.63s.b %.64s.b", name, name);
    svc__resolvconf_parse(text, strlen(text), &rc);
    assert_int_equal(rc.search_count, 1);

    (void)snprintf(text, sizeof(text), "nameserver %.200s\nsearch", name);
    used = strlen(text);
    for (int i = 0; i < 40; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, " s%d", i);
    svc__resolvconf_parse(text, used, &rc);
    assert_int_equal(rc.server_count, 0);
    assert_int_equal(rc.search_count, SVC__RESOLVCONF_SEARCH);
    assert_string_equal(rc.search[SVC__RESOLVCONF_SEARCH - 1], "s31");
}

/* A NUL ends its line, as it does for a C string. */
static void test_nul(void **state)
{
    static const char text[] = "nameserver 1.1.1.1\0\nsearch a\0b c\n\0search x"
                               "\noptions ndots:2";
    char got[256];

    (void)state;
    svc__resolvconf_parse(text, sizeof(text), &rc);
    dump(got, sizeof(got));
    assert_string_equal(got, "1.1.1.1|a|2 5 2");
    svc__resolvconf_parse(NULL, 0, &rc);
    assert_int_equal(rc.ndots, 1);
}

/* One long line, and very many short ones: each byte is looked at a fixed
 * number of times, so this returns at once. */
static void test_garbage(void **state)
{
    static const char *const pieces[] = {"search a ", "\xff\0\x01", "search ",
                                         "nameserver ", "options ndots:"};
    size_t size = 1 << 20;
    char *text = malloc(size);

    (void)state;
    assert_non_null(text);
    for (size_t p = 0; p < COUNT(pieces); p++) {
        size_t piece = strlen(pieces[p]) + (p == 1 ? 2 : 0);

        for (size_t i = 0; i < size; i++)
            text[i] = pieces[p][i % piece];
        svc__resolvconf_parse(text, size, &rc);
        for (size_t i = piece; i <= size; i += piece)
            text[i - 1] = '\n';
        svc__resolvconf_parse(text, size, &rc);
        assert_int_equal(rc.server_count, 0);
        assert_int_equal(rc.attempts, 2);
    }
    free(text);
}

static void test_cluster(void **state)
{
    static const struct {
        const char *text;
        const char *namespace_;
        const char *zone;
    } rows[] = {
        {"search dev.svc.cluster.local svc.cluster.local cluster.local", "dev",
         "cluster.local"},
        {"search example.com Dev.SVC.K8s.Example.org. x.svc.other", "dev",
         "k8s.example.org"},
        {"search svc.cluster.local dev.svc.other", "dev", "other"},
        {"search svc.cluster.local cluster.local", "", "cluster.local"},
        {"search example.com corp", "", ""},
        {"search a.b.svc.cluster.local", "", ""},
        {"search a_b.svc.one -a.svc.two a-.svc.three c.svc.four", "c", "four"},
        {"search a_b.svc.one -a.svc.two", "", ""},
        {"search dev.svc svc", "", ""},
        {"search svc.svc.cluster.local", "svc", "cluster.local"},
        {"", "", ""}};
    char namespace_[64];
    char zone[256];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        memset(namespace_, 'x', sizeof(namespace_));
        memset(zone, 'x', sizeof(zone));
        svc__resolvconf_parse(rows[i].text, strlen(rows[i].text), &rc);
        svc__resolvconf_cluster(&rc, namespace_, zone);
        assert_string_equal(namespace_, rows[i].namespace_);
        assert_string_equal(zone, rows[i].zone);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kubernetes), cmocka_unit_test(test_servers),
        cmocka_unit_test(test_search),     cmocka_unit_test(test_options),
        cmocka_unit_test(test_limits),     cmocka_unit_test(test_nul),
        cmocka_unit_test(test_garbage),    cmocka_unit_test(test_cluster),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
