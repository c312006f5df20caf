/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation of a reflector with an API server in virtual time, and its
 * trace: what came, what becomes of it, what is asked next. Every step also
 * keeps the rules of reflector_rules.h.
 */
#ifndef TESTS_LIB_REFLECTOR_STREAM_H
#define TESTS_LIB_REFLECTOR_STREAM_H

#include "base/buf.h"
#include "reflector_rules.h"

#include <stddef.h>

#define STREAM_BEGIN_MS 1000000

/* What happens, in words:
 *   start, bytes, end, cut, refused, tls, "no memory", broken, "too big"
 *   added V, modified V, deleted V, bookmark V, initial-end V, unknown V
 *   item, listed V, "listed V more"
 *   error CODE [REASON], a number [and Retry-After in ms]: a status */
struct stream_event {
    int at_ms; /* since the beginning */
    const char *what;
};

struct stream {
    struct svc__reflector *rf;
    struct reflector_rules rules;
    struct svc__reflector_action action;
    int trouble; /* as last told */
    struct svc__buf trace;
};

/* Slices of "web" in "shop". */
void stream_init(struct stream *s);
void stream_fini(struct stream *s);

/* Plays on, and compares the trace of these events, and of all that is due
 * before the last one. */
void stream_play(struct stream *s, const struct stream_event *events,
                 size_t count, const char *expected);

#define STREAM(s, expected, ...)                                               \
    stream_play((s), (const struct stream_event[]){__VA_ARGS__},               \
                sizeof((const struct stream_event[]){__VA_ARGS__}) /           \
                    sizeof(struct stream_event),                               \
                (expected))

#endif
