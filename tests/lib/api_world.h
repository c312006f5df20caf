/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small API server: Services, EndpointSlices and Nodes with one counting
 * resourceVersion, from which lists, watch-lists and watches are answered as
 * kube-apiserver does (semantics 2.10). A test changes objects, and each watch
 * is told; or it lets time do what it does: history expires, the server goes
 * away, comes back, or comes back older. Rules answer chosen requests in
 * another way. Any thread; a rule's answer runs on the server's.
 */
#ifndef TESTS_LIB_API_WORLD_H
#define TESTS_LIB_API_WORLD_H

#include "api_server.h"

#include <stddef.h>

enum api_kind {
    API_SERVICES,
    API_SLICES,
    API_NODES
};

struct api_world;

/* Owned. Revision 1000, with no object. */
struct api_world *api_world_new(void);
void api_world_free(struct api_world *w);
struct api_server *api_world_server(struct api_world *w);

/* ---- objects ------------------------------------------------------------- */

/* Makes or changes "namespace/name". The rest is what follows metadata: members
 * of JSON without braces. Of a Service NULL: ClusterIP 10.96.0.1, with port
 * "http" 80 to 8080. */
void api_world_service(struct api_world *w, const char *name, const char *rest);

/* The slice of a Service. Addresses are separated by spaces: "10.0.0.1" is
 * ready, "10.0.0.2!" is not, "10.0.0.3~" terminates and serves; with port
 * "http" 8080. */
void api_world_slice(struct api_world *w, const char *name, const char *service,
                     const char *addresses);
void api_world_slice_rest(struct api_world *w, const char *name,
                          const char *service, const char *rest);
/* Of a Node: "metadata.labels" and the rest. */
void api_world_node(struct api_world *w, const char *name, const char *labels,
                    const char *rest);
void api_world_delete(struct api_world *w, enum api_kind kind,
                      const char *name);

/* A Service "dev/NAME" with one slice. */
void api_world_pair(struct api_world *w, const char *name,
                    const char *addresses);

/* ---- time ---------------------------------------------------------------- */

unsigned long api_world_revision(struct api_world *w);

/* All before now is forgotten: who watches from there is told 410 by an event,
 * or, with by_http, by the response's status. Watches that run go on. */
void api_world_expire(struct api_world *w, int by_http);

/* Watches that run are told the revision. */
void api_world_bookmark(struct api_world *w);

/* Watches that run end: as when their time is over. */
void api_world_end_watches(struct api_world *w);

/* A line for all watches that run of objects of a kind, as it stands; a line
 * feed follows. */
void api_world_push(struct api_world *w, enum api_kind kind, const char *line);

/* Goes back to what it was at a revision: a backup of etcd was put back, and
 * the server started anew: all connections end. */
void api_world_rewind(struct api_world *w, unsigned long revision);

/* How many watches run. */
unsigned api_world_watches(struct api_world *w);

/* ---- rules --------------------------------------------------------------- */

enum api_deed {
    API_ANSWERS, /* with status, headers and body */
    API_SILENT,  /* not at all */
    API_HANGS_UP,
    API_HANGS_UP_HARD, /* with a reset */
    API_CALLS          /* script, with arg */
};

/* What becomes of a request whose line has this text. */
struct api_rule {
    const char *text;
    int times; /* so often; 0: always */
    enum api_deed deed;
    int status;
    const char *headers; /* NULL: none */
    const char *body;    /* NULL: none */
    api_script script;
    void *arg;
};

/* Adds a rule (copied; its texts are borrowed); the first that matches counts.
 */
void api_world_rule(struct api_world *w, const struct api_rule *rule);
void api_world_no_rules(struct api_world *w);

/* A server that knows no watch-list, or that may not be asked for one. */
void api_world_no_watch_list(struct api_world *w);

/* Answers as if there were no rule. */
void api_world_serve(struct api_world *w, const struct api_request *q);

/* ---- texts --------------------------------------------------------------- */

/* An object as the API prints it, in the revision in which it is now; owned
 * (free). It must be there. */
char *api_world_text(struct api_world *w, enum api_kind kind, const char *name);

/* A Status as body of a failed request. */
#define API_STATUS(code, reason, message)                                      \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"              \
    "\"status\":\"Failure\",\"message\":\"" message "\",\"reason\":\"" reason  \
    "\",\"code\":" #code "}"
#define API_ERROR(code, reason, message)                                       \
    "{\"type\":\"ERROR\",\"object\":" API_STATUS(code, reason, message) "}"

#endif
