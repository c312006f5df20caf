/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the arithmetic of faults that come and go.
 */
#include "fault.h"

double fault_factor(const struct fault *f, int64_t now)
{
    if (f->kind != FAULT_SLOW && f->kind != FAULT_FAIL)
        return 1.0;
    return fault_is_on(f, now) ? f->factor : 1.0;
}

int64_t fault_finish(const struct fault *f, int64_t now, int64_t work)
{
    if (f->kind != FAULT_STALL)
        return now + work;
    for (;;) {
        const int64_t phase = now % f->period;
        const int64_t start = phase < f->length ? f->length : phase;
        const int64_t left = f->period - start;

        now += start - phase;
        if (work <= left)
            return now + work;
        work -= left;
        now += left;
    }
}

/* The same since the start. */
static int64_t time_until(const struct fault *f, int64_t now)
{
    const int64_t phase = now % f->period;

    return now / f->period * f->length +
           (phase < f->length ? phase : f->length);
}

int64_t fault_time(const struct fault *f, int64_t from, int64_t to)
{
    return f->kind == FAULT_NONE ? 0 : time_until(f, to) - time_until(f, from);
}

double fault_speed(const struct fault *f)
{
    const double bad =
        f->kind == FAULT_NONE ? 0.0 : (double)f->length / (double)f->period;

    switch (f->kind) {
    case FAULT_SLOW:
        return bad / f->factor + (1.0 - bad);
    case FAULT_STALL:
        return 1.0 - bad;
    default:
        return 1.0;
    }
}
