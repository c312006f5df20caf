/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches: what each of several hears, what they keep alive, and what they
 * answer when there is no descriptor for them.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "script.h"

#include "base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

static svc_service *open_service(svc_resolver *r, const char *name)
{
    svc_service *s = NULL;

    assert_int_equal(svc_service_new(r, name, NULL, &s, NULL), 0);
    script_round(r);
    return s;
}

static int is_readable(const svc_watch *w)
{
    struct pollfd poller = {.fd = svc_watch_fd(w), .events = POLLIN};

    return poll(&poller, 1, 0) == 1;
}

/* The number of usable endpoints of a new set, or the code. */
static int next(svc_watch *w)
{
    svc_endpoints *eps = NULL;
    int code = svc_watch_next(w, 0, &eps, NULL);

    if (code == 0) {
        code = (int)svc_endpoints_count(eps);
        svc_endpoints_unref(eps);
    }
    return code;
}

static void test_a_late_watch_hears_the_present(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = open_service(r, "web:80");
    svc_watch *early = NULL;
    svc_watch *late = NULL;

    (void)state;
    assert_int_equal(svc_watch_new(s, &early), 0);
    assert_false(is_readable(early));
    script_addresses(r, "web.dev", "10.0.0.1");
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2");
    assert_int_equal(svc_watch_new(s, &late), 0);
    assert_true(is_readable(early) && is_readable(late));
    assert_int_equal(next(early), 2);
    assert_int_equal(next(late), 2);
    assert_int_equal(next(early), SVC_EAGAIN);
    assert_int_equal(next(late), SVC_EAGAIN);
    assert_false(is_readable(early) || is_readable(late));
    svc_watch_free(early);
    script_addresses(r, "web.dev", "10.0.0.1");
    assert_int_equal(next(late), 1);
    svc_watch_free(late);
    script_free(r);
    svc_service_free(s);
}

static void test_watches_are_counted(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = open_service(r, "web:80");
    svc_stats stats = SVC_STATS_INIT;
    svc_watch *watches[10];

    (void)state;
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(svc_watch_new(s, &watches[i]), 0);
        assert_int_equal(svc_resolver_stats(r, &stats), 0);
        assert_int_equal(stats.watches_open, i + 1);
        assert_true(fcntl(svc_watch_fd(watches[i]), F_GETFD) & FD_CLOEXEC);
    }
    for (int i = 0; i < 10; i++)
        svc_watch_free(watches[i]);
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.watches_open, 0);
    script_free(r);
    svc_service_free(s);
}

/* With an external loop it dispatches while it waits, and ends in time. */
static void test_waiting_dispatches(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = NULL;
    svc_watch *w = NULL;
    svc_endpoints *eps = NULL;
    svc_error error = {0};
    int64_t before_ms;

    (void)state;
    script_at_once("web.dev", "10.0.0.1");
    assert_int_equal(svc_service_new(r, "web:80", NULL, &s, NULL), 0);
    assert_int_equal(svc_watch_new(s, &w), 0);
    assert_int_equal(svc_watch_next(w, 0, &eps, &error), SVC_EAGAIN);
    assert_int_equal(error.code, SVC_EAGAIN);
    assert_int_equal(svc_watch_next(w, -1, &eps, NULL), 0);
    assert_int_equal(svc_endpoints_count(eps), 1);
    svc_endpoints_unref(eps);
    before_ms = svc__clock_now_ms();
    assert_int_equal(svc_watch_next(w, 30, &eps, NULL), SVC_EAGAIN);
    assert_in_range(svc__clock_now_ms() - before_ms, 30, 10000);
    svc_watch_free(w);
    script_free(r);
    svc_service_free(s);
}

/* The lowest number that no descriptor has. */
static rlim_t lowest_free(void)
{
    int fd = dup(0);

    assert_true(fd >= 0);
    close(fd);
    return (rlim_t)fd;
}

static void test_no_descriptor_for_a_watch(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = open_service(r, "web:80");
    svc_stats stats = SVC_STATS_INIT;
    svc_watch *w = NULL;
    struct rlimit old;
    struct rlimit none;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = lowest_free();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(svc_watch_new(s, &w), SVC_ENOMEM);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_null(w);
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.watches_open, 0);
    assert_int_equal(svc_watch_new(s, &w), 0);
    svc_watch_free(w);
    script_free(r);
    svc_service_free(s);
}

static void test_nothing_can_not_be_watched(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = open_service(r, "web:80");
    svc_watch *w = NULL;
    svc_endpoints *eps = NULL;

    (void)state;
    assert_int_equal(svc_watch_new(NULL, &w), SVC_EINVAL);
    assert_int_equal(svc_watch_new(s, NULL), SVC_EINVAL);
    assert_int_equal(svc_watch_fd(NULL), SVC_EINVAL);
    assert_int_equal(svc_watch_next(NULL, 0, &eps, NULL), SVC_EINVAL);
    assert_int_equal(svc_watch_new(s, &w), 0);
    assert_int_equal(svc_watch_next(w, 0, NULL, NULL), SVC_EINVAL);
    svc_watch_free(w);
    svc_watch_free(NULL);
    script_free(r);
    svc_service_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_late_watch_hears_the_present),
        cmocka_unit_test(test_watches_are_counted),
        cmocka_unit_test(test_waiting_dispatches),
        cmocka_unit_test(test_no_descriptor_for_a_watch),
        cmocka_unit_test(test_nothing_can_not_be_watched),
    };

    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
