/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log sink: what the caller gave, or nobody. The library never prints by
 * itself. Called with no lock held.
 */
#ifndef SVC_BASE_LOG_H
#define SVC_BASE_LOG_H

#include <svc/svc.h>

struct svc__log {
    svc_log_fn fn; /* NULL: nobody listens */
    void *arg;
    int level; /* the least urgent level that is wanted */
};

/* Formats and hands over a message of at most 1,023 bytes,
 * control characters made harmless as in svc__err_set; does nothing when
 * nobody listens or the level is not wanted. */
__attribute__((format(printf, 3, 4))) void svc__log(const struct svc__log *log,
                                                    int level,
                                                    const char *format, ...);

#endif
