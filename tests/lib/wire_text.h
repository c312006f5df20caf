/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages as text, so that a test shows every byte of one, and compares
 * what was read of it at once.
 */
#ifndef SVC_TESTS_LIB_WIRE_TEXT_H
#define SVC_TESTS_LIB_WIRE_TEXT_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* What most messages of tests begin with: id 1234, RD, RA, one question, and
 * so many records in four digits each; then the question for an A record. */
#define WIRE_HEAD(answer, authority, additional)                               \
    "1234 8180 0001 " answer " " authority " " additional " "
#define WIRE_QUESTION "'web' 'shop' 00 0001 0001 "
/* An A record of the question's name with 30 s. */
#define WIRE_A "C00C 0001 0001 0000001E 0004 0A000001 "

/* Bytes of hexadecimal digits and labels: "'web' 00" is 03 77 65 62 00. A space
 * stands between digits of two bytes or none. Returns how many; the test fails
 * when text is none of that, or gives more than max. */
size_t wire_text_bytes(const char *text, uint8_t *ret, size_t max);

/* Parses a message and appends what is read: a line for the head, one for each
 * record; or the code alone. Each ends with a newline.
 *
 *   1234 rcode=NOERROR aa edns counts=1/0/1 web.shop A
 *   0 web.shop 30 A 10.0.0.1
 *   1 shop 5 SOA ns.shop 5
 *   2 x.shop 5 SRV 0 50 80 web.shop    2 y.shop 5 TXT 68656c6c6f
 */
void wire_text_dump(const uint8_t *data, size_t size, struct svc__buf *b);

#endif
