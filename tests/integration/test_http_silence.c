/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long silence. A peer that is gone without a word, its socket drops every
 * segment, so that nothing is acknowledged any more: found within half a
 * minute, idle or with bytes on their way (faults A18). And one that just has
 * nothing to say: nobody wakes for it. These tests take as long as that.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "http_run.h"

#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's timers are coarse. */
#define DETECTED_MS 36000

static struct http_run run;
static struct http_probe probes[2];

/* Whether the kernel lets us. */
static int play_dead(int fd)
{
    struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {.len = 1, .filter = &drop};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
                      sizeof(program)) == 0;
}

static void a_dead_peer_is_found(void **state)
{
    int64_t began_ms;
    int is_dead;

    (void)state;
    http_run_open(&run, NULL);
    for (int i = 0; i < 2; i++)
        http_run_probe(&run, &probes[i]);
    http_run_ask(&run, &probes[0]);
    http_server_say(&run.server, "HTTP/1.1 200 OK\r\n\r\nhello");
    is_dead = play_dead(run.server.peer);
    http_run_start(&probes[1]);
    probes[1].q.answer_ms = 60000;
    http_server_accept(&run.server);
    began_ms = svc__clock_now_ms();
    is_dead = is_dead && play_dead(run.server.peer);
    while (is_dead && (probes[0].done == 0 || probes[1].done == 0) &&
           svc__clock_now_ms() - began_ms < DETECTED_MS)
        assert_int_equal(svc__loop_round(run.loop, 1000), 0);
    for (int i = 0; is_dead && i < 2; i++)
        http_run_bad(&probes[i], SVC_EUNREACH, "cut");
    http_run_close(&run);
    if (!is_dead)
        skip();
}

/* What connecting left behind goes by once, the last of it after the time that
 * a connection may take; then there is no timer at all. */
static void silence_wakes_nobody(void **state)
{
    int wakes = 0;

    (void)state;
    http_run_open(&run, NULL);
    http_run_probe(&run, &probes[0]);
    http_run_ask(&run, &probes[0]);
    http_server_say(&run.server, "HTTP/1.1 200 OK\r\n\r\n{}\n");
    while (probes[0].size == 0)
        http_server_round(&run.server);
    for (; wakes < 12 && svc__loop_timeout_ms(run.loop) >= 0; wakes++)
        assert_int_equal(svc__loop_round(run.loop, -1), 0);
    assert_int_equal(svc__loop_timeout_ms(run.loop), -1);
    assert_int_equal(probes[0].done, 0);
    http_run_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_wakes_nobody),
        cmocka_unit_test(a_dead_peer_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
