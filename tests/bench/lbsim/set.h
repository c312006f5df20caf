/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published sets of numbered servers: server n is 10.x.y.z, x.y.z being n + 1.
 */
#ifndef SVC_LBSIM_SET_H
#define SVC_LBSIM_SET_H

#include "model/endpoints.h"

#include <stddef.h>

/* A shared set; the numbers are in rising order. Ends the program where there
 * is no memory. */
struct svc_endpoints *set_make(const size_t *numbers, size_t count);

/* The number of an endpoint of a set. */
size_t set_number(const struct svc_endpoints *set, size_t index);

#endif
