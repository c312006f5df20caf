/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: what is called, in which order, and what a callback may
 * take away while a round runs. */
#include "base/clock.h"
#include "io/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 100

/* A descriptor that is readable from the start, and what ready does. */
struct probe {
    struct svc__io io;
    struct svc__loop *l;
    int calls;
    struct probe *victims[3]; /* removed when called */
    struct svc__timer *unset; /* unset when called */
};

struct tick {
    struct svc__timer timer;
    struct svc__loop *l;
    int calls;
    char name;
    char *trace;      /* where the name is written */
    int64_t again_ms; /* set anew at this deadline, 0: not */
    struct tick *victim;
};

static void ready(void *arg, unsigned events)
{
    struct probe *p = arg;

    assert_int_equal(events, SVC__IO_READ);
    p->calls++;
    for (int i = 0; i < 3; i++) {
        if (p->victims[i] != NULL)
            svc__loop_remove(p->l, &p->victims[i]->io);
    }
    if (p->unset != NULL)
        svc__loop_unset(p->l, p->unset);
}

static void fire(void *arg)
{
    struct tick *t = arg;

    t->calls++;
    assert_false(svc__timer_is_set(&t->timer));
    if (t->trace != NULL)
        strncat(t->trace, &t->name, 1);
    if (t->again_ms != 0)
        svc__loop_set(t->l, &t->timer, t->again_ms);
    if (t->victim != NULL)
        svc__loop_unset(t->l, &t->victim->timer);
}

static void probe_open(struct probe *p, struct svc__loop *l)
{
    memset(p, 0, sizeof(*p));
    p->l = l;
    p->io.fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    p->io.ready = ready;
    p->io.arg = p;
    assert_true(p->io.fd >= 0);
    assert_int_equal(svc__loop_add(l, &p->io, SVC__IO_READ, NULL), 0);
}

static void probe_close(struct probe *p)
{
    svc__loop_remove(p->l, &p->io);
    close(p->io.fd);
}

static void tick_init(struct tick *t, struct svc__loop *l, char name,
                      char *trace)
{
    memset(t, 0, sizeof(*t));
    t->l = l;
    t->name = name;
    t->trace = trace;
    svc__timer_init(&t->timer, fire, t);
}

static int loop_setup(void **state)
{
    struct svc__loop *l = NULL;

    if (svc__loop_new(&l, NULL) != 0)
        return -1;
    *state = l;
    return 0;
}

static int loop_teardown(void **state)
{
    svc__loop_free(*state);
    return 0;
}

static int loop_is_readable(const struct svc__loop *l)
{
    struct pollfd p = {.fd = svc__loop_fd(l), .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

static void descriptors_are_private(void **state)
{
    struct svc__loop *l = *state;

    assert_true(fcntl(svc__loop_fd(l), F_GETFD) & FD_CLOEXEC);
    /* The eventfd was opened right after the epoll. */
    assert_true(fcntl(svc__loop_fd(l) + 1, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(svc__loop_fd(l) + 1, F_GETFL) & O_NONBLOCK);
}

static void an_idle_round_ends_in_time(void **state)
{
    struct svc__loop *l = *state;
    int64_t before_ms = svc__clock_now_ms();

    assert_int_equal(svc__loop_timeout_ms(l), -1);
    assert_int_equal(svc__loop_round(l, 0), 0);
    assert_int_equal(svc__loop_round(l, 20), 0);
    assert_in_range(svc__clock_now_ms() - before_ms, 19, 5000);
    assert_in_range(svc__clock_now_ms() - svc__loop_now_ms(l), 0, 1000);
}

static void a_ready_descriptor_shows_on_the_loops_own(void **state)
{
    struct svc__loop *l = *state;
    struct probe p;

    assert_false(loop_is_readable(l));
    probe_open(&p, l);
    assert_true(loop_is_readable(l));
    assert_int_equal(svc__loop_round(l, -1), 0);
    assert_int_equal(p.calls, 1);
    /* Level-triggered: still unread, told again. */
    assert_true(loop_is_readable(l));
    assert_int_equal(svc__loop_round(l, -1), 0);
    assert_int_equal(p.calls, 2);
    probe_close(&p);
    assert_false(loop_is_readable(l));
}

static void the_other_sides_end_is_readable(void **state)
{
    struct svc__loop *l = *state;
    struct probe p = {.l = l};
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    close(ends[1]);
    p.io = (struct svc__io){.fd = ends[0], .ready = ready, .arg = &p};
    assert_int_equal(svc__loop_add(l, &p.io, SVC__IO_READ, NULL), 0);
    assert_int_equal(svc__loop_round(l, 1000), 0);
    assert_int_equal(p.calls, 1);
    probe_close(&p);
}

static void a_callback_removes_itself_and_others(void **state)
{
    struct svc__loop *l = *state;
    struct probe p[4];
    int calls = 0;

    for (int i = 0; i < 4; i++)
        probe_open(&p[i], l);
    /* Whichever is first takes the other three out, and itself. */
    for (int i = 0; i < 4; i++) {
        p[i].victims[0] = &p[(i + 1) % 4];
        p[i].victims[1] = &p[(i + 2) % 4];
        p[i].victims[2] = &p[(i + 3) % 4];
    }
    assert_int_equal(svc__loop_round(l, -1), 0);
    for (int i = 0; i < 4; i++)
        calls += p[i].calls;
    assert_int_equal(calls, 1);
    for (int i = 0; i < 4; i++)
        probe_close(&p[i]);
}

static void an_owner_may_be_freed_in_its_own_callback(void **state)
{
    struct svc__loop *l = *state;
    struct probe *p = malloc(sizeof(*p));
    int fd;

    assert_non_null(p);
    probe_open(p, l);
    fd = p->io.fd;
    p->victims[0] = p;
    assert_int_equal(svc__loop_round(l, -1), 0);
    assert_int_equal(p->calls, 1);
    free(p);
    assert_int_equal(svc__loop_round(l, 0), 0);
    close(fd);
}

static void a_round_is_bounded_and_fair(void **state)
{
    struct svc__loop *l = *state;
    static struct probe p[MANY];
    int calls = 0;

    for (int i = 0; i < MANY; i++)
        probe_open(&p[i], l);
    assert_int_equal(svc__loop_round(l, -1), 0);
    for (int i = 0; i < MANY; i++)
        calls += p[i].calls;
    assert_int_equal(calls, 64);
    assert_int_equal(svc__loop_round(l, -1), 0);
    for (int i = 0; i < MANY; i++)
        assert_in_range(p[i].calls, 1, 2);
    for (int i = 0; i < MANY; i++)
        probe_close(&p[i]);
}

static void timers_fire_in_order_once(void **state)
{
    struct svc__loop *l = *state;
    int64_t now_ms = svc__loop_now_ms(l);
    char trace[8] = "";
    struct tick t[4];

    for (int i = 0; i < 4; i++)
        tick_init(&t[i], l, (char)('a' + i), trace);
    svc__loop_set(l, &t[0].timer, now_ms - 1);
    svc__loop_set(l, &t[1].timer, now_ms - 3);
    svc__loop_set(l, &t[2].timer, now_ms - 3);
    svc__loop_set(l, &t[3].timer, now_ms + 60000);
    assert_int_equal(svc__loop_timeout_ms(l), 0);
    assert_int_equal(svc__loop_round(l, -1), 0);
    assert_string_equal(trace, "bca");
    assert_in_range(svc__loop_timeout_ms(l), 1, 60000);
    /* Moved to the front, and out. */
    svc__loop_set(l, &t[3].timer, now_ms);
    assert_int_equal(svc__loop_timeout_ms(l), 0);
    svc__loop_unset(l, &t[3].timer);
    svc__loop_unset(l, &t[3].timer);
    assert_int_equal(svc__loop_timeout_ms(l), -1);
    assert_int_equal(svc__loop_round(l, 0), 0);
    assert_string_equal(trace, "bca");
}

static void a_timer_set_in_its_callback_waits_a_round(void **state)
{
    struct svc__loop *l = *state;
    struct tick t;

    tick_init(&t, l, 'a', NULL);
    t.again_ms = svc__loop_now_ms(l) - 5;
    svc__loop_set(l, &t.timer, t.again_ms);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(svc__loop_round(l, -1), 0);
        assert_int_equal(t.calls, i);
    }
    svc__loop_unset(l, &t.timer);
}

static void a_due_timer_can_be_unset_by_others(void **state)
{
    struct svc__loop *l = *state;
    int64_t now_ms = svc__loop_now_ms(l);
    struct tick t[3];
    struct probe p;

    for (int i = 0; i < 3; i++) {
        tick_init(&t[i], l, 'a', NULL);
        svc__loop_set(l, &t[i].timer, now_ms - 1);
    }
    t[0].victim = &t[1]; /* by a timer of the same round */
    probe_open(&p, l);
    p.unset = &t[2].timer; /* by a descriptor of the same round */
    assert_int_equal(svc__loop_round(l, -1), 0);
    assert_int_equal(t[0].calls, 1);
    assert_int_equal(t[1].calls, 0);
    assert_int_equal(t[2].calls, 0);
    probe_close(&p);
}

static void a_round_wakes_for_its_timer(void **state)
{
    struct svc__loop *l = *state;
    struct tick t;

    tick_init(&t, l, 'a', NULL);
    svc__loop_set(l, &t.timer, svc__clock_now_ms() + 15);
    for (int i = 0; i < 10 && t.calls == 0; i++)
        assert_int_equal(svc__loop_round(l, 10000), 0);
    assert_int_equal(t.calls, 1);
    assert_true(svc__loop_now_ms(l) >= t.timer.deadline_ms);
}

static void *wake_from_afar(void *arg)
{
    for (int i = 0; i < 1000; i++)
        svc__loop_wake(arg);
    return NULL;
}

static void wake_ends_a_wait_of_any_thread(void **state)
{
    struct svc__loop *l = *state;
    pthread_t thread;

    svc__loop_wake(l);
    assert_true(loop_is_readable(l));
    assert_int_equal(svc__loop_round(l, -1), 0);
    assert_false(loop_is_readable(l));
    assert_int_equal(pthread_create(&thread, NULL, wake_from_afar, l), 0);
    assert_int_equal(svc__loop_round(l, -1), 0);
    pthread_join(thread, NULL);
    errno = E2BIG;
    svc__loop_wake(l);
    assert_int_equal(errno, E2BIG);
    assert_int_equal(svc__loop_round(l, -1), 0);
    assert_false(loop_is_readable(l));
}

static void on_alarm(int number)
{
    (void)number;
}

static void a_signal_ends_the_wait(void **state)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval soon = {.it_value.tv_usec = 20000};
    struct sigaction old;

    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    assert_int_equal(svc__loop_round(*state, 60000), 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
}

static struct svc__loop *nested;
static int nested_err;

static void run_nested(void *arg)
{
    (void)arg;
    nested_err = svc__loop_round(nested, 0);
}

static void a_round_inside_a_round_is_refused(void **state)
{
    struct svc__timer t;

    nested = *state;
    nested_err = 0;
    svc__timer_init(&t, run_nested, NULL);
    svc__loop_set(nested, &t, 0);
    assert_int_equal(svc__loop_round(nested, 0), 0);
    assert_int_equal(nested_err, SVC_ESTATE);
    assert_int_equal(svc__loop_round(nested, 0), 0);
}

/* As a host does that closes every descriptor it does not know. */
static void a_descriptor_closed_by_others_is_told(void **state)
{
    struct svc__loop *l = *state;
    int fd = svc__loop_fd(l);
    int saved = dup(fd);

    close(fd);
    assert_int_equal(svc__loop_round(l, -1), SVC_ESTATE);
    assert_int_equal(dup2(saved, fd), fd);
    close(saved);
    assert_int_equal(svc__loop_round(l, 0), 0);
    svc__loop_free(NULL);
}

static void high_descriptors_work(void **state)
{
    struct svc__loop *l = *state;
    struct rlimit old;
    struct rlimit more;
    struct probe p;
    int high;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    more = old;
    if (more.rlim_cur < 3000)
        more.rlim_cur = 3000;
    if (more.rlim_cur > more.rlim_max || setrlimit(RLIMIT_NOFILE, &more) != 0)
        skip();
    probe_open(&p, l);
    high = fcntl(p.io.fd, F_DUPFD_CLOEXEC, 2000);
    assert_true(high >= 2000);
    probe_close(&p);
    p.io.fd = high;
    assert_int_equal(svc__loop_add(l, &p.io, SVC__IO_READ, NULL), 0);
    assert_int_equal(svc__loop_round(l, 1000), 0);
    assert_int_equal(p.calls, 1);
    probe_close(&p);
    setrlimit(RLIMIT_NOFILE, &old);
}

static void no_descriptor_left_is_said_so(void **state)
{
    struct rlimit old;
    struct rlimit none;
    struct svc__loop *l = NULL;
    svc_error error = {0};

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    for (rlim_t limit = 0; limit < 40; limit++) {
        none.rlim_cur = limit;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        if (svc__loop_new(&l, &error) == 0)
            break;
        assert_null(l);
        assert_int_equal(error.code, SVC_ENOMEM);
        assert_non_null(strstr(error.message, "Too many open files"));
        assert_non_null(strstr(error.hint, "ulimit"));
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_non_null(l);
    svc__loop_free(l);
}

static void a_file_cannot_be_watched(void **state)
{
    struct svc__io io = {.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    svc_error error = {0};

    assert_int_equal(svc__loop_add(*state, &io, SVC__IO_READ, &error),
                     SVC_ENOMEM);
    assert_int_equal(error.code, SVC_ENOMEM);
    assert_int_equal(svc__loop_add(*state, &io, SVC__IO_READ, NULL),
                     SVC_ENOMEM);
    close(io.fd);
}

/* Neither way of ending in a child may reach the parent's interest (faults
 * P7). */
static void a_child_leaves_the_parents_loop_alone(void **state)
{
    struct svc__loop *l = *state;
    const int fd = svc__loop_fd(l);
    struct probe p;

    probe_open(&p, l);
    for (int abandon = 0; abandon < 2; abandon++) {
        int status = -1;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0 && abandon) {
            svc__loop_abandon(l);
            _exit(fcntl(p.io.fd, F_GETFD) + fcntl(fd, F_GETFD) == -2 ? 0 : 1);
        } else if (pid == 0) {
            probe_close(&p);
            svc__loop_free(l);
            _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_int_equal(svc__loop_round(l, 1000), 0);
        assert_int_equal(p.calls, abandon + 1);
    }
    probe_close(&p);
}

/* What was never added, or is no longer there, takes nobody's place, though a
 * descriptor of that number is watched by now. */
static void one_that_is_not_there_is_left_alone(void **state)
{
    struct svc__loop *l = *state;
    struct probe p;
    struct svc__io never = {.ready = ready};
    struct svc__io gone = {.ready = ready};

    gone.fd = eventfd(0, EFD_CLOEXEC);
    assert_true(gone.fd >= 0);
    assert_int_equal(svc__loop_add(l, &gone, SVC__IO_READ, NULL), 0);
    svc__loop_remove(l, &gone);
    close(gone.fd);
    probe_open(&p, l);
    assert_int_equal(p.io.fd, gone.fd);
    never.fd = p.io.fd;
    svc__loop_remove(l, &never);
    svc__loop_remove(l, &gone);
    assert_int_equal(svc__loop_round(l, 1000), 0);
    assert_int_equal(p.calls, 1);
    probe_close(&p);
}

#define with_loop(test)                                                        \
    cmocka_unit_test_setup_teardown(test, loop_setup, loop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_loop(descriptors_are_private),
        with_loop(an_idle_round_ends_in_time),
        with_loop(a_ready_descriptor_shows_on_the_loops_own),
        with_loop(the_other_sides_end_is_readable),
        with_loop(a_callback_removes_itself_and_others),
        with_loop(an_owner_may_be_freed_in_its_own_callback),
        with_loop(a_round_is_bounded_and_fair),
        with_loop(timers_fire_in_order_once),
        with_loop(a_timer_set_in_its_callback_waits_a_round),
        with_loop(a_due_timer_can_be_unset_by_others),
        with_loop(a_round_wakes_for_its_timer),
        with_loop(wake_ends_a_wait_of_any_thread),
        with_loop(a_signal_ends_the_wait),
        with_loop(a_round_inside_a_round_is_refused),
        with_loop(a_descriptor_closed_by_others_is_told),
        with_loop(high_descriptors_work),
        with_loop(one_that_is_not_there_is_left_alone),
        cmocka_unit_test(no_descriptor_left_is_said_so),
        with_loop(a_file_cannot_be_watched),
        with_loop(a_child_leaves_the_parents_loop_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
