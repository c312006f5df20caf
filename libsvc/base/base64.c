/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the alphabet of base64.
 */
#include "base/base64.h"

#include <stdint.h>
#include <svc/svc.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                               "uvwxyz0123456789+/";

/* 0 … 63, or -1. Told by ranges: no table that a secret is the index of. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int is_break(char c)
{
    return c == '\r' || c == '\n';
}

/* Whether from at on there are so many '=', and line breaks. */
static int is_padding(const char *at, const char *end, int count)
{
    int found = 0;

    for (; at < end; at++) {
        if (!is_break(*at) && *at != '=')
            return 0;
        found += *at == '=';
    }
    return found == count;
}

int svc__base64_decode(char *text, size_t size, size_t *ret_size)
{
    const char *end = text + size;
    const char *at = text;
    uint32_t group = 0;
    size_t out = 0;
    int count = 0;

    for (; at < end && *at != '='; at++) {
        int value = value_of(*at);

        if (is_break(*at))
            continue;
        if (value < 0)
            return SVC_EINVAL;
        group = group << 6 | (uint32_t)value;
        if (++count < 4)
            continue;
        text[out++] = (char)(group >> 16 & 0xff);
        text[out++] = (char)(group >> 8 & 0xff);
        text[out++] = (char)(group & 0xff);
        count = 0;
    }
    if (count == 1 || !is_padding(at, end, count == 0 ? 0 : 4 - count))
        return SVC_EINVAL;
    if (count == 3)
        text[out++] = (char)(group >> 10 & 0xff);
    if (count > 0)
        text[out++] = (char)(group >> (count == 3 ? 2 : 4) & 0xff);
    *ret_size = out;
    return 0;
}

int svc__base64_add(struct svc__buf *b, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i < 3 ? size - i : 3;
        uint32_t group = 0;
        char four[4];

        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < left ? (unsigned char)data[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            four[k] = k > left ? '=' : alphabet[group >> (18 - 6 * k) & 63];
        svc__buf_add(b, four, 4);
    }
    return b->err;
}
