/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Additive increase, multiplicative decrease (RFC 5681 section 3.1), counted
 * in packets.
 */
#include "dns/window.h"

/* With 64 at once a bare stub got 10,000 names over loopback without a loss;
 * with 1,000 at once every receive queue tried overflowed. */
#define WINDOW_FIRST 64
#define WINDOW_MIN   4
#define WINDOW_MAX   128

void svc__window_init(struct svc__window *w)
{
    w->size = WINDOW_FIRST;
    w->in_flight = 0;
    w->answered = 0;
    w->shrank_us = INT64_MIN;
}

int svc__window_is_open(const struct svc__window *w)
{
    return w->in_flight < w->size;
}

void svc__window_sent(struct svc__window *w)
{
    w->in_flight++;
}

void svc__window_left(struct svc__window *w)
{
    if (w->in_flight > 0)
        w->in_flight--;
}

void svc__window_answered(struct svc__window *w)
{
    svc__window_left(w);
    if (++w->answered < w->size)
        return;
    w->answered = 0;
    if (w->size < WINDOW_MAX)
        w->size++;
}

void svc__window_lost(struct svc__window *w, int64_t sent_us, int64_t now_us)
{
    /* Sent before it shrank: lost to the larger window, which was punished. */
    if (sent_us <= w->shrank_us)
        return;
    w->size = w->size / 2 > WINDOW_MIN ? w->size / 2 : WINDOW_MIN;
    w->answered = 0;
    w->shrank_us = now_us;
}
