/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When each of a number of events was sent, arrived at a raw watch of this
 * process, and could be seen by who uses the endpoints. Events are known by
 * the address that they bring (world.h).
 */
#ifndef SVC_BENCH_API_EVENTS_H
#define SVC_BENCH_API_EVENTS_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#define EVENTS_NONE SIZE_MAX

struct events;

/* Expects count of them, from number first on. Owned. */
struct events *events_new(size_t first, size_t count);
void events_free(struct events *e);

/* Opens a raw watch for them. */
void events_watch(struct events *e, const char *namespace_,
                  const char *version);

/* The event that brought an address; EVENTS_NONE: none. */
size_t events_of(struct in_addr address);

/* It is seen now. all: with it, all before it. */
void events_shown(struct events *e, size_t event, int all);

/* Whether the last one was seen. */
int events_is_done(const struct events *e);

/* Waits until the last one was seen, and has arrived, and tells all: wall and
 * CPU time since events_new, and medians, p99 and least of raw (from sent to
 * arrived), shown (from sent to shown) and added (from arrived to shown). */
void events_wait(struct events *e);

/* Address and port, to be added up in any order. */
uint64_t events_sum(const struct sockaddr *address);

#endif
