/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published sets of numbered endpoints, for tests of policies: endpoint 258 is
 * 10.0.1.2, port 80/TCP. Numbers are in the order of the set.
 */
#ifndef SVC_TESTS_LIB_SET_BUILD_H
#define SVC_TESTS_LIB_SET_BUILD_H

#include "model/endpoints.h"

#include <stddef.h>
#include <stdint.h>

/* A set of these usable endpoints, shared (svc_endpoints_unref). */
struct svc_endpoints *set_build(const uint32_t *numbers, size_t count);

/* The set of the numbers from first to last. */
struct svc_endpoints *set_range(uint32_t first, uint32_t last);

/* The number of an endpoint of a set. */
uint32_t set_number(const struct svc_endpoints *set, size_t index);

#endif
