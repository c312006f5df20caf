/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stream of objects from the API server to the store: joins a reflector
 * with its request, the frame and the decoders. Thread that dispatches.
 */
#ifndef SVC_BACKEND_APISERVER_FEED_H
#define SVC_BACKEND_APISERVER_FEED_H

#include "backend/apiserver_call.h"
#include "backend/backend.h"
#include "base/map.h"
#include "base/trouble.h"
#include "kube/frame.h"
#include "kube/reflector.h"
#include "kube/slice.h"
#include "kube/store.h"

#include <stdint.h>
#include <svc/svc.h>

/* Bytes a second that a list must bring (faults A22). */
#define SVC__FEED_LIST_RATE 1024

/* Endpoints and objects in one list, and after an event in all: seven times the
 * largest clusters that Kubernetes supports (150,000 pods). */
#define SVC__FEED_OBJECTS_MAX 1000000

/* Refused objects that are told one by one, of each list. */
#define SVC__FEED_WARNINGS_MAX 10

struct svc__apiserver_feed;

/* What all feeds of a backend share; borrowed until they are freed. */
struct svc__apiserver_feeds {
    const struct svc__backend_env *env;
    struct svc__apiserver *server;
    struct svc__store *store;
    struct svc__slice_decoder *decoder;
    /* Which resource is being written to the store while the store tells of
     * changes. */
    enum svc__reflector_resource writing;
    uint64_t clock; /* counts what is opened and begun, to tell before from
                       after */
    /* Whether the objects of a Service are wanted. */
    int (*wants)(void *arg, const char *namespace_, const char *service);
    /* A whole list was committed, or the trouble of the feed changed. */
    void (*changed)(void *arg, struct svc__apiserver_feed *feed, int synced);
    /* A chunk of events was written to the store, or something left it. */
    void (*written)(void *arg);
    /* A namespace's whole list is to be committed, which passed over what
     * nobody wanted yet: calls svc__apiserver_object_carry for each Service
     * that was opened since it began. 0 or SVC_ENOMEM. */
    int (*carry)(void *arg, struct svc__apiserver_feed *feed);
    void *arg;
};

struct svc__apiserver_feed {
    struct svc__apiserver_feeds *all;
    struct svc__reflector_scope scope; /* borrows the two: */
    char *namespace_;
    char *service;
    struct svc__reflector *machine;
    struct svc__apiserver_call call;
    struct svc__buf path;     /* of the call */
    struct svc__buf body;     /* of a failed response, its beginning */
    struct svc__frame *frame; /* of the running response, or NULL */
    size_t document;          /* in which what came of it ends, as was told */
    struct svc__timer timer;
    struct svc__map pile;    /* "namespace/name" to an object, one reference:
                                what the running list will replace with */
    struct svc__map refused; /* name to svc__apiserver_refused, of the list */
    int is_direct;   /* nothing to replace: the list goes to the store */
    int is_passive;  /* the wide feed brings all that this one does */
    int is_rewound;  /* a list that goes back was not committed yet */
    uint64_t piled;  /* endpoints and objects in it, for the bound */
    unsigned warned; /* objects refused since the list began */
    int is_begun;    /* something of the running list came */
    uint64_t begun;  /* all->clock when its first object came */
    uint64_t listed; /* begun of the list that is in the store */
    struct svc__trouble trouble;      /* as it was told last, and */
    int is_lost;                      /* whether it is a 403 to be believed */
    uint64_t request;                 /* number of the request that runs */
    int is_synced;                    /* a whole list is in the store */
    int is_written;                   /* to the store, by the chunk in hand */
    struct svc__reflector_stats told; /* of its numbers */
    void *owner;                      /* the plan's */
};

/* Begins to listen. Strings of the scope are copied. Owned. 0 or SVC_ENOMEM. */
int svc__apiserver_feed_new(struct svc__apiserver_feeds *all,
                            const struct svc__reflector_scope *scope,
                            void *owner, struct svc__apiserver_feed **ret,
                            svc_error *reterr);
/* What it brought stays in the store. NULL is allowed. Not from inside changed
 * or written. */
void svc__apiserver_feed_free(struct svc__apiserver_feed *feed);

/* Somebody is in a hurry: a pause ends. */
void svc__apiserver_feed_hurry(struct svc__apiserver_feed *feed);

int svc__apiserver_feed_is_synced(const struct svc__apiserver_feed *feed);

#endif
