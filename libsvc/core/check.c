/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the caller's side: the name is asked of each source by a service of its
 * own, while the loop has the sources look.
 */
#include "core/check.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/check_compare.h"
#include "core/check_run.h"
#include "core/service.h"

#include <string.h>

#define JSON_MAX ((size_t)4 * 1024 * 1024)

/* One look, with its answers. */
struct look {
    svc_resolver *r;
    const char *name; /* or NULL */
    int64_t deadline_ms;
    struct svc__check_run run;
    struct svc__check own; /* what core finds itself */
    svc_service *services[SVC__CHECK_PARTS_MAX];
    size_t asked; /* how many of them */
};

/* ---- the caller ---------------------------------------------------------- */

static const char *known(const char *text)
{
    return text == NULL ? "unknown" : text;
}

static void add_caller(struct look *k)
{
    const struct svc__settings *settings = &k->r->settings;
    svc_error found;

    svc__err_set(&found, 0,
                 "namespace \"%.63s\", cluster domain \"%.200s\", node %.100s, "
                 "zone %.63s",
                 settings->namespace_, settings->cluster_domain,
                 known(settings->node), known(settings->zone));
    svc__check_add(&k->own, SVC__CHECK_OK, "caller", &found);
}

static void add_no_source(struct look *k)
{
    char built[128];
    svc_error found;

    svc__backend_names(built, sizeof(built));
    svc__err_set(&found, SVC_ENOTSUP,
                 "no source of Services is at hand; backends built into this "
                 "library: %s",
                 built);
    svc__err_hint(&found, "give a kubeconfig or manifests (options kubeconfig, "
                          "files)");
    svc__check_add(&k->own, SVC__CHECK_FAIL, "source", &found);
}

/* "auto" that has come to DNS alone, where it could have been more. */
static void add_no_credentials(struct look *k)
{
    const struct svc__settings *settings = &k->r->settings;
    const struct svc__backend_ops *apiserver;
    svc_error found;

    if (settings->backend != NULL || settings->automatic == NULL ||
        settings->dns_servers != NULL ||
        svc__backend_find("apiserver", &apiserver, NULL) != 0 ||
        settings->automatic != settings->outside)
        return;
    svc__err_set(&found, 0,
                 "no credentials for an API server are at hand: DNS alone is "
                 "asked");
    svc__err_hint(&found, "give a kubeconfig (option kubeconfig), or mount a "
                          "service account's token");
    svc__check_add(&k->own, SVC__CHECK_SKIPPED, "config", &found);
}

/* ---- the name ------------------------------------------------------------ */

/* Opens the name with a source; NULL: the one that the options choose. */
static void ask(struct look *k, const struct svc__backend_ops *ops,
                svc_error *reterr)
{
    const struct svc__request request = {.name = k->name, .ops = ops};

    if (svc__service_new(k->r, &request, &k->services[k->asked], reterr) == 0)
        k->asked++;
}

/* Whether several sources can be asked for what was opened. */
static int is_plain(const svc_service *s)
{
    return s->name.kind == SVC__NAME_SERVICE &&
           s->name.scheme == SVC__SCHEME_NONE;
}

static void ask_all(struct look *k)
{
    svc_error error = {0};
    size_t i = 0;

    if (k->name == NULL)
        return;
    ask(k, k->run.count > 1 ? k->run.parts[0].ops : NULL, &error);
    for (i = 1; i < k->run.count && k->asked == i && is_plain(k->services[0]);
         i++)
        ask(k, k->run.parts[i].ops, &error);
    if (error.code != 0)
        svc__check_add(&k->own, SVC__CHECK_FAIL, "name", &error);
}

/* What the sources are to look at for the name. */
static void tell_parts(struct look *k)
{
    for (size_t i = 0; i < k->run.count && k->asked > 0; i++) {
        const struct svc__name *name = &k->services[0]->name;

        if (name->namespace_ == NULL)
            continue;
        k->run.parts[i].check.namespace_ = name->namespace_;
        k->run.parts[i].check.service = name->service;
    }
}

/* The answer of one of them; which is only a warning where another one
 * answers for callers. */
static void add_answer(struct look *k, size_t i, const svc_endpoints *eps,
                       const svc_error *error)
{
    svc_error found = *error;

    k->own.source =
        k->services[i]->ops == NULL ? NULL : k->services[i]->ops->name;
    if (eps != NULL && eps->view->source != NULL)
        k->own.source = eps->view->source;
    k->own.is_spare = k->asked > 1 && k->run.parts[i].check.is_spare;
    if (error->code == 0)
        svc__check_compare_tell(eps, k->name, &found);
    svc__check_add(&k->own, error->code == 0 ? SVC__CHECK_OK : SVC__CHECK_FAIL,
                   "name", &found);
    k->own.source = NULL;
    k->own.is_spare = 0;
}

/* Waits for the answers, tells each, and how they differ. */
static int hear(struct look *k)
{
    struct svc_endpoints *eps[SVC__CHECK_PARTS_MAX] = {NULL, NULL};
    svc_error error;
    int err = 0;

    for (size_t i = 0; i < k->asked && err == 0; i++) {
        memset(&error, 0, sizeof(error));
        if (svc__check_compare_wait(k->services[i], k->deadline_ms, &error) ==
            SVC_ESTATE)
            err = SVC_ESTATE;
        eps[i] = svc__publish_get(&k->services[i]->publish);
        if (err == 0)
            add_answer(k, i, eps[i], &error);
    }
    if (err == 0 && k->asked == 2) {
        const struct svc__check_pair pair = {
            .r = k->r,
            .name = k->name,
            .ops = k->run.parts[0].ops,
            .first = eps[0],
            .dns = eps[1],
            .deadline_ms = k->deadline_ms,
        };

        svc__check_compare(&pair, &k->own);
    }
    for (size_t i = 0; i < SVC__CHECK_PARTS_MAX; i++)
        svc_endpoints_unref(eps[i]);
    return err;
}

/* ---- JSON ---------------------------------------------------------------- */

static void write_text(struct svc__buf *b, const char *key, const char *text)
{
    svc__buf_printf(b, ",\"%s\":", key);
    if (text == NULL || text[0] == '\0')
        svc__buf_add_text(b, "null");
    else
        svc__buf_add_json(b, text, strlen(text));
}

static void write_finding(struct svc__buf *b, const struct svc__finding *f)
{
    static const char *const levels[] = {"ok", "skipped", "warn", "fail"};

    svc__buf_printf(b, "{\"check\":\"%s\"", f->check);
    write_text(b, "source", f->source);
    write_text(b, "level", levels[f->level]);
    write_text(b, "code", f->code == 0 ? NULL : svc_err_name(f->code));
    write_text(b, "text", f->text);
    write_text(b, "hint", f->hint);
    svc__buf_add_byte(b, '}');
}

static int write_json(const struct look *k, char **ret)
{
    struct svc__list *it;
    struct svc__buf b;
    int is_first = 1;
    char *json;

    svc__buf_init(&b, JSON_MAX);
    svc__buf_add_text(&b, "{\"schema\":\"svcctl.doctor/1\"");
    write_text(&b, "name", k->name);
    svc__buf_add_text(&b, ",\"findings\":[");
    svc__list_each (it, &k->own.findings) {
        if (!is_first)
            svc__buf_add_byte(&b, ',');
        is_first = 0;
        write_finding(&b, svc__list_entry(it, struct svc__finding, link));
    }
    svc__buf_add_text(&b, "]}");
    json = svc__buf_take(&b);
    if (json == NULL) {
        svc__buf_fini(&b);
        return SVC_ENOMEM;
    }
    *ret = json;
    return 0;
}

/* ---- all of it ----------------------------------------------------------- */

static int look(struct look *k)
{
    int err;

    add_caller(k);
    if (k->run.count == 0)
        add_no_source(k);
    add_no_credentials(k);
    ask_all(k);
    tell_parts(k);
    svc__check_run_start(&k->run, k->deadline_ms);
    err = svc__check_run_wait(&k->run);
    if (err != 0)
        return err;
    for (size_t i = 0; i < k->run.count; i++)
        svc__check_take(&k->own, &k->run.parts[i].check);
    return hear(k);
}

int svc__check(svc_resolver *r, const char *name, char **ret_json,
               svc_error *reterr)
{
    struct look k = {.r = r, .name = name};
    int err;

    k.deadline_ms = svc__clock_deadline(svc__clock_now_ms(), SVC__CHECK_MS);
    svc__check_init(&k.own);
    svc__check_run_init(&k.run, r);
    err = look(&k);
    for (size_t i = 0; i < k.asked; i++)
        svc__service_free(k.services[i]);
    if (err == SVC_ESTATE)
        svc__err_set(reterr, err, "waiting inside a dispatch");
    if (err == 0 && (k.own.is_short || write_json(&k, ret_json) != 0))
        err = svc__err_nomem(reterr);
    svc__check_run_fini(&k.run);
    svc__check_fini(&k.own);
    return err;
}
