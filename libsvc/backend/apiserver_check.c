/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the order: the version is asked for first, since without an answer
 * nothing else needs asking; then, all at once, what we may do.
 */
#include "backend/apiserver_check.h"

#include "backend/apiserver_rights.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/wall.h"
#include "kube/review.h"

#include <stdio.h>

/* How far the clocks may be apart, and how long credentials should last that
 * nobody renews. */
#define CLOCK_S    30
#define EXPIRING_S 600

struct run {
    struct svc__check *check;
    struct svc__apiserver *server;
    struct svc__apiserver_call version;
    struct svc__buf body;
    struct svc__apiserver_rights rights;
    int is_out; /* the version has no answer yet */
};

static void note(struct run *run, enum svc__check_level level,
                 const char *check, const svc_error *found)
{
    svc__check_add(run->check, level, check, found);
}

/* ---- configuration and credentials --------------------------------------- */

static void note_config(struct run *run)
{
    const struct svc__apiserver_login *l = svc__apiserver_login(run->server);
    const struct svc__config *c = l->config;
    svc_error found;

    svc__err_set(&found, 0, "%.200s%s%.80s, server %.120s", l->where,
                 c->context[0] == '\0' ? "" : ", context ", c->context,
                 c->server);
    if (!c->insecure) {
        note(run, SVC__CHECK_OK, "config", &found);
        return;
    }
    svc__err_hint(&found, "insecure-skip-tls-verify is set: anybody on the way "
                          "can read the credentials; give the server's CA "
                          "(certificate-authority)");
    note(run, SVC__CHECK_WARN, "config", &found);
}

/* Seconds in words. */
static void print_time(int64_t s, char ret[32])
{
    if (s < 120)
        (void)snprintf(ret, 32, "%lld s", (long long)s);
    else if (s < 7200)
        (void)snprintf(ret, 32, "%lld min", (long long)(s / 60));
    else if (s < 172800)
        (void)snprintf(ret, 32, "%lld h", (long long)(s / 3600));
    else
        (void)snprintf(ret, 32, "%lld days", (long long)(s / 86400));
}

/* What ends at end_s. */
static void note_end(struct run *run, const char *what, int is_renewed,
                     int64_t end_s)
{
    const int64_t left_s = end_s - svc__wall_now_s();
    char time[32];
    svc_error found;

    print_time(left_s < 0 ? -left_s : left_s, time);
    svc__err_set(&found, SVC_EAUTH,
                 left_s < 0 ? "%s has expired, %s ago" : "%s lasts %s", what,
                 time);
    if (left_s < 0)
        svc__err_hint(&found,
                      is_renewed
                          ? "whoever writes it anew does not: in a pod that is "
                            "the kubelet, and a program must read the file "
                            "again"
                          : "get a new one and put it into the kubeconfig");
    else if (left_s < EXPIRING_S && !is_renewed)
        svc__err_hint(&found, "nobody renews it: get a new one soon");
    note(run,
         left_s < 0                           ? SVC__CHECK_FAIL
         : left_s < EXPIRING_S && !is_renewed ? SVC__CHECK_WARN
                                              : SVC__CHECK_OK,
         "credentials", &found);
}

static void note_credentials(struct run *run)
{
    const struct svc__apiserver_login *l = svc__apiserver_login(run->server);
    const struct svc__config *c = l->config;
    const char *what = c->exec != NULL         ? "the token of the credential "
                                                 "plugin"
                       : c->token_file != NULL ? "the token in its file"
                                               : "the token of the kubeconfig";
    const int is_renewed = c->exec != NULL || c->token_file != NULL;
    int64_t end_s = INT64_MAX;
    svc_error found;

    if (c->exec != NULL && l->has_credential && l->expires_s != INT64_MAX) {
        note_end(run, "the credential of the plugin", 1, l->expires_s);
        return;
    }
    if (l->token.bytes != NULL &&
        svc__review_token_end(l->token.bytes, l->token.size, &end_s) == 0) {
        note_end(run, what, is_renewed, end_s);
        return;
    }
    if (l->token.bytes != NULL)
        svc__err_set(&found, 0, "%s does not say how long it lasts", what);
    else if (l->certificate.bytes != NULL)
        svc__err_set(&found, 0, "a client certificate, no token");
    else
        svc__err_set(&found, 0, "none: the server sees an anonymous caller");
    note(run, SVC__CHECK_SKIPPED, "credentials", &found);
}

/* ---- the answer ---------------------------------------------------------- */

static void note_clock(struct run *run)
{
    const int64_t date_s = run->version.http.date_s;
    const int64_t apart_s = date_s < 0 ? 0 : svc__wall_now_s() - date_s;
    svc_error found;

    if (date_s < 0)
        return;
    svc__err_set(&found, 0,
                 apart_s == 0  ? "our clock and the API server's agree"
                 : apart_s > 0 ? "our clock is %lld s ahead of the API server's"
                               : "our clock is %lld s behind the API server's",
                 (long long)(apart_s < 0 ? -apart_s : apart_s));
    if (apart_s <= CLOCK_S && apart_s >= -CLOCK_S) {
        note(run, SVC__CHECK_OK, "clock", &found);
        return;
    }
    svc__err_hint(&found, "tokens and certificates are judged by the clock: "
                          "synchronize it (NTP)");
    note(run, SVC__CHECK_WARN, "clock", &found);
}

static void note_version(struct run *run)
{
    const int status = run->version.http.status;
    char version[SVC__REVIEW_VERSION_SIZE];
    svc_error found;

    if (status == 200 && run->body.err == 0 &&
        svc__review_read_version(run->body.data == NULL ? "" : run->body.data,
                                 run->body.size, version, &found) == 0) {
        svc__err_set(&found, 0, "answers: %s", version);
        note(run, SVC__CHECK_OK, "apiserver", &found);
    } else if (status == 401) {
        svc__err_set(&found, SVC_EAUTH,
                     "answers 401 Unauthorized: it does not take our "
                     "credentials");
        svc__err_hint(&found, "get new ones; the finding \"credentials\" tells "
                              "whether these have expired");
        note(run, SVC__CHECK_FAIL, "apiserver", &found);
    } else if (status == 403) {
        svc__err_set(&found, 0, "answers, but does not tell its version (403)");
        note(run, SVC__CHECK_OK, "apiserver", &found);
    } else {
        svc__err_set(&found, SVC_EPROTO,
                     "answers HTTP %d to /version, which is no version: is it "
                     "an API server?",
                     status);
        svc__err_hint(&found, "check the server's URL and what proxy stands "
                              "before it");
        note(run, SVC__CHECK_FAIL, "apiserver", &found);
    }
}

static void on_data(struct svc__apiserver_call *call, const char *bytes,
                    size_t size)
{
    struct run *run = call->arg;

    (void)svc__buf_add(&run->body, bytes, size);
}

static void on_done(struct svc__apiserver_call *call, int err,
                    const svc_error *error)
{
    struct run *run = call->arg;
    svc_error found;

    run->is_out = 0;
    if (err != 0) {
        note(run, SVC__CHECK_FAIL, "apiserver", error);
        svc__err_set(&found, 0,
                     "not asked, since the API server does not "
                     "answer");
        note(run, SVC__CHECK_SKIPPED, "rights", &found);
    } else {
        note_version(run);
        note_clock(run);
    }
    note_credentials(run);
    if (err == 0)
        svc__apiserver_rights_ask(&run->rights, run->server);
    svc__check_end(run->check);
}

void svc__apiserver_check(const struct svc__backend_env *env,
                          struct svc__apiserver *server, struct svc__check *c)
{
    struct run *run = svc__calloc(1, sizeof(*run));
    svc_error error;

    c->place = run;
    if (run == NULL) {
        (void)svc__err_nomem(&error);
        svc__check_add(c, SVC__CHECK_FAIL, "apiserver", &error);
        return;
    }
    run->check = c;
    run->server = server;
    svc__buf_init(&run->body, SVC__REVIEW_MAX);
    svc__apiserver_rights_init(&run->rights, env, c);
    note_config(run);
    run->version.path = "/version";
    run->version.authorize = 1;
    run->version.total_ms = SVC__RIGHTS_ANSWER_MS;
    run->version.data = on_data;
    run->version.done = on_done;
    run->version.arg = run;
    run->is_out = 1;
    svc__check_begin(c);
    svc__apiserver_start(server, &run->version);
}

void svc__apiserver_check_end(struct svc__check *c)
{
    struct run *run = c->place;
    svc_error late;

    if (run == NULL)
        return;
    if (run->is_out) {
        svc__apiserver_stop(&run->version);
        svc__err_set(&late, SVC_ETIMEDOUT,
                     "no answer in time, or the credential plugin takes so "
                     "long");
        note(run, SVC__CHECK_FAIL, "apiserver", &late);
    }
    svc__apiserver_rights_fini(&run->rights);
    svc__buf_fini(&run->body);
    svc__free(run);
    c->place = NULL;
}
