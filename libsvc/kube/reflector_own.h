/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the reflector share: its state, and what one asks of the
 * other. For kube/reflector*.c only. Pure; one thread at a time.
 */
#ifndef SVC_KUBE_REFLECTOR_OWN_H
#define SVC_KUBE_REFLECTOR_OWN_H

#include "base/buf.h"
#include "base/rng.h"
#include "kube/reflector.h"

#include <stdint.h>

/* A watch lived when something came, or after so long (faults A28). After so
 * many requests in a row that led to nothing another way is tried. */
#define SVC__REFLECTOR_LIFE_MS    30000
#define SVC__REFLECTOR_FUTILE_MAX 3

/* Between tries of what only somebody else can cure, other than 403: TLS, no
 * credentials, 404. */
#define SVC__REFLECTOR_SLOW_MIN_MS 30000
#define SVC__REFLECTOR_SLOW_MAX_MS 60000

/* What a server may wish for with Retry-After; how long one that is behind is
 * given (faults A14). */
#define SVC__REFLECTOR_WISH_MAX_MS 300000
#define SVC__REFLECTOR_FUTURE_MS   1000

/* A hurry ends a pause this long after the last request began at the soonest;
 * the second one where somebody else must cure it. */
#define SVC__REFLECTOR_HURRY_MS      1000
#define SVC__REFLECTOR_HURRY_SLOW_MS 10000

enum svc__reflector_state {
    SVC__REFLECTOR_IDLE, /* not begun */
    SVC__REFLECTOR_PAUSED,
    SVC__REFLECTOR_RUNNING
};

enum svc__reflector_request {
    SVC__REFLECTOR_WATCH_LIST, /* a watch that begins with what there is */
    SVC__REFLECTOR_LIST,
    SVC__REFLECTOR_WATCH
};

/* What to think of a list that is older than what is known (faults A26, A27);
 * each answer of that kind leads one step further. */
enum svc__reflector_doubt {
    SVC__REFLECTOR_TRUST,     /* that server is behind: not believed */
    SVC__REFLECTOR_NOT_OLDER, /* the next list is asked to be no older */
    SVC__REFLECTOR_REWOUND    /* history went back: what comes is taken */
};

struct svc__reflector {
    struct svc__reflector_scope scope;
    struct svc__rng rng;
    enum svc__reflector_state state;
    int64_t due_ms;

    /* What is known, and what is asked next. */
    char version[SVC__VERSION_SIZE];
    int synced;
    int must_list;     /* version is no place to go on from */
    int no_watch_list; /* it was refused, or did not work: lists from now on */
    enum svc__reflector_doubt doubt;
    struct svc__buf more;                 /* of the list in hand */
    char list_version[SVC__VERSION_SIZE]; /* of its first part */
    unsigned parts;

    /* The request that runs, or ran last. */
    enum svc__reflector_request request;
    unsigned timeout_s;
    int64_t began_ms;
    int64_t deadline_ms;
    int64_t heard_ms;
    int64_t document_ms; /* since when it is in the same one, -1: in none */
    int is_collecting;   /* what comes will replace what is known */
    int is_listed;       /* LIST: it came whole, only its end did not */
    unsigned events;     /* of any type that is no failure */
    unsigned bookmarks;  /* among them */

    /* Failures. */
    int64_t pause_ms;      /* the next pause is shorter */
    int64_t healthy_ms;    /* since when all goes well, -1: it does not */
    int64_t relisted_ms;   /* the last time without a pause, -1: never */
    int64_t not_before_ms; /* the server's wish */
    unsigned futile;       /* requests in a row that led to nothing */
    unsigned brisk;        /* watches in a row that lived for moments */
    int64_t authorized_ms; /* the last time without a pause, -1: never */
    int64_t denied_ms;     /* the first 403 of a row, -1: none */
    int is_believed;       /* … is no news */
    int is_slow;           /* this pause is for somebody to change something */
    int authorize;
    int is_denied;     /* trouble is a 403 */
    svc_error trouble; /* code 0: none */
    struct svc__reflector_stats stats;
};

/* What one step works on. */
struct svc__reflector_turn {
    struct svc__reflector *rf;
    const struct svc__reflector_event *event;
    int64_t now_ms;
    struct svc__reflector_action *ret;
};

/* ---- reflector_next.c --------------------------------------------------- */

/* When the request that runs is to be looked at. Not touched by what comes
 * meanwhile: it is looked at in vain rather than set anew each time. */
int64_t svc__reflector_next_look_ms(const struct svc__reflector *rf);

/* What was collected will not be whole. */
void svc__reflector_next_abandon(struct svc__reflector_turn *t);

/* The next request at once: the next part of the list in hand, or what is
 * asked next. */
void svc__reflector_next_begin(struct svc__reflector_turn *t);

/* After a moment: where many clients are in the same situation at once (faults
 * A33), they come one after the other. */
void svc__reflector_next_spread(struct svc__reflector_turn *t);

/* After a pause at random, whose bound is doubled (faults R4), and what the
 * server wishes, -1: nothing. */
void svc__reflector_next_back_off(struct svc__reflector_turn *t,
                                  int64_t wish_ms);

/* After min_ms or more at random: somebody must change something first. */
void svc__reflector_next_slow(struct svc__reflector_turn *t, int64_t min_ms,
                              int64_t max_ms, int64_t wish_ms);

/* ---- reflector_fail.c --------------------------------------------------- */

/* From now on by LIST, at once. */
void svc__reflector_fail_fall_back(struct svc__reflector_turn *t);

/* The stream tells what was before what is known (faults A26). */
void svc__reflector_fail_went_back(struct svc__reflector_turn *t);

/* A status that is no success, of the response or of an ERROR event; body may
 * be NULL. */
void svc__reflector_fail_status(struct svc__reflector_turn *t, int status,
                                const struct svc__status *body);

/* The request failed without a word of the server's that would count: by the
 * code of the event or, if it has none, by code, with static words. */
void svc__reflector_fail_broken(struct svc__reflector_turn *t, int code,
                                const char *words);

/* An event of a watch does not end. */
void svc__reflector_fail_stuck(struct svc__reflector_turn *t);

/* A watch ends by itself, or was cut: by silence, or by what is on the way. */
void svc__reflector_fail_resume(struct svc__reflector_turn *t, int is_cut);

/* ---- reflector_url.c ---------------------------------------------------- */

/* "services" …, and its API group, "" for the core. Static. */
const char *svc__reflector_url_resource(const struct svc__reflector *rf);
const char *svc__reflector_url_group(const struct svc__reflector *rf);

/* ---- reflector_trouble.c ------------------------------------------------ */

/* Remembers why the request that ran failed: by its status, and what the
 * server said (may be NULL), … */
void svc__reflector_trouble_status(struct svc__reflector *rf, int status,
                                   const struct svc__status *body);

/* … or by code, with the transport's story, or else (error NULL) static
 * words. */
void svc__reflector_trouble_code(struct svc__reflector *rf, int code,
                                 const svc_error *error, const char *words);

#endif
