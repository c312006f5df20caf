/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backend that says what a test tells it to say, and a trace of everything
 * that is asked and published, for tests that read like a conversation. One
 * resolver at a time, in an external loop; nothing waits.
 */
#ifndef TESTS_LIB_SCRIPT_H
#define TESTS_LIB_SCRIPT_H

#include "core/service.h"

#include <svc/svc.h>

/* A resolver on the scripted backend, in a library without dns; options may be
 * NULL. */
svc_resolver *script_new(const svc_resolver_options *options);

/* From now on names that only DNS knows are asked of a second scripted backend,
 * named "dns". The trace says so. */
void script_dns(svc_resolver *r);
void script_free(svc_resolver *r);

/* The next subscribe calls fail with this code; 0: they succeed. */
void script_refuse(int code);

/* Opening the source fails with this code; 0: it succeeds. */
void script_refuse_source(int code);

/* Delivers to the subscription of "service.namespace" or of an outside name,
 * the newest one where several ask the same: addresses, separated by spaces,
 * all ready (behind a '#' the number of its Pod, behind a '!' that of the
 * reasons against one); an alias, as an ExternalName or as a load balancer's
 * hostname; a code; trouble. Then runs a round. */
void script_addresses(svc_resolver *r, const char *who, const char *addresses);
void script_alias(svc_resolver *r, const char *who, const char *alias);
void script_lb_alias(svc_resolver *r, const char *who, const char *alias);
void script_code(svc_resolver *r, const char *who, int code);
void script_trouble(svc_resolver *r, const char *who, int code);

/* Whether the trouble that is told from now on has a stand-in. */
void script_cover(int is_covered);

/* A code with a story. */
void script_told(svc_resolver *r, const char *who, int code, const char *text);

/* The views delivered from now on live for ttl_ms and were confirmed at
 * confirmed_ms; -1 for either, as at first. */
void script_confirm(int64_t ttl_ms, int64_t confirmed_ms);

/* From now on whoever subscribes "service.namespace" is told from inside the
 * call: an alias where text begins with a letter, else addresses. Texts are
 * borrowed until script_free. */
void script_at_once(const char *who, const char *text);

/* Runs what is due now. */
void script_round(svc_resolver *r);

/* From now on no time passes between two sets, until script_timer. */
void script_hold(void);

/* Lets the service's timer, which must be set, be due, and runs a round. */
void script_timer(svc_service *s);

/* Follows a service: every news of it goes into the trace. */
void script_follow(svc_service *s);

/* Opens a name, which must be good, runs a round and follows it. */
svc_service *script_open(svc_resolver *r, const char *name);

/* Frees the resolver first, then the service, which is closed by then. */
void script_end(svc_resolver *r, svc_service *s);

/* Compares the trace since the last call with the lines expected, and forgets
 * it. */
void script_expect(const char *lines);

#endif
