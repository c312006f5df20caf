/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a backend finds when it is asked whether all is well with its source:
 * findings, each with what to do. core asks, a backend notes, and core reads
 * (svc_resolver_check). Thread that dispatches.
 */
#ifndef SVC_BACKEND_CHECK_H
#define SVC_BACKEND_CHECK_H

#include "base/list.h"

#include <svc/svc.h>

enum svc__check_level {
    SVC__CHECK_OK,
    SVC__CHECK_SKIPPED, /* not looked at, and why */
    SVC__CHECK_WARN,    /* it works, but something is to be mended */
    SVC__CHECK_FAIL
};

struct svc__finding {
    struct svc__list link;
    const char *check;  /* static: what was looked at, "dns-server" */
    const char *source; /* static: name of the backend, or NULL */
    enum svc__check_level level;
    int code;   /* FAIL: enum svc_err; else 0 */
    char *hint; /* behind the text, "" where there is nothing to do */
    char text[];
};

/* One run over one source. Zeroed and filled by who asks. */
struct svc__check {
    const char *source;     /* static: name of the backend */
    const char *zone;       /* cluster domain */
    const char *namespace_; /* the caller's, or that of the name asked about */
    const char *service;    /* of the name asked about, or NULL */
    int is_spare; /* another source answers: what fails is only a warning */
    struct svc__list findings;
    int is_short;     /* there was no memory for a finding */
    unsigned pending; /* parts that still run */
    /* pending has come to 0; must not call the backend. */
    void (*idle)(void *arg);
    void *arg;
    void *place; /* the backend's, until its uncheck */
};

void svc__check_init(struct svc__check *c);
/* Frees the findings. */
void svc__check_fini(struct svc__check *c);

/* Notes a finding: its text is the message of what, its hint the hint, and its
 * code counts with FAIL only, which has a hint always. */
void svc__check_add(struct svc__check *c, enum svc__check_level level,
                    const char *check, const svc_error *what);

/* A part begins that ends later, and ends. */
void svc__check_begin(struct svc__check *c);
void svc__check_end(struct svc__check *c);

/* Moves all findings of from to the end of those of c. */
void svc__check_take(struct svc__check *c, struct svc__check *from);

#endif
