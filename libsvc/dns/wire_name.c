/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns names in wire form: from text, to text, compared. Octets are data here:
 * what a host may be called is not known. Pure; any thread.
 */
#include "dns/wire.h"

#include "dns/wire_bytes.h"
#include "dns/wire_lower.h"

#include <string.h>
#include <svc/svc.h>

int svc__wire_name_parse(const char *text, struct svc__wire_name *ret)
{
    size_t size = strlen(text);
    uint8_t bytes[SVC__WIRE_NAME_MAX];
    size_t start = 0; /* of the label in hand: its length goes there */

    if (size > 0 && text[size - 1] == '.')
        size--;
    else if (size == 0)
        return SVC_ENAME;
    if (size == 0) {
        ret->size = 1;
        ret->bytes[0] = 0;
        return 0;
    }
    if (size + 2 > sizeof(bytes) || memchr(text, '\\', size) != NULL)
        return SVC_ENAME;
    memcpy(bytes + 1, text, size);
    for (size_t i = 1; i <= size + 1; i++) {
        size_t label = i - start - 1;

        if (i <= size && bytes[i] != '.')
            continue;
        if (label == 0 || label > SVC__WIRE_LABEL_MAX)
            return SVC_ENAME;
        bytes[start] = (uint8_t)label;
        start = i;
    }
    bytes[start] = 0;
    svc__wire_lower(bytes, size + 2);
    memcpy(ret->bytes, bytes, size + 2);
    ret->size = (uint8_t)(size + 2);
    return 0;
}

static int is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* Writes an octet that is data. Returns how many characters it took. */
static size_t write_octet(uint8_t c, char *to)
{
    if (is_plain(c)) {
        to[0] = (char)c;
        return 1;
    }
    to[0] = '\\';
    to[1] = (char)('0' + c / 100);
    to[2] = (char)('0' + c / 10 % 10);
    to[3] = (char)('0' + c % 10);
    return 4;
}

size_t svc__wire_name_format(const struct svc__wire_name *name,
                             char ret[SVC__WIRE_TEXT_MAX])
{
    const uint8_t *label = name->bytes;
    size_t size = 0;

    for (; *label != 0; label += *label + 1) {
        if (label != name->bytes)
            ret[size++] = '.';
        for (size_t i = 1; i <= *label; i++)
            size += write_octet(label[i], ret + size);
    }
    if (size == 0)
        ret[size++] = '.';
    ret[size] = '\0';
    return size;
}

int svc__wire_name_equal(const struct svc__wire_name *a,
                         const struct svc__wire_name *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

int svc__wire_name_below(const struct svc__wire_name *name,
                         const struct svc__wire_name *suffix)
{
    size_t at = 0;
    int labels = 0;

    if (name->size < suffix->size)
        return -1;
    for (; (size_t)name->size - at > suffix->size; labels++)
        at += name->bytes[at] + 1u;
    /* A label may end behind where the suffix would begin. */
    if ((size_t)name->size - at != suffix->size ||
        memcmp(name->bytes + at, suffix->bytes, suffix->size) != 0)
        return -1;
    return labels;
}
