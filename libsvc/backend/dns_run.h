/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lookup that runs: its questions are asked, its answers fed, until it says
 * that it is done. Thread that dispatches.
 */
#ifndef SVC_BACKEND_DNS_RUN_H
#define SVC_BACKEND_DNS_RUN_H

#include "backend/dns_ask.h"
#include "dns/lookup.h"
#include "io/loop.h"

#include <svc/svc.h>

struct svc__dns_run;

/* Who answered the first questions for A, AAAA and SRV, which are those of the
 * name itself: indexes of servers, or -1. */
struct svc__dns_said {
    int a;
    int aaaa;
    int srv;
};

/* Nobody. */
extern const struct svc__dns_said svc__dns_said_nobody;

/* What a lookup comes to. With is_done the run is over, and is to be freed
 * (also from inside the call); before, a view may come that is not whole. */
struct svc__dns_outcome {
    struct svc__view *view; /* taken, or NULL */
    enum svc__lookup_found found;
    int is_partial;
    int is_done;
    const svc_error *error; /* with is_done and no view; borrowed */
    enum svc__lookup_zonal zonal;
    struct svc__dns_said said;
};

struct svc__dns_run_settings {
    const struct svc__query *query; /* borrowed for the call */
    struct svc__loop *loop;
    struct svc__dns_ask *ask;
    struct svc__lookup_env env; /* before is borrowed for the call */
    struct svc__dns_said avoid; /* as for svc__dns_ask_want, by type */
    void (*outcome)(void *arg, const struct svc__dns_outcome *outcome);
    void *arg;
};

/* Begins; outcome is called later, never from inside. Owned. 0 or what
 * svc__lookup_new says. */
int svc__dns_run_new(const struct svc__dns_run_settings *settings,
                     struct svc__dns_run **ret, svc_error *reterr);
/* No outcome any more. NULL is allowed. */
void svc__dns_run_free(struct svc__dns_run *run);

#endif
