/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the deadlines of a request, one timer for all of them: that of the
 * headers, then the look at the rate, and that of the whole. A response that
 * has no bound of time sets no timer, so that it wakes nobody while it is
 * silent.
 */
#include "io/http_flow.h"

#include "base/err.h"
#include "base/wall.h"

#include <string.h>

static int64_t answer_ms(const struct svc__http_request *q)
{
    return q->answer_ms > 0 ? q->answer_ms : SVC__HTTP_FLOW_ANSWER_MS;
}

static void set_timer(struct svc__http_flow *f)
{
    const struct svc__http_request *q = f->q;
    int64_t deadline_ms = INT64_MAX;

    if (!f->head.is_whole)
        deadline_ms = f->started_ms + answer_ms(q);
    else if (q->min_rate > 0)
        deadline_ms = f->rate_from_ms + SVC__HTTP_FLOW_RATE_MS;
    if (q->total_ms > 0 && f->started_ms + q->total_ms < deadline_ms)
        deadline_ms = f->started_ms + q->total_ms;
    if (deadline_ms == INT64_MAX)
        svc__loop_unset(f->loop, &f->timer);
    else
        svc__loop_set(f->loop, &f->timer, deadline_ms);
}

/* The body is measured from here. */
static void measure(struct svc__http_flow *f)
{
    f->rate_from_ms = svc__loop_now_ms(f->loop);
    f->rate_bytes = 0;
}

static void time_out(struct svc__http_flow *f, enum svc__http_problem problem,
                     int64_t ms)
{
    f->problem = problem;
    f->problem_ms = ms;
    f->late(f);
}

static void is_due(void *arg)
{
    struct svc__http_flow *f = arg;
    const struct svc__http_request *q = f->q;
    int64_t now_ms = svc__loop_now_ms(f->loop);
    int is_measured =
        f->head.is_whole && now_ms >= f->rate_from_ms + SVC__HTTP_FLOW_RATE_MS;

    if (!f->head.is_whole && now_ms >= f->started_ms + answer_ms(q)) {
        time_out(f, SVC__HTTP_SILENT, answer_ms(q));
    } else if (q->total_ms > 0 && now_ms >= f->started_ms + q->total_ms) {
        time_out(f, SVC__HTTP_TOTAL, q->total_ms);
    } else if (is_measured &&
               f->rate_bytes <
                   (uint64_t)q->min_rate * (SVC__HTTP_FLOW_RATE_MS / 1000)) {
        time_out(f, SVC__HTTP_SLOW, SVC__HTTP_FLOW_RATE_MS);
    } else {
        if (is_measured)
            measure(f);
        set_timer(f);
    }
}

int svc__http_flow_begin(struct svc__http_flow *f, struct svc__http_request *q,
                         const struct svc__http_kept *k, svc_error *reterr)
{
    int err;

    if (q->entry != NULL)
        return svc__err_set(reterr, SVC_EINVAL, "the request runs already");
    err = svc__http_plan_init(&f->plan, k, q, reterr);
    if (err != 0)
        return err;
    f->q = q;
    f->loop = k->loop;
    f->started_ms = svc__loop_now_ms(k->loop);
    svc__list_init(&f->link);
    svc__http_head_init(&f->head);
    svc__timer_init(&f->timer, is_due, f);
    q->status = 0;
    q->retry_after_ms = -1;
    q->date_s = -1;
    q->content_type[0] = '\0';
    q->entry = f;
    set_timer(f);
    return 0;
}

struct svc__http_request *svc__http_flow_end(struct svc__http_flow *f)
{
    struct svc__http_request *q = f->q;

    svc__loop_unset(f->loop, &f->timer);
    f->q = NULL;
    if (q != NULL)
        q->entry = NULL;
    return q;
}

void svc__http_flow_fini(struct svc__http_flow *f)
{
    svc__http_plan_fini(&f->plan);
}

int svc__http_flow_explain(const struct svc__http_flow *f,
                           struct svc__http_facts *facts, svc_error *reterr)
{
    facts->server = f->plan.server;
    facts->address = f->plan.address;
    facts->proxy = f->plan.proxy;
    facts->tls_name = f->plan.tls_name;
    facts->now_s = svc__wall_now_s();
    facts->ms = SVC__HTTP_CONNECT_MS;
    if (f->problem != SVC__HTTP_NONE) {
        facts->problem = f->problem;
        facts->ms = f->problem_ms;
        facts->error = f->problem_errno;
    }
    return svc__http_words(facts, reterr);
}

/* The response's headers are whole. */
static int answered(struct svc__http_flow *f)
{
    struct svc__http_request *q = f->q;
    int is_good = f->head.status >= 200 && f->head.status < 300;

    q->status = f->head.status;
    q->date_s = f->head.date_s;
    q->retry_after_ms = svc__http_head_retry_ms(&f->head, svc__wall_now_s());
    memcpy(q->content_type, f->head.content_type, sizeof(q->content_type));
    measure(f);
    set_timer(f);
    if (q->answered != NULL)
        q->answered(q);
    if (f->q == NULL)
        return 0;
    if (f->head.is_packed || (f->head.is_encoded && is_good)) {
        f->problem = SVC__HTTP_ENCODED;
        return 0;
    }
    return 1;
}

size_t svc__http_flow_header(char *line, size_t one, size_t size, void *flow)
{
    struct svc__http_flow *f = flow;
    int was_whole = f->head.is_whole;

    (void)one;
    if (f->q == NULL)
        return 0;
    if (svc__http_head_line(&f->head, line, size) != 0) {
        f->problem = SVC__HTTP_HEADERS;
        return 0;
    }
    return was_whole || !f->head.is_whole || answered(f) ? size : 0;
}

size_t svc__http_flow_body(char *bytes, size_t one, size_t size, void *flow)
{
    struct svc__http_flow *f = flow;

    (void)one;
    if (f->q == NULL)
        return 0;
    *f->received += size;
    f->rate_bytes += size;
    if (f->q->data != NULL)
        f->q->data(f->q, bytes, size);
    return f->q != NULL ? size : 0;
}

struct svc__http_flow *svc__http_flow_first(const struct svc__list *flows)
{
    return svc__list_is_empty(flows)
               ? NULL
               : svc__list_entry(flows->next, struct svc__http_flow, link);
}

void svc__http_flow_move(struct svc__http_flow *f, struct svc__list *to)
{
    svc__list_remove(&f->link);
    svc__list_add(to, &f->link);
}
