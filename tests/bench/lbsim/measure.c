/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what counts, and the shares of those that return.
 */
#include "measure.h"

#include "fault.h"

#include <string.h>

#define SLICE (NS_PER_S / RETURN_SECOND)
#define RUSH  (10 * RETURN_SECOND) /* slices that are seen at least */
#define FAIR  0.9 /* of an equal share is a fair one, in one second */

void measure_begin(struct measure *m, size_t servers, int64_t from, int64_t to)
{
    memset(m, 0, sizeof(*m));
    m->from = from;
    m->to = to;
    m->servers = servers;
    m->now.at = -1;
}

/* The share of the second that ends behind a slice, over an equal one. */
static double share_at(const struct measure *m, unsigned last)
{
    double own = 0.0;
    double all = 0.0;

    for (unsigned i = last + 1 - RETURN_SECOND; i <= last; i++) {
        own += m->now.own[i];
        all += m->now.all[i];
    }
    return all > 0.0 ? own / all * (double)m->servers : 0.0;
}

/* What was seen of a return counts when it was seen for ten seconds. */
static void settle(struct measure *m, int64_t now)
{
    const int64_t seen = (now - m->now.at) / SLICE;
    const unsigned slices =
        seen < RETURN_SLICES ? (unsigned)seen : RETURN_SLICES;
    unsigned fair = 0;

    if (m->now.at < 0 || slices < RUSH)
        return;
    for (unsigned i = RETURN_SECOND - 1; i < slices; i++) {
        const double share = share_at(m, i);

        if (fair == 0 && share >= FAIR)
            fair = i + 1;
        if (i < RUSH && share > m->rush_max)
            m->rush_max = share;
    }
    if (fair == 0)
        fair = RETURN_SLICES;
    m->returns++;
    m->settle_sum += (double)fair / RETURN_SECOND;
    if ((double)fair / RETURN_SECOND > m->settle_max)
        m->settle_max = (double)fair / RETURN_SECOND;
}

void measure_return(struct measure *m, size_t server, int64_t now)
{
    settle(m, now);
    memset(&m->now, 0, sizeof(m->now));
    m->now.server = server;
    m->now.at = now >= m->from ? now : -1;
}

void measure_end(struct measure *m, int64_t now)
{
    settle(m, now);
    m->now.at = -1;
}

void measure_pick(struct measure *m, size_t server, int is_failing, int64_t now)
{
    if (now < m->from || now >= m->to)
        return;
    m->picks++;
    m->probes += (uint64_t)is_failing;
    if (m->now.at >= 0) {
        const int64_t slice = (now - m->now.at) / SLICE;

        if (slice < RETURN_SLICES) {
            m->now.own[slice] += server == m->now.server;
            m->now.all[slice]++;
        }
    }
}

void measure_done(struct measure *m, int64_t arrived, int64_t now, int is_good)
{
    if (arrived < m->from || arrived >= m->to)
        return;
    if (is_good)
        histogram_add(&m->good, now - arrived);
    else
        m->errors++;
}
