/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend "auto" between an API server and a DNS that say what a test tells
 * them to say, with a trace of everything that is asked and handed on. The
 * clock is the test's: integration/still_clock.h. One at a time.
 */
#ifndef TESTS_LIB_AUTO_RUN_H
#define TESTS_LIB_AUTO_RUN_H

#include "backend/backend.h"

#include <stdint.h>
#include <svc/svc.h>

enum auto_part {
    AUTO_API,
    AUTO_DNS
};

#define AUTO_SUBS 4

/* What a subscription has heard. */
struct auto_heard {
    int is_on;
    const char *source; /* of the last view, NULL before the first */
    int views;
    int troubles;
    svc_error trouble; /* code 0: none since the last view */
    int is_covered;
    int steps;       /* of the last view */
    char text[1024]; /* of the steps */
};

extern struct auto_heard auto_heard[AUTO_SUBS];

/* Opens it at time 0 of the trace; moved_ms is what moves the clock. What init
 * said. */
int auto_run_open(int64_t *moved_ms);
/* Closes everything. */
void auto_run_close(void);

/* From now on init, or subscribe, of a part fails with this code; 0: not. */
void auto_run_refuse_init(enum auto_part part, int code);
void auto_run_refuse(enum auto_part part, int code);

/* What a part says from inside of subscribe, or NULL: as in auto_run_say. */
void auto_run_at_once(enum auto_part part, const char *what);

/* Subscribes place i to "web", with a trace or not; what subscribe said. */
int auto_run_ask(int i, svc__clock_fn trace);
void auto_run_leave(int i);
void auto_run_refresh(int i);

/* A part says something to place i, which must have subscribed there:
 * "10.0.0.1" an answer, "SVC_ENOSERVICE" an empty one, "!SVC_EAUTH" trouble,
 * "!!SVC_EAUTH" trouble that the log has from somebody else. */
void auto_run_say(enum auto_part part, int i, const char *what);

/* Whether place i has subscribed there. */
int auto_run_is_asked(enum auto_part part, int i);

/* Time passes, in steps of ten milliseconds. */
void auto_run_pass(int ms);

/* Compares the trace since the last call with the lines expected, and forgets
 * it. */
void auto_run_expect(const char *lines);
void auto_run_forget(void);

#endif
