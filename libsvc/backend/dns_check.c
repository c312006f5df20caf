/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns one asker for each server, so that no server answers for another. The
 * Service "kubernetes" in namespace "default" is made by the API server itself
 * (semantics 2.9 rule 20).
 */
#include "backend/dns_check.h"

#include "backend/dns_ask.h"
#include "base/alloc.h"
#include "base/err.h"
#include "dns/answer.h"

#include <stdio.h>
#include <string.h>

#define PROBE "kubernetes.default.svc."

/* A server that is asked. */
struct probe {
    struct svc__dns_want want;
    struct svc__dns_servers server; /* the one */
    struct svc__dns_ask *ask;
    struct run *run;
    int is_out;
};

struct run {
    struct svc__check *check;
    struct svc__wire_question question;
    char name[SVC__WIRE_TEXT_MAX];
    size_t count;
    struct probe probes[];
};

static void fail(struct run *run, const char *check, const svc_error *error)
{
    svc__check_add(run->check, SVC__CHECK_FAIL, check, error);
}

/* The first address of an answer in words; 0 when there is none. */
static int first_address(const struct run *run,
                         const struct svc__wire_message *m,
                         char ret[SVC_ADDRESS_TEXT_SIZE])
{
    const struct svc__dns_reading how = {.question = &run->question,
                                         .follow = 1};
    struct svc__dns_answer answer;
    int found;

    if (svc__dns_answer_read(m, &how, &answer) != 0)
        return 0;
    found = answer.kind == SVC__DNS_HAVE && answer.block != NULL &&
            answer.block->count > 0;
    if (found)
        (void)svc__address_format(&answer.block->endpoints[0].address, ret);
    svc__dns_answer_fini(&answer);
    return found;
}

/* What a server knows of the cluster. */
static void judge_domain(struct run *run, const struct svc__dns_reply *reply,
                         const char *server)
{
    char address[SVC_ADDRESS_TEXT_SIZE];
    svc_error found;

    if (first_address(run, reply->answer, address)) {
        svc__err_set(&found, 0,
                     "%s: cluster domain \"%.120s\" is right: %.200s "
                     "is %s",
                     server, run->check->zone, run->name, address);
        svc__check_add(run->check, SVC__CHECK_OK, "cluster-domain", &found);
        return;
    }
    svc__err_set(&found, SVC_ENOSERVICE,
                 "%s does not know %.200s: it is not the cluster's DNS server, "
                 "or \"%.120s\" is not the cluster's domain",
                 server, run->name, run->check->zone);
    svc__err_hint(&found, "in a pod, the search list of /etc/resolv.conf has "
                          "the domain behind \"svc.\" (option cluster_domain); "
                          "elsewhere give the address of the cluster's DNS "
                          "Service (option dns_servers)");
    fail(run, "cluster-domain", &found);
}

static void on_done(struct svc__dns_want *w, const struct svc__dns_reply *reply)
{
    struct probe *p = svc__list_entry(w, struct probe, want);
    struct run *run = p->run;
    svc_error found;

    p->is_out = 0;
    if (reply->code != 0) {
        fail(run, "dns-server", reply->error);
    } else {
        svc__err_set(&found, 0, "%s answers in %lld.%03d ms", reply->via,
                     (long long)(reply->elapsed_us / 1000),
                     (int)(reply->elapsed_us % 1000));
        svc__check_add(run->check, SVC__CHECK_OK, "dns-server", &found);
        judge_domain(run, reply, p->server.text[0]);
    }
    svc__check_end(run->check);
}

static void on_idle(void *arg)
{
    (void)arg;
}

/* Asks server i of the list. */
static void begin(const struct svc__backend_env *env,
                  const struct svc__dns_servers *servers, size_t i,
                  struct probe *p)
{
    const struct svc__dns_idle idle = {on_idle, NULL};
    svc_error error;
    int err;

    p->server.count = 1;
    p->server.env = env;
    p->server.address[0] = servers->address[i];
    memcpy(p->server.text[0], servers->text[i], SVC__DNS_VIA_SIZE);
    memcpy(p->server.over_udp[0], servers->over_udp[i], SVC__DNS_VIA_SIZE);
    memcpy(p->server.over_tcp[0], servers->over_tcp[i], SVC__DNS_VIA_SIZE);
    p->want.done = on_done;
    err = svc__dns_ask_new(env, &p->server, idle, &p->ask, &error);
    if (err == 0 &&
        svc__dns_ask_want(p->ask, &p->want, &p->run->question, -1) != 0)
        err = svc__err_nomem(&error);
    if (err != 0) {
        fail(p->run, "dns-server", &error);
        return;
    }
    p->is_out = 1;
    svc__check_begin(p->run->check);
}

void svc__dns_check(const struct svc__backend_env *env,
                    const struct svc__dns_servers *servers,
                    struct svc__check *c)
{
    const size_t size =
        sizeof(struct run) + servers->count * sizeof(struct probe);
    struct run *run = svc__calloc(1, size);
    svc_error error;

    c->place = run;
    if (run == NULL) {
        (void)svc__err_nomem(&error);
        svc__check_add(c, SVC__CHECK_FAIL, "dns-server", &error);
        return;
    }
    run->check = c;
    run->count = servers->count;
    run->question.type = SVC__WIRE_A;
    (void)snprintf(run->name, sizeof(run->name), PROBE "%s", c->zone);
    if (svc__wire_name_parse(run->name, &run->question.name) != 0) {
        svc__err_set(&error, SVC_EINVAL,
                     "cluster domain \"%.200s\" is too long for a name in it",
                     c->zone);
        fail(run, "cluster-domain", &error);
        return;
    }
    for (size_t i = 0; i < run->count; i++) {
        run->probes[i].run = run;
        begin(env, servers, i, &run->probes[i]);
    }
}

void svc__dns_check_end(struct svc__check *c)
{
    struct run *run = c->place;
    svc_error error;

    for (size_t i = 0; run != NULL && i < run->count; i++) {
        struct probe *p = &run->probes[i];

        if (p->is_out) {
            svc__dns_ask_unwant(p->ask, &p->want);
            svc__err_set(&error, SVC_ETIMEDOUT, "%s: no answer in time",
                         p->server.text[0]);
            svc__err_hint(&error, "check its address and what stands between");
            fail(run, "dns-server", &error);
        }
        svc__dns_ask_free(p->ask);
    }
    svc__free(run);
    c->place = NULL;
}
