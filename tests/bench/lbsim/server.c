/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way of a request through a server.
 */
#include "server.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

void server_init(struct server *s, const struct fault *fault, size_t workers)
{
    memset(s, 0, sizeof(*s));
    s->fault = fault;
    s->workers = must(calloc(workers, sizeof(*s->workers)));
    s->worker_count = workers;
    for (size_t i = 0; i < workers; i++) {
        struct worker *w = &s->workers[i];

        event_init(&w->event, EVENT_FINISH);
        w->server = s;
        w->next = s->idle;
        s->idle = w;
    }
}

void server_fini(struct server *s)
{
    free(s->workers);
}

static void begin(struct worker *w, struct svc__heap *h, struct request *r,
                  int64_t now)
{
    const struct fault *f = w->server->fault;
    const double work = r->work * fault_factor(f, now);

    r->is_bad = fault_fails(f, now, r->luck);
    w->request = r;
    svc__heap_set(h, &w->event.node, fault_finish(f, now, (int64_t)work));
}

void server_take(struct server *s, struct svc__heap *h, struct request *r,
                 int64_t now)
{
    struct worker *w = s->idle;

    s->inside++;
    if (w != NULL) {
        s->idle = w->next;
        begin(w, h, r, now);
        return;
    }
    r->next = NULL;
    if (s->first == NULL)
        s->first = r;
    else
        s->last->next = r;
    s->last = r;
}

struct request *server_finish(struct worker *w, struct svc__heap *h,
                              int64_t now)
{
    struct server *s = w->server;
    struct request *done = w->request;
    struct request *r = s->first;

    s->inside--;
    w->request = NULL;
    if (r != NULL) {
        s->first = r->next;
        begin(w, h, r, now);
    } else {
        w->next = s->idle;
        s->idle = w;
    }
    return done;
}

int64_t server_expect(const struct server *s, double mean, int64_t now)
{
    const double each = mean * fault_factor(s->fault, now);
    double work = each;

    /* With all workers busy, one of them is done every each / workers. */
    if (s->inside >= s->worker_count)
        work += each * (double)(s->inside - s->worker_count + 1) /
                (double)s->worker_count;
    return fault_finish(s->fault, now, (int64_t)work);
}
