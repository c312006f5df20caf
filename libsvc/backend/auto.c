/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns two backends and, for each subscription, one of its own with each of
 * them: when DNS is asked, when it is left, and whose view is handed on.
 *
 * Design notes. A part may call its sink from inside of a call to it, and a
 * sink never calls back into a backend (backend.h). So the sinks here only
 * judge, hand on and set the record's timer; whatever calls a part (asking DNS,
 * leaving it) is done from the timer. A record goes from nobody's answer to
 * that of DNS or of the API server, from that of DNS to that of the API server,
 * and never back.
 */
#include "backend/auto.h"

#include "backend/auto_words.h"
#include "base/alloc.h"
#include "base/err.h"

/* A backend that runs inside of this one. */
struct part {
    const struct svc__backend_ops *ops;
    struct svc__backend_env env;
    void *state; /* NULL: not opened */
};

struct state {
    const struct svc__backend_env *env;
    struct part api;
    struct part dns;                 /* opened when it is first needed */
    struct svc__trouble api_trouble; /* why it could not be opened */
    struct svc__timer retry;         /* to open it */
    struct svc__list records;
};

/* A subscription with a part. */
struct side {
    struct svc__sub sub;
    struct part *part;
    int is_on;
    struct svc__trouble trouble; /* the last, code 0: none. Of DNS also why what
                                    it said does not count */
};

/* A subscription of ours. */
struct record {
    struct svc__list link;
    struct state *st;
    struct svc__sub *outer;
    struct side api;
    struct side dns;
    enum svc__auto_answered answered;
    struct svc__view *held; /* of DNS, for when the API server is no help */
    int64_t dns_ms;         /* when DNS is asked; INT64_MAX: it was */
    int64_t tell_ms;        /* when it is late; INT64_MAX: it is */
    struct svc__timer timer;
};

static int64_t now_ms(const struct state *st)
{
    return svc__loop_now_ms(st->env->loop);
}

/* ---- the parts ----------------------------------------------------------- */

static void close_part(struct part *p)
{
    if (p->state != NULL)
        p->ops->fini(p->state);
    svc__free(p->state);
    p->state = NULL;
}

static int open_part(struct part *p, svc_error *reterr)
{
    int err;

    if (p->state != NULL)
        return 0;
    p->state = svc__calloc(1, p->ops->state_size);
    if (p->state == NULL)
        return svc__err_nomem(reterr);
    err = p->ops->init(p->state, &p->env, reterr);
    if (err != 0)
        close_part(p);
    return err;
}

static int64_t retry_at(const struct state *st, int code)
{
    return now_ms(st) + (svc_err_is_transient(code) ? SVC__AUTO_RETRY_MS
                                                    : SVC__AUTO_RETRY_LATER_MS);
}

/* ---- the sides ----------------------------------------------------------- */

static void init_side(struct record *rec, struct side *side, struct part *p)
{
    side->part = p;
    side->sub.query = rec->outer->query;
    side->sub.trace = rec->outer->trace;
    side->sub.owner = rec;
    svc__list_init(&side->sub.link);
}

static int join(struct side *side, svc_error *reterr)
{
    int err;

    /* Before the call: it may deliver from inside. */
    side->is_on = 1;
    err = side->part->ops->subscribe(side->part->state, &side->sub, reterr);
    if (err != 0)
        side->is_on = 0;
    return err;
}

static void leave(struct side *side)
{
    if (side->is_on)
        side->part->ops->unsubscribe(side->part->state, &side->sub);
    side->is_on = 0;
}

/* ---- what is told -------------------------------------------------------- */

static struct svc__auto_state state_of(const struct record *rec)
{
    const struct svc__auto_state s = {
        .answered = rec->answered,
        .api = &rec->api.trouble,
        .dns = &rec->dns.trouble,
        .is_late = rec->tell_ms == INT64_MAX,
    };

    return s;
}

static void tell(struct record *rec)
{
    const struct svc__auto_state s = state_of(rec);
    svc_error error;

    rec->outer->is_told =
        rec->api.sub.is_told &&
        (rec->answered == SVC__AUTO_API || rec->dns.trouble.code == 0);
    if (svc__auto_trouble(&s, &error, &rec->outer->is_covered) != 0)
        rec->st->env->fail(rec->outer, &error);
}

/* Sets the timer for what is to be done next. */
static void plan(struct record *rec)
{
    struct svc__loop *l = rec->st->env->loop;
    int64_t due_ms = rec->dns_ms < rec->tell_ms ? rec->dns_ms : rec->tell_ms;

    if (rec->answered == SVC__AUTO_API)
        due_ms = rec->dns.is_on ? now_ms(rec->st) : INT64_MAX;
    else if (rec->answered == SVC__AUTO_DNS)
        due_ms = rec->dns_ms;
    if (due_ms == INT64_MAX)
        svc__loop_unset(l, &rec->timer);
    else
        svc__loop_set(l, &rec->timer, due_ms);
}

static void drop_held(struct record *rec)
{
    svc__view_free(rec->held);
    rec->held = NULL;
}

/* Hands on a view, taken, as the answer; what is wrong all the same comes
 * behind it. */
static void answer(struct record *rec, enum svc__auto_answered answered,
                   struct svc__view *v)
{
    struct svc__auto_state s;
    svc_error nomem;

    rec->answered = answered;
    s = state_of(rec);
    if (answered == SVC__AUTO_DNS && v->code != 0 && s.api->code != 0)
        svc__auto_tell(&s, v);
    if (svc__auto_step(&s, v) != 0) {
        svc__view_free(v);
        (void)svc__err_nomem(&nomem);
        rec->outer->is_covered = 0;
        rec->outer->is_told = 0;
        rec->st->env->fail(rec->outer, &nomem);
        return;
    }
    if (rec->held != NULL)
        svc__view_take_steps(v, rec->held);
    drop_held(rec);
    rec->st->env->update(rec->outer, v);
    tell(rec);
}

/* ---- the sinks ----------------------------------------------------------- */

static void on_api_update(struct svc__sub *sub, struct svc__view *v)
{
    struct record *rec = sub->owner;

    svc__trouble_set(&rec->api.trouble, NULL);
    answer(rec, SVC__AUTO_API, v);
    plan(rec);
}

static void on_api_fail(struct svc__sub *sub, const svc_error *error)
{
    struct record *rec = sub->owner;
    struct svc__view *held = rec->held;

    svc__trouble_set(&rec->api.trouble, error);
    if (svc__auto_is_denied(error->code) && rec->answered == SVC__AUTO_NOBODY) {
        if (rec->dns_ms != INT64_MAX && !rec->dns.is_on)
            rec->dns_ms = now_ms(rec->st);
        if (held != NULL) {
            rec->held = NULL;
            svc__trouble_set(&rec->dns.trouble, NULL);
            answer(rec, SVC__AUTO_DNS, held);
            return;
        }
    }
    tell(rec);
    plan(rec);
}

/* What DNS says does not count, or not yet: it is kept as its trouble. */
static void set_aside(struct record *rec, const struct svc__view *v)
{
    svc_error error;

    svc__err_tell(&error, v->code, v->message, v->hint);
    svc__trouble_set(&rec->dns.trouble, &error);
}

static void on_dns_update(struct svc__sub *sub, struct svc__view *v)
{
    struct record *rec = sub->owner;
    struct svc__auto_state s = state_of(rec);

    if (rec->answered == SVC__AUTO_API) {
        svc__view_free(v);
        return;
    }
    switch (svc__auto_judge(&s, v)) {
    case SVC__AUTO_COUNTS:
        svc__trouble_set(&rec->dns.trouble, NULL);
        answer(rec, SVC__AUTO_DNS, v);
        break;
    case SVC__AUTO_HELD:
        set_aside(rec, v);
        drop_held(rec);
        rec->held = v;
        tell(rec);
        break;
    case SVC__AUTO_UNFIT:
        set_aside(rec, v);
        drop_held(rec);
        svc__view_free(v);
        tell(rec);
        break;
    }
    plan(rec);
}

static void on_dns_fail(struct svc__sub *sub, const svc_error *error)
{
    struct record *rec = sub->owner;

    if (rec->answered == SVC__AUTO_API)
        return;
    svc__trouble_set(&rec->dns.trouble, error);
    tell(rec);
    plan(rec);
}

/* ---- what comes due ------------------------------------------------------ */

static void ask_dns(struct record *rec)
{
    svc_error error;
    int err;

    rec->dns_ms = INT64_MAX;
    err = open_part(&rec->st->dns, &error);
    if (err == 0)
        err = join(&rec->dns, &error);
    if (err == 0)
        return;
    rec->dns_ms = retry_at(rec->st, err);
    svc__trouble_set(&rec->dns.trouble, &error);
    tell(rec);
}

static void on_timer(void *arg)
{
    struct record *rec = arg;
    int64_t now = now_ms(rec->st);

    if (rec->answered == SVC__AUTO_API) {
        leave(&rec->dns);
        return;
    }
    if (now >= rec->dns_ms)
        ask_dns(rec);
    if (now >= rec->tell_ms) {
        rec->tell_ms = INT64_MAX;
        tell(rec);
    }
    plan(rec);
}

/* The API server's part is not open: DNS is asked at once. */
static void miss_api(struct record *rec)
{
    svc_error error;

    (void)svc__trouble_fill(&rec->st->api_trouble, &error);
    svc__trouble_set(&rec->api.trouble, &error);
    rec->dns_ms = now_ms(rec->st);
}

/* Opens the API server's part. Without memory the caller is to know, for
 * everything else (a kubeconfig that cannot be read) there is DNS. */
static int open_api(struct state *st, svc_error *reterr)
{
    svc_error error;
    int err = open_part(&st->api, &error);

    svc__trouble_set(&st->api_trouble, err == 0 ? NULL : &error);
    if (err != 0)
        svc__loop_set(st->env->loop, &st->retry, retry_at(st, err));
    if (err == SVC_ENOMEM)
        return svc__err_nomem(reterr);
    return 0;
}

static void on_retry(void *arg)
{
    struct state *st = arg;
    struct svc__list *it;
    svc_error error;

    (void)open_api(st, NULL);
    if (st->api.state == NULL)
        return;
    svc__list_each (it, &st->records) {
        struct record *rec = svc__list_entry(it, struct record, link);

        if (rec->api.is_on)
            continue;
        if (join(&rec->api, &error) != 0) {
            svc__trouble_set(&rec->api.trouble, &error);
            tell(rec);
            svc__loop_set(st->env->loop, &st->retry, retry_at(st, error.code));
        }
    }
}

/* ---- the table ----------------------------------------------------------- */

int svc__auto_init(void *state, const struct svc__auto_parts *parts,
                   const struct svc__backend_env *env, svc_error *reterr)
{
    struct state *st = state;
    int err;

    st->env = env;
    svc__list_init(&st->records);
    svc__timer_init(&st->retry, on_retry, st);
    st->api.ops = parts->apiserver;
    st->api.env = *env;
    st->api.env.update = on_api_update;
    st->api.env.fail = on_api_fail;
    st->dns.ops = parts->dns;
    st->dns.env = *env;
    st->dns.env.update = on_dns_update;
    st->dns.env.fail = on_dns_fail;
    err = open_api(st, reterr);
    if (err != 0)
        svc__loop_unset(env->loop, &st->retry);
    return err;
}

static int init(void *state, const struct svc__backend_env *env,
                svc_error *reterr)
{
    struct svc__auto_parts parts;
    int err = svc__backend_find("apiserver", &parts.apiserver, reterr);

    if (err == 0)
        err = svc__backend_find("dns", &parts.dns, reterr);
    return err != 0 ? err : svc__auto_init(state, &parts, env, reterr);
}

static void unsubscribe(void *state, struct svc__sub *sub)
{
    struct record *rec = sub->place;

    (void)state;
    svc__loop_unset(rec->st->env->loop, &rec->timer);
    leave(&rec->api);
    leave(&rec->dns);
    svc__list_remove(&rec->link);
    drop_held(rec);
    svc__trouble_fini(&rec->api.trouble);
    svc__trouble_fini(&rec->dns.trouble);
    svc__free(rec);
}

static int subscribe(void *state, struct svc__sub *sub, svc_error *reterr)
{
    struct state *st = state;
    struct record *rec = svc__calloc(1, sizeof(*rec));
    int err = 0;

    if (rec == NULL)
        return svc__err_nomem(reterr);
    rec->st = st;
    rec->outer = sub;
    rec->dns_ms = now_ms(st) + SVC__AUTO_DNS_MS;
    rec->tell_ms = now_ms(st) + SVC__AUTO_TELL_MS;
    svc__timer_init(&rec->timer, on_timer, rec);
    init_side(rec, &rec->api, &st->api);
    init_side(rec, &rec->dns, &st->dns);
    svc__list_init(&rec->link);
    svc__list_add(&st->records, &rec->link);
    sub->place = rec;
    if (st->api.state != NULL)
        err = join(&rec->api, reterr);
    else
        miss_api(rec);
    if (err != 0)
        unsubscribe(st, sub);
    else
        plan(rec);
    return err;
}

static void refresh(void *state, struct svc__sub *sub)
{
    struct record *rec = sub->place;
    struct side *sides[] = {&rec->api, &rec->dns};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        if (sides[i]->is_on)
            sides[i]->part->ops->refresh(sides[i]->part->state, &sides[i]->sub);
    }
}

static void fini(void *state)
{
    struct state *st = state;

    if (st->env == NULL)
        return;
    svc__loop_unset(st->env->loop, &st->retry);
    while (!svc__list_is_empty(&st->records))
        unsubscribe(
            st, svc__list_entry(st->records.next, struct record, link)->outer);
    close_part(&st->api);
    close_part(&st->dns);
    svc__trouble_fini(&st->api_trouble);
}

const struct svc__backend_ops svc__backend_auto = {
    .name = "auto",
    .state_size = sizeof(struct state),
    .init = init,
    .subscribe = subscribe,
    .unsubscribe = unsubscribe,
    .refresh = refresh,
    .fini = fini,
};
