/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picks from what the scripted backend delivers (script.h), IPv4 addresses each
 * with a last byte of its own, and what becomes of them.
 */
#ifndef TESTS_LIB_SCRIPT_PICK_H
#define TESTS_LIB_SCRIPT_PICK_H

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* A tracked pick; there must be somebody. */
svc_pick script_pick(svc_service *s);

/* The last byte of the address that was picked. */
unsigned script_number(const svc_pick *pick);

/* The endpoint with such an address, usable or not. */
const svc_endpoint *script_find(const svc_endpoints *eps, unsigned number);

/* One of the resolver's numbers, as STAT(r, retries). */
#define STAT(r, member) script_stat(r, offsetof(svc_stats, member))
uint64_t script_stat(svc_resolver *r, size_t offset);

#endif
