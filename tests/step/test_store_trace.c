/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts of events as a cluster sends them, and what a client sees after
 * each: no gap while endpoints move, nothing left of what went.
 */
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct event {
    const char *line;
    const char *answer; /* after it */
};

/* Plays a script to one question; fails at the first answer that differs. */
static void play(const struct event *events, size_t count, const char *query)
{
    struct svc__store *st = kube_store_new();
    char answer[KUBE_TEXT_MAX];

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(kube_apply(st, events[i].line), 0);
        kube_answer(st, query, answer);
        if (strcmp(answer, events[i].answer) != 0)
            fail_msg("after %s\n  wanted: %s\n  got:    %s", events[i].line,
                     events[i].answer, answer);
    }
    svc__store_free(st);
}

#define PLAY(events, query)                                                    \
    play((events), sizeof(events) / sizeof((events)[0]), (query))

static void a_deployment_rolls(void **state)
{
    static const struct event events[] = {
        {"Service s/w selector port=p:80", "SVC_ENOENDPOINTS"},
        {"Slice s/1 of=w rv=1", "SVC_ENOENDPOINTS"},
        {"Slice s/1 of=w rv=2 port=p:80 @10.0.0.1 cond=-",
         "SVC_ENOENDPOINTS 10.0.0.1:80/TCP(not-ready)"},
        {"Slice s/1 of=w rv=3 port=p:80 @10.0.0.1", "10.0.0.1:80/TCP"},
        {"Slice s/1 of=w rv=4 port=p:80 @10.0.0.1 @10.0.0.2 cond=-",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP(not-ready)"},
        {"Slice s/1 of=w rv=5 port=p:80 @10.0.0.1 @10.0.0.2",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"Slice s/1 of=w rv=6 port=p:80 @10.0.0.1 cond=st @10.0.0.2",
         "10.0.0.2:80/TCP 10.0.0.1:80/TCP(terminating)"},
        {"Slice s/1 of=w rv=7 port=p:80 @10.0.0.2", "10.0.0.2:80/TCP"},
    };

    (void)state;
    PLAY(events, "s/w");
}

/* The last pods serve until they are gone. */
static void a_deployment_goes(void **state)
{
    static const struct event events[] = {
        {"Slice s/1 of=w port=p:80 @10.0.0.1 @10.0.0.2", "SVC_ENOSERVICE"},
        {"Service s/w selector port=p:80", "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"Slice s/1 of=w port=p:80 @10.0.0.1 cond=st @10.0.0.2 cond=st",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"Slice s/1 of=w port=p:80 @10.0.0.1 cond=t @10.0.0.2 cond=st",
         "10.0.0.2:80/TCP 10.0.0.1:80/TCP(terminating)"},
        {"Slice s/1 of=w", "SVC_ENOENDPOINTS"},
        {"Delete Service s/w", "SVC_ENOSERVICE"},
        {"Delete Slice s/1", "SVC_ENOSERVICE"},
    };

    (void)state;
    PLAY(events, "s/w");
}

/* Faults J16: in both slices for a moment, never in none. */
static void an_endpoint_moves(void **state)
{
    static const struct event events[] = {
        {"Service s/w selector port=p:80", "SVC_ENOENDPOINTS"},
        {"Slice s/1 of=w rv=1 port=p:80 @10.0.0.1 @10.0.0.2",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"Slice s/2 of=w rv=2 port=p:80 @10.0.0.2",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.2:80/TCP(duplicate)"},
        {"Slice s/1 of=w rv=3 port=p:80 @10.0.0.1",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"Delete Slice s/2", "10.0.0.1:80/TCP"},
    };

    (void)state;
    PLAY(events, "s/w");
}

/* A target port changes: two slices, two numbers, until all are new. */
static void a_target_port_changes(void **state)
{
    static const struct event events[] = {
        {"Service s/w selector port=p:80", "SVC_ENOENDPOINTS"},
        {"Slice s/1 of=w port=p:8080 @10.0.0.1 @10.0.0.2",
         "10.0.0.1:8080/TCP 10.0.0.2:8080/TCP"},
        {"Slice s/2 of=w port=p:9090 @10.0.0.3",
         "10.0.0.1:8080/TCP 10.0.0.2:8080/TCP 10.0.0.3:9090/TCP"},
        {"Slice s/1 of=w port=p:8080 @10.0.0.2 cond=st",
         "10.0.0.3:9090/TCP 10.0.0.2:8080/TCP(terminating)"},
        {"Delete Slice s/1", "10.0.0.3:9090/TCP"},
    };

    (void)state;
    PLAY(events, "s/w port=80");
}

/* A StatefulSet pod comes back at another address. */
static void a_pod_comes_back(void **state)
{
    static const struct event events[] = {
        {"Service s/db headless selector port=p:80", "SVC_ENOSERVICE"},
        {"Slice s/1 of=db port=p:5432 @10.0.0.1 host=db-0 @10.0.0.2 host=db-1",
         "10.0.0.1:5432/TCP"},
        {"Slice s/1 of=db port=p:5432 @10.0.0.2 host=db-1", "SVC_ENOSERVICE"},
        {"Slice s/1 of=db port=p:5432 @10.0.0.2 host=db-1 @10.0.0.9 host=db-0 "
         "cond=-",
         "SVC_ENOENDPOINTS 10.0.0.9:5432/TCP(not-ready)"},
        {"Slice s/1 of=db port=p:5432 @10.0.0.2 host=db-1 @10.0.0.9 host=db-0",
         "10.0.0.9:5432/TCP"},
    };

    (void)state;
    PLAY(events, "s/db host=db-0");
}

/* Hints come, one pod without, and go again: sets widen and narrow. */
static void hints_come_and_go(void **state)
{
    static const struct event events[] = {
        {"Service s/w selector port=p:80", "SVC_ENOENDPOINTS"},
        {"Slice s/1 of=w port=p:80 @10.0.0.1 zone=a @10.0.0.2 zone=b",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2 zonehint=b",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP(other-zone)"},
        {"Slice s/2 of=w port=p:80 @10.0.0.3",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.3:80/TCP"},
        {"Slice s/2 of=w port=p:80 @10.0.0.3 cond=-",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP(other-zone) "
         "10.0.0.3:80/TCP(not-ready)"},
        {"Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a cond=st @10.0.0.2 "
         "zonehint=b",
         "10.0.0.2:80/TCP 10.0.0.1:80/TCP(terminating) "
         "10.0.0.3:80/TCP(not-ready)"},
    };

    (void)state;
    PLAY(events, "s/w zone=a");
}

static void nodes_come_and_go(void **state)
{
    static const struct event events[] = {
        {"Service s/w type=NodePort port=p:80 nodeport=30080 etp=Local",
         "SVC_ENOENDPOINTS"},
        {"Node n1 v4=192.168.0.1",
         "SVC_ENOENDPOINTS 192.168.0.1:30080/TCP(not-local)"},
        {"Slice s/1 of=w port=p:80 @10.0.0.1 node=n1", "192.168.0.1:30080/TCP"},
        {"Node n2 v4=192.168.0.2",
         "192.168.0.1:30080/TCP 192.168.0.2:30080/TCP(not-local)"},
        {"Node n1 v4=192.168.0.1 notready",
         "SVC_ENOENDPOINTS 192.168.0.1:30080/TCP(not-ready) "
         "192.168.0.2:30080/TCP(not-local)"},
        {"Delete Node n1", "SVC_ENOENDPOINTS 192.168.0.2:30080/TCP(not-local)"},
        {"Slice s/1 of=w port=p:80 @10.0.0.1 node=n2", "192.168.0.2:30080/TCP"},
    };

    (void)state;
    PLAY(events, "s/w view=node");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deployment_rolls),
        cmocka_unit_test(a_deployment_goes),
        cmocka_unit_test(an_endpoint_moves),
        cmocka_unit_test(a_target_port_changes),
        cmocka_unit_test(a_pod_comes_back),
        cmocka_unit_test(hints_come_and_go),
        cmocka_unit_test(nodes_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
