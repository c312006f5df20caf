/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A resolver that listens to a small API server, in an external loop unless
 * the options say otherwise: nothing happens but in these calls. Time is real;
 * what is waited for is a state, and never a time, but for api_run_pass. One at
 * a time.
 */
#ifndef TESTS_LIB_API_RUN_H
#define TESTS_LIB_API_RUN_H

#include "api_world.h"
#include "scratch.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* What the lines of requests have in them. */
#define ASKS_SERVICES   "/services?"
#define ASKS_SLICES     "/endpointslices?"
#define ASKS_WATCH_LIST "sendInitialEvents=true"
#define ASKS_WATCH      "watch=1&resourceVersion="

struct api_run {
    struct api_world *world;
    struct api_server *server;
    struct scratch dir;
    svc_resolver_options options; /* for api_run_start */
    svc_resolver *r;
    char kubeconfig[128];
    void (*ahead)(int64_t ms); /* moves a clock of the test's own, or NULL; */
    int speed;                 /* while something is waited for, it goes so many
                                  times as fast */
    char text[65536];          /* of api_run_text */
    char *lines;               /* of the log */
};

/* The server, a kubeconfig that leads there without credentials, and options:
 * the apiserver backend, that kubeconfig, namespace "dev", zone "z", an
 * external loop; speed 25. The server has Service "dev/web" with 10.0.0.1. */
void api_run_open(struct api_run *run);
void api_run_close(struct api_run *run);
void api_run_start(struct api_run *run);
/* The resolver. */
void api_run_stop(struct api_run *run);

/* Opens a name, which must be good; of view pods unless it says which: who has
 * a kubeconfig is outside. */
svc_service *api_run_service(struct api_run *run, const char *name);

/* What a service has, as service_text says. Valid until the next call. */
const char *api_run_text(struct api_run *run, svc_service *s);

/* Dispatches once, for a moment. */
void api_run_look(struct api_run *run);

/* Dispatches until a service has this. */
void api_run_expect(struct api_run *run, svc_service *s, const char *text);

/* Opens a name and dispatches until it has this. */
svc_service *api_run_has(struct api_run *run, const char *name,
                         const char *text);

/* Starts, and opens "web:80", which has 10.0.0.1:8080. */
svc_service *api_run_web(struct api_run *run);

/* Changes the one slice of "web". */
void api_run_slice(struct api_run *run, const char *addresses);

/* Dispatches until the trouble of a service has this code (0: none) and this
 * text in its message or hint (NULL: any). */
svc_error api_run_trouble(struct api_run *run, svc_service *s, int code,
                          const char *text);

/* Dispatches until so many requests with this text have come. */
void api_run_asked(struct api_run *run, const char *text, unsigned count);

/* Dispatches until so many watches run, and what they began with was read. */
void api_run_watches(struct api_run *run, unsigned count);

/* Dispatches until holds returns not 0. */
void api_run_until(struct api_run *run, int (*holds)(struct api_run *run));

/* Dispatches for so long. */
void api_run_pass(struct api_run *run, int ms);

svc_stats api_run_stats(const struct api_run *run);

/* How many lines of the log have this text. */
int api_run_logged(const struct api_run *run, const char *text);

#endif
