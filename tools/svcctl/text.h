/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from outside made safe: for a terminal, where control characters could
 * move the cursor or turn the reading direction, and for JSON, which must be
 * UTF-8. Pure.
 */
#ifndef SVCCTL_TEXT_H
#define SVCCTL_TEXT_H

#include <stddef.h>
#include <stdio.h>
#include <svc/svc.h>

/* Room for "[ADDRESS]:PORT" with its NUL. */
#define TEXT_TARGET_SIZE (SVC_ADDRESS_TEXT_SIZE + sizeof("[]:65535"))

/* A copy with every control character, direction mark and byte that is not
 * UTF-8 written as an escape: "\x1b", "\u202e". Owned, free with free(). */
char *text_safe(const char *text);

/* Writes text as text_safe gives it. */
void text_print(FILE *out, const char *text);

/* Writes JSON text, which is UTF-8: what text_safe would escape outside ASCII,
 * and DEL, as "\u202e". */
void text_print_json(FILE *out, const char *text, size_t size);

/* A copy that is UTF-8: each byte that is not becomes U+FFFD. Owned, free with
 * free(). */
char *text_utf8(const char *text);

/* Number of characters of UTF-8 text, for columns. */
size_t text_width(const char *text);

/* "10.0.0.1:80", "[fd00::1]:80"; without the port when it is 0. */
void text_target(const char *address, int port, char ret[TEXT_TARGET_SIZE]);

#endif
