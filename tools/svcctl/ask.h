/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking the library: a resolver made of the options, and names answered
 * within one common time-out.
 */
#ifndef SVCCTL_ASK_H
#define SVCCTL_ASK_H

#include "options.h"

#include <stdint.h>
#include <svc/svc.h>

/* The time-out of every command but watch. */
#define ASK_TIMEOUT_MS 5000

/* A resolver and the time until which its answers are waited for. */
struct ask {
    const struct options *opt;
    svc_resolver *r;
    char *manifest; /* standard input, or NULL */
    size_t manifest_size;
    int timeout_ms;
    int64_t deadline_ms; /* -1: none */
    int warned;          /* that parts of the source were refused */
};

/* The answer to one name. */
struct answer {
    const char *name;
    svc_service *s;          /* NULL when it could not be opened */
    svc_endpoints *eps;      /* NULL when there was no answer */
    svc_endpoints_info info; /* of eps */
    svc_error error;         /* why nothing is usable; code 0 if something is */
    int exit;                /* what the exit status is to be */
    int stale;
};

/* Begins: standard input is read if it is the manifest. timeout_ms holds when
 * the command line gave none. 0, or a code with *reterr filled. To be given to
 * ask_close in either case. */
int ask_init(struct ask *ask, const struct options *opt, int timeout_ms,
             svc_error *reterr);

/* Makes the resolver, and with it perhaps a thread; the time begins to run. 0,
 * or a code with *reterr filled. */
int ask_open(struct ask *ask, svc_error *reterr);

void ask_close(struct ask *ask);

/* Milliseconds until the deadline, 0 when it has passed, -1 for ever. */
int ask_left_ms(const struct ask *ask);

/* Opens a name, without waiting. To be given to answer_fini. A name that
 * cannot be opened has its error in ret. */
void answer_begin(struct ask *ask, const char *name, struct answer *ret);

/* Waits for the answer until the deadline and fills the rest of it. */
void answer_finish(struct ask *ask, struct answer *answer);

void answer_fini(struct answer *answer);

/* Whether there is a set to be shown: something is usable, or the endpoints
 * that are not were asked for (all). */
int answer_is_shown(const struct answer *answer, int all);

/* Tells what is wrong with an answer: its error, with -o json as an object too
 * unless the set is shown; or that it is stale; and, once, that the source has
 * parts that were refused. */
void answer_report(struct ask *ask, const struct answer *answer, int shown);

/* Answers the one name of the command line: opens the resolver, begins and
 * finishes. *ret_ask and *ret are to be given to ask_close and answer_fini. 0,
 * or a code that has been reported; the exit status is ret->exit. */
int ask_one(struct ask *ret_ask, const struct options *opt, struct answer *ret);

#endif
