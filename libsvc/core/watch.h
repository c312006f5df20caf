/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pull side: a descriptor that is readable while there is news, and the
 * newest news.
 */
#ifndef SVC_CORE_WATCH_H
#define SVC_CORE_WATCH_H

#include "core/service.h"

struct svc_watch {
    svc_service *s; /* one reference */
    struct svc__listener listener;
};

/* As the public functions of these names. */
int svc__watch_new(svc_service *s, svc_watch **ret);
void svc__watch_free(svc_watch *w);
int svc__watch_next(svc_watch *w, int timeout_ms, svc_endpoints **ret,
                    svc_error *reterr);

#endif
