/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many questions may be on their way at once: too many overflow the
 * receive queues, and what is lost there costs a time-out. It starts at 64,
 * grows by one for each window of answers, to 128 at most, and halves on loss,
 * at most once a round trip and never below 4. Silence is no loss yet: there
 * are names that nobody answers for, and they are not to slow down the others.
 * Pure; one thread at a time.
 */
#ifndef SVC_DNS_WINDOW_H
#define SVC_DNS_WINDOW_H

#include <stdint.h>

struct svc__window {
    unsigned size; /* now allowed */
    unsigned in_flight;
    unsigned answered; /* since its size changed last */
    int64_t shrank_us; /* when last */
};

void svc__window_init(struct svc__window *w);

/* Whether one more may go out. */
int svc__window_is_open(const struct svc__window *w);
void svc__window_sent(struct svc__window *w);
/* One came back. */
void svc__window_answered(struct svc__window *w);
/* One makes room without: its time is over, or it was given up. */
void svc__window_left(struct svc__window *w);
/* What was sent at sent_us, and left meanwhile, is known to be lost: another
 * packet was answered in its place. The losses of what was sent before the
 * window shrank last do not shrink it again. */
void svc__window_lost(struct svc__window *w, int64_t sent_us, int64_t now_us);

#endif
