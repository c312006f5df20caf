/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages from one line of text:
 *
 *   NOERROR | @ 30 A 10.0.0.1 | @ 30 CNAME x.example | +web-0.@ 5 AAAA fd00::1
 *   NXDOMAIN | ~cluster.local 30 SOA 5 | @ 30 SRV 0 100 8080 web-0.@
 *
 * "+" begins a record of the additional section, "~" one of the authority
 * section, another one is an answer. "@" is the name of the question, also at
 * the end of a longer one. SOA is followed by its minimum. CLASS3 instead of a
 * type makes a record of another class. Names end in pointers into the question
 * where they can.
 */
#ifndef SVC_TESTS_LIB_DNS_BUILD_H
#define SVC_TESTS_LIB_DNS_BUILD_H

#include "dns/wire.h"

#include <stddef.h>
#include <stdint.h>

struct dns_message {
    size_t size;
    uint8_t bytes[SVC__WIRE_MESSAGE_MAX];
};

/* The answer to a question. A text that cannot be read, or is too long for a
 * message, ends the test program. */
void dns_build(const struct svc__wire_question *q, const char *text,
               struct dns_message *ret);

/* The question of "A web.shop.svc.cluster.local". */
void dns_question(const char *text, struct svc__wire_question *ret);

#endif
