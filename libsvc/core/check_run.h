/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look at the sources of a resolver: on the loop, each that its options
 * choose notes what it finds. The caller owns the run and waits for its end.
 */
#ifndef SVC_CORE_CHECK_RUN_H
#define SVC_CORE_CHECK_RUN_H

#include "backend/check.h"
#include "core/resolver.h"
#include "core/source.h"

#include <stdint.h>

#define SVC__CHECK_PARTS_MAX 2

/* A source that is looked at. */
struct svc__check_part {
    const struct svc__backend_ops *ops;
    struct svc__source *source; /* NULL: it cannot be opened */
    int is_own;                 /* opened for this */
    int is_running;
    struct svc__check check;
};

struct svc__check_run {
    svc_resolver *r;
    struct svc__list link; /* r->lock */
    int is_done;           /* r->lock: the loop does not touch it any more */
    struct svc__check_part parts[SVC__CHECK_PARTS_MAX];
    size_t count;
    struct svc__timer timer;
    int64_t deadline_ms;
};

/* Fills a zeroed run with the sources that the options choose, none where none
 * is at hand. */
void svc__check_run_init(struct svc__check_run *run, svc_resolver *r);
/* Frees the findings; the run must have ended. */
void svc__check_run_fini(struct svc__check_run *run);

/* Any thread: hands the run over to the loop, which ends it by deadline_ms. */
void svc__check_run_start(struct svc__check_run *run, int64_t deadline_ms);
/* Any thread, or dispatching with an external loop: waits for the end. 0, or
 * SVC_ESTATE from inside a dispatch. */
int svc__check_run_wait(struct svc__check_run *run);

/* Loop: begins the runs that were handed over. */
void svc__check_run_begin(svc_resolver *r);

#endif
