/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend on a resolv.conf that changes: other servers are asked from then
 * on, and what is out is asked again of them (faults D26). resolv.conf names no
 * ports, so the servers are addresses of the loopback net where nobody listens
 * on port 53, or, where the test may, it does so itself.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/dns.h"
#include "base/alloc.h"
#include "dns_message.h"
#include "dns_run.h"
#include "oom.h"
#include "scratch.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST  "127.94.16.1"
#define SECOND "127.94.16.2"

/* The backend, and one subscription to it. */
static struct {
    struct scratch dir;
    struct svc__loop *l;
    struct svc__log log;
    struct svc__source_stats stats;
    struct svc__backend_dns dns;
    struct svc__backend_env env;
    void *state;
    char path[128];
    struct svc__sub sub;
    struct svc__view *view;
    svc_error trouble;
} run;

static void update(struct svc__sub *sub, struct svc__view *view)
{
    (void)sub;
    svc__view_free(run.view);
    run.view = view;
    run.trouble.code = 0;
}

static void fail_sub(struct svc__sub *sub, const svc_error *error)
{
    (void)sub;
    run.trouble = *error;
}

static void fill_env(void)
{
    run.dns = (struct svc__backend_dns){.resolv_conf = run.path,
                                        .error_keep_ms = -1,
                                        .max_stale_ms = -1,
                                        .ttl_min_ms = 1000,
                                        .ttl_max_ms = 3600000};
    run.env = (struct svc__backend_env){.loop = run.l,
                                        .log = &run.log,
                                        .hash_key = {1, 2},
                                        .stats = &run.stats,
                                        .dns = &run.dns,
                                        .update = update,
                                        .fail = fail_sub};
}

static int setup(void **state)
{
    (void)state;
    memset(&run, 0, sizeof(run));
    scratch_make(&run.dir);
    snprintf(run.path, sizeof(run.path), "%s",
             scratch_path(&run.dir, "resolv.conf"));
    scratch_write(&run.dir, "resolv.conf", "nameserver " FIRST "\n");
    assert_int_equal(svc__loop_new(&run.l, NULL), 0);
    fill_env();
    run.state = svc__calloc(1, svc__backend_dns.state_size);
    assert_non_null(run.state);
    assert_int_equal(svc__backend_dns.init(run.state, &run.env, NULL), 0);
    run.sub.query.service = "web";
    run.sub.query.namespace_ = "shop";
    run.sub.query.zone = "cluster.local";
    run.sub.query.port = 80;
    assert_int_equal(svc__backend_dns.subscribe(run.state, &run.sub, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    svc__backend_dns.unsubscribe(run.state, &run.sub);
    svc__backend_dns.fini(run.state);
    svc__free(run.state);
    svc__view_free(run.view);
    assert_int_equal(svc__loop_timeout_ms(run.l), -1);
    svc__loop_free(run.l);
    scratch_remove(&run.dir);
    return 0;
}

/* Rounds until the trouble tells of a server. */
static void until_trouble_of(const char *server)
{
    int64_t until = dns_run_clock_ms() + DNS_SERVER_MS;

    while (run.trouble.code != SVC_EUNREACH ||
           strstr(run.trouble.message, server) == NULL) {
        assert_true(dns_run_clock_ms() < until);
        assert_int_equal(svc__loop_round(run.l, 10), 0);
    }
}

static void other_servers_are_asked(void **state)
{
    (void)state;
    until_trouble_of(FIRST ":53");
    scratch_replace(&run.dir, "resolv.conf", "nameserver " SECOND "\n");
    until_trouble_of(SECOND ":53");
    /* Half a file, or nothing at all, changes nothing. */
    scratch_write(&run.dir, "resolv.conf", "names");
    run.trouble.code = 0;
    until_trouble_of(SECOND ":53");
}

/* The allocations of reading the file, and of going to other servers. */
#define ALLOCATIONS 10

/* Memory that ran out in that moment is there again a second later. */
static void a_change_is_not_missed(void **state)
{
    static const char *const servers[] = {FIRST, SECOND};
    char text[64];

    (void)state;
    for (long n = 0; n <= ALLOCATIONS; n++) {
        snprintf(text, sizeof(text), "nameserver %s\n", servers[n % 2]);
        scratch_replace(&run.dir, "resolv.conf", text);
        if (n > 0)
            oom_arm(n, 0);
        snprintf(text, sizeof(text), "%s:53", servers[n % 2]);
        until_trouble_of(text);
        oom_disarm();
    }
}

/* ---- with servers -------------------------------------------------------- */

/* Port 53 of an address, or -1 where that is not for everybody. */
static int listen_at(const char *address)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(53)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
    if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* The next query, or 0 when none comes in the time. */
static int take_query(int fd, int ms, struct dns_query *ret)
{
    int64_t until = dns_run_clock_ms() + ms;
    socklen_t size = sizeof(ret->from);
    ssize_t n;

    memset(ret, 0, sizeof(*ret));
    do {
        assert_int_equal(svc__loop_round(run.l, 5), 0);
        n = recvfrom(fd, ret->bytes, sizeof(ret->bytes), MSG_DONTWAIT,
                     (struct sockaddr *)&ret->from, &size);
    } while (n < 0 && dns_run_clock_ms() < until);
    if (n < 0)
        return 0;
    ret->size = (size_t)n;
    ret->question_at = 12;
    while (ret->bytes[ret->question_at] != 0)
        ret->question_at += 1 + (size_t)ret->bytes[ret->question_at];
    ret->question_at += 5;
    ret->type = ret->bytes[ret->question_at - 3];
    return 1;
}

static void answer_query(int fd, const struct dns_query *q)
{
    struct dns_message *m = malloc(sizeof(*m));

    assert_non_null(m);
    dns_answer(m, q, DNS_NOERROR);
    if (q->type == 1)
        dns_add(m, DNS_ANSWER, "@ 60 A 10.0.0.1");
    assert_int_equal(sendto(fd, m->bytes, m->size, 0,
                            (const struct sockaddr *)&q->from, sizeof(q->from)),
                     m->size);
    free(m);
}

static void answer_two(int fd)
{
    struct dns_query q;

    for (int i = 0; i < 2; i++) {
        assert_true(take_query(fd, DNS_SERVER_MS, &q));
        answer_query(fd, &q);
    }
}

/* The first server is silent: once the second is known, nobody waits for the
 * first any more. And back. */
static void what_is_out_is_asked_again(void **state)
{
    int first = listen_at(FIRST);
    int second = listen_at(SECOND);
    struct dns_query q;

    (void)state;
    if (first >= 0 && second >= 0) {
        assert_true(take_query(first, DNS_SERVER_MS, &q));
        assert_true(take_query(first, DNS_SERVER_MS, &q));
        scratch_replace(&run.dir, "resolv.conf", "nameserver " SECOND "\n");
        answer_two(second);
        while (run.view == NULL)
            assert_int_equal(svc__loop_round(run.l, 10), 0);
        assert_int_equal(run.view->count, 1);
        assert_int_equal(run.trouble.code, 0);
        assert_int_equal(run.stats.dns_failures, 0);
        /* What is known is asked of new servers at once, though it is fresh
         * for a minute. */
        while (take_query(first, 0, &q))
            continue;
        scratch_replace(&run.dir, "resolv.conf", "nameserver " FIRST "\n");
        assert_true(take_query(first, 5000, &q));
        assert_true(take_query(first, 5000, &q));
    }
    if (first >= 0)
        close(first);
    if (second >= 0)
        close(second);
    if (first < 0 || second < 0)
        skip();
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(other_servers_are_asked),
        row(a_change_is_not_missed),
        row(what_is_out_is_asked_again),
    };

    oom_install();
    return cmocka_run_group_tests_name("dns conf", tests, NULL, NULL);
}
