/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the steps of a review, in this order: who served its time is let back,
 * then who is beyond a bound that shrank; failures in a row eject, then what a
 * window that is over says. Those who are ejected are the worst, and those who
 * are let back early the ones that had the least time left.
 */
#include "policy/ejection.h"

struct review {
    struct svc__ejection_set *set;
    struct svc__ejection_member *members;
    size_t count;
    size_t out;   /* ejected ones */
    size_t bound; /* of them */
    int64_t now_ms;
};

/* ---- counters ---------------------------------------------------------- */

static uint32_t good_of(const struct svc__slot *s)
{
    return (uint32_t)(atomic_load_explicit(&s->word, memory_order_relaxed) >>
                      SVC__SLOT_GOOD_SHIFT);
}

static uint32_t bad_of(const struct svc__slot *s)
{
    return atomic_load_explicit(&s->bad, memory_order_relaxed);
}

static uint32_t row_of(const struct svc__ejection_member *m)
{
    return atomic_load_explicit(&m->slot->row, memory_order_relaxed);
}

/* Outcomes of this period. Good ones run over at 24 bits. */
static uint32_t new_good(const struct svc__ejection_member *m)
{
    return (good_of(m->slot) - m->record->good) &
           (uint32_t)(UINT64_MAX >> SVC__SLOT_GOOD_SHIFT);
}

static uint32_t new_bad(const struct svc__ejection_member *m)
{
    return bad_of(m->slot) - m->record->bad;
}

/* From here on outcomes are of this period. */
static void note(const struct review *v, const struct svc__ejection_member *m)
{
    m->record->period = v->set->period;
    m->record->good = good_of(m->slot);
    m->record->bad = bad_of(m->slot);
}

/* ---- out and back ------------------------------------------------------ */

/* A tenth of the set but at least one, and never all of it. */
static size_t bound_of(size_t count)
{
    const size_t part = count * SVC__EJECTION_PERCENT / 100;

    if (count < 2)
        return 0;
    return part > 1 ? part : 1;
}

/* Each window's time that it was not ejected takes one ejection off, as sweeps
 * do in gRFC A50, but without a sweep. */
static void eject(struct review *v, struct svc__ejection_member *m)
{
    struct svc__ejection *r = m->record;
    const int64_t well = (v->now_ms - r->back_ms) / SVC__EJECTION_WINDOW_MS;

    r->times = well < r->times ? (uint8_t)(r->times - well) : 0;
    if (r->times < SVC__EJECTION_TIMES)
        r->times++;
    r->back_ms = v->now_ms + (int64_t)SVC__EJECTION_BASE_MS * r->times;
    r->is_ejected = 1;
    v->out++;
}

/* It begins anew: picks of before that failed late do not count against it,
 * neither in a row nor in this window. */
static void let_back(struct review *v, struct svc__ejection_member *m)
{
    if (m->record->back_ms > v->now_ms)
        m->record->back_ms = v->now_ms;
    m->record->is_ejected = 0;
    atomic_store_explicit(&m->slot->row, 0, memory_order_relaxed);
    note(v, m);
    v->out--;
}

/* ---- who is first ------------------------------------------------------ */

/* The smallest key first. */
static void stand_by(struct svc__heap *h, struct svc__ejection_member *m,
                     int64_t key)
{
    svc__heap_node_init(&m->node);
    svc__heap_set(h, &m->node, key);
}

/* NULL: nobody stands there. */
static struct svc__ejection_member *next(struct svc__heap *h)
{
    struct svc__heap_node *node = svc__heap_first(h);

    if (node == NULL)
        return NULL;
    svc__heap_remove(h, node);
    return svc__heap_entry(node, struct svc__ejection_member, node);
}

/* Until the bound is reached. */
static void eject_first(struct review *v, struct svc__heap *h)
{
    struct svc__ejection_member *m;

    while (v->out < v->bound && (m = next(h)) != NULL)
        eject(v, m);
}

/* ---- the steps --------------------------------------------------------- */

static void let_back_due(struct review *v)
{
    for (size_t i = 0; i < v->count; i++) {
        struct svc__ejection_member *m = &v->members[i];

        v->out += m->record->is_ejected;
        if (m->record->period != v->set->period)
            note(v, m); /* it came since the period began */
        if (m->record->is_ejected && m->record->back_ms <= v->now_ms)
            let_back(v, m);
    }
}

/* The set became smaller. */
static void let_back_beyond(struct review *v)
{
    struct svc__heap h;

    if (v->out <= v->bound)
        return;
    svc__heap_init(&h);
    for (size_t i = 0; i < v->count; i++) {
        if (v->members[i].record->is_ejected)
            stand_by(&h, &v->members[i], v->members[i].record->back_ms);
    }
    while (v->out > v->bound)
        let_back(v, next(&h));
}

/* A row that finds no room stays: its endpoint is ejected as soon as there is
 * some, unless it does well before. */
static void judge_rows(struct review *v)
{
    struct svc__heap h;

    if (v->out >= v->bound)
        return;
    svc__heap_init(&h);
    for (size_t i = 0; i < v->count; i++) {
        struct svc__ejection_member *m = &v->members[i];
        const uint32_t row = row_of(m);

        if (!m->record->is_ejected && row >= SVC__EJECTION_ROW)
            stand_by(&h, m, -(int64_t)row);
    }
    eject_first(v, &h);
}

/* Part of the outcomes that were good, below 0: not one to compare with. Those
 * who are ejected say nothing of those who are not. */
static double rate_of(const struct svc__ejection_member *m)
{
    const uint32_t good = new_good(m);
    const uint64_t all = (uint64_t)good + new_bad(m);

    if (m->record->is_ejected || all < SVC__EJECTION_OUTCOMES)
        return -1;
    return (double)good / (double)all;
}

/* Takes the rates down, their mean and their variance; of all endpoints, not as
 * of a sample: one among five may be two deviations below. Returns how many
 * there are to compare. */
static size_t measure(const struct review *v, double *ret_mean,
                      double *ret_variance)
{
    size_t count = 0;
    double sum = 0;
    double squares = 0;

    for (size_t i = 0; i < v->count; i++) {
        const double rate = rate_of(&v->members[i]);

        v->members[i].rate = rate;
        count += rate >= 0;
        sum += rate >= 0 ? rate : 0;
    }
    if (count == 0)
        return 0;
    *ret_mean = sum / (double)count;
    for (size_t i = 0; i < v->count; i++) {
        const double below = *ret_mean - v->members[i].rate;

        squares += v->members[i].rate >= 0 ? below * below : 0;
    }
    *ret_variance = squares / (double)count;
    return count;
}

/* Where nearly nothing fails, the deviation is so small that one failure is
 * beyond it: there must be as many as in a row. */
static void judge_rates(struct review *v)
{
    struct svc__heap h;
    double mean;
    double variance;

    if (measure(v, &mean, &variance) < SVC__EJECTION_ENDPOINTS)
        return;
    svc__heap_init(&h);
    for (size_t i = 0; i < v->count; i++) {
        struct svc__ejection_member *m = &v->members[i];
        const double below = mean - m->rate;

        if (m->rate >= 0 && below > 0 && new_bad(m) >= SVC__EJECTION_ROW &&
            below * below >
                SVC__EJECTION_DEVIATIONS * SVC__EJECTION_DEVIATIONS * variance)
            stand_by(&h, m, (int64_t)(m->rate * 1e9));
    }
    eject_first(v, &h);
}

/* ---- windows ----------------------------------------------------------- */

/* Whether there is anything to compare: failures, and enough endpoints. */
static int is_window_wanted(const struct review *v)
{
    if (v->count < SVC__EJECTION_ENDPOINTS)
        return 0;
    for (size_t i = 0; i < v->count; i++) {
        if (new_bad(&v->members[i]) != 0)
            return 1;
    }
    return 0;
}

/* A period that is no window ends with each review: it becomes a window, or is
 * followed by another that is none. */
static void judge_window(struct review *v)
{
    struct svc__ejection_set *set = v->set;
    int is_wanted;

    if (set->window_end_ms > v->now_ms)
        return;
    is_wanted = is_window_wanted(v);
    if (set->window_end_ms != 0)
        judge_rates(v);
    set->period++;
    set->window_end_ms = is_wanted ? v->now_ms + SVC__EJECTION_WINDOW_MS : 0;
    for (size_t i = 0; i < v->count; i++)
        note(v, &v->members[i]);
}

/* ---- the whole --------------------------------------------------------- */

/* What follows for the set that is published. Returns whether it is another. */
static int settle(const struct review *v, size_t unready)
{
    const int is_panic = (v->count - v->out) * 100 <
                         (v->count + unready) * SVC__EJECTION_PANIC_PERCENT;
    int64_t due_ms =
        v->set->window_end_ms != 0 ? v->set->window_end_ms : INT64_MAX;
    int is_changed = 0;

    for (size_t i = 0; i < v->count; i++) {
        struct svc__ejection *r = v->members[i].record;
        const uint8_t is_left_out = r->is_ejected && !is_panic;

        is_changed |= is_left_out != r->is_left_out;
        r->is_left_out = is_left_out;
        if (r->is_ejected && r->back_ms < due_ms)
            due_ms = r->back_ms;
    }
    v->set->due_ms = due_ms;
    return is_changed;
}

int svc__ejection_review(struct svc__ejection_set *set,
                         struct svc__ejection_member *members, size_t count,
                         size_t unready, int64_t now_ms)
{
    struct review v = {.set = set,
                       .members = members,
                       .count = count,
                       .bound = bound_of(count),
                       .now_ms = now_ms};

    if (set->period == 0)
        set->period = 1; /* no record has been noted yet */
    let_back_due(&v);
    let_back_beyond(&v);
    judge_rows(&v);
    judge_window(&v);
    return settle(&v, unready);
}
