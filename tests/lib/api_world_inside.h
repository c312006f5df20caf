/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a small API server: api_world.c has the objects and their
 * history, api_world_serve.c answers requests. The lock protects all of it; the
 * server's own lock is taken inside of it, never the other way round.
 */
#ifndef TESTS_LIB_API_WORLD_INSIDE_H
#define TESTS_LIB_API_WORLD_INSIDE_H

#include "api_world.h"

#include <pthread.h>
#include <stddef.h>

#define API_RULES_MAX 32

struct api_object {
    enum api_kind kind;
    char namespace_[64];
    char name[64];
    char service[64]; /* whose slice it is */
    unsigned long uid;
    unsigned long revision;
    char *labels; /* members of JSON, or NULL */
    char *rest;
};

struct api_objects {
    struct api_object *list;
    size_t count;
};

/* One change. */
struct api_change {
    const char *type; /* "ADDED" … */
    char before[64];  /* the Service that the slice belonged to */
    struct api_object object;
};

/* What a request is about. */
struct api_scope {
    enum api_kind kind;
    char namespace_[64]; /* "": all */
    char name[64];       /* "": all */
    char service[64];    /* "": all */
};

struct api_stream {
    struct api_request request;
    struct api_scope scope;
};

struct api_world {
    pthread_mutex_t lock;
    struct api_server *server;
    struct api_objects objects;
    struct api_change *history; /* since ever */
    size_t changes;
    unsigned long revision;
    unsigned long uid;
    unsigned long oldest; /* a watch from before it has expired */
    int expires_by_http;
    int no_watch_list;
    struct api_stream *streams;
    size_t stream_count;
    struct api_rule rules[API_RULES_MAX];
    size_t rule_count;
};

/* All locked. */

/* Appends to a text that grows; *text begins as NULL. */
void api_append(char **text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The object in JSON. */
void api_object_print(const struct api_object *o, char **text);

int api_scope_has(const struct api_scope *scope, const struct api_object *o);

/* Forgets the streams whose connection has ended. */
void api_streams_sweep(struct api_world *w);

/* Tells a stream of a change, if it concerns it. */
void api_stream_tell(const struct api_stream *stream,
                     const struct api_change *change);

/* A bookmark, with the end of the initial events or not. */
void api_stream_bookmark(const struct api_stream *stream,
                         unsigned long revision, int is_end);

#endif
