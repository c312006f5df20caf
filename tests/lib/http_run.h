/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of connections, a scripted server, and requests with what became of
 * them.
 */
#ifndef TESTS_LIB_HTTP_RUN_H
#define TESTS_LIB_HTTP_RUN_H

#include "http_server.h"
#include "io/http.h"

#include <stddef.h>
#include <svc/svc.h>

#define HTTP_RUN_BODY_MAX ((size_t)64 * 1024)

struct http_run {
    struct svc__loop *loop;
    struct svc__http *http;
    struct http_server server;
    char url[96]; /* "http://127.0.0.1:port/path" */
};

/* A request, and what became of it. */
struct http_probe {
    struct svc__http_request q;
    struct http_run *run;
    int answered; /* calls */
    int done;     /* calls */
    int err;
    svc_error error;
    size_t size;
    char body[HTTP_RUN_BODY_MAX + 1]; /* the first bytes, with a NUL */
    /* What is done from inside, once. */
    struct http_probe *stop_answered;
    struct http_probe *stop_data;
    struct http_probe *stop_done;
    struct http_probe *start_answered;
    struct http_probe *start_data;
    struct http_probe *start_done;
};

/* Opens all; settings may be NULL, its loop is filled in. */
void http_run_open(struct http_run *run,
                   const struct svc__http_settings *settings);
void http_run_close(struct http_run *run);

/* A probe for the server's URL, with its callbacks. */
void http_run_probe(struct http_run *run, struct http_probe *p);
void http_run_start(struct http_probe *p);

/* Starts it, takes its connection and its request. */
void http_run_ask(struct http_run *run, struct http_probe *p);
/* Runs until it is done. */
void http_run_wait(struct http_probe *p);

/* Ended well, with this status and body. */
void http_run_good(const struct http_probe *p, int status, const char *body);
/* Ended badly, with this code and these words in the message. */
void http_run_bad(const struct http_probe *p, int err, const char *words);

#endif
