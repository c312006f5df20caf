/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that are stopped, freed and started from inside, connections that
 * are used again, and what a process sees of it all: threads, descriptors,
 * signals, fork (faults P4, P7, P8, P10).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_run.h"
#include "proc_self.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static struct http_run run;
static struct http_probe probes[3];

static int setup(void **state)
{
    (void)state;
    http_run_open(&run, NULL);
    for (int i = 0; i < 3; i++)
        http_run_probe(&run, &probes[i]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_run_close(&run);
    return 0;
}

static void rounds(int count)
{
    while (count-- > 0)
        http_server_round(&run.server);
}

/* ---- from inside --------------------------------------------------------- */

static void one_stops_itself(void **state)
{
    (void)state;
    for (int at_data = 0; at_data < 2; at_data++) {
        http_run_probe(&run, &probes[0]);
        if (at_data)
            probes[0].stop_data = &probes[0];
        else
            probes[0].stop_answered = &probes[0];
        http_run_ask(&run, &probes[0]);
        http_server_say(&run.server, ANSWER);
        http_server_gone(&run.server);
        assert_int_equal(probes[0].answered, 1);
        assert_int_equal(probes[0].done, 0);
        assert_int_equal(probes[0].size, at_data ? 5 : 0);
        http_server_hang_up(&run.server);
    }
}

/* Two that run; the first to hear stops the other, which hears nothing. */
static void one_stops_another(void **state)
{
    struct http_probe **places[] = {&probes[1].stop_answered,
                                    &probes[1].stop_done};

    (void)state;
    for (int i = 0; i < 2; i++) {
        int peer;

        http_run_ask(&run, &probes[0]);
        peer = run.server.peer;
        http_run_ask(&run, &probes[1]);
        *places[i] = &probes[0];
        assert_int_equal(send(peer, ANSWER, sizeof(ANSWER) - 6, 0),
                         sizeof(ANSWER) - 6);
        http_server_say(&run.server, ANSWER);
        http_run_wait(&probes[1]);
        http_run_good(&probes[1], 200, "hello");
        rounds(3);
        assert_int_equal(probes[0].done, 0);
        close(peer);
        http_server_hang_up(&run.server);
    }
}

static void one_starts_another(void **state)
{
    struct http_probe **places[] = {&probes[0].start_answered,
                                    &probes[0].start_data,
                                    &probes[0].start_done};

    (void)state;
    for (int i = 0; i < 3; i++) {
        *places[i] = &probes[1];
        http_run_ask(&run, &probes[0]);
        http_server_say(&run.server, ANSWER);
        http_run_wait(&probes[0]);
        http_run_good(&probes[0], 200, "hello");
        if (i < 2) {
            http_server_hang_up(&run.server);
            http_server_accept(&run.server);
        }
        http_server_read(&run.server);
        http_server_say(&run.server, ANSWER);
        http_run_wait(&probes[1]);
        http_run_good(&probes[1], 200, "hello");
        http_server_hang_up(&run.server);
    }
}

static void one_starts_itself_again(void **state)
{
    (void)state;
    probes[0].stop_data = &probes[0];
    probes[0].start_data = &probes[0];
    http_run_ask(&run, &probes[0]);
    http_server_say(&run.server, ANSWER);
    http_server_hang_up(&run.server);
    http_server_accept(&run.server);
    http_server_read(&run.server);
    http_server_say(&run.server, ANSWER);
    http_run_wait(&probes[0]);
    http_run_good(&probes[0], 200, "hello");
}

/* Started and stopped inside one callback: it never was. */
static void one_is_started_and_stopped(void **state)
{
    (void)state;
    probes[0].start_answered = &probes[1];
    probes[0].stop_data = &probes[1];
    http_run_ask(&run, &probes[0]);
    http_server_say(&run.server, ANSWER);
    http_run_wait(&probes[0]);
    rounds(3);
    assert_int_equal(probes[1].done, 0);
    assert_null(probes[1].q.entry);
}

static void free_itself(struct svc__http_request *q, int err,
                        const svc_error *error)
{
    int *count = q->arg;

    (void)err;
    (void)error;
    (*count)++;
    free(q);
}

static void one_is_freed_when_done(void **state)
{
    struct svc__http_request *q = calloc(1, sizeof(*q));
    int count = 0;

    (void)state;
    assert_non_null(q);
    q->url = run.url;
    q->done = free_itself;
    q->arg = &count;
    assert_int_equal(svc__http_start(run.http, q, NULL), 0);
    http_server_accept(&run.server);
    http_server_read(&run.server);
    http_server_say(&run.server, ANSWER);
    http_server_until(&run.server, &count);
    assert_int_equal(count, 1);
}

static void a_stop_is_harmless(void **state)
{
    svc_error error;

    (void)state;
    svc__http_stop(run.http, &probes[0].q);
    http_run_ask(&run, &probes[0]);
    assert_int_equal(svc__http_start(run.http, &probes[0].q, &error),
                     SVC_EINVAL);
    svc__http_stop(run.http, &probes[0].q);
    svc__http_stop(run.http, &probes[0].q);
    http_server_gone(&run.server);
    assert_int_equal(probes[0].done, 0);
}

/* Freeing ends what runs without a word. */
static void the_pool_goes_first(void **state)
{
    (void)state;
    http_run_ask(&run, &probes[0]);
    http_run_start(&probes[1]);
    svc__http_free(run.http);
    run.http = NULL;
    assert_null(probes[0].q.entry);
    assert_null(probes[1].q.entry);
    rounds(2);
    assert_int_equal(probes[0].done + probes[1].done, 0);
}

/* ---- connections --------------------------------------------------------- */

static void a_connection_is_used_again(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        if (i == 0)
            http_run_ask(&run, &probes[0]);
        else
            http_run_start(&probes[0]);
        if (i != 0)
            http_server_read(&run.server);
        http_server_say(&run.server, ANSWER);
        http_run_wait(&probes[0]);
        http_run_good(&probes[0], 200, "hello");
    }
    assert_int_equal(run.server.accepted, 1);
    /* Closed meanwhile: the next request has another one, and no error. */
    http_server_hang_up(&run.server);
    http_run_ask(&run, &probes[0]);
    http_server_say(&run.server, ANSWER);
    http_run_wait(&probes[0]);
    http_run_good(&probes[0], 200, "hello");
}

/* The address belongs to the request: where it changes, nobody is asked at the
 * old one any more (faults A29). */
static void another_address_is_another_connection(void **state)
{
    struct http_server other = {.loop = run.loop, .peer = -1};
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(run.server.port),
                             .sin_addr.s_addr = htonl(0x7F000002)};
    char url[96];

    (void)state;
    (void)snprintf(url, sizeof(url), "http://api.test:%u/", run.server.port);
    other.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(other.listener, (struct sockaddr *)&at, sizeof(at)),
                     0);
    assert_int_equal(listen(other.listener, 4), 0);
    probes[0].q.url = url;
    probes[0].q.address = "127.0.0.1";
    http_run_ask(&run, &probes[0]);
    http_server_say(&run.server, ANSWER);
    http_run_wait(&probes[0]);
    probes[0].q.address = "127.0.0.2";
    http_run_start(&probes[0]);
    http_server_accept(&other);
    http_server_read(&other);
    http_server_say(&other, ANSWER);
    http_run_wait(&probes[0]);
    http_run_good(&probes[0], 200, "hello");
    http_server_close(&other);
}

static void idle_connections_are_bounded(void **state)
{
    static struct http_probe many[20];
    int peers[20];
    int before = proc_self_descriptors();

    (void)state;
    for (int i = 0; i < 20; i++) {
        http_run_probe(&run, &many[i]);
        http_run_ask(&run, &many[i]);
        peers[i] = run.server.peer;
    }
    for (int i = 0; i < 20; i++) {
        run.server.peer = peers[i];
        http_server_say(&run.server, ANSWER);
        http_run_wait(&many[i]);
    }
    for (int i = 0; i < 20; i++)
        close(peers[i]);
    run.server.peer = -1;
    assert_true(proc_self_descriptors() <= before + 8);
}

/* A host by name with its address: no thread looks it up. */
static void no_thread_is_made(void **state)
{
    char url[96];

    (void)state;
    (void)snprintf(url, sizeof(url), "http://api.example.invalid:%u/path",
                   run.server.port);
    probes[0].q.url = url;
    probes[0].q.address = "127.0.0.1";
    http_run_ask(&run, &probes[0]);
    assert_int_equal(proc_self_threads(), 1);
    assert_non_null(strstr(run.server.request, "Host: api.example.invalid:"));
    http_server_say(&run.server, ANSWER);
    http_run_wait(&probes[0]);
    http_run_good(&probes[0], 200, "hello");
    probes[0].q.address = NULL;
    assert_int_equal(svc__http_start(run.http, &probes[0].q, NULL), SVC_EINVAL);
    probes[0].q.address = "localhost";
    assert_int_equal(svc__http_start(run.http, &probes[0].q, NULL), SVC_EINVAL);
}

static void a_refusal_names_the_address(void **state)
{
    char url[96];

    (void)state;
    (void)snprintf(url, sizeof(url), "http://api.example.invalid:%u/path",
                   run.server.port);
    close(run.server.listener);
    run.server.listener = dup(0);
    probes[0].q.url = url;
    probes[0].q.address = "127.0.0.1";
    probes[0].q.bearer = "secret";
    http_run_start(&probes[0]);
    http_run_wait(&probes[0]);
    http_run_bad(&probes[0], SVC_EUNREACH, "api.example.invalid:");
    http_run_bad(&probes[0], SVC_EUNREACH, "(127.0.0.1): Connection refused");
    assert_null(strstr(probes[0].error.message, "secret"));
}

/* ---- the process --------------------------------------------------------- */

static void options_of_a_connection(void **state)
{
    static const struct {
        int level;
        int name;
        int value;
    } rows[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1},   {IPPROTO_TCP, TCP_KEEPIDLE, 10},
        {IPPROTO_TCP, TCP_KEEPINTVL, 5}, {IPPROTO_TCP, TCP_KEEPCNT, 3},
        {IPPROTO_TCP, TCP_NODELAY, 1},   {IPPROTO_TCP, TCP_USER_TIMEOUT, 30000},
    };
    struct sockaddr_in at;
    int found = 0;

    (void)state;
    http_run_ask(&run, &probes[0]);
    for (int fd = 3; fd < 64; fd++) {
        socklen_t size = sizeof(at);

        if (getpeername(fd, (struct sockaddr *)&at, &size) != 0 ||
            at.sin_family != AF_INET || ntohs(at.sin_port) != run.server.port)
            continue;
        found++;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            int value = 0;

            size = sizeof(value);
            assert_int_equal(
                getsockopt(fd, rows[i].level, rows[i].name, &value, &size), 0);
            assert_int_equal(value, rows[i].value);
        }
    }
    assert_int_equal(found, 1);
}

static void no_descriptor_is_inherited(void **state)
{
    struct http_run other;
    int was_open[64];

    (void)state;
    for (int fd = 0; fd < 64; fd++)
        was_open[fd] = fcntl(fd, F_GETFD) >= 0;
    http_run_open(&other, NULL);
    http_run_probe(&other, &probes[0]);
    http_run_ask(&other, &probes[0]);
    for (int fd = 0; fd < 64; fd++) {
        int flags = fcntl(fd, F_GETFD);

        if (flags >= 0 && !was_open[fd])
            assert_int_not_equal(flags & FD_CLOEXEC, 0);
    }
    http_run_close(&other);
}

static void no_descriptor_is_told_as_such(void **state)
{
    struct rlimit before;
    struct rlimit few;
    int fd = dup(0);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)fd;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    http_run_start(&probes[0]);
    http_run_wait(&probes[0]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    http_run_bad(&probes[0], SVC_ENOMEM, "Too many open files");
    assert_non_null(strstr(probes[0].error.hint, "ulimit"));
    http_run_ask(&run, &probes[0]);
}

/* The server resets while a body of megabytes is on its way; the disposition
 * of SIGPIPE is the default one, which ends the process. */
static void no_signal_is_raised(void **state)
{
    static char body[4 << 20];

    (void)state;
    assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    memset(body, 'x', sizeof(body) - 1);
    for (int i = 0; i < 5; i++) {
        http_run_probe(&run, &probes[0]);
        probes[0].q.body = body;
        http_run_start(&probes[0]);
        http_server_accept(&run.server);
        rounds(i);
        http_server_reset(&run.server);
        http_run_wait(&probes[0]);
        http_run_bad(&probes[0], SVC_EUNREACH, "127.0.0.1:");
    }
}

static void a_child_leaves_the_parents(void **state)
{
    int status = -1;
    pid_t child;

    (void)state;
    http_run_ask(&run, &probes[0]);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        svc__http_stop(run.http, &probes[1].q);
        svc__http_free(run.http);
        svc__loop_abandon(run.loop);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    http_server_say(&run.server, ANSWER);
    http_run_wait(&probes[0]);
    http_run_good(&probes[0], 200, "hello");
}

static void the_version_is_told(void **state)
{
    (void)state;
    assert_true(strtol(svc__http_version(), NULL, 10) >= 7);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_stops_itself),
        TEST(one_stops_another),
        TEST(one_starts_another),
        TEST(one_starts_itself_again),
        TEST(one_is_started_and_stopped),
        TEST(one_is_freed_when_done),
        TEST(a_stop_is_harmless),
        TEST(the_pool_goes_first),
        TEST(a_connection_is_used_again),
        TEST(another_address_is_another_connection),
        TEST(idle_connections_are_bounded),
        TEST(no_thread_is_made),
        TEST(a_refusal_names_the_address),
        TEST(options_of_a_connection),
        TEST(no_descriptor_is_inherited),
        TEST(no_descriptor_is_told_as_such),
        TEST(no_signal_is_raised),
        TEST(a_child_leaves_the_parents),
        TEST(the_version_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
