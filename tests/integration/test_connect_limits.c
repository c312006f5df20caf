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

/* A network with loopback alone and one port to connect from; a test that has
 * no right to make one is skipped. */
static void enter_network(const char *port)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    char range[16];
    int fd;

    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        _exit(77);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) != 0)
        _exit(77);
    close(fd);
    (void)snprintf(range, sizeof(range), "%s %s", port, port);
    write_file("/proc/sys/net/ipv4/ip_local_port_range", range);
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

    enter_network("40000");
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
    pid_t child = fork();
    int status = 0;

    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(connect_to_itself());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_come),
        cmocka_unit_test(descriptors_are_short),
        cmocka_unit_test(the_resolver_is_freed_meanwhile),
        cmocka_unit_test(a_socket_does_not_meet_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
