/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that pick from one service, by libsvc and by its peers, while it gets
 * new sets so many times a second.
 */
#ifndef SVC_BENCH_READERS_H
#define SVC_BENCH_READERS_H

#include "core/pick.h"
#include "core/publish.h"

/* One way of protecting a snapshot, around the same policy. */
struct readers_form {
    const char *name;
    void (*begin)(struct svc__snapshot *s); /* taken */
    int (*pick)(const struct svc__pick_wish *ctx, svc_pick *ret);
    void (*set)(struct svc__snapshot *s); /* the newest from now on; taken */
    void (*end)(void);
};

extern const struct readers_form readers_mutex;
extern const struct readers_form readers_rwlock;

#endif
