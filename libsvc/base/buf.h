/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable bytes with a hard maximum. The first failure (out of memory, or
 * over the maximum) is latched: later calls do nothing and the caller looks
 * once, at the end. The content is always followed by a NUL that does not
 * count. One thread at a time.
 */
#ifndef SVC_BASE_BUF_H
#define SVC_BASE_BUF_H

#include <stddef.h>

struct svc__buf {
    char *data;  /* NULL before the first byte */
    size_t size; /* bytes used */
    size_t cap;
    size_t max; /* bytes allowed */
    int err;    /* 0, SVC_ENOMEM or SVC_ETOOBIG */
};

/* An empty buffer that will hold at most max bytes. Allocates nothing. */
void svc__buf_init(struct svc__buf *b, size_t max);

/* Frees the content; b is as after init. */
void svc__buf_fini(struct svc__buf *b);

/* Forgets the content and the latched error, keeps the memory. */
void svc__buf_clear(struct svc__buf *b);

/* Appends; nothing after an error. All return b->err. */
int svc__buf_add(struct svc__buf *b, const void *data, size_t size);
int svc__buf_add_text(struct svc__buf *b, const char *text);
int svc__buf_add_byte(struct svc__buf *b, char byte);
__attribute__((format(printf, 2, 3))) int svc__buf_printf(struct svc__buf *b,
                                                          const char *format,
                                                          ...);

/* Appends text as a JSON string with its quotes (RFC 8259 section 7); text
 * must be UTF-8. */
int svc__buf_add_json(struct svc__buf *b, const char *text, size_t size);

/* The same without the quotes, for a string that comes in parts. */
int svc__buf_add_json_part(struct svc__buf *b, const char *text, size_t size);

/* Makes room for size more bytes and returns where they go, or NULL with the
 * error latched. The caller then adds to b->size what it wrote. */
char *svc__buf_reserve(struct svc__buf *b, size_t size);

/* The content, owned (svc__free), and b is as after init; NULL on a latched
 * error. An empty buffer gives "". */
char *svc__buf_take(struct svc__buf *b);

#endif
