/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watch keeps no queue: it remembers which set and which trouble it has
 * handed out, and the newest one that differs is its news.
 */
#include "core/watch.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/err.h"

#include <sys/eventfd.h>
#include <unistd.h>

int svc__watch_new(svc_service *s, svc_watch **ret)
{
    svc_watch *w;

    if (svc__publish_status(&s->publish, NULL) == SVC_ECLOSED)
        return SVC_ECLOSED;
    w = svc__calloc(1, sizeof(*w));
    if (w == NULL)
        return SVC_ENOMEM;
    w->listener.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->listener.fd < 0) {
        svc__free(w);
        return SVC_ENOMEM;
    }
    w->s = s;
    svc__refs_get(&s->refs);
    svc__count_add(&s->r->counters.watches_open, 1);
    svc__publish_listen(&s->publish, &w->listener);
    *ret = w;
    return 0;
}

void svc__watch_free(svc_watch *w)
{
    /* In a child of fork the lock may be held for ever: only the descriptor
     * is ours. */
    if (svc__resolver_is_foreign(w->s->r)) {
        close(w->listener.fd);
        return;
    }
    svc__publish_unlisten(&w->s->publish, &w->listener);
    close(w->listener.fd);
    svc__count_add(&w->s->r->counters.watches_open, (uint64_t)-1);
    svc__service_unref(w->s);
    svc__free(w);
}

int svc__watch_next(svc_watch *w, int timeout_ms, svc_endpoints **ret,
                    svc_error *reterr)
{
    struct svc__publish *p = &w->s->publish;
    svc_resolver *r = w->s->r;
    int64_t now_ms = svc__clock_now_ms();
    int64_t deadline_ms = svc__clock_deadline(now_ms, timeout_ms);
    int code;

    if (!r->settings.external_loop || timeout_ms == 0)
        return svc__publish_next(p, &w->listener, deadline_ms, ret, reterr);
    for (;;) {
        code = svc__publish_next(p, &w->listener, 0, ret, reterr);
        now_ms = svc__clock_now_ms();
        if (code != SVC_EAGAIN || now_ms >= deadline_ms)
            return code;
        code = svc__resolver_round(r, svc__clock_until(now_ms, deadline_ms));
        if (code == SVC_ESTATE)
            return svc__err_set(reterr, code, "waiting inside a dispatch");
    }
}
