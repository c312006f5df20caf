/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the growth rule: double, at least 64 bytes, never above the maximum.
 */
#include "base/buf.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <svc/svc.h>

void svc__buf_init(struct svc__buf *b, size_t max)
{
    memset(b, 0, sizeof(*b));
    /* One below the largest number leaves room for the NUL. */
    b->max = max < SIZE_MAX ? max : SIZE_MAX - 1;
}

void svc__buf_fini(struct svc__buf *b)
{
    svc__free(b->data);
    svc__buf_init(b, b->max);
}

void svc__buf_clear(struct svc__buf *b)
{
    b->size = 0;
    b->err = 0;
}

char *svc__buf_reserve(struct svc__buf *b, size_t size)
{
    size_t cap = b->cap < 64 ? 64 : b->cap;
    char *data;

    if (b->err != 0)
        return NULL;
    if (size > b->max - b->size) {
        b->err = SVC_ETOOBIG;
        return NULL;
    }
    while (cap < b->size + size + 1)
        cap = cap > b->max / 2 ? b->max + 1 : cap * 2;
    if (cap > b->cap) {
        data = svc__realloc(b->data, cap, 1);
        if (data == NULL) {
            b->err = SVC_ENOMEM;
            return NULL;
        }
        b->data = data;
        b->cap = cap;
    }
    return b->data + b->size;
}

int svc__buf_add(struct svc__buf *b, const void *data, size_t size)
{
    char *room = svc__buf_reserve(b, size);

    if (room == NULL)
        return b->err;
    if (size > 0)
        memcpy(room, data, size);
    b->size += size;
    b->data[b->size] = '\0';
    return 0;
}

int svc__buf_add_text(struct svc__buf *b, const char *text)
{
    return svc__buf_add(b, text, strlen(text));
}

int svc__buf_add_byte(struct svc__buf *b, char byte)
{
    return svc__buf_add(b, &byte, 1);
}

int svc__buf_printf(struct svc__buf *b, const char *format, ...)
{
    va_list args;
    va_list again;
    int size;
    char *room;

    va_start(args, format);
    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, args);
    room = size < 0 ? NULL : svc__buf_reserve(b, (size_t)size);
    if (room != NULL) {
        (void)vsnprintf(room, (size_t)size + 1, format, again);
        b->size += (size_t)size;
    } else if (b->err == 0) {
        b->err = SVC_EINVAL;
    }
    va_end(again);
    va_end(args);
    return b->err;
}

/* The two-character escapes of RFC 8259 section 7, or 0. */
static char short_escape(char c)
{
    switch (c) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    default:
        return 0;
    }
}

int svc__buf_add_json_part(struct svc__buf *b, const char *text, size_t size)
{
    size_t start = 0;

    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        char escape = short_escape(text[i]);

        if (escape == 0 && c >= 0x20)
            continue;
        svc__buf_add(b, text + start, i - start);
        if (escape != 0) {
            svc__buf_add_byte(b, '\\');
            svc__buf_add_byte(b, escape);
        } else {
            svc__buf_printf(b, "\\u%04x", c);
        }
        start = i + 1;
    }
    return svc__buf_add(b, text + start, size - start);
}

int svc__buf_add_json(struct svc__buf *b, const char *text, size_t size)
{
    svc__buf_add_byte(b, '"');
    svc__buf_add_json_part(b, text, size);
    return svc__buf_add_byte(b, '"');
}

char *svc__buf_take(struct svc__buf *b)
{
    char *data;

    if (b->data == NULL)
        svc__buf_add(b, "", 0);
    if (b->err != 0)
        return NULL;
    data = b->data;
    b->data = NULL;
    svc__buf_init(b, b->max);
    return data;
}
