/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we may do, by asking the API server (SelfSubjectAccessReview): what the
 * backend needs, and what only some answers need. Thread that dispatches.
 */
#ifndef SVC_BACKEND_APISERVER_RIGHTS_H
#define SVC_BACKEND_APISERVER_RIGHTS_H

#include "backend/apiserver_call.h"
#include "backend/check.h"
#include "base/buf.h"

#include <stddef.h>

#define SVC__RIGHTS_MAX 4

/* How long a request of the check may take, its answer included. */
#define SVC__RIGHTS_ANSWER_MS 8000

struct svc__apiserver_rights;

/* One verb on one resource. */
struct svc__apiserver_right {
    struct svc__apiserver_rights *all;
    struct svc__apiserver_call call;
    struct svc__buf body; /* that is posted */
    struct svc__buf answer;
    size_t row;
    int is_out;
};

struct svc__apiserver_rights {
    struct svc__check *check;
    const char *node; /* the caller's, where its zone is to be known; or NULL */
    struct svc__apiserver_right right[2 * SVC__RIGHTS_MAX];
    size_t count;
    unsigned pending;           /* of them, without an answer */
    int asked[SVC__RIGHTS_MAX]; /* by row of the table */
    unsigned denied[SVC__RIGHTS_MAX];
    int failed[SVC__RIGHTS_MAX]; /* one of them could not be asked */
};

/* all is zeroed. */
void svc__apiserver_rights_init(struct svc__apiserver_rights *all,
                                const struct svc__backend_env *env,
                                struct svc__check *c);
/* Asks for all of them, each a part of the check. */
void svc__apiserver_rights_ask(struct svc__apiserver_rights *all,
                               struct svc__apiserver *server);
/* Notes what was answered, and what was not; nothing after it. */
void svc__apiserver_rights_fini(struct svc__apiserver_rights *all);

#endif
