/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svc_service_connect where the process has its limits and its habits: signals,
 * few descriptors, few ports, a resolver that goes.
 */
#define _GNU_SOURCE /* unshare */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scene.h"
#include "world.h"

#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

/* Each signal ends a wait; the time goes on. */
static void signals_come(void **state)
{
    const struct itimerval often = {{0, 2000}, {0, 2000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    const struct sigaction on = {.sa_handler = on_alarm};
    struct scene sc = {0};
    struct sigaction before;
    int64_t began_ms;

    (void)state;
    places_add(&sc.places, AF_INET, PLACE_SILENT);
    scene_open(&sc, "web:http", 0);
    assert_int_equal(svc_service_wait(sc.s, WORLD_MS, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &on, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    began_ms = scene_now_ms();
    scene_fails(&sc, 200, SVC_ETIMEDOUT, "no answer in");
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    assert_in_range(scene_now_ms() - began_ms, 200, WORLD_MS);
    assert_true(alarms > 0);
    scene_close(&sc);
}

static void descriptors_are_short(void **state)
{
    struct rlimit before;
    struct rlimit none;
    struct scene sc = {0};

    (void)state;
    places_add(&sc.places, AF_INET, PLACE_LISTENS);
    places_add(&sc.places, AF_INET, PLACE_LISTENS);
    scene_open(&sc, "web:http", 0);
    assert_int_equal(svc_service_wait(sc.s, WORLD_MS, NULL), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(svc_service_connect(sc.s, NULL, WORLD_MS, NULL, &sc.error),
                     SVC_ENOMEM);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    scene_says(&sc, "Too many open files");
    assert_null(strstr(sc.error.message, "; "));
    scene_close(&sc);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        _exit(77);
    close(fd);
}

/* A network with loopback alone; a test that has no right to make one is
 * skipped. */
static void enter_network(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd;

    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        _exit(77);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) != 0)
        _exit(77);
    close(fd);
}

/* 40000 is the only port to connect from. */
static void leave_one_port(void)
{
    write_file("/proc/sys/net/ipv4/ip_local_port_range", "40000 40000");
}

/* What a forked child does; it answers 0 when all is well. */
static void run_in_child(int (*work)(void))
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0)
        _exit(work());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void *free_resolver(void *r)
{
    svc_resolver_free(r);
    return NULL;
}

/* Whether it is before the call or in the middle of it. */
static void the_resolver_is_freed_meanwhile(void **state)
{
    struct scene sc = {0};
    pthread_t thread;

    (void)state;
    places_add(&sc.places, AF_INET, PLACE_SILENT);
    scene_open(&sc, "web:http", 0);
    assert_int_equal(svc_service_wait(sc.s, WORLD_MS, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, free_resolver, sc.r), 0);
    assert_int_equal(svc_service_connect(sc.s, NULL, -1, NULL, &sc.error),
                     SVC_ECLOSED);
    assert_int_equal(sc.error.code, SVC_ECLOSED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    sc.r = NULL;
    scene_close(&sc);
}

/* Nobody listens on the one port from which connections are made, so each
 * attempt to connect to it would reach itself. */
static int connect_to_itself(void)
{
    struct scene sc = {0};
    int refused;

    enter_network();
    leave_one_port();
    sc.places.count = 1;
    sc.places.place[0] = (struct place){
        .fd = -1, .filler = -1, .family = AF_INET, .port = 40000};
    scene_open(&sc, "web:http", 0);
    refused = svc_service_connect(sc.s, NULL, WORLD_MS, NULL, &sc.error) ==
              SVC_EUNREACH;
    svc_service_free(sc.s);
    svc_resolver_free(sc.r);
    return !refused;
}

static void a_socket_does_not_meet_itself(void **state)
{
    (void)state;
    run_in_child(connect_to_itself);
}

/* Whether a tracked connection reaches that port, and stays; of port 0: finds
 * nobody, and says what to do. */
static int reaches(struct scene *sc, uint16_t port)
{
    const int fd = scene_try(sc, 1, WORLD_MS);

    if (fd >= 0)
        return scene_port(sc) == port;
    return port == 0 && fd == SVC_EUNREACH &&
           strstr(sc->error.message, "Cannot assign") != NULL &&
           strstr(sc->error.hint, "ip_local_port_range") != NULL;
}

/* One connection to each of two endpoints, and ports are short. */
static int connect_by_one_port(void)
{
    svc_stats stats = SVC_STATS_INIT;
    struct scene sc = {0};
    uint16_t first;
    uint16_t other;
    int is_right;

    enter_network();
    first = places_add(&sc.places, AF_INET, PLACE_LISTENS);
    other = places_add(&sc.places, AF_INET, PLACE_LISTENS);
    leave_one_port();
    scene_open(&sc, "web:http?policy=fo&track=1", 1);
    scene_weigh(&sc, first, 100);
    is_right = reaches(&sc, first) && reaches(&sc, other);
    for (int i = 0; i < 8; i++)
        is_right = is_right && reaches(&sc, 0);
    scene_weigh(&sc, first, 99); /* a new set, for which all are reviewed */
    svc_resolver_stats(sc.r, &stats);
    scene_close(&sc);
    return !is_right || stats.ejections != 0;
}

static void ports_are_short(void **state)
{
    (void)state;
    run_in_child(connect_by_one_port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_come),
        cmocka_unit_test(descriptors_are_short),
        cmocka_unit_test(the_resolver_is_freed_meanwhile),
        cmocka_unit_test(a_socket_does_not_meet_itself),
        cmocka_unit_test(ports_are_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
