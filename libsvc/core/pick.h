/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a snapshot to a pick, and what becomes of it: tracked, closed, tried
 * again. Any thread.
 */
#ifndef SVC_CORE_PICK_H
#define SVC_CORE_PICK_H

#include "core/publish.h"
#include "policy/policy.h"

#include <stdint.h>
#include <svc/svc.h>

/* Endpoints that a pick remembers to have tried. */
#define SVC__PICK_TRIED_MAX 8

enum svc__pick_state {
    SVC__PICK_PLAIN = 0, /* nothing to close */
    SVC__PICK_OPEN,      /* tracked */
    SVC__PICK_CLOSED     /* it was */
};

/* What a svc_pick carries in its reserved words. */
struct svc__pick_note {
    uint64_t service; /* svc__reader_key.id */
    uint64_t hash;    /* of the key */
    int64_t begin_ns; /* svc__tick_exact_ns at the pick; 0: not measured */
    uint32_t ticket;
    uint32_t epoch;
    uint32_t tried[SVC__PICK_TRIED_MAX]; /* hashes of address and port */
    uint8_t tried_count;
    uint8_t state; /* enum svc__pick_state */
    uint8_t has_key;
    uint8_t is_timed; /* the policy's costs want its latency */
};

/* What a pick is to be. */
struct svc__pick_wish {
    uint64_t hash; /* of the key */
    int has_key;
    int track;
    const struct svc__pick_note *before; /* of the pick that failed, which is to
                                            be avoided with all that it has
                                            tried; or NULL */
    enum svc__family family; /* with before: preferred, where one is left */
};

/* Chooses from a snapshot that stays during the call; ctx brings generator and
 * cursor. 0; the snapshot's code; SVC_EINVAL: it tracks nothing;
 * SVC_ENOENDPOINTS: all that there are were tried. */
int svc__pick_from(const struct svc__snapshot *s,
                   const struct svc__pick_wish *wish, struct svc__pick_ctx *ctx,
                   svc_pick *ret);

/* A latency that the library measures. Any other below 0 is not known. */
#define SVC__PICK_MEASURE INT64_MIN

/* As svc_service_pick, svc_pick_done_after and svc_pick_next. */
int svc__pick(svc_service *s, const svc_pick_options *options, svc_pick *ret);
int svc__pick_plain(svc_service *s, svc_pick *ret); /* without options */
void svc__pick_done(svc_pick *pick, int outcome, int64_t latency_us);
int svc__pick_next(svc_pick *pick, int outcome);

/* Another endpoint for the same request while the one before may still do well:
 * that one stays as it is. None of those that it has tried; tracked as it is;
 * of a family, where one is left. What it costs is a connection that is begun,
 * no request: the budget of retries does not count it. */
int svc__pick_beside(svc_service *s, const svc_pick *before,
                     enum svc__family family, svc_pick *ret);

#endif
