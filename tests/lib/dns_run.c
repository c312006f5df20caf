/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the servers and the resolver of a run. The servers' threads cannot wake
 * the resolver's loop, so what they do is looked for every few milliseconds.
 */
#include "dns_run.h"

#include "service_text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_MS 5

int64_t dns_run_clock_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void write_line(void *arg, int level, const char *text)
{
    struct dns_run *run = arg;
    const size_t used = strlen(run->lines);

    (void)level;
    snprintf(run->lines + used, sizeof(run->lines) - used, "%s\n", text);
}

int dns_run_logged(const struct dns_run *run, const char *text)
{
    const char *at = run->lines;
    int count = 0;

    while ((at = strstr(at, text)) != NULL) {
        count++;
        at = strchr(at, '\n');
    }
    return count;
}

/* ---- life ---------------------------------------------------------------- */

static void set_options(struct dns_run *run)
{
    const svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;

    run->options = o;
    run->options.namespace_ = "shop";
    run->options.cluster_domain = "cluster.local";
    run->options.external_loop = 1;
    run->options.dns_servers = run->addresses;
    run->options.ttl_min_ms = 50;
    run->options.log_level = SVC_LOG_INFO;
    run->options.log = write_line;
    run->options.log_arg = run;
}

void dns_run_open(struct dns_run *run)
{
    memset(run, 0, sizeof(*run));
    for (size_t i = 0; i < DNS_RUN_SERVERS; i++) {
        run->server[i] = dns_server_new(NULL, NULL);
        snprintf(run->address[i], sizeof(run->address[i]), "127.0.0.1:%u",
                 (unsigned)dns_server_port(run->server[i]));
    }
    set_options(run);
}

void dns_run_start(struct dns_run *run, size_t servers)
{
    svc_error error;

    assert_in_range(servers, 1, DNS_RUN_SERVERS);
    for (size_t i = 0; i <= DNS_RUN_SERVERS; i++)
        run->addresses[i] = i < servers ? run->address[i] : NULL;
    if (svc_resolver_new(&run->options, &run->r, &error) != 0)
        fail_msg("%s", error.message);
}

void dns_run_stop(struct dns_run *run)
{
    svc_resolver_free(run->r);
    run->r = NULL;
    set_options(run);
}

void dns_run_close(struct dns_run *run)
{
    svc_resolver_free(run->r);
    for (size_t i = 0; i < DNS_RUN_SERVERS; i++)
        dns_server_free(run->server[i]);
}

void dns_run_zone(struct dns_run *run, const char *zone)
{
    for (size_t i = 0; i < DNS_RUN_SERVERS; i++)
        dns_server_set(run->server[i], dns_zone, (void *)(uintptr_t)zone);
}

/* ---- waiting ------------------------------------------------------------- */

void dns_run_pass(struct dns_run *run, int ms)
{
    int64_t until = dns_run_clock_ms() + ms;

    do {
        int64_t left = until - dns_run_clock_ms();

        assert_int_equal(
            svc_resolver_dispatch(run->r, left < 0 ? 0 : (int)left), 0);
    } while (dns_run_clock_ms() < until);
}

/* One more look; 0 when it took too long. */
static int look(struct dns_run *run, int64_t began_ms)
{
    assert_int_equal(svc_resolver_dispatch(run->r, LOOK_MS), 0);
    return dns_run_clock_ms() < began_ms + DNS_SERVER_MS;
}

void dns_run_until(struct dns_run *run, int (*holds)(struct dns_run *run))
{
    int64_t began_ms = dns_run_clock_ms();

    while (!holds(run)) {
        if (!look(run, began_ms))
            fail_msg("waited for too long; the log:\n%s", run->lines);
    }
}

void dns_run_take(struct dns_run *run, size_t server, struct dns_query *ret)
{
    int64_t began_ms = dns_run_clock_ms();

    while (dns_server_held(run->server[server]) == 0) {
        if (!look(run, began_ms))
            fail_msg("no query came; the log:\n%s", run->lines);
    }
    dns_server_take(run->server[server], ret);
}

void dns_run_take_both(struct dns_run *run, size_t server,
                       struct dns_query ret[2])
{
    struct dns_query first;

    dns_run_take(run, server, &ret[0]);
    dns_run_take(run, server, &ret[1]);
    if (ret[0].type == 28) {
        first = ret[0];
        ret[0] = ret[1];
        ret[1] = first;
    }
    assert_int_equal(ret[0].type, 1);
    assert_int_equal(ret[1].type, 28);
}

/* ---- services ------------------------------------------------------------ */

svc_service *dns_run_service(struct dns_run *run, const char *name)
{
    svc_service *s = NULL;
    svc_error error;

    if (svc_service_new(run->r, name, NULL, &s, &error) != 0)
        fail_msg("%s", error.message);
    return s;
}

svc_error dns_run_trouble(svc_service *s)
{
    svc_error error = {0};

    (void)svc_service_status(s, &error);
    return error;
}

const char *dns_run_text(struct dns_run *run, svc_service *s)
{
    service_text(s, run->text, sizeof(run->text));
    return run->text;
}

void dns_run_expect(struct dns_run *run, svc_service *s, const char *text)
{
    int64_t began_ms = dns_run_clock_ms();

    while (strcmp(dns_run_text(run, s), text) != 0) {
        if (!look(run, began_ms))
            fail_msg("expected %s, is %s %s; the log:\n%s", text,
                     dns_run_text(run, s), dns_run_trouble(s).message,
                     run->lines);
    }
}

svc_service *dns_run_has(struct dns_run *run, const char *name,
                         const char *text)
{
    svc_service *s = dns_run_service(run, name);

    dns_run_expect(run, s, text);
    return s;
}

svc_stats dns_run_stats(const struct dns_run *run)
{
    svc_stats stats = SVC_STATS_INIT;

    assert_int_equal(svc_resolver_stats(run->r, &stats), 0);
    return stats;
}

/* ---- answers ------------------------------------------------------------- */

void dns_run_answer(const struct dns_query *q, int rcode, const char *records)
{
    struct dns_message *m = malloc(sizeof(*m));

    assert_non_null(m);
    dns_answer(m, q, rcode);
    while (*records != '\0') {
        size_t size = strcspn(records, "|");
        char line[512];

        assert_true(size < sizeof(line));
        memcpy(line, records, size);
        line[size] = '\0';
        dns_add(m, DNS_ANSWER, line);
        records += size + (records[size] == '|');
    }
    dns_reply(q, m);
    free(m);
}

void dns_run_rcode(void *arg, const struct dns_query *q)
{
    const int *rcode = arg;

    dns_run_answer(q, *rcode, "");
}

void dns_run_silence(void *arg, const struct dns_query *q)
{
    (void)arg;
    (void)q;
}
