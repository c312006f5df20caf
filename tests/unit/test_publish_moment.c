/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set is replaced and swept between any two instructions of a thread that
 * picks or takes one: in a signal handler of that thread itself, which comes
 * where it likes. The thread sanitizer puts signals off, and tells nothing
 * here.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "set_build.h"

#include "core/pick.h"
#include "core/publish.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>

#define SIGNALS  20000
#define AFTER_US 40 /* at most */
#define PLACES   16 /* more than ever live */
#define TAKEN    1024

#if defined(__SANITIZE_THREAD__)
#define PUTS_OFF 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PUTS_OFF 1
#endif
#endif
#ifndef PUTS_OFF
#define PUTS_OFF 0
#endif

/* Policies come from here, so that a dead one can be told. */
static struct place {
    int lives;
} places[PLACES];

static struct {
    struct svc__publish p;
    struct svc__list swept;
    struct svc__rng rng;
    uint64_t generation;
    _Atomic uint64_t handled;
    uint64_t dead; /* that were picked from */
} play;

static size_t pick_place(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct place *place = state;

    (void)ctx;
    play.dead += !place->lives;
    return 0;
}

static void destroy(void *state)
{
    ((struct place *)state)->lives = 0;
}

static const struct svc__policy_ops ops = {
    .name = "place", .alias = "", .pick = pick_place, .destroy = destroy};

static struct place *free_place(void)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (!places[i].lives)
            return &places[i];
    }
    return NULL;
}

/* This thread allocates only here and, with the signal blocked, in drop_all. */
static void publish(int number)
{
    struct svc__snapshot *s = svc__snapshot_new(set_range(1, 2));
    struct place *place = free_place();
    struct itimerval after = {{0, 0}, {0, 0}};

    (void)number;
    if (place == NULL) {
        play.dead++; /* nothing was swept */
        svc__snapshot_free(s);
        return;
    }
    place->lives = 1;
    s->set->generation = ++play.generation;
    s->policy.ops = &ops;
    s->policy.state = place;
    s->policy.set = s->set;
    svc__publish_set(&play.p, s);
    svc__publish_sweep(&play.swept);
    after.it_value.tv_usec = 1 + (long)svc__rng_below(&play.rng, AFTER_US);
    if (atomic_fetch_add(&play.handled, 1) + 1 < SIGNALS)
        (void)setitimer(ITIMER_REAL, &after, NULL);
}

/* The sets that were taken are whole, and come in order. */
static void drop_all(svc_endpoints **taken, size_t count)
{
    uint64_t seen = 0;
    sigset_t mine;
    sigset_t old;

    sigemptyset(&mine);
    sigaddset(&mine, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &mine, &old);
    for (size_t i = 0; i < count; i++) {
        assert_true(taken[i]->generation >= seen);
        seen = taken[i]->generation;
        assert_int_equal(set_number(taken[i], 1), 2);
        svc_endpoints_unref(taken[i]);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void read_until(uint64_t end)
{
    static svc_endpoints *taken[TAKEN];
    size_t count = 0;
    uint64_t seen = 0;

    while (atomic_load(&play.handled) < end) {
        const struct svc__pick_wish wish = {0};
        svc_pick chosen;

        assert_int_equal(svc__publish_pick(&play.p, &wish, &chosen), 0);
        assert_true(chosen.generation >= seen);
        seen = chosen.generation;
        taken[count++] = svc__publish_get(&play.p);
        if (count == TAKEN) {
            drop_all(taken, count);
            count = 0;
        }
    }
    drop_all(taken, count);
}

static void test_replaced_at_any_moment(void **state)
{
    const struct sigaction action = {.sa_handler = publish};
    struct sigaction before;

    (void)state;
    if (PUTS_OFF)
        skip();
    svc__list_init(&play.swept);
    assert_int_equal(svc__publish_init(&play.p, 1, &play.swept), 0);
    assert_non_null(svc__reader_self());
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    publish(0);
    read_until(SIGNALS);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    assert_int_equal(play.dead, 0);
    svc__publish_fini(&play.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaced_at_any_moment),
    };

    return cmocka_run_group_tests_name("publish_moment", tests, NULL, NULL);
}
