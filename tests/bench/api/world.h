/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services and EndpointSlices as an API server sends them, ready to be sent:
 * as items of a list, as the first events of a watch, and as its later ones.
 * What changes has a fixed width (resourceVersion, one address, a time), so an
 * event is a few bytes written over others. Everything comes from numbers:
 * endpoint number n has the address 10.1xx.1xx.1xx, and event number e puts
 * 11.1xx.1xx.1xx (12.… from the millionth on) in the place of the first
 * address of its slice.
 */
#ifndef SVC_BENCH_API_WORLD_H
#define SVC_BENCH_API_WORLD_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

#define WORLD_NAMESPACE   "bench"
#define WORLD_ENDPOINTS   1000000 /* at most, and events of one first byte */
#define WORLD_EVENTS      8000000 /* at most */
#define WORLD_SIZES_MAX   16
#define WORLD_NAME_FORMAT "svc-%05zu"

struct world_settings {
    size_t services;
    size_t slices; /* dealt out to the Services in turn */
    size_t endpoints;
    size_t sizes[WORLD_SIZES_MAX]; /* instead, of each slice */
};

/* A form of all objects of a kind: the texts stand one behind the other. */
struct world_text {
    struct svc__buf text;
    struct world_place *places;
};

struct world_place {
    size_t offset;
    uint32_t size;
    uint32_t version; /* where it stands, from offset on */
    uint32_t address;
    uint32_t sent;
};

enum world_form {
    WORLD_ITEM, /* with a comma before it */
    WORLD_ADDED,
    WORLD_MODIFIED,
    WORLD_FORMS
};

struct world {
    struct world_settings settings;
    uint64_t version;                           /* the newest resourceVersion */
    struct world_text services[WORLD_MODIFIED]; /* they never change */
    struct world_text slices[WORLD_FORMS];
};

/* Ends the program when there is no memory. */
void world_init(struct world *w, const struct world_settings *settings);
void world_fini(struct world *w);

/* Event number e, which happens in that slice: in all forms. */
void world_change(struct world *w, size_t slice, size_t e, uint64_t now_ns);

size_t world_service_of(const struct world *w, size_t slice);

#endif
