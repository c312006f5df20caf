/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates as HTTP writes them, in all three forms (RFC 9110 section 5.6.7), and
 * seconds of the epoch as text. Pure; any thread.
 */
#ifndef SVC_IO_HTTP_DATE_H
#define SVC_IO_HTTP_DATE_H

#include <stddef.h>
#include <stdint.h>

/* Seconds of the epoch, or -1 for what is no date. */
int64_t svc__http_date_read(const char *text, size_t size);

/* "2026-01-31T08:49:37Z"; with its NUL. */
#define SVC__HTTP_DATE_SIZE 32
void svc__http_date_write(int64_t seconds, char ret[SVC__HTTP_DATE_SIZE]);

#endif
