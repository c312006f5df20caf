/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes objects, questions and answers as one line of text each, so that
 * a table of facts fits on a page.
 *
 *   Service shop/web type=NodePort ip=10.96.0.1 family=4 port=http:80/TCP
 *       nodeport=30080 app=h2c etp=Local itp=Local affinity selector
 *   Service shop/db headless selector          Service shop/x external=a.b
 *   Service shop/lb type=LoadBalancer lb=1.2.3.4 lberror=80:quota
 *       lbhost=a.b
 *   Slice shop/web-1 of=web rv=7 type=IPv4 port=http:8080/TCP port=:null/UDP
 *       @10.0.0.1 node=n1 zone=a zonehint=a zonehint=b nodehint=n1 host=web-0
 *       pod=web-0 cond=rst (ready serving terminating; "cond=-": none)
 *   Node n1 zone=a v4=192.168.0.1 v6=fd00::1 notready
 *   Delete Slice shop/web-1
 *   Refuse Service shop/web why this is so     Refuse Slice shop/web why
 *   Refuse One shop/web-1 web why
 *   Update Slice shop/web-1 of=web rv=7 …      (as a watch tells it)
 *   Remove Slice shop/web-1 of=web rv=8
 *
 * nodeport= and app= belong to the port before them, the words after @ to that
 * endpoint. An endpoint is ready and serving unless cond= says otherwise; a
 * port without protocol is TCP.
 */
#ifndef SVC_TESTS_LIB_KUBE_BUILD_H
#define SVC_TESTS_LIB_KUBE_BUILD_H

#include "kube/decode.h"
#include "kube/slice.h"
#include "kube/store.h"
#include "model/view.h"
#include "policy/eligible.h"

#include <stddef.h>

#define KUBE_TEXT_MAX 8192

/* Objects of one line, shared (unref). A line that cannot be read ends the
 * test program. NULL only when out of memory. */
struct svc__service_object *kube_service(const char *line);
struct svc__slice *kube_slice(const char *line);
struct svc__node_object *kube_node(const char *line);

/* A store with a fixed key, source "test". */
struct svc__store *kube_store_new(void);

/* Does what a line says. The code of the store's function. */
int kube_apply(struct svc__store *st, const char *line);

/* A question with room for its strings:
 *
 *   shop/web port=80 (or port=http) proto=udp view=vip family=6 host=web-0
 *       allow=loopback
 *
 * and where the caller is: node=n1 zone=a outside. */
struct kube_query {
    struct svc__query q;
    struct svc__eligible_env env;
    char text[512];
};

void kube_query(struct kube_query *ret, const char *line);

/* An answer in one line: the code if there is one, "alias NAME:PORT", then the
 * candidates in order of publishing, usable ones first, each as
 * "10.0.0.1:80/TCP" (port "?" when unknown, protocol left out when unknown),
 * the others with their reasons: "10.0.0.2:80/TCP(not-ready)". */
void kube_view_text(const struct svc__view *v, char ret[KUBE_TEXT_MAX]);

/* Asks the store, runs the filter, and writes the answer; a failure of the
 * store is written as its code. */
void kube_answer(const struct svc__store *st, const char *query,
                 char ret[KUBE_TEXT_MAX]);

/* The same, and the view (owned, NULL on failure). */
struct svc__view *kube_view(const struct svc__store *st, const char *query,
                            svc__clock_fn trace, svc_error *reterr);

/* One row of a table of facts: these lines, then this question, have this
 * answer. */
struct kube_fact {
    const char *name;
    const char *lines[10]; /* up to the first NULL */
    const char *query;
    const char *answer;
};

/* Checks each in a store of its own; fails the test with the name of every
 * fact that does not hold. */
void kube_check_facts(const struct kube_fact *facts, size_t count);

#endif
