/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file backend on a loop of its own, with a sink that keeps what came last
 * and writes it as one line, and a log that can be searched. One at a time.
 */
#ifndef TESTS_LIB_FILE_RUN_H
#define TESTS_LIB_FILE_RUN_H

#include "backend/backend.h"

#include <svc/svc.h>

/* YAML of a Service with port 80, and of a slice of it with one endpoint at
 * port 8080, in namespace "shop"; each ends its document. */
#define SERVICE(name)                                                          \
    "apiVersion: v1\nkind: Service\n"                                          \
    "metadata: {name: " name ", namespace: shop}\n"                            \
    "spec: {ports: [{port: 80}]}\n---\n"
#define SLICE(name, service, address)                                          \
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"                   \
    "metadata: {name: " name ", namespace: shop,\n"                            \
    "  labels: {kubernetes.io/service-name: " service "}}\n"                   \
    "addressType: IPv4\nendpoints: [{addresses: [" address "]}]\n"             \
    "ports: [{port: 8080}]\n---\n"
#define WEB(address) SERVICE("web") SLICE("web-1", "web", address)
#define API(address) SERVICE("api") SLICE("api-1", "api", address)

struct file_run {
    struct svc__loop *l;
    struct svc__log log;
    struct svc__source_stats stats;
    struct svc__backend_env env;
    void *state;
    char lines[65536]; /* of the log */
};

/* What a subscription heard. */
struct follower {
    struct svc__sub sub;
    struct svc__view *view;
    svc_error trouble; /* code 0: none since the last view */
    int updates;
    int fails;
    char line[512];
};

/* Opens the backend on files (borrowed, may be NULL) and text (may be NULL).
 * What init returned; when that is not 0 it was closed again. */
int file_run_open(struct file_run *run, const char *const *files,
                  const char *text, svc_error *reterr);
void file_run_close(struct file_run *run);

/* Rounds until nothing is left to be read. */
void file_run_settle(struct file_run *run);

/* How many lines of the log have this text; forgets nothing. */
int file_run_logged(const struct file_run *run, const char *text);

/* Subscribes to port 80 of a Service in namespace "shop". */
void file_run_follow(struct file_run *run, struct follower *f,
                     const char *service);
void file_run_leave(struct file_run *run, struct follower *f);

/* The last view as "10.0.0.1:8080 10.0.0.2:8080" or "SVC_ENOSERVICE", "-"
 * before the first; with " (SVC_EFILE)" behind it in trouble. */
const char *file_run_heard(struct follower *f);

#endif
