/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside, made safe for terminals and for JSON. */
#include "text.h"

#include "memory.h"

#include <stdint.h>
#include <string.h>

/* The length of a UTF-8 sequence that begins with byte, 0 if none does. */
static size_t sequence_size(unsigned char byte)
{
    if (byte < 0x80)
        return 1;
    if (byte >= 0xc2 && byte <= 0xdf)
        return 2;
    if (byte >= 0xe0 && byte <= 0xef)
        return 3;
    if (byte >= 0xf0 && byte <= 0xf4)
        return 4;
    return 0;
}

/* Reads one character. Returns its bytes, 0 when text does not begin with
 * well-formed UTF-8 (RFC 3629: shortest form, no surrogates). */
static size_t decode(const char *text, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = sequence_size((unsigned char)text[0]);
    uint32_t c = (unsigned char)text[0];
    size_t i;

    if (size == 0)
        return 0;
    if (size > 1)
        c &= 0x7fu >> size;
    for (i = 1; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];

        if ((byte & 0xc0) != 0x80)
            return 0;
        c = (c << 6) | (byte & 0x3fu);
    }
    if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *ret = c;
    return size;
}

/* Whether a terminal may be shown c as it stands. */
static int is_safe(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return 0;
    /* Marks that turn or end the reading direction, and line separators. */
    if ((c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
        (c >= 0x2066 && c <= 0x2069))
        return 0;
    return 1;
}

void text_print_json(FILE *out, const char *text, size_t size)
{
    const char *end = text + size;
    const char *done = text;

    while (text < end) {
        uint32_t c = 0;
        size_t used = decode(text, &c);

        if (used > 0 && !is_safe(c)) {
            fwrite(done, 1, (size_t)(text - done), out);
            fprintf(out, "\\u%04x", (unsigned)c);
            done = text + used;
        }
        text += used ? used : 1;
    }
    fwrite(done, 1, (size_t)(end - done), out);
}

void text_print(FILE *out, const char *text)
{
    while (*text) {
        uint32_t c = 0;
        size_t size = decode(text, &c);

        if (size == 0)
            fprintf(out, "\\x%02x", (unsigned)(unsigned char)*text);
        else if (is_safe(c))
            fwrite(text, 1, size, out);
        else if (c < 0x80)
            fprintf(out, "\\x%02x", (unsigned)c);
        else
            fprintf(out, "\\u%04x", (unsigned)c);
        text += size ? size : 1;
    }
}

char *text_safe(const char *text)
{
    char *copy = NULL;
    size_t size = 0;
    FILE *out = memory_must(open_memstream(&copy, &size));

    text_print(out, text);
    if (fclose(out) != 0)
        memory_must(NULL);
    return copy;
}

char *text_utf8(const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *copy = memory_new(3 * strlen(text) + 1, 1);
    size_t at = 0;

    while (*text) {
        uint32_t c = 0;
        size_t size = decode(text, &c);
        const char *from = size ? text : replacement;
        size_t bytes = size ? size : sizeof(replacement) - 1;

        memcpy(copy + at, from, bytes);
        at += bytes;
        text += size ? size : 1;
    }
    return copy;
}

size_t text_width(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void text_target(const char *address, int port, char ret[TEXT_TARGET_SIZE])
{
    int bracket = strchr(address, ':') != NULL;

    if (port == 0)
        snprintf(ret, TEXT_TARGET_SIZE, "%.45s", address);
    else
        snprintf(ret, TEXT_TARGET_SIZE, "%s%.45s%s:%d", bracket ? "[" : "",
                 address, bracket ? "]" : "", port);
}
