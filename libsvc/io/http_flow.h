/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request on its way, as far as curl has no part in it: what came of the
 * response, the deadlines, and which of our own bounds ended it. Calls answered
 * and data of the request. Thread that dispatches.
 */
#ifndef SVC_IO_HTTP_FLOW_H
#define SVC_IO_HTTP_FLOW_H

#include "base/list.h"
#include "io/http.h"
#include "io/http_head.h"
#include "io/http_kept.h"
#include "io/http_plan.h"
#include "io/http_words.h"
#include "io/loop.h"

#include <stddef.h>
#include <stdint.h>

/* How long for the headers where the request does not say, and how often the
 * rate of a body is looked at where it has one. */
#define SVC__HTTP_FLOW_ANSWER_MS 30000
#define SVC__HTTP_FLOW_RATE_MS   30000

struct svc__http_flow {
    struct svc__list link;       /* the owner's */
    struct svc__http_request *q; /* NULL: stopped */
    /* The owner's: called when a deadline passed, and what bodies add to. */
    void (*late)(struct svc__http_flow *f);
    uint64_t *received;
    struct svc__loop *loop;
    struct svc__http_plan plan;
    struct svc__http_head head;
    struct svc__timer timer;
    int64_t started_ms;
    int64_t rate_from_ms; /* since when bytes are counted */
    uint64_t rate_bytes;
    enum svc__http_problem problem; /* found here or by the owner */
    int64_t problem_ms;             /* the time that ran out */
    int problem_errno;
};

/* Begins: makes the plan, sets the deadline; q runs from here. f is zeroed but
 * for late and received. 0; codes of svc__http_start, with nothing to undo. */
int svc__http_flow_begin(struct svc__http_flow *f, struct svc__http_request *q,
                         const struct svc__http_kept *k, svc_error *reterr);
/* No deadline and no callback any more. Returns the request, which runs no
 * longer; NULL where it had been ended before. */
struct svc__http_request *svc__http_flow_end(struct svc__http_flow *f);
/* Frees the plan. */
void svc__http_flow_fini(struct svc__http_flow *f);

/* A line of headers, and bytes of the body, as curl gives them (flow is a
 * struct svc__http_flow). size, or 0: the request does not go on. */
size_t svc__http_flow_header(char *line, size_t one, size_t size, void *flow);
size_t svc__http_flow_body(char *bytes, size_t one, size_t size, void *flow);

/* Why it failed, in words: fills reterr and returns its code. The rest of
 * facts is filled here; what was found here goes before what facts say. */
int svc__http_flow_explain(const struct svc__http_flow *f,
                           struct svc__http_facts *facts, svc_error *reterr);

/* The first flow of a list, or NULL. */
struct svc__http_flow *svc__http_flow_first(const struct svc__list *flows);

/* Moves a flow to the end of another list. */
void svc__http_flow_move(struct svc__http_flow *f, struct svc__list *to);

#endif
