/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where readers meet a new set: what they get before, with and after it, with
 * trouble and at the end; who is woken, and which descriptors are readable.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sets.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/rng.h"
#include "core/pick.h"
#include "core/publish.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A policy whose state is a place, and which counts the states that live. */
static int states;

static void *state_new(size_t at)
{
    size_t *place = svc__alloc(sizeof(*place));

    assert_non_null(place);
    *place = at;
    states++;
    return place;
}

static size_t pick_place(const void *state, const struct svc__pick_ctx *ctx)
{
    const size_t *place = state;

    assert_non_null(ctx->rng);
    return *place;
}

static void destroy(void *state)
{
    states -= state != NULL;
    svc__free(state);
}

static const struct svc__policy_ops ops = {
    .name = "test", .alias = "", .pick = pick_place, .destroy = destroy};

static struct svc__list swept;

static int setup(void **state)
{
    static struct svc__publish p;

    states = 0;
    svc__list_init(&swept);
    *state = &p;
    return svc__publish_init(&p, 1, &swept);
}

static int teardown(void **state)
{
    svc__publish_fini(*state);
    return states;
}

static void set(struct svc__publish *p, const char *words, uint64_t generation)
{
    struct svc__snapshot *s = svc__snapshot_new(sets_new(words, generation));

    assert_non_null(s);
    if (s->set->count > 0)
        s->policy = (struct svc__policy){&ops, state_new(s->set->count - 1),
                                         s->set, generation};
    svc__publish_set(p, s);
    svc__publish_sweep(&swept);
}

static void set_code(struct svc__publish *p, int code)
{
    svc_endpoints *eps = sets_new("", 1);

    assert_int_equal(svc__view_fail(eps->view, code, "why not"), 0);
    assert_int_equal(svc__view_hint(eps->view, "do this"), 0);
    svc__publish_set(p, svc__snapshot_new(eps));
}

static int trouble(struct svc__publish *p, int code, const char *text)
{
    svc_error error;

    svc__err_set(&error, code, "%s", text);
    svc__err_hint(&error, "mend it");
    return svc__publish_trouble(p, &error);
}

static int pick(struct svc__publish *p, svc_pick *ret)
{
    const struct svc__pick_wish wish = {0};

    return svc__publish_pick(p, &wish, ret);
}

static void test_before_the_first_answer(void **state)
{
    struct svc__publish *p = *state;
    svc_error error = {.code = 1};
    svc_pick chosen = {.generation = 42};
    int code = 42;

    assert_null(svc__publish_get(p));
    assert_int_equal(svc__publish_answer(p, &code, &error), 0);
    assert_int_equal(code, 42);
    assert_int_equal(svc__publish_status(p, &error), SVC_EAGAIN);
    assert_int_equal(error.code, 1);
    assert_int_equal(pick(p, &chosen), SVC_EAGAIN);
    assert_int_equal(chosen.generation, 42);
    assert_int_equal(svc__publish_wait(p, 0, &error), SVC_EAGAIN);
    assert_int_equal(error.code, 1);
    assert_int_equal(svc__publish_wait(p, 0, NULL), SVC_EAGAIN);
}

static void test_a_set_is_read_by_all(void **state)
{
    struct svc__publish *p = *state;
    svc_endpoints *eps;
    svc_error error = {.code = 1};
    int code = 42;

    set(p, "10.0.0.1 10.0.0.2", 9);
    eps = svc__publish_get(p);
    assert_int_equal(svc_endpoints_count(eps), 2);
    assert_int_equal(svc__publish_answer(p, &code, &error), 1);
    assert_int_equal(code, 0);
    assert_int_equal(svc__publish_wait(p, 0, &error), 0);
    assert_int_equal(svc__publish_status(p, &error), 0);
    assert_int_equal(error.code, 1);
    /* What was taken outlives what replaces it. */
    set(p, "10.0.0.3", 10);
    assert_string_equal(sets_text(eps, 0, 2), "10.0.0.1 10.0.0.2");
    svc_endpoints_unref(eps);
}

static void test_a_pick_is_a_copy(void **state)
{
    struct svc__publish *p = *state;
    svc_pick chosen;
    struct sockaddr_in in;

    memset(&chosen, 0xAA, sizeof(chosen));
    set(p, "10.0.0.1/1 10.0.0.2/2", 9);
    assert_int_equal(pick(p, &chosen), 0);
    set(p, "fd00::1", 10);
    assert_int_equal(chosen.generation, 9);
    assert_int_equal(chosen.sockaddr_size, sizeof(in));
    memcpy(&in, svc_pick_sockaddr(&chosen), sizeof(in));
    assert_int_equal(in.sin_family, AF_INET);
    assert_int_equal(ntohl(in.sin_addr.s_addr), 0x0A000002);
    assert_int_equal(ntohs(in.sin_port), 2);
    for (size_t i = 1; i < 11; i++)
        assert_int_equal(chosen.reserved[i], 0);
    assert_int_equal(pick(p, &chosen), 0);
    assert_int_equal(chosen.sockaddr_size, sizeof(struct sockaddr_in6));
    assert_int_equal(svc_pick_sockaddr(&chosen)->sa_family, AF_INET6);
}

static void test_an_empty_set_is_an_answer(void **state)
{
    struct svc__publish *p = *state;
    svc_error error = {0};
    svc_pick chosen;
    svc_endpoints *eps;

    set_code(p, SVC_ENOPORT);
    assert_int_equal(svc__publish_wait(p, INT64_MAX, &error), SVC_ENOPORT);
    assert_int_equal(error.code, SVC_ENOPORT);
    assert_string_equal(error.message, "why not");
    assert_string_equal(error.hint, "do this");
    assert_int_equal(pick(p, &chosen), SVC_ENOPORT);
    assert_int_equal(svc__publish_status(p, NULL), 0);
    eps = svc__publish_get(p);
    assert_int_equal(svc_endpoints_count(eps), 0);
    svc_endpoints_unref(eps);
}

static void test_a_code_without_a_story_has_its_text(void **state)
{
    struct svc__publish *p = *state;
    svc_endpoints *eps = sets_new("", 1);
    svc_error error;

    eps->view->code = SVC_EPENDING;
    svc__publish_set(p, svc__snapshot_new(eps));
    assert_int_equal(svc__publish_wait(p, 0, &error), SVC_EPENDING);
    assert_string_equal(error.message, svc_err_text(SVC_EPENDING));
    assert_string_equal(error.hint, "");
}

/* Threads without generators of their own do not choose in step either. */
static void test_seeds_differ(void **state)
{
    struct svc__publish other;

    assert_int_equal(svc__publish_init(&other, 2, &swept), 0);
    assert_int_not_equal(svc__rng_next(&other.rng),
                         svc__rng_next(&((struct svc__publish *)*state)->rng));
    svc__publish_fini(&other);
}

/* Trouble that may pass is waited out; a time-out then says what it was. */
static void test_passing_trouble_is_no_answer(void **state)
{
    struct svc__publish *p = *state;
    svc_error error = {0};
    int code;

    assert_int_equal(trouble(p, SVC_EUNREACH, "down"), 1);
    assert_int_equal(svc__publish_answer(p, &code, NULL), 0);
    assert_int_equal(svc__publish_wait(p, svc__clock_now_ms() + 20, &error),
                     SVC_EUNREACH);
    assert_string_equal(error.message, "down");
    assert_string_equal(error.hint, "mend it");
    error.code = 0;
    assert_int_equal(svc__publish_status(p, &error), SVC_EUNREACH);
    assert_string_equal(error.message, "down");
    set(p, "10.0.0.1", 1);
    assert_int_equal(svc__publish_wait(p, 0, NULL), 0);
    assert_int_equal(svc__publish_status(p, NULL), SVC_EUNREACH);
    assert_int_equal(svc__publish_trouble(p, NULL), 1);
    assert_int_equal(svc__publish_status(p, NULL), 0);
}

/* Trouble that will not pass by itself is definite, but never beats a set. */
static void test_lasting_trouble_is_an_answer(void **state)
{
    struct svc__publish *p = *state;
    svc_error error = {0};

    trouble(p, SVC_EFILE, "broken");
    assert_int_equal(svc__publish_wait(p, INT64_MAX, &error), SVC_EFILE);
    assert_string_equal(error.message, "broken");
    set(p, "10.0.0.1", 1);
    assert_int_equal(svc__publish_wait(p, INT64_MAX, &error), 0);
}

static void test_only_new_trouble_is_news(void **state)
{
    struct svc__publish *p = *state;

    assert_int_equal(svc__publish_trouble(p, NULL), 0);
    assert_int_equal(trouble(p, SVC_EUNREACH, "down"), 1);
    assert_int_equal(trouble(p, SVC_EUNREACH, "down"), 0);
    assert_int_equal(trouble(p, SVC_EUNREACH, "way down"), 1);
    assert_int_equal(trouble(p, SVC_EPROTO, "way down"), 1);
    assert_int_equal(svc__publish_trouble(p, NULL), 1);
    assert_int_equal(svc__publish_trouble(p, NULL), 0);
    assert_int_equal(trouble(p, SVC_EPROTO, "way down"), 1);
}

static void test_closed_is_the_last_word(void **state)
{
    struct svc__publish *p = *state;
    svc_error error = {0};
    svc_pick chosen;
    int code;

    set(p, "10.0.0.1", 1);
    trouble(p, SVC_EUNREACH, "down");
    svc__publish_close(p);
    assert_null(svc__publish_get(p));
    assert_int_equal(svc__publish_answer(p, &code, NULL), 1);
    assert_int_equal(code, SVC_ECLOSED);
    assert_int_equal(svc__publish_wait(p, INT64_MAX, &error), SVC_ECLOSED);
    assert_int_equal(error.code, SVC_ECLOSED);
    error.code = 0;
    assert_int_equal(svc__publish_status(p, &error), SVC_ECLOSED);
    assert_int_equal(error.code, SVC_ECLOSED);
    assert_int_equal(pick(p, &chosen), SVC_ECLOSED);
}

/* ---- listeners --------------------------------------------------------- */

static void listen_to(struct svc__publish *p, struct svc__listener *l)
{
    memset(l, 0, sizeof(*l));
    l->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_true(l->fd >= 0);
    svc__list_init(&l->link);
    svc__publish_listen(p, l);
}

static void unlisten(struct svc__publish *p, struct svc__listener *l)
{
    svc__publish_unlisten(p, l);
    close(l->fd);
}

static int is_readable(const struct svc__listener *l)
{
    struct pollfd poller = {.fd = l->fd, .events = POLLIN};

    return poll(&poller, 1, 0) == 1;
}

/* The generation of a new set; or the code of what else there is. */
static int next(struct svc__publish *p, struct svc__listener *l)
{
    svc_endpoints *eps = NULL;
    int code = svc__publish_next(p, l, 0, &eps, NULL);

    if (code == 0) {
        code = (int)eps->generation;
        svc_endpoints_unref(eps);
    } else {
        assert_null(eps);
    }
    return code;
}

static void test_a_listener_hears_each_news_once(void **state)
{
    struct svc__publish *p = *state;
    struct svc__listener l;

    listen_to(p, &l);
    assert_false(is_readable(&l));
    assert_int_equal(next(p, &l), SVC_EAGAIN);
    set(p, "10.0.0.1", 1);
    set(p, "10.0.0.2", 2);
    assert_true(is_readable(&l));
    assert_int_equal(next(p, &l), 2);
    assert_false(is_readable(&l));
    assert_int_equal(next(p, &l), SVC_EAGAIN);
    trouble(p, SVC_EUNREACH, "down");
    assert_true(is_readable(&l));
    assert_int_equal(next(p, &l), SVC_EUNREACH);
    assert_false(is_readable(&l));
    svc__publish_trouble(p, NULL);
    assert_true(is_readable(&l));
    assert_int_equal(next(p, &l), 2);
    assert_false(is_readable(&l));
    unlisten(p, &l);
}

static void test_a_set_comes_before_its_trouble(void **state)
{
    struct svc__publish *p = *state;
    struct svc__listener l;

    set(p, "10.0.0.1", 1);
    trouble(p, SVC_EUNREACH, "down");
    listen_to(p, &l);
    assert_true(is_readable(&l));
    assert_int_equal(next(p, &l), 1);
    assert_true(is_readable(&l));
    assert_int_equal(next(p, &l), SVC_EUNREACH);
    assert_false(is_readable(&l));
    unlisten(p, &l);
}

/* What has ended unheard is not told. */
static void test_trouble_that_is_over_is_no_news(void **state)
{
    struct svc__publish *p = *state;
    struct svc__listener l;

    listen_to(p, &l);
    trouble(p, SVC_EUNREACH, "down");
    svc__publish_trouble(p, NULL);
    assert_int_equal(next(p, &l), SVC_EAGAIN);
    assert_false(is_readable(&l));
    unlisten(p, &l);
}

static void test_the_end_stays_readable(void **state)
{
    struct svc__publish *p = *state;
    struct svc__listener early;
    struct svc__listener late;

    listen_to(p, &early);
    svc__publish_close(p);
    listen_to(p, &late);
    for (int i = 0; i < 3; i++) {
        assert_true(is_readable(&early));
        assert_int_equal(next(p, &early), SVC_ECLOSED);
        assert_true(is_readable(&late));
        assert_int_equal(next(p, &late), SVC_ECLOSED);
    }
    unlisten(p, &early);
    unlisten(p, &late);
}

/* ---- what a listener hears, against a model ---------------------------- */

struct model {
    int set;        /* generation of the newest, 0 none */
    int trouble;    /* number of the newest, 0 none */
    int unseen_set; /* of the listener: */
    int unseen_trouble;
    struct svc__listener l;
};

static void step_publish(struct svc__publish *p, struct model *m, uint32_t what,
                         int number)
{
    int was = m->trouble;

    if (what == 0) {
        set(p, "10.0.0.1", (uint64_t)number);
        m->set = number;
        m->unseen_set = 1;
    } else if (what == 1) {
        trouble(p, SVC_EUNREACH, number % 2 ? "odd" : "even");
        m->trouble = 1 + number % 2;
        m->unseen_trouble |= m->trouble != was;
    } else {
        svc__publish_trouble(p, NULL);
        m->trouble = 0;
        m->unseen_trouble = 0;
        m->unseen_set |= was != 0 && m->set != 0;
    }
}

static void step_next(struct svc__publish *p, struct model *m)
{
    int news = m->unseen_set || m->unseen_trouble;

    assert_true(!news || is_readable(&m->l));
    if (m->unseen_set) {
        assert_int_equal(next(p, &m->l), m->set);
        m->unseen_set = 0;
    } else {
        assert_int_equal(next(p, &m->l), news ? SVC_EUNREACH : SVC_EAGAIN);
        m->unseen_trouble = 0;
    }
    assert_int_equal(is_readable(&m->l), m->unseen_set || m->unseen_trouble);
}

static void test_nothing_is_missed_or_told_twice(void **state)
{
    struct svc__publish *p = *state;
    struct model m = {0};
    struct svc__rng rng;

    svc__rng_seed(&rng, 3);
    listen_to(p, &m.l);
    for (int i = 1; i <= 5000; i++) {
        uint32_t what = svc__rng_below(&rng, 5);

        if (what < 3)
            step_publish(p, &m, what, i);
        else
            step_next(p, &m);
    }
    assert_int_equal(states, 1);
    unlisten(p, &m.l);
}

/* ---- those who wait ---------------------------------------------------- */

struct waiter {
    struct svc__publish *p;
    struct svc__listener l;
    int listens;
    int code;
};

static void *wait_for_it(void *arg)
{
    struct waiter *w = arg;
    int64_t deadline_ms = svc__clock_now_ms() + 20000;
    svc_endpoints *eps = NULL;

    if (w->listens)
        w->code = svc__publish_next(w->p, &w->l, deadline_ms, &eps, NULL);
    else
        w->code = svc__publish_wait(w->p, deadline_ms, NULL);
    svc_endpoints_unref(eps);
    return NULL;
}

/* What wakes, and with which code: of wait, of next. */
static void wake_all(struct svc__publish *p,
                     void (*event)(struct svc__publish *), int wait_code,
                     int next_code)
{
    struct waiter waiters[4] = {{0}};
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) {
        waiters[i].p = p;
        waiters[i].listens = i % 2;
        if (waiters[i].listens)
            listen_to(p, &waiters[i].l);
        assert_int_equal(
            pthread_create(&threads[i], NULL, wait_for_it, &waiters[i]), 0);
    }
    event(p);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(waiters[i].code, i % 2 ? next_code : wait_code);
        if (waiters[i].listens)
            unlisten(p, &waiters[i].l);
    }
}

static void event_set(struct svc__publish *p)
{
    set(p, "10.0.0.1", 1);
}

static void event_empty(struct svc__publish *p)
{
    set_code(p, SVC_ENOENDPOINTS);
}

static void event_trouble(struct svc__publish *p)
{
    trouble(p, SVC_EFILE, "broken");
}

static void test_a_set_wakes_all(void **state)
{
    wake_all(*state, event_set, 0, 0);
}

static void test_an_empty_set_wakes_all(void **state)
{
    wake_all(*state, event_empty, SVC_ENOENDPOINTS, 0);
}

static void test_lasting_trouble_wakes_all(void **state)
{
    wake_all(*state, event_trouble, SVC_EFILE, SVC_EFILE);
}

static void test_the_end_wakes_all(void **state)
{
    wake_all(*state, svc__publish_close, SVC_ECLOSED, SVC_ECLOSED);
}

static void test_waiting_ends_in_time(void **state)
{
    struct svc__publish *p = *state;
    struct svc__listener l;
    int64_t before_ms = svc__clock_now_ms();
    svc_endpoints *eps;
    svc_error error;

    listen_to(p, &l);
    assert_int_equal(svc__publish_wait(p, before_ms + 30, &error), SVC_EAGAIN);
    assert_int_equal(svc__publish_next(p, &l, before_ms + 60, &eps, &error),
                     SVC_EAGAIN);
    assert_int_equal(error.code, SVC_EAGAIN);
    assert_in_range(svc__clock_now_ms() - before_ms, 60, 10000);
    unlisten(p, &l);
}

#define with_publish(test)                                                     \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_publish(test_before_the_first_answer),
        with_publish(test_a_set_is_read_by_all),
        with_publish(test_a_pick_is_a_copy),
        with_publish(test_an_empty_set_is_an_answer),
        with_publish(test_a_code_without_a_story_has_its_text),
        with_publish(test_seeds_differ),
        with_publish(test_passing_trouble_is_no_answer),
        with_publish(test_lasting_trouble_is_an_answer),
        with_publish(test_only_new_trouble_is_news),
        with_publish(test_closed_is_the_last_word),
        with_publish(test_a_listener_hears_each_news_once),
        with_publish(test_a_set_comes_before_its_trouble),
        with_publish(test_trouble_that_is_over_is_no_news),
        with_publish(test_the_end_stays_readable),
        with_publish(test_nothing_is_missed_or_told_twice),
        with_publish(test_a_set_wakes_all),
        with_publish(test_an_empty_set_wakes_all),
        with_publish(test_lasting_trouble_wakes_all),
        with_publish(test_the_end_wakes_all),
        with_publish(test_waiting_ends_in_time),
    };

    return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
