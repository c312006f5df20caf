/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookups as scripts in virtual time. A query is a line as of kube_query, with
 * more words:
 *
 *   shop/web port=80 cluster=c1 (of a set of clusters) topo=a pin (zonal)
 *   external/www.example.com port=http
 *   caller=a (the caller's topology zone) zonal=yes|no
 *
 * A script is a list of events, each a line:
 *
 *   "0 start"                                 "50 due"
 *   "1 A NOERROR | @ 30 A 10.0.0.1"           the answer to a question that is
 *   "1 SRV _http._udp.web.shop.~ NXDOMAIN"    out, the first of that type, or
 *                                             of that type and name
 *   "9 AAAA SVC_ETIMEDOUT"                    its failure
 *
 * A name that ends in "~" ends in "svc.cluster.local". What comes of it is
 * written down, a line for each event that has a result:
 *
 *   [ 0] ask A web.shop.~, AAAA web.shop.~
 *   [ 1] due 51
 *   [51] part HAVE ttl 30 Unknown/auto 10.0.0.1:80
 *   [60] done NXDOMAIN ttl 5 Unknown/auto SVC_ENOSERVICE
 *   [70] done error SVC_ETIMEDOUT
 */
#ifndef SVC_TESTS_LIB_LOOKUP_PLAY_H
#define SVC_TESTS_LIB_LOOKUP_PLAY_H

#include "dns/lookup.h"
#include "dns_build.h"
#include "kube_build.h"

#include <stddef.h>

#define PLAY_MAX 16384

struct lookup_play {
    struct kube_query query;
    char line[512];
    struct svc__lookup_env env;
    struct svc__lookup *lookup;
    struct svc__view *view; /* the last one given out, or NULL */
    svc_error error;        /* of the last action, or of the making */
    int is_done;
    int is_out_of_memory;
    unsigned char answered[SVC__LOOKUP_QUESTIONS_MAX];
    size_t asked;
    struct dns_message message;
    struct svc__wire_message answer; /* what is in it */
    char out[PLAY_MAX];
    size_t out_size;
};

/* Begins a lookup; before is borrowed until the end, trace as in its
 * environment. 0 or a code. */
int lookup_play_begin(struct lookup_play *p, const char *query,
                      const struct svc__view *before, svc__clock_fn trace);

/* One event. */
void lookup_play_event(struct lookup_play *p, const char *event);

void lookup_play_end(struct lookup_play *p);

/* Plays a script and compares what was written down; fails the test with both
 * texts. The play stays open, for the view that was made last. */
void lookup_play(struct lookup_play *p, const char *query,
                 const char *const *events, const char *want);

#endif
