/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every part of the reading of a name needs: pieces of text, their place,
 * and the refusal of a character or an address.
 */
#include "model/name_reader.h"

#include "base/alloc.h"
#include "base/err.h"

#include <string.h>

int svc__name_span_is(struct svc__name_span span, const char *text)
{
    return strlen(text) == span.size && memcmp(span.ptr, text, span.size) == 0;
}

size_t svc__name_position(const struct svc__name_reader *r, const char *at)
{
    return (size_t)(at - r->text) + 1;
}

int svc__name_copy(struct svc__name_reader *r, struct svc__name_span span,
                   char **ret)
{
    char *copy = svc__strndup(span.ptr, span.size);

    if (copy == NULL)
        return svc__err_nomem(&r->error);
    *ret = copy;
    return 0;
}

/* What somebody meant who wrote that character. */
static const char *hint_for(char c)
{
    switch (c) {
    case '/':
        return "the namespace stands behind a dot, and a protocol in an "
               "option: \"web.shop:53?proto=udp\"";
    case '#':
        return "'#' belongs between the path and the name: "
               "\"file:///etc/services.yaml#web.shop:80\"";
    case '_':
        return "underscores stand only in front of a port and a protocol: "
               "\"_http._tcp.web.shop\"";
    case '[':
    case ']':
        return "brackets belong around an IPv6 address: \"[fd00::1]:80\"";
    case '&':
    case '=':
        return "options stand behind '?': \"web.shop:80?view=pods&policy=rr\"";
    default:
        return "a name has letters, digits, '-' and '.', such as "
               "\"web.shop:http\"";
    }
}

int svc__name_bad_char(struct svc__name_reader *r, const char *at)
{
    if (*at > ' ' && *at < 0x7F)
        svc__err_set(&r->error, SVC_ENAME,
                     "character '%c' at position %zu cannot stand there", *at,
                     svc__name_position(r, at));
    else
        svc__err_set(&r->error, SVC_ENAME,
                     "byte 0x%02x at position %zu is not allowed in a name",
                     (unsigned)(unsigned char)*at, svc__name_position(r, at));
    if ((unsigned char)*at >= 0x80)
        return svc__err_hint(&r->error, "an international domain is written "
                                        "in its ASCII form: "
                                        "\"dns:///xn--bcher-kva.example:80\"");
    return svc__err_hint(&r->error, "%s", hint_for(*at));
}

/* The IPv4 address itself, or the one that a mapped address stands for; NULL
 * for any other. */
static const uint8_t *as_ipv4(const struct svc__address *a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (a->family == SVC__FAMILY_IPV4)
        return a->bytes;
    return memcmp(a->bytes, mapped, sizeof(mapped)) == 0 ? a->bytes + 12 : NULL;
}

/* The word for an address that is no endpoint, or NULL. This is not the filter
 * of faults 3.3, which is for what sources say: whoever writes 127.0.0.1 or an
 * address of class E means it. */
static const char *unusable(const struct svc__address *a)
{
    static const uint8_t zeros[16];
    static const uint8_t ones[4] = {255, 255, 255, 255};
    const uint8_t *ipv4 = as_ipv4(a);

    if (ipv4 == NULL && memcmp(a->bytes, zeros, sizeof(zeros)) == 0)
        return "the unspecified address";
    if (ipv4 == NULL)
        return a->bytes[0] == 0xff ? "a multicast address" : NULL;
    if (memcmp(ipv4, zeros, 4) == 0)
        return "the unspecified address";
    if (memcmp(ipv4, ones, 4) == 0)
        return "the broadcast address";
    return ipv4[0] >> 4 == 14 ? "a multicast address" : NULL;
}

int svc__name_check_address(struct svc__name_reader *r,
                            const struct svc__address *a)
{
    const char *word = unusable(a);
    char text[SVC_ADDRESS_TEXT_SIZE];

    if (word == NULL)
        return 0;
    svc__address_format(a, text);
    svc__err_set(&r->error, SVC_EINVAL, "%s is %s, which is no endpoint", text,
                 word);
    return svc__err_hint(&r->error, "write the address of one machine or pod: "
                                    "\"10.0.0.1:80\"");
}
