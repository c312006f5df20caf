/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the loop, the transport and the servers of a run.
 */
#include "resolv_run.h"

#include "dns_message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

static int64_t clock_ms(void)
{
    struct timespec ts;

    /* Not the library's clock: tests make that one stand still. */
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Judges as the library's own does, by id and question alone: a response with
 * the question octet by octet. Written without it. */
static int judge(struct svc__resolv_packet *p, const uint8_t *answer,
                 size_t size)
{
    const uint8_t *query = p->query;
    size_t end = 12;

    while (end < p->size && query[end] != 0)
        end += (size_t)query[end] + 1;
    end += 5;
    return size >= end && memcmp(answer, query, 2) == 0 &&
           (answer[2] & 0xf8) == 0x80 && answer[4] == 0 && answer[5] == 1 &&
           memcmp(answer + 12, query + 12, end - 12) == 0;
}

void resolv_run_settings(const struct resolv_run *run,
                         struct svc__resolv_settings *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->loop = run->loop;
    ret->count = RESOLV_RUN_SERVERS;
    ret->judge = judge;
    for (size_t i = 0; i < RESOLV_RUN_SERVERS; i++)
        dns_server_address(run->server[i], &ret->servers[i]);
}

void resolv_run_open(struct resolv_run *run)
{
    struct svc__resolv_settings settings;
    svc_error e = {0};

    memset(run, 0, sizeof(*run));
    for (size_t i = 0; i < RESOLV_RUN_SERVERS; i++)
        run->server[i] = dns_server_new(NULL, NULL);
    assert_int_equal(svc__loop_new(&run->loop, &e), 0);
    resolv_run_settings(run, &settings);
    assert_int_equal(svc__resolv_new(&settings, &run->resolv, &e), 0);
}

void resolv_run_close(struct resolv_run *run)
{
    svc__resolv_free(run->resolv);
    svc__loop_free(run->loop);
    for (size_t i = 0; i < RESOLV_RUN_SERVERS; i++)
        dns_server_free(run->server[i]);
}

static void forget_other(struct probe *p)
{
    if (p->forget != NULL)
        svc__resolv_forget(p->run->resolv, &p->forget->packet);
}

static void on_done(struct svc__resolv_packet *packet, int err,
                    const uint8_t *answer, size_t size)
{
    struct probe *p = svc__list_entry(packet, struct probe, packet);

    p->done++;
    p->err = err;
    p->size = size;
    if (err == 0)
        memcpy(p->answer, answer, size);
    else
        assert_null(answer);
    forget_other(p);
}

static void on_unwanted(struct svc__resolv_packet *packet)
{
    struct probe *p = svc__list_entry(packet, struct probe, packet);

    p->unwanted++;
    forget_other(p);
}

int resolv_run_try(struct resolv_run *run, struct probe *p,
                   const struct svc__resolv_way *way, const char *name)
{
    uint8_t query[512];
    size_t size = dns_make_query(name, 1, query);
    int err;

    memset(p, 0, offsetof(struct probe, answer));
    p->packet.done = on_done;
    p->packet.unwanted = on_unwanted;
    p->run = run;
    err = svc__resolv_send(run->resolv, &p->packet, way, query, size);
    svc__resolv_flush(run->resolv);
    return err;
}

void resolv_run_ask(struct resolv_run *run, struct probe *p,
                    const struct svc__resolv_way *way, const char *name)
{
    int err = resolv_run_try(run, p, way, name);

    if (err != 0)
        fail_msg("not sent: %s", p->packet.problem);
}

void resolv_run_udp(struct resolv_run *run, struct probe *p, const char *name,
                    struct dns_query *ret)
{
    const struct svc__resolv_way way = {0};

    resolv_run_ask(run, p, &way, name);
    dns_server_take(run->server[0], ret);
    assert_int_equal(ret->connection, 0);
}

void resolv_run_tcp(struct resolv_run *run, struct probe *p, const char *name,
                    struct dns_query *ret)
{
    const struct svc__resolv_way way = {.tcp = 1};

    resolv_run_ask(run, p, &way, name);
    /* A connection may be made only by now. */
    for (int64_t until_ms = clock_ms() + DNS_SERVER_MS;
         dns_server_held(run->server[0]) == 0 && clock_ms() < until_ms;)
        (void)svc__loop_round(run->loop, 1);
    dns_server_take(run->server[0], ret);
    assert_int_not_equal(ret->connection, 0);
}

void resolv_run_until_done(struct resolv_run *run, const struct probe *p)
{
    int64_t until_ms = clock_ms() + DNS_SERVER_MS;

    while (!p->done) {
        if (clock_ms() >= until_ms)
            fail_msg("a packet did not end in %d ms", DNS_SERVER_MS);
        assert_int_equal(svc__loop_round(run->loop, 100), 0);
    }
    assert_int_equal(p->done, 1);
}

void resolv_run_until_unwanted(struct resolv_run *run, unsigned count)
{
    int64_t until_ms = clock_ms() + DNS_SERVER_MS;

    while (resolv_run_stats(run).unwanted < count) {
        if (clock_ms() >= until_ms)
            fail_msg("%u packets were not thrown away in %d ms", count,
                     DNS_SERVER_MS);
        assert_int_equal(svc__loop_round(run->loop, 100), 0);
    }
    assert_int_equal(resolv_run_stats(run).unwanted, count);
}

void resolv_run_expect(struct resolv_run *run, const struct probe *p,
                       const void *answer, size_t size)
{
    resolv_run_until_done(run, p);
    assert_int_equal(p->err, 0);
    assert_int_equal(p->size, size);
    assert_memory_equal(p->answer, answer, size);
}

void resolv_run_expect_failure(struct resolv_run *run, const struct probe *p,
                               int err, const char *words)
{
    resolv_run_until_done(run, p);
    assert_int_equal(p->err, err);
    assert_non_null(p->packet.problem);
    if (strstr(p->packet.problem, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", p->packet.problem, words);
}

void resolv_run_answer(struct resolv_run *run, const struct probe *p,
                       const struct dns_query *q)
{
    static struct dns_message m;

    dns_answer(&m, q, DNS_NOERROR);
    dns_add(&m, DNS_ANSWER, "@ 5 A 10.0.0.1");
    dns_reply(q, &m);
    resolv_run_expect(run, p, m.bytes, m.size);
}

struct svc__resolv_stats resolv_run_stats(const struct resolv_run *run)
{
    struct svc__resolv_stats stats;

    svc__resolv_stats(run->resolv, &stats);
    return stats;
}
