/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections to places, for tests of svc_service_connect. No call may leak a
 * descriptor.
 */
#ifndef SVC_TESTS_LIB_SCENE_H
#define SVC_TESTS_LIB_SCENE_H

#include "places.h"

#include <stdint.h>
#include <svc/svc.h>

/* Places, and what is asked of them. All zero, then places_add. */
struct scene {
    struct places places;
    svc_resolver *r;
    svc_service *s;
    svc_pick pick;
    svc_error error;
};

/* Opens a name on the places' manifest. */
void scene_open(struct scene *sc, const char *name, int external_loop);
void scene_close(struct scene *sc);

/* svc_service_connect on a service that has answered, into pick and error.
 * Whatever comes of it, it holds one descriptor or none. */
int scene_try(struct scene *sc, int track, int timeout_ms);

/* The port that was picked. */
uint16_t scene_port(const struct scene *sc);

/* Connects, to that port, and says good-bye. */
void scene_reaches(struct scene *sc, uint16_t port);

/* Fails with a code, and says what and what to do. */
void scene_fails(struct scene *sc, int timeout_ms, int code, const char *what);

/* The last message has these words. */
void scene_says(const struct scene *sc, const char *what);

/* The endpoint at a port, usable or not, described. */
const svc_endpoint *scene_find(svc_endpoints *eps, uint16_t port,
                               svc_endpoint_info *ret);

/* Policy "fo" goes along the weights: from now on this port comes before those
 * of less. */
void scene_weigh(struct scene *sc, uint16_t port, int weight);

/* Of a clock that no test changes. */
int64_t scene_now_ms(void);

#endif
