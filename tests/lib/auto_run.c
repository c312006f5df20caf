/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two scripted backends in one: their state tells which one is meant.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auto_run.h"

#include "backend/auto.h"
#include "base/alloc.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

static const char *const part_names[] = {"api", "dns"};
static const char *const sources[] = {"apiserver", "dns"};

struct auto_heard auto_heard[AUTO_SUBS];

static struct {
    int64_t *moved_ms;
    struct svc__loop *l;
    struct svc__log log;
    struct svc__source_stats stats;
    struct svc__backend_env env;
    void *state;
    struct svc__sub subs[AUTO_SUBS];
    const struct svc__backend_env *part_env[2];
    struct svc__sub *asked[2][AUTO_SUBS];
    int init_refusal[2];
    int refusal[2];
    const char *at_once[2];
    char trace[65536];
} run;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    size_t used = strlen(run.trace);
    va_list args;

    used += (size_t)snprintf(run.trace + used, sizeof(run.trace) - used,
                             "[%5d] ", (int)*run.moved_ms);
    va_start(args, format);
    (void)vsnprintf(run.trace + used, sizeof(run.trace) - used, format, args);
    va_end(args);
}

/* ---- the parts ----------------------------------------------------------- */

/* The place of a subscription: ours, or one that was made for it. */
static int place_of(const struct svc__sub *sub)
{
    return sub->query.port;
}

static enum auto_part part_of(const void *state)
{
    return *(const enum auto_part *)state;
}

static int init_as(enum auto_part part, void *state,
                   const struct svc__backend_env *env, svc_error *reterr)
{
    *(enum auto_part *)state = part;
    if (run.init_refusal[part] != 0) {
        note("%s: init refused\n", part_names[part]);
        return svc__err_set(reterr, run.init_refusal[part], "scripted init");
    }
    note("%s: init\n", part_names[part]);
    run.part_env[part] = env;
    return 0;
}

static int init_api(void *state, const struct svc__backend_env *env,
                    svc_error *reterr)
{
    return init_as(AUTO_API, state, env, reterr);
}

static int init_dns(void *state, const struct svc__backend_env *env,
                    svc_error *reterr)
{
    return init_as(AUTO_DNS, state, env, reterr);
}

static int code_of(const char *name)
{
    for (int code = 0; code > -64; code--) {
        if (strcmp(svc_err_name(code), name) == 0)
            return code;
    }
    fail_msg("no code %s", name);
    return 0;
}

static void say(enum auto_part part, struct svc__sub *sub, const char *what)
{
    const struct svc__backend_env *env = run.part_env[part];
    struct svc__view *v;
    svc_error error;

    if (what[0] == '!') {
        sub->is_told = what[1] == '!';
        svc__err_set(&error, code_of(what + 1 + sub->is_told), "%s in trouble",
                     part_names[part]);
        svc__err_hint(&error, "mend %s", part_names[part]);
        (env->fail)(sub, &error);
        return;
    }
    v = svc__view_new(sources[part], sub->trace);
    if (v == NULL) {
        (void)svc__err_nomem(&error);
        (env->fail)(sub, &error);
        return;
    }
    (void)svc__view_step(v, "service", "%s found it", part_names[part]);
    if (what[0] == 'S')
        (void)svc__view_fail(v, code_of(what), "%s says no", part_names[part]);
    else
        v->canonical = svc__strdup(what);
    env->update(sub, v);
}

static int subscribe_part(void *state, struct svc__sub *sub, svc_error *reterr)
{
    enum auto_part part = part_of(state);
    int i = place_of(sub);

    note("%s: subscribe %d%s\n", part_names[part], i,
         run.refusal[part] != 0 ? " refused" : "");
    if (run.refusal[part] != 0)
        return svc__err_set(reterr, run.refusal[part], "scripted refusal");
    assert_null(run.asked[part][i]);
    run.asked[part][i] = sub;
    if (run.at_once[part] != NULL)
        say(part, sub, run.at_once[part]);
    return 0;
}

static void unsubscribe_part(void *state, struct svc__sub *sub)
{
    enum auto_part part = part_of(state);
    int i = place_of(sub);

    note("%s: unsubscribe %d\n", part_names[part], i);
    assert_ptr_equal(run.asked[part][i], sub);
    run.asked[part][i] = NULL;
}

static void refresh_part(void *state, struct svc__sub *sub)
{
    note("%s: refresh %d\n", part_names[part_of(state)], place_of(sub));
}

static void fini_part(void *state)
{
    note("%s: fini\n", part_names[part_of(state)]);
    run.part_env[part_of(state)] = NULL;
}

static const struct svc__backend_ops api_ops = {
    .name = "apiserver",
    .state_size = sizeof(enum auto_part),
    .init = init_api,
    .subscribe = subscribe_part,
    .unsubscribe = unsubscribe_part,
    .refresh = refresh_part,
    .fini = fini_part,
};

static const struct svc__backend_ops dns_ops = {
    .name = "dns",
    .state_size = sizeof(enum auto_part),
    .init = init_dns,
    .subscribe = subscribe_part,
    .unsubscribe = unsubscribe_part,
    .refresh = refresh_part,
    .fini = fini_part,
};

/* ---- what is handed on --------------------------------------------------- */

static void on_update(struct svc__sub *sub, struct svc__view *v)
{
    struct auto_heard *h = &auto_heard[place_of(sub)];
    struct svc__list *it;

    assert_true(h->is_on);
    h->views++;
    h->source = v->source;
    memset(&h->trouble, 0, sizeof(h->trouble));
    h->steps = 0;
    h->text[0] = '\0';
    svc__list_each (it, &v->steps) {
        const struct svc__step *step =
            svc__list_entry(it, struct svc__step, link);
        size_t used = strlen(h->text);

        h->steps++;
        (void)snprintf(h->text + used, sizeof(h->text) - used, "%s: %s\n",
                       step->step, step->text);
    }
    if (v->code != 0)
        note("%d has %s by %s: %s%s%s\n", place_of(sub), svc_err_name(v->code),
             v->source, v->message == NULL ? "" : v->message,
             v->hint == NULL ? "" : " / ", v->hint == NULL ? "" : v->hint);
    else
        note("%d has %s by %s\n", place_of(sub),
             v->canonical == NULL ? "" : v->canonical, v->source);
    svc__view_free(v);
}

static void on_fail(struct svc__sub *sub, const svc_error *error)
{
    struct auto_heard *h = &auto_heard[place_of(sub)];

    assert_true(h->is_on);
    h->troubles++;
    h->trouble = *error;
    h->is_covered = sub->is_covered;
    note("%d is in trouble%s%s: %s: %s\n", place_of(sub),
         sub->is_covered ? ", covered" : "", sub->is_told ? ", told" : "",
         svc_err_name(error->code), error->message);
}

/* ---- the conversation ---------------------------------------------------- */

int auto_run_open(int64_t *moved_ms)
{
    const struct svc__auto_parts parts = {&api_ops, &dns_ops};
    int refusals[2] = {run.init_refusal[0], run.init_refusal[1]};
    int err;

    memset(&run, 0, sizeof(run));
    memcpy(run.init_refusal, refusals, sizeof(refusals));
    memset(auto_heard, 0, sizeof(auto_heard));
    run.moved_ms = moved_ms;
    *moved_ms = 0;
    err = svc__loop_new(&run.l, NULL);
    if (err != 0)
        return err;
    (void)svc__loop_round(run.l, 0);
    run.env.loop = run.l;
    run.env.log = &run.log;
    run.env.stats = &run.stats;
    run.env.update = on_update;
    run.env.fail = on_fail;
    run.state = svc__calloc(1, svc__backend_auto.state_size);
    if (run.state == NULL)
        return SVC_ENOMEM;
    return svc__auto_init(run.state, &parts, &run.env, NULL);
}

void auto_run_close(void)
{
    for (int i = 0; i < AUTO_SUBS; i++) {
        if (auto_heard[i].is_on)
            auto_run_leave(i);
    }
    if (run.state != NULL)
        svc__backend_auto.fini(run.state);
    svc__free(run.state);
    run.state = NULL;
    svc__loop_free(run.l);
    run.l = NULL;
    memset(run.init_refusal, 0, sizeof(run.init_refusal));
}

void auto_run_refuse_init(enum auto_part part, int code)
{
    run.init_refusal[part] = code;
}

void auto_run_refuse(enum auto_part part, int code)
{
    run.refusal[part] = code;
}

void auto_run_at_once(enum auto_part part, const char *what)
{
    run.at_once[part] = what;
}

int auto_run_ask(int i, svc__clock_fn trace)
{
    struct svc__sub *sub = &run.subs[i];
    int err;

    memset(sub, 0, sizeof(*sub));
    memset(&auto_heard[i], 0, sizeof(auto_heard[i]));
    svc__list_init(&sub->link);
    sub->query.service = "web";
    sub->query.namespace_ = "shop";
    sub->query.port = (uint16_t)i;
    sub->trace = trace;
    auto_heard[i].is_on = 1;
    err = svc__backend_auto.subscribe(run.state, sub, NULL);
    if (err != 0)
        auto_heard[i].is_on = 0;
    return err;
}

void auto_run_leave(int i)
{
    svc__backend_auto.unsubscribe(run.state, &run.subs[i]);
    auto_heard[i].is_on = 0;
    assert_null(run.asked[AUTO_API][i]);
    assert_null(run.asked[AUTO_DNS][i]);
}

void auto_run_refresh(int i)
{
    svc__backend_auto.refresh(run.state, &run.subs[i]);
}

void auto_run_say(enum auto_part part, int i, const char *what)
{
    if (run.asked[part][i] == NULL)
        fail_msg("%d is not asked of %s", i, part_names[part]);
    say(part, run.asked[part][i], what);
}

int auto_run_is_asked(enum auto_part part, int i)
{
    return run.asked[part][i] != NULL;
}

void auto_run_pass(int ms)
{
    assert_int_equal(svc__loop_round(run.l, 0), 0);
    for (int passed = 0; passed < ms; passed += 10) {
        *run.moved_ms += ms - passed < 10 ? ms - passed : 10;
        assert_int_equal(svc__loop_round(run.l, 0), 0);
    }
}

void auto_run_expect(const char *lines)
{
    assert_string_equal(run.trace, lines);
    run.trace[0] = '\0';
}

void auto_run_forget(void)
{
    run.trace[0] = '\0';
}
