/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What "auto" makes of what the API server and DNS say: whose word counts, and
 * which trouble is told. Pure.
 */
#ifndef SVC_BACKEND_AUTO_WORDS_H
#define SVC_BACKEND_AUTO_WORDS_H

#include "base/trouble.h"
#include "model/view.h"

#include <svc/svc.h>

/* Whose answer a subscription has. */
enum svc__auto_answered {
    SVC__AUTO_NOBODY,
    SVC__AUTO_DNS,
    SVC__AUTO_API
};

/* How things stand with a subscription. */
struct svc__auto_state {
    enum svc__auto_answered answered;
    const struct svc__trouble *api; /* its trouble; code 0: none */
    const struct svc__trouble *dns; /* its trouble, or why what it said does not
                                       count; code 0: neither */
    int is_late; /* one of them has been waited for long enough */
};

/* Whether a code means that asking again will not help by itself: the API
 * server does not let us, or has no such API, or cannot be asked. */
int svc__auto_is_denied(int code);

/* What is to be done with what DNS says. */
enum svc__auto_verdict {
    SVC__AUTO_COUNTS, /* it answers */
    SVC__AUTO_HELD,   /* only if the API server does not */
    SVC__AUTO_UNFIT   /* it is none: DNS cannot give this view */
};
enum svc__auto_verdict svc__auto_judge(const struct svc__auto_state *s,
                                       const struct svc__view *v);

/* The trouble to be told: fills *ret and returns its code, *ret_covered says
 * whether answers are fresh in spite of it. 0: none. */
int svc__auto_trouble(const struct svc__auto_state *s, svc_error *ret,
                      int *ret_covered);

/* Adds to an answer of DNS that is empty why the API server was not heard,
 * which is in trouble; what there is no memory for is left out. */
void svc__auto_tell(const struct svc__auto_state *s, struct svc__view *v);

/* Writes down with v->trace who answered, and why not the other. 0 or
 * SVC_ENOMEM. */
int svc__auto_step(const struct svc__auto_state *s, struct svc__view *v);

#endif
