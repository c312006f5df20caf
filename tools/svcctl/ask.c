/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the library: resolver, deadline, answers. */
#include "ask.h"

#include "input.h"
#include "report.h"
#include "text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The library's log on standard error. */
static void write_log(void *arg, int level, const char *text)
{
    static const char *const names[] = {"", "warning", "info", "debug"};
    char *safe = text_safe(text);

    (void)arg;
    fprintf(stderr, "svcctl: %s: %s\n",
            level >= 1 && level <= 3 ? names[level] : "log", safe);
    free(safe);
}

/* The command line as the library wants it. */
static svc_resolver_options resolver_options(const struct options *opt)
{
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;

    options.backend = opt->backend;
    options.files = opt->files[0] ? opt->files : NULL;
    options.dns_servers = opt->dns_servers[0] ? opt->dns_servers : NULL;
    options.kubeconfig = opt->kubeconfig;
    options.context = opt->context;
    /* As kubectl, unlike a program that somebody else configures. */
    options.exec = opt->exec ? opt->exec : "allow";
    options.namespace_ = opt->namespace_;
    options.cluster_domain = opt->cluster_domain;
    options.node = opt->node;
    options.zone = opt->zone;
    options.allow = opt->allow[0] ? opt->allow : NULL;
    options.externalname = opt->externalname;
    if (opt->verbose) {
        options.log = write_log;
        options.log_level = opt->verbose > 1 ? SVC_LOG_DEBUG : SVC_LOG_INFO;
    }
    return options;
}

int ask_init(struct ask *ask, const struct options *opt, int timeout_ms,
             svc_error *reterr)
{
    memset(ask, 0, sizeof(*ask));
    memset(reterr, 0, sizeof(*reterr));
    ask->opt = opt;
    ask->timeout_ms = opt->timeout_ms >= 0 ? opt->timeout_ms : timeout_ms;
    if (!opt->files[0] || strcmp(opt->files[0], "-") != 0)
        return 0;
    return input_read(&ask->manifest, &ask->manifest_size, reterr);
}

int ask_open(struct ask *ask, svc_error *reterr)
{
    svc_resolver_options options = resolver_options(ask->opt);

    if (ask->manifest) {
        options.files = NULL;
        options.manifest = ask->manifest;
        options.manifest_size = ask->manifest_size;
    }
    ask->deadline_ms = ask->timeout_ms < 0 ? -1 : now_ms() + ask->timeout_ms;
    return svc_resolver_new(&options, &ask->r, reterr);
}

void ask_close(struct ask *ask)
{
    svc_resolver_free(ask->r);
    free(ask->manifest);
}

int ask_left_ms(const struct ask *ask)
{
    int64_t left;

    if (ask->deadline_ms < 0)
        return -1;
    left = ask->deadline_ms - now_ms();
    if (left < 0)
        return 0;
    return left > INT_MAX ? INT_MAX : (int)left;
}

void answer_begin(struct ask *ask, const char *name, struct answer *ret)
{
    svc_service_options options = SVC_SERVICE_OPTIONS_INIT;

    memset(ret, 0, sizeof(*ret));
    ret->name = name;
    options.view = ask->opt->view;
    options.family = ask->opt->family;
    options.proto = ask->opt->proto;
    options.policy = ask->opt->policy;
    if (svc_service_new(ask->r, name, &options, &ret->s, &ret->error) != 0)
        ret->exit = report_exit(ret->error.code);
}

/* The error that a set without usable endpoints carries. */
static void error_of_set(const svc_endpoints_info *info, svc_error *ret)
{
    ret->code = info->code;
    snprintf(ret->message, sizeof(ret->message), "%s",
             info->message ? info->message : svc_err_text(info->code));
    snprintf(ret->hint, sizeof(ret->hint), "%s", info->hint ? info->hint : "");
}

void answer_finish(struct ask *ask, struct answer *answer)
{
    const svc_endpoints_info init = SVC_ENDPOINTS_INFO_INIT;
    int err;

    answer->info = init;
    if (!answer->s)
        return;
    err = svc_service_wait(answer->s, ask_left_ms(ask), &answer->error);
    answer->eps = svc_service_endpoints(answer->s);
    if (answer->eps) {
        svc_endpoints_describe(answer->eps, &answer->info);
        answer->stale = svc_endpoints_is_stale(answer->eps);
        /* The set may be newer than what ended the waiting. */
        if (!err || answer->info.code == 0)
            error_of_set(&answer->info, &answer->error);
    } else if (!err) {
        answer->error.code = SVC_ESTATE;
    }
    answer->exit = report_exit(answer->error.code);
    if (answer->exit == 0 && answer->stale && ask->opt->fail_stale)
        answer->exit = EXIT_STALE;
}

void answer_fini(struct answer *answer)
{
    svc_endpoints_unref(answer->eps);
    svc_service_free(answer->s);
}

int answer_is_shown(const struct answer *answer, int all)
{
    if (!answer->eps)
        return 0;
    return answer->error.code == 0 || (all && answer->exit == EXIT_EMPTY);
}

static void report_stale(const struct answer *answer)
{
    svc_error trouble = {0};
    int64_t age = svc_endpoints_age_ms(answer->eps);
    char *name = text_safe(answer->name);
    char *why;

    svc_service_status(answer->s, &trouble);
    why = text_safe(trouble.message);
    fprintf(stderr,
            "svcctl: warning: the answer for %s is stale, confirmed "
            "%lld.%03d s ago%s%s\n",
            name, (long long)(age / 1000), (int)(age % 1000),
            why[0] ? ": " : "", why);
    free(why);
    free(name);
}

/* What was refused may be missing from the answer. The log names it. */
static void report_refused(struct ask *ask)
{
    svc_stats stats = SVC_STATS_INIT;

    if (ask->warned || ask->opt->verbose ||
        svc_resolver_stats(ask->r, &stats) != 0 ||
        stats.objects_refused + stats.files_refused == 0)
        return;
    ask->warned = 1;
    fprintf(stderr,
            "svcctl: warning: left out as missing or malformed: %llu "
            "objects, %llu files\n"
            "hint: -v names them, with the reasons\n",
            (unsigned long long)stats.objects_refused,
            (unsigned long long)stats.files_refused);
}

void answer_report(struct ask *ask, const struct answer *answer, int shown)
{
    if (answer->error.code != 0) {
        if (!shown)
            report_object(ask->opt, answer->name, &answer->error);
        report_text(ask->opt, &answer->error);
    } else if (answer->stale) {
        report_stale(answer);
    }
    if (shown)
        report_refused(ask);
}

int ask_one(struct ask *ret_ask, const struct options *opt, struct answer *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->name = opt->arguments[0];
    if (ask_init(ret_ask, opt, ASK_TIMEOUT_MS, &ret->error) != 0 ||
        ask_open(ret_ask, &ret->error) != 0) {
        ret->exit = report_error(opt, ret->name, &ret->error);
        return ret->error.code;
    }
    answer_begin(ret_ask, ret->name, ret);
    answer_finish(ret_ask, ret);
    return 0;
}
