/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known by key, and when to ask again: fresh, stale, negative; one
 * question at a time for a key, however many want it; asked again ahead of its
 * end for as long as somebody wants it; an answer that would empty a set is
 * confirmed first. In step form: events with their time go in, actions are
 * taken out until there are none. Knows nothing of DNS. Pure; one thread at a
 * time.
 */
#ifndef SVC_CACHE_CACHE_H
#define SVC_CACHE_CACHE_H

#include "base/hash.h"
#include "base/heap.h"
#include "base/list.h"
#include "model/view.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

#define SVC__CACHE_KEY_MAX 1024

/* For how long the last good set is kept against an answer or a failure that
 * speaks against it: 0 drops it (an answer: once it is confirmed), -1 keeps it
 * without limit. */
struct svc__cache_settings {
    size_t entries_max;       /* 10,000 */
    int64_t ttl_min_ms;       /* 1,000 */
    int64_t ttl_max_ms;       /* 3,600,000 */
    int64_t negative_max_ms;  /* 5,000 */
    int64_t nxdomain_keep_ms; /* 0 */
    int64_t nodata_keep_ms;   /* 0 */
    int64_t error_keep_ms;    /* -1 */
    int64_t max_stale_ms;     /* -1; else the bound of the three above */
    size_t user_size;         /* bytes of each entry that are the owner's, as
                                 many as a struct may have; or 0 */
    uint64_t seed;            /* of the jitter */
    struct svc__hash_key hash_key;
};

enum svc__cache_found {
    SVC__CACHE_HAVE,
    SVC__CACHE_NXDOMAIN,
    SVC__CACHE_NODATA
};

struct svc__cache;

/* One key. Members are for reading but for user. */
struct svc__cache_entry {
    char *key;
    void *user;             /* the owner's: who wants it. Its user_size bytes,
                               zeroed at first and gone with the entry */
    size_t wanted;          /* by how many */
    struct svc__view *view; /* what is to be shown; NULL before an answer.
                               Replaced only by the cache, at times while a
                               question is out */
    int64_t answered_ms;    /* when the source last stood by view */
    int is_stale; /* its time is over, or something known speaks against it */
    int trouble;  /* code of the trouble that is told, or 0; the story is in
                     svc__cache_trouble */
    /* the cache's own follow */
    struct svc__cache *cache;
    struct svc__heap_node due;
    struct svc__list link;   /* in one of the lists of what may be evicted */
    struct svc__list action; /* in the list of entries with actions */
    struct svc__view *held;  /* an answer that is not believed, or not shown
                                by policy; or NULL */
    enum svc__cache_found found;   /* what view is */
    enum svc__cache_found doubted; /* what held is */
    unsigned actions;
    int asking;         /* a question is out */
    int confirming;     /* it is to confirm */
    int again;          /* its answer is to be asked for anew */
    int idle_in;        /* which of the lists link is in */
    int visited;        /* wanted more than once */
    int failed;         /* code of the last failure, 0 after an answer */
    unsigned failures;  /* in a row: the step of the back-off */
    char *story;        /* message and hint of the trouble, or NULL */
    int64_t expires_ms; /* when the time of view is over */
    int64_t ask_ms;     /* when to ask next, unless a question is out */
    int64_t last_ms;    /* when an answer or a failure last came */
    int64_t doubted_ms; /* when held came; -1: it is believed, or none */
    int64_t against_ms; /* since when something speaks against view; -1 */
    int64_t waiting_ms; /* since when view could be shown stale; -1 */
    int64_t drop_ms;    /* when view goes by policy */
};

enum svc__cache_do {
    SVC__CACHE_ASK = 1 << 0,  /* ask the source; answer or fail will follow */
    SVC__CACHE_SHOW = 1 << 1, /* view is new, or confirmed: deliver it */
    SVC__CACHE_TELL = 1 << 2, /* there is trouble (again), or it has ended:
                                 tell it; behind SHOW */
    SVC__CACHE_GONE = 1 << 3  /* the entry is about to go, its user too; nobody
                                 wants it and nothing is asked for it */
};

struct svc__cache_action {
    struct svc__cache_entry *entry;
    enum svc__cache_do what; /* one of them */
    int confirm; /* ASK: of another server than the last time, if there is one
                  */
};

struct svc__cache_stats {
    uint64_t entries;
    uint64_t negative; /* of them */
    uint64_t hits;     /* wanted and fresh, positive or negative */
    uint64_t misses;   /* wanted and had to be asked */
    uint64_t joined;   /* wanted while it was being asked */
    uint64_t stale;    /* shown although its time was over */
    uint64_t refreshes;
    uint64_t confirmations; /* questions asked to confirm */
    uint64_t refuted;       /* doubtful answers that were not confirmed */
    uint64_t evicted;
};

/* Settings are copied; what makes no sense (a bound below another) is raised
 * or cut. Owned; NULL when out of memory. */
struct svc__cache *svc__cache_new(const struct svc__cache_settings *settings);
/* Frees all entries; their users must be gone. NULL is allowed. */
void svc__cache_free(struct svc__cache *c);

/* Somebody wants a key: the entry, made if need be, wanted once more. What is
 * fresh is shown (action SHOW, to all who want it). Else it is asked, unless it
 * was asked within ttl_min_ms; what is past its time is shown after 1.8 s
 * without an answer (RFC 8767 section 5), at once when there is trouble. 0;
 * SVC_ENOMEM; SVC_ETOOBIG when all entries_max entries are in use, or for a key
 * longer than SVC__CACHE_KEY_MAX. */
int svc__cache_want(struct svc__cache *c, const char *key, int64_t now_ms,
                    struct svc__cache_entry **ret);
/* One less. The entry may go with a later action GONE, or stay for others. */
void svc__cache_unwant(struct svc__cache_entry *e, int64_t now_ms);

/* The caller saw trouble: ask now, unless a question is out, an answer is being
 * confirmed, or the last answer or failure is younger than ttl_min_ms. */
void svc__cache_refresh(struct svc__cache_entry *e, int64_t now_ms);

/* Everything is to be asked anew: the servers have changed. What is wanted is
 * asked within the next second at most, what is not expires. */
void svc__cache_refresh_all(struct svc__cache *c, int64_t now_ms);

/* The source answered. view is taken; its ttl_ms is as the source said, -1 for
 * none, and becomes what the cache makes of it: at least ttl_min_ms, at most
 * ttl_max_ms or negative_max_ms, ttl_min_ms for none. Its confirmed_ms becomes
 * now_ms. What the answer does:
 * - nothing or a negative answer was shown: it is shown at once;
 * - it is negative, or more than half of four or more usable candidates are
 *   gone, while a set is shown: the set stays, and 1 s later another server is
 *   asked (ASK with confirm). A second such answer is believed; another answer
 *   refutes the first; 5 s after the first it is believed as it is. A negative
 *   answer that is believed may still be held back by nxdomain_keep_ms or
 *   nodata_keep_ms (since the first one): then the set is stale, and the
 *   answer's code and message are the trouble;
 * - else it is shown. */
struct svc__cache_answer {
    struct svc__view *view;
    enum svc__cache_found found;
    int is_partial; /* more is to come: shown unless it takes something away,
                       and the question stays out; with is_last: some of it did
                       not come, ask again soon */
    int is_last;    /* the question is over */
};
void svc__cache_answer(struct svc__cache_entry *e,
                       const struct svc__cache_answer *answer, int64_t now_ms);

/* The source could not be asked, or did not know. The error is copied. It is
 * told once view is past its time, or when there is none. By error_keep_ms
 * (counted from the first failure, and never before view is past its time) the
 * view is then replaced by an empty copy with the error's code and story. Asked
 * again after 0.8 s, doubled up to 30 s, with full jitter (faults R4), as long
 * as it is wanted. */
void svc__cache_fail(struct svc__cache_entry *e, const svc_error *error,
                     int64_t now_ms);

/* Nobody wanted it any more when it was its turn to be asked: it was not, and
 * whoever comes next asks. */
void svc__cache_unasked(struct svc__cache_entry *e, int64_t now_ms);

/* The trouble that is told: its code, 0 for none. With a code *ret has its
 * story. */
int svc__cache_trouble(const struct svc__cache_entry *e, svc_error *ret);

/* Takes the next action: 1, or 0 when there is none. To be called until then
 * after each of the functions above and svc__cache_due. An entry that was GONE
 * is freed by the next call. */
int svc__cache_next(struct svc__cache *c, struct svc__cache_action *ret);

/* When svc__cache_due has something to do; INT64_MAX: never by itself. */
int64_t svc__cache_due_ms(const struct svc__cache *c);
void svc__cache_due(struct svc__cache *c, int64_t now_ms);

void svc__cache_stats(const struct svc__cache *c, struct svc__cache_stats *ret);

#endif
