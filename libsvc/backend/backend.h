/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of a backend, the environment that it runs in, and finding one by
 * name. All members run on the loop thread, no lock held, never concurrently.
 */
#ifndef SVC_BACKEND_BACKEND_H
#define SVC_BACKEND_BACKEND_H

#include "backend/surroundings.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/log.h"
#include "io/loop.h"
#include "model/view.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* One subscription: core owns it, the backend links it into its own list. */
struct svc__sub {
    struct svc__query query; /* strings borrowed until unsubscribe */
    svc__clock_fn trace;     /* NULL, or: write steps into the views */
    struct svc__list link;   /* the backend's */
    void *place;             /* the backend's too: where it belongs there */
    int is_covered;          /* the backend's too, set before a fail: another
                                source stands in, and what it said last is fresh
                                all the same */
    int is_told;             /* likewise: the log has it from another one */
    void *owner;             /* core's */
};

/* Numbers that a source keeps for svc_stats; the loop writes, any thread
 * reads. */
struct svc__source_stats {
    _Atomic uint64_t files_read;
    _Atomic uint64_t files_refused;
    _Atomic uint64_t bytes_read;
    _Atomic uint64_t objects_services;
    _Atomic uint64_t objects_slices;
    _Atomic uint64_t objects_nodes;
    _Atomic uint64_t objects_refused;
    _Atomic uint64_t objects_ignored;
    _Atomic uint64_t slices_fqdn;
    _Atomic uint64_t api_lists;   /* begun */
    _Atomic uint64_t api_watches; /* begun */
    _Atomic uint64_t api_events;  /* that counted */
    _Atomic uint64_t api_bookmarks;
    _Atomic uint64_t api_expired;  /* 410: the position was forgotten */
    _Atomic uint64_t api_failures; /* requests that failed */
    _Atomic uint64_t api_bytes;    /* of responses */
    _Atomic uint64_t dns_queries;  /* packets sent */
    _Atomic uint64_t dns_queries_tcp;
    _Atomic uint64_t dns_answers;  /* packets taken */
    _Atomic uint64_t dns_unwanted; /* packets thrown away */
    _Atomic uint64_t dns_timeouts;
    _Atomic uint64_t dns_failures;   /* questions without an answer */
    _Atomic uint64_t cache_names;    /* gauge */
    _Atomic uint64_t cache_negative; /* gauge, of them */
    _Atomic uint64_t cache_hits;
    _Atomic uint64_t cache_misses;
    _Atomic uint64_t cache_joined;
    _Atomic uint64_t cache_stale;
    _Atomic uint64_t cache_refreshes;
    _Atomic uint64_t cache_confirmations;
    _Atomic uint64_t cache_refuted;
    _Atomic uint64_t cache_evicted;
};

/* What the dns backend is told by the options. For how long an answer or a
 * failure does not empty a set: 0 not at all, -1 without limit. */
struct svc__backend_dns {
    const char *const *servers; /* "ADDR[:PORT]", NULL-terminated; NULL: those
                                   of resolv_conf */
    const char *resolv_conf;    /* path */
    const char *topo_zone;      /* the caller's topology zone, or NULL */
    int tcp;                    /* TCP only */
    int64_t nxdomain_keep_ms;
    int64_t nodata_keep_ms;
    int64_t error_keep_ms;
    int64_t max_stale_ms;
    int64_t ttl_min_ms;
    int64_t ttl_max_ms;
};

/* What the apiserver backend is told by the options. */
struct svc__backend_apiserver {
    const char *kubeconfig; /* files, separated by ':', or NULL: in-cluster
                               files, then KUBECONFIG, then ~/.kube/config */
    const char *context;    /* or NULL: current-context */
    int exec;               /* credential plugins may be run */
    const char *node;       /* the caller's, or NULL */
    const char *zone;       /* the caller's topology zone, or NULL: that of its
                               Node, then */
    const struct svc__backend_surroundings *surroundings;
};

/* What core gives a backend; borrowed until fini. The sink is two pointers, so
 * that no symbol points upwards. A member may call the sink at any time; the
 * sink only queues, it never calls back. */
struct svc__backend_env {
    struct svc__loop *loop;
    const struct svc__log *log;
    struct svc__hash_key hash_key;
    struct svc__source_stats *stats;
    const _Atomic int *stop;  /* not 0 once the resolver is being freed: give up
                                 what takes long */
    const char *const *files; /* file backend: NULL-terminated, or NULL */
    const char *manifest;     /* file backend: text in memory, or NULL */
    size_t manifest_size;
    const struct svc__backend_dns *dns; /* dns backend */
    const struct svc__backend_apiserver *apiserver;

    /* A complete view; taken. Ends an earlier trouble of the subscription. */
    void (*update)(struct svc__sub *sub, struct svc__view *view);
    /* Trouble: the last view stays. Copied. */
    void (*fail)(struct svc__sub *sub, const svc_error *error);
};

struct svc__check;

struct svc__backend_ops {
    const char *name;  /* "file" */
    size_t state_size; /* core allocates and zeroes it */
    /* Opens the source. 0 or a code; after a failure only fini follows. */
    int (*init)(void *state, const struct svc__backend_env *env,
                svc_error *reterr);
    /* Begins to deliver: the first view or trouble comes at once or later. 0,
     * or a code with nothing begun. */
    int (*subscribe)(void *state, struct svc__sub *sub, svc_error *reterr);
    /* No sink call for sub after return. */
    void (*unsubscribe)(void *state, struct svc__sub *sub);
    /* The caller wants it fresh: check the source now. */
    void (*refresh)(void *state, struct svc__sub *sub);
    /* NULL, or: the caller's namespace as the source's configuration says it,
     * owned; NULL where it says none or cannot be read. 0 or SVC_ENOMEM. Any
     * thread, without a state. */
    int (*caller_namespace)(const struct svc__backend_apiserver *settings,
                            char **ret);
    /* Safe after a failed init. */
    void (*fini)(void *state);
    /* Looks whether all is well with the source: notes what it finds, at once
     * or later (backend/check.h). NULL: it has nothing to say. */
    void (*check)(void *state, struct svc__check *c);
    /* Ends that; nothing is noted after return. NULL where check is. */
    void (*uncheck)(void *state, struct svc__check *c);
};

/* Built backends, NULL-terminated; made by CMake. */
extern const struct svc__backend_ops *const svc__backend_table[];

/* A library that a built backend uses, whose version may be another than that
 * of its header. */
struct svc__backend_library {
    const char *name;
    const char *(*version)(void); /* static text of the one that runs */
};

/* Those of the built backends, ending with a NULL name; made by CMake. */
extern const struct svc__backend_library svc__backend_libraries[];

/* By name. SVC_ENOTSUP names those built when this one is known but left
 * out, SVC_EINVAL lists the valid words for any other. */
int svc__backend_find(const char *name, const struct svc__backend_ops **ret,
                      svc_error *reterr);

/* Names of the built backends, "file, dns", written into ret. */
void svc__backend_names(char *ret, size_t size);

/* Where the caller is, from the environment: one owned string a member, NULL
 * where unknown. */
struct svc__backend_defaults {
    char *namespace_;     /* never NULL */
    int namespace_said;   /* somebody said so: it is not just "default" */
    char *cluster_domain; /* never NULL */
    char *node;           /* NODE_NAME */
    char *zone;           /* NODE_ZONE */
};

/* Reads the service-account namespace file, resolv.conf and NODE_NAME,
 * NODE_ZONE (semantics 2.1 rule 4, docs/names.md). A file that is not there
 * says nothing; a value that is not a valid name is ignored with a warning. 0
 * or SVC_ENOMEM (also out of descriptors). */
int svc__backend_defaults_read(const struct svc__log *log,
                               struct svc__backend_defaults *ret);
void svc__backend_defaults_fini(struct svc__backend_defaults *d);

/* Where the files are that say so. */
struct svc__backend_places {
    const char *namespace_file;
    const char *resolv_conf;
};
extern const struct svc__backend_places svc__backend_usual;

/* As svc__backend_defaults_read, from other files than the usual ones. */
int svc__backend_defaults_read_from(const struct svc__log *log,
                                    const struct svc__backend_places *places,
                                    struct svc__backend_defaults *ret);

#endif
