/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Races of connection attempts in virtual time, as traces: who begins when, who
 * wins, and what is said of the others. A world is a row of endpoints in the
 * order in which the balancer would give them: "4:silent 6:ok@30" is one with
 * an IPv4 address that never answers, and one with an IPv6 address that is
 * connected 30 ms after it began. Then rules that hold in any world.
 */
#include "base/buf.h"
#include "base/rng.h"
#include "policy/race.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BEGIN_MS 1000000
#define FOREVER  (-1)
#define MANY     12

struct endpoint {
    enum svc__family family;
    int error;        /* errno that it fails with; 0: it connects */
    int64_t after_ms; /* after it began; INT64_MAX: it is silent */
    int attempt;      /* -1: not tried yet */
    int64_t at_ms;    /* of what becomes of it; INT64_MAX: nothing, any more */
};

struct world {
    struct endpoint endpoints[MANY];
    unsigned count;
    struct endpoint *tried[SVC__RACE_ATTEMPTS_MAX];
    struct svc__race race;
    struct svc__race_action action;
    int64_t now_ms;
    struct svc__buf trace;
};

static const struct {
    const char *word;
    int error;
} ends[] = {
    {"ok", 0},           {"refused", ECONNREFUSED}, {"no-route", ENETUNREACH},
    {"lost", ETIMEDOUT}, {"no-descriptor", EMFILE}, {"no-port", EADDRNOTAVAIL}};

static void add_endpoint(struct world *w, const char *text)
{
    struct endpoint *ep = &w->endpoints[w->count++];
    const char *at = strchr(text, '@');

    ep->family = text[0] == '4' ? SVC__FAMILY_IPV4 : SVC__FAMILY_IPV6;
    ep->attempt = -1;
    ep->at_ms = INT64_MAX;
    ep->after_ms = at == NULL ? INT64_MAX : atoi(at + 1);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (strncmp(text + 2, ends[i].word, strlen(ends[i].word)) == 0)
            ep->error = ends[i].error;
    }
}

static void world_init(struct world *w, const char *endpoints)
{
    char *copy = strdup(endpoints);
    char *save = NULL;

    memset(w, 0, sizeof(*w));
    for (char *word = strtok_r(copy, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save))
        add_endpoint(w, word);
    free(copy);
    w->now_ms = BEGIN_MS;
    svc__buf_init(&w->trace, 8192);
}

/* Who is tried next: of the family, where there is one. */
static struct endpoint *give(struct world *w, enum svc__family family)
{
    struct endpoint *other = NULL;

    for (unsigned i = 0; i < w->count; i++) {
        struct endpoint *ep = &w->endpoints[i];

        if (ep->attempt >= 0)
            continue;
        if (family == SVC__FAMILY_ANY || ep->family == family)
            return ep;
        if (other == NULL)
            other = ep;
    }
    return other;
}

static void step(struct world *w, struct svc__race_event event)
{
    event.now_ms = w->now_ms;
    svc__race_step(&w->race, &event, &w->action);
}

/* Does what the machine wants begun, as often as it does. */
static void begin(struct world *w)
{
    while (w->action.what == SVC__RACE_BEGIN) {
        const unsigned attempt = w->action.attempt;
        struct endpoint *ep = give(w, w->action.family);

        if (ep == NULL) {
            svc__buf_printf(&w->trace, ", nobody is left");
            step(w, (struct svc__race_event){.kind = SVC__RACE_NOBODY});
            continue;
        }
        ep->attempt = (int)attempt;
        ep->at_ms =
            ep->after_ms == INT64_MAX ? INT64_MAX : w->now_ms + ep->after_ms;
        w->tried[attempt] = ep;
        svc__buf_printf(&w->trace, ", begin %u: IPv%d", attempt,
                        (int)ep->family);
        step(w, (struct svc__race_event){.kind = SVC__RACE_BEGUN,
                                         .family = ep->family});
    }
    svc__buf_printf(&w->trace, "\n");
}

static void note_time(struct world *w)
{
    svc__buf_printf(&w->trace, "[%4d] ", (int)(w->now_ms - BEGIN_MS));
}

/* What happens first: an endpoint's end, or NULL for the machine's time. */
static struct endpoint *happens_first(struct world *w)
{
    struct endpoint *first = NULL;

    for (unsigned i = 0; i < w->count; i++) {
        struct endpoint *ep = &w->endpoints[i];

        if (ep->at_ms != INT64_MAX &&
            (first == NULL || ep->at_ms < first->at_ms))
            first = ep;
    }
    return first != NULL && first->at_ms <= w->action.due_ms ? first : NULL;
}

static void let_happen(struct world *w)
{
    struct endpoint *ep = happens_first(w);
    struct svc__race_event event = {.kind = SVC__RACE_DUE};

    if (ep != NULL) {
        w->now_ms = ep->at_ms;
        ep->at_ms = INT64_MAX;
        event.kind = ep->error != 0 ? SVC__RACE_FAILED : SVC__RACE_CONNECTED;
        event.attempt = (unsigned)ep->attempt;
        event.error = ep->error;
    } else {
        assert_true(w->action.due_ms < INT64_MAX);
        w->now_ms = w->action.due_ms;
    }
    note_time(w);
    if (ep == NULL)
        svc__buf_printf(&w->trace, "due");
    else
        svc__buf_printf(&w->trace, "%d %s", ep->attempt,
                        ep->error != 0 ? "failed" : "connected");
    step(w, event);
    begin(w);
}

static void note_end(struct world *w)
{
    static const char *const outcomes[] = {
        "ok", "no connection", "silent", "error", "busy", "cancelled"};

    svc__buf_printf(
        &w->trace,
        "%s:", w->action.code == 0 ? "done" : svc_err_name(w->action.code));
    for (unsigned i = 0; i < w->race.count; i++)
        svc__buf_printf(&w->trace, "%s %u %s", i > 0 ? "," : "", i,
                        outcomes[svc__race_outcome(&w->race, i, w->now_ms)]);
    svc__buf_printf(&w->trace, "\n");
}

static void run(struct world *w, int limit_ms)
{
    svc__race_init(&w->race,
                   limit_ms == FOREVER ? INT64_MAX : w->now_ms + limit_ms);
    note_time(w);
    svc__buf_printf(&w->trace, "start");
    step(w, (struct svc__race_event){.kind = SVC__RACE_START});
    begin(w);
    while (w->action.what != SVC__RACE_DONE)
        let_happen(w);
    note_end(w);
}

/* A race in a world, and its trace. */
static void race(const char *endpoints, int limit_ms, const char *expected)
{
    struct world w;

    world_init(&w, endpoints);
    run(&w, limit_ms);
    assert_string_equal(w.trace.data, expected);
    svc__buf_fini(&w.trace);
}

/* ---- traces ------------------------------------------------------------ */

static void the_first_one_connects(void **state)
{
    (void)state;
    race("4:ok@3 6:ok@1", 5000,
         "[   0] start, begin 0: IPv4\n"
         "[   3] 0 connected\n"
         "done: 0 ok\n");
}

/* RFC 8305 section 5: both are under way then, and the first that connects
 * wins, whoever it is. */
static void one_is_silent(void **state)
{
    (void)state;
    race("4:silent 6:ok@30", 5000,
         "[   0] start, begin 0: IPv4\n"
         "[ 250] due, begin 1: IPv6\n"
         "[ 280] 1 connected\n"
         "done: 0 silent, 1 ok\n");
    race("4:ok@260 6:ok@30", 5000,
         "[   0] start, begin 0: IPv4\n"
         "[ 250] due, begin 1: IPv6\n"
         "[ 260] 0 connected\n"
         "done: 0 ok, 1 cancelled\n");
}

static void who_fails_is_not_waited_for(void **state)
{
    (void)state;
    race("4:refused@1 6:no-route@0 4:ok@2", 5000,
         "[   0] start, begin 0: IPv4\n"
         "[   1] 0 failed, begin 1: IPv6\n"
         "[   1] 1 failed, begin 2: IPv4\n"
         "[   3] 2 connected\n"
         "done: 0 no connection, 1 no connection, 2 ok\n");
}

/* Whoever began last decides: that an older one failed is no news. */
static void an_older_one_fails(void **state)
{
    (void)state;
    race("4:refused@300 6:silent 4:ok@10", 5000,
         "[   0] start, begin 0: IPv4\n"
         "[ 250] due, begin 1: IPv6\n"
         "[ 300] 0 failed\n"
         "[ 500] due, begin 2: IPv4\n"
         "[ 510] 2 connected\n"
         "done: 0 no connection, 1 silent, 2 ok\n");
}

/* RFC 8305 section 4. */
static void families_take_turns(void **state)
{
    (void)state;
    race("6:refused@0 6:refused@0 6:refused@0 4:refused@0 4:refused@0", 5000,
         "[   0] start, begin 0: IPv6\n"
         "[   0] 0 failed, begin 1: IPv4\n"
         "[   0] 1 failed, begin 2: IPv6\n"
         "[   0] 2 failed, begin 3: IPv4\n"
         "[   0] 3 failed, begin 4: IPv6\n"
         "[   0] 4 failed, nobody is left\n"
         "SVC_EUNREACH: 0 no connection, 1 no connection, 2 no connection, "
         "3 no connection, 4 no connection\n");
}

static void nobody_is_there(void **state)
{
    (void)state;
    race("", 5000,
         "[   0] start, nobody is left\n"
         "SVC_ENOENDPOINTS:\n");
}

/* The one that is silent has all the time that there is, and the set may
 * change meanwhile. */
static void nobody_else_is_there(void **state)
{
    (void)state;
    race("4:silent 4:refused@5", 1000,
         "[   0] start, begin 0: IPv4\n"
         "[ 250] due, begin 1: IPv4\n"
         "[ 255] 1 failed, nobody is left\n"
         "[ 505] due, nobody is left\n"
         "[ 755] due, nobody is left\n"
         "[1000] due\n"
         "SVC_ETIMEDOUT: 0 silent, 1 no connection\n");
    race("4:refused@400 4:refused@5", 5000,
         "[   0] start, begin 0: IPv4\n"
         "[ 250] due, begin 1: IPv4\n"
         "[ 255] 1 failed, nobody is left\n"
         "[ 400] 0 failed, nobody is left\n"
         "SVC_EUNREACH: 0 no connection, 1 no connection\n");
    race("4:ok@400", 5000,
         "[   0] start, begin 0: IPv4\n"
         "[ 250] due, nobody is left\n"
         "[ 400] 0 connected\n"
         "done: 0 ok\n");
    race("4:lost@600", FOREVER,
         "[   0] start, begin 0: IPv4\n"
         "[ 250] due, nobody is left\n"
         "[ 500] due, nobody is left\n"
         "[ 600] 0 failed, nobody is left\n"
         "SVC_EUNREACH: 0 silent\n");
}

static void eight_are_enough(void **state)
{
    (void)state;
    race("4:refused@0 4:refused@0 4:refused@0 4:refused@0 4:refused@0 "
         "4:refused@0 4:refused@0 4:silent 4:ok@0",
         5000,
         "[   0] start, begin 0: IPv4\n"
         "[   0] 0 failed, begin 1: IPv4\n"
         "[   0] 1 failed, begin 2: IPv4\n"
         "[   0] 2 failed, begin 3: IPv4\n"
         "[   0] 3 failed, begin 4: IPv4\n"
         "[   0] 4 failed, begin 5: IPv4\n"
         "[   0] 5 failed, begin 6: IPv4\n"
         "[   0] 6 failed, begin 7: IPv4\n"
         "[5000] due\n"
         "SVC_ETIMEDOUT: 0 no connection, 1 no connection, 2 no connection, "
         "3 no connection, 4 no connection, 5 no connection, "
         "6 no connection, 7 silent\n");
}

/* A short time is shared by four, as long as each of them has a tenth of a
 * second. Who had less is not to blame. */
static void there_is_little_time(void **state)
{
    (void)state;
    race("4:silent 4:silent 4:silent 4:silent 4:silent", 600,
         "[   0] start, begin 0: IPv4\n"
         "[ 150] due, begin 1: IPv4\n"
         "[ 300] due, begin 2: IPv4\n"
         "[ 450] due, begin 3: IPv4\n"
         "[ 600] due\n"
         "SVC_ETIMEDOUT: 0 silent, 1 silent, 2 silent, 3 silent\n");
    race("4:silent 4:silent 4:silent", 150,
         "[   0] start, begin 0: IPv4\n"
         "[ 100] due, begin 1: IPv4\n"
         "[ 150] due\n"
         "SVC_ETIMEDOUT: 0 silent, 1 cancelled\n");
}

/* One look, and no second one. */
static void there_is_no_time(void **state)
{
    (void)state;
    race("4:ok@0", 0,
         "[   0] start, begin 0: IPv4\n"
         "[   0] 0 connected\n"
         "done: 0 ok\n");
    race("4:silent 6:ok@0", 0,
         "[   0] start, begin 0: IPv4\n"
         "[   0] due\n"
         "SVC_ETIMEDOUT: 0 cancelled\n");
    race("4:refused@0 6:ok@0", 0,
         "[   0] start, begin 0: IPv4\n"
         "[   0] 0 failed\n"
         "SVC_EUNREACH: 0 no connection\n");
}

/* Ours to mend: no endpoint is blamed, and no other one tried. Who is under way
 * may still connect. */
static void there_is_no_descriptor(void **state)
{
    (void)state;
    race("4:no-descriptor@0 6:ok@0", 5000,
         "[   0] start, begin 0: IPv4\n"
         "[   0] 0 failed\n"
         "SVC_ENOMEM: 0 cancelled\n");
    race("4:ok@400 6:no-descriptor@0 4:ok@0", 5000,
         "[   0] start, begin 0: IPv4\n"
         "[ 250] due, begin 1: IPv6\n"
         "[ 250] 1 failed\n"
         "[ 400] 0 connected\n"
         "done: 0 ok, 1 cancelled\n");
}

/* Ports are counted for each destination, so another one may do. */
static void there_is_no_port(void **state)
{
    (void)state;
    race("4:no-port@0 6:no-port@0 4:ok@2", 5000,
         "[   0] start, begin 0: IPv4\n"
         "[   0] 0 failed, begin 1: IPv6\n"
         "[   0] 1 failed, begin 2: IPv4\n"
         "[   2] 2 connected\n"
         "done: 0 cancelled, 1 cancelled, 2 ok\n");
    race("4:no-port@0 4:refused@1 4:no-port@0", 5000,
         "[   0] start, begin 0: IPv4\n"
         "[   0] 0 failed, begin 1: IPv4\n"
         "[   1] 1 failed, begin 2: IPv4\n"
         "[   1] 2 failed, nobody is left\n"
         "SVC_EUNREACH: 0 cancelled, 1 no connection, 2 cancelled\n");
}

/* ---- what does not fit ------------------------------------------------- */

static void step_kind(struct world *w, enum svc__race_event_kind kind,
                      unsigned attempt)
{
    step(w, (struct svc__race_event){.kind = kind,
                                     .attempt = attempt,
                                     .family = SVC__FAMILY_IPV4,
                                     .error = ECONNREFUSED});
}

static void what_does_not_fit_is_ignored(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, "");
    svc__race_init(&w.race, INT64_MAX);
    step_kind(&w, SVC__RACE_BEGUN, 0);
    assert_int_equal(w.race.count, 0);
    step_kind(&w, SVC__RACE_START, 0);
    step_kind(&w, SVC__RACE_DUE, 0);
    assert_int_equal(w.action.what, SVC__RACE_WAIT);
    step_kind(&w, SVC__RACE_BEGUN, 0);
    assert_int_equal(w.race.count, 1);
    w.now_ms += SVC__RACE_DELAY_MS - 1; /* too early */
    step_kind(&w, SVC__RACE_DUE, 0);
    step_kind(&w, SVC__RACE_START, 0);
    step_kind(&w, SVC__RACE_NOBODY, 0);
    step_kind(&w, SVC__RACE_CONNECTED, 1);
    assert_int_equal(w.action.what, SVC__RACE_WAIT);
    assert_int_equal(w.action.due_ms, BEGIN_MS + SVC__RACE_DELAY_MS);
    svc__buf_fini(&w.trace);
}

static void what_is_over_stays_so(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, "");
    svc__race_init(&w.race, INT64_MAX);
    step_kind(&w, SVC__RACE_START, 0);
    step_kind(&w, SVC__RACE_BEGUN, 0);
    step_kind(&w, SVC__RACE_FAILED, 0);
    step_kind(&w, SVC__RACE_BEGUN, 0);
    step_kind(&w, SVC__RACE_CONNECTED, 0);
    assert_int_equal(w.action.what, SVC__RACE_WAIT);
    w.now_ms += SVC__RACE_DELAY_MS;
    step_kind(&w, SVC__RACE_DUE, 0);
    step_kind(&w, SVC__RACE_BEGUN, 0);
    step_kind(&w, SVC__RACE_CONNECTED, 1);
    assert_int_equal(w.action.what, SVC__RACE_DONE);
    step_kind(&w, SVC__RACE_CONNECTED, 2);
    step_kind(&w, SVC__RACE_FAILED, 2);
    assert_int_equal(svc__race_outcome(&w.race, 0, w.now_ms),
                     SVC_OUTCOME_CONNECT);
    assert_int_equal(svc__race_outcome(&w.race, 1, w.now_ms), SVC_OUTCOME_OK);
    assert_int_equal(svc__race_outcome(&w.race, 2, w.now_ms),
                     SVC_OUTCOME_CANCELLED);
    svc__buf_fini(&w.trace);
}

/* ---- any world --------------------------------------------------------- */

static void make_any(struct world *w, struct svc__rng *rng)
{
    static const int errors[] = {0, 0, ECONNREFUSED, ENETUNREACH, ETIMEDOUT};

    world_init(w, "");
    w->count = svc__rng_below(rng, MANY + 1);
    for (unsigned i = 0; i < w->count; i++) {
        struct endpoint *ep = &w->endpoints[i];

        ep->family =
            svc__rng_below(rng, 2) ? SVC__FAMILY_IPV4 : SVC__FAMILY_IPV6;
        ep->error = errors[svc__rng_below(rng, 5)];
        ep->after_ms =
            svc__rng_below(rng, 3) == 0 ? INT64_MAX : svc__rng_below(rng, 800);
        ep->attempt = -1;
        ep->at_ms = INT64_MAX;
    }
}

/* Of the attempts of a race: the next one begins after the delay, or in the
 * moment in which the one before failed. */
static void check_beginnings(const struct world *w)
{
    const struct svc__race_attempt *a = w->race.attempts;

    for (unsigned i = 1; i < w->race.count; i++) {
        const int64_t apart_ms = a[i].began_ms - a[i - 1].began_ms;
        const struct endpoint *before = w->tried[i - 1];

        if (before->error != 0 && before->after_ms <= w->race.delay_ms)
            assert_int_equal(apart_ms, before->after_ms);
        else
            assert_int_equal(apart_ms, w->race.delay_ms);
    }
}

/* Who is connected first, of those that began, and nobody else wins; where
 * nobody is, either the time is over or none is under way. */
static void check_end(const struct world *w, int64_t deadline_ms)
{
    int64_t first_ms = INT64_MAX;
    int is_open = 0;

    for (unsigned i = 0; i < w->race.count; i++) {
        const struct endpoint *ep = w->tried[i];
        const int64_t began_ms = w->race.attempts[i].began_ms;

        is_open |= !w->race.attempts[i].is_over;
        if (ep->error == 0 && ep->after_ms != INT64_MAX &&
            began_ms + ep->after_ms < first_ms)
            first_ms = began_ms + ep->after_ms;
    }
    assert_true(w->now_ms <= deadline_ms);
    if (w->action.code == 0) {
        assert_int_equal(w->now_ms, first_ms);
        assert_int_equal(w->tried[w->action.attempt]->error, 0);
        return;
    }
    assert_true(first_ms > w->now_ms);
    if (w->now_ms < deadline_ms) {
        assert_false(is_open);
        assert_true(w->race.count == w->count ||
                    w->race.count == SVC__RACE_ATTEMPTS_MAX);
    }
}

static void rules_hold_in_any_world(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 8305);
    for (int i = 0; i < 20000; i++) {
        const int limit_ms = (int)svc__rng_below(&rng, 3000);
        struct world w;

        make_any(&w, &rng);
        run(&w, limit_ms);
        check_beginnings(&w);
        check_end(&w, BEGIN_MS + limit_ms);
        svc__buf_fini(&w.trace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_one_connects),
        cmocka_unit_test(one_is_silent),
        cmocka_unit_test(who_fails_is_not_waited_for),
        cmocka_unit_test(an_older_one_fails),
        cmocka_unit_test(families_take_turns),
        cmocka_unit_test(nobody_is_there),
        cmocka_unit_test(nobody_else_is_there),
        cmocka_unit_test(eight_are_enough),
        cmocka_unit_test(there_is_little_time),
        cmocka_unit_test(there_is_no_time),
        cmocka_unit_test(there_is_no_descriptor),
        cmocka_unit_test(there_is_no_port),
        cmocka_unit_test(what_does_not_fit_is_ignored),
        cmocka_unit_test(what_is_over_stays_so),
        cmocka_unit_test(rules_hold_in_any_world),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
