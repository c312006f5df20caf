/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views and published sets from one line of text.
 */
#ifndef TESTS_LIB_SETS_H
#define TESTS_LIB_SETS_H

#include "model/endpoints.h"
#include "model/view.h"

#include <svc/svc.h>

/* A view, owned, of Service "web" in namespace "dev". Words separated by
 * spaces: an address, then perhaps /PORT (default 80), @POD (name of its pod),
 * !WHY (number: reasons against it). Each is in a block of its own, ready. */
struct svc__view *sets_view(const char *words);

/* The same, published with a freshness of its own. Shared. */
struct svc_endpoints *sets_new(const char *words, uint64_t generation);

/* Writes the endpoints from place `from` to before `to` as words again (port
 * and pod only where they are not the default). Valid until the next call. */
const char *sets_text(const svc_endpoints *eps, size_t from, size_t to);

#endif
