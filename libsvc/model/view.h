/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a backend delivers for a query: all candidates of one service, port and
 * view, with the reasons against each that the backend knows. Pure; one thread
 * at a time.
 */
#ifndef SVC_MODEL_VIEW_H
#define SVC_MODEL_VIEW_H

#include "base/hash.h"
#include "base/list.h"
#include "model/address.h"
#include "model/endpoint.h"
#include "model/query.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

enum svc__type {
    SVC__TYPE_UNKNOWN = 0,
    SVC__TYPE_CLUSTERIP,
    SVC__TYPE_HEADLESS,
    SVC__TYPE_NODEPORT,
    SVC__TYPE_LOADBALANCER,
    SVC__TYPE_EXTERNALNAME,
    SVC__TYPE_EXTERNAL,
    SVC__TYPE_LITERAL
};

/* One candidate: an endpoint at a port. */
struct svc__candidate {
    const struct svc__block *block;
    uint32_t index;        /* in block->endpoints */
    uint32_t app_protocol; /* offset in block->text, 0 absent */
    uint16_t why;          /* bits of enum svc_why so far */
    uint16_t given;        /* 1 + the weight that the caller gave; 0: none */
    uint16_t port;         /* 0: unknown */
    uint8_t proto;         /* enum svc__proto */
};

/* What an endpoint is known by from set to set. No byte of it is padding. */
struct svc__identity {
    struct svc__address address;
    uint8_t proto; /* enum svc__proto */
    uint16_t port;
};

/* The clock that stamps the steps of a view, in microseconds; NULL where no
 * steps are wanted. Handed in, since this layer reads no clock. */
typedef int64_t (*svc__clock_fn)(void);

/* One line of explain. */
struct svc__step {
    struct svc__list link;
    const char *step; /* static: "service", "port", "slices", … */
    int64_t at_us;    /* when it was written */
    char text[];
};

struct svc__view {
    size_t size;        /* of this allocation: texts and blocks may lie in it */
    int code;           /* 0, or why there is nothing to choose from */
    char *message;      /* with code: the story; may be NULL */
    char *hint;         /* with code: what to do; may be NULL */
    char *gap;          /* what the source could not read of it, told when
                           nothing is usable (semantics 2.11, 13); or NULL */
    const char *source; /* static: the backend's name */
    enum svc__type type;
    enum svc__view_kind kind;
    char *service;
    char *namespace_;
    char *canonical;      /* name that owns the addresses, or NULL */
    char *port_name;      /* of the port that answers, or NULL */
    uint16_t port;        /* its number in the Service, 0 unknown */
    int client_ip;        /* sessionAffinity: ClientIP */
    int64_t ttl_ms;       /* -1: none */
    int64_t confirmed_ms; /* when the source said so; -1: it tells changes by
                             itself, and stands by this until it does */

    /* Topology, for policy/eligible. */
    int local_only;    /* internalTrafficPolicy: Local */
    int topology_off;  /* hints are not looked at: a host was named, or the
                          candidates are no pods */
    char *caller_zone; /* of the query's node, or NULL: not known here */

    /* "This is an alias of NAME": an absolute domain without the final dot.
     * Then there are no candidates. alias_port_* say what to ask there. */
    char *alias;
    char *alias_port_name;
    uint16_t alias_port;

    struct svc__candidate *candidates;
    size_t count;
    size_t capacity;
    struct svc__block **blocks; /* one reference each */
    size_t block_count;
    size_t block_capacity;

    /* For the statistics. */
    uint64_t duplicates;
    uint64_t refused;

    svc__clock_fn trace;    /* NULL: write no steps down */
    struct svc__list steps; /* svc__step */
};

/* An empty view, owned; NULL when out of memory. */
struct svc__view *svc__view_new(const char *source, svc__clock_fn trace);
void svc__view_free(struct svc__view *v);

/* The same with its names (copied; or NULL) and room for two blocks, all in one
 * allocation. */
struct svc__view_names {
    const char *service, *namespace_, *canonical;
};
struct svc__view *svc__view_new_named(const char *source, svc__clock_fn trace,
                                      const struct svc__view_names *names);

/* Frees a text of v that is about to be replaced, wherever it lies. */
void svc__view_drop(const struct svc__view *v, void *ptr);

/* An owned copy that shares the blocks, without steps; NULL: out of memory. */
struct svc__view *svc__view_copy(const struct svc__view *v,
                                 svc__clock_fn trace);

/* Holds one reference to a block, once however often it is asked. 0 or
 * SVC_ENOMEM. */
int svc__view_hold(struct svc__view *v, struct svc__block *block);

/* Appends a candidate; its block must be held. 0 or SVC_ENOMEM. */
int svc__view_add(struct svc__view *v, const struct svc__candidate *c);

/* Makes room for so many candidates, where their number is known before. 0 or
 * SVC_ENOMEM. */
int svc__view_reserve(struct svc__view *v, size_t count);

/* Sets the code with its message (formatted) and no hint; drops an earlier
 * text. 0 or SVC_ENOMEM. */
__attribute__((format(printf, 3, 4))) int svc__view_fail(struct svc__view *v,
                                                         int code,
                                                         const char *format,
                                                         ...);

/* Takes the code back, with its message and hint. */
void svc__view_clear_code(struct svc__view *v);

/* Adds a hint to the code. 0 or SVC_ENOMEM. */
__attribute__((format(printf, 2, 3))) int svc__view_hint(struct svc__view *v,
                                                         const char *format,
                                                         ...);

/* Writes a step down when v->trace is set. 0 or SVC_ENOMEM. */
__attribute__((format(printf, 3, 4))) int svc__view_step(struct svc__view *v,
                                                         const char *step,
                                                         const char *format,
                                                         ...);

/* Moves all steps of from to the end of v's. */
void svc__view_take_steps(struct svc__view *v, struct svc__view *from);

/* Moves the step that was written last to the front, as one that came at
 * at_us, before all others. There is one. */
void svc__view_step_first(struct svc__view *v, int64_t at_us);

/* The endpoint of a candidate. */
static inline const struct svc__endpoint *svc__candidate_endpoint(
    const struct svc__candidate *c)
{
    return &c->block->endpoints[c->index];
}

/* Its share: what the caller gave before what the source said. */
static inline uint32_t svc__candidate_weight(const struct svc__candidate *c)
{
    return c->given != 0 ? c->given - 1u : svc__candidate_endpoint(c)->weight;
}

static inline struct svc__identity svc__candidate_identity(
    const struct svc__candidate *c)
{
    return (struct svc__identity){svc__candidate_endpoint(c)->address, c->proto,
                                  c->port};
}

/* Order of published sets: IPv4 before IPv6, then by bytes, port, protocol. */
int svc__candidate_compare(const struct svc__candidate *a,
                           const struct svc__candidate *b);

/* A keyed hash of the identity: address, port, protocol. */
uint64_t svc__candidate_hash(const struct svc__candidate *c,
                             const struct svc__hash_key *key);

/* Words of cli and options. The parsers return 0 or SVC_EINVAL. */
int svc__view_kind_parse(const char *word, enum svc__view_kind *ret);
int svc__family_parse(const char *word, enum svc__family *ret);
const char *svc__view_kind_name(enum svc__view_kind kind); /* NULL for NONE */
const char *svc__type_name(enum svc__type type);           /* "ClusterIP" … */

#endif
