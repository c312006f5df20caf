/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the text forms of addresses and the filter of faults 3.3.
 *
 * Parsing runs once for every address that is decoded, so it is one pass over
 * the bytes, without the C library. It is as strict as inet_pton: what has two
 * readings elsewhere ("010.0.0.1" is octal to some) is no address here.
 *
 * Writing follows RFC 5952, as Go's net/netip does, so that texts compare with
 * those of Kubernetes.
 */
#include "model/address.h"

#include <netinet/in.h>
#include <string.h>

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads a number of at most 255 without leading zeros. Returns what follows
 * it, or NULL. */
static inline const char *read_octet(const char *text, const char *end,
                                     uint8_t *ret)
{
    unsigned value;
    unsigned digit;

    if (text == end || (value = (unsigned)*text - '0') > 9)
        return NULL;
    text++;
    if (text < end && (digit = (unsigned)*text - '0') <= 9) {
        if (value == 0)
            return NULL;
        value = value * 10 + digit;
        text++;
        if (text < end && (digit = (unsigned)*text - '0') <= 9) {
            value = value * 10 + digit;
            text++;
        }
    }
    *ret = (uint8_t)value;
    return value <= 255 ? text : NULL;
}

/* Strict: four numbers, nothing after. */
static int parse_ipv4(const char *text, size_t size, uint8_t ret[4])
{
    const char *end = text + size;

    text = read_octet(text, end, &ret[0]);
    for (unsigned i = 1; i < 4; i++) {
        if (text == NULL || text == end || *text != '.')
            return SVC_EINVAL;
        text = read_octet(text + 1, end, &ret[i]);
    }
    return text == end ? 0 : SVC_EINVAL;
}

/* Value of a hexadecimal digit, or -1. */
static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* IPv6 text being read: the bytes so far, and where "::" stood. */
struct ipv6_reader {
    uint8_t bytes[16];
    unsigned used; /* bytes */
    int gap;       /* offset of "::" in bytes, or -1 */
};

/* Reads one group at text: 1 to 4 hexadecimal digits, or an IPv4 address that
 * ends the text, which begins like a group and is told by its dot. Returns the
 * characters taken, 0 when it is neither. */
static size_t read_group(struct ipv6_reader *r, const char *text, size_t size)
{
    unsigned value = 0;
    size_t i = 0;
    int digit;

    while (i < size && i < 4 && (digit = hex_value(text[i])) >= 0) {
        value = value << 4 | (unsigned)digit;
        i++;
    }
    if (i == 0 || r->used > 14)
        return 0;
    if (i < size && text[i] == '.') {
        if (r->used > 12 || parse_ipv4(text, size, r->bytes + r->used) != 0)
            return 0;
        r->used += 4;
        return size;
    }
    r->bytes[r->used++] = (uint8_t)(value >> 8);
    r->bytes[r->used++] = (uint8_t)value;
    return i;
}

/* Steps over ':' or "::" at text, which is not the end of it. Returns the
 * characters taken, 0 when what stands there is neither. */
static size_t read_colons(struct ipv6_reader *r, const char *text, size_t size)
{
    if (text[0] != ':')
        return 0;
    if (size == 1 || text[1] != ':')
        return size > 1 && r->used > 0 ? 1 : 0;
    if (r->gap >= 0)
        return 0;
    r->gap = (int)r->used;
    return 2;
}

/* RFC 4291 section 2.2, forms 1 to 3; "::" stands for at least one group. */
static int parse_ipv6(const char *text, size_t size, uint8_t ret[16])
{
    struct ipv6_reader r = {{0}, 0, -1};
    size_t i = 0;
    size_t head;
    size_t tail;

    while (i < size) {
        size_t taken;

        if (i > 0 || text[0] == ':') {
            taken = read_colons(&r, text + i, size - i);
            if (taken == 0)
                return SVC_EINVAL;
            i += taken;
            if (i == size)
                break;
        }
        taken = read_group(&r, text + i, size - i);
        if (taken == 0)
            return SVC_EINVAL;
        i += taken;
    }
    if (r.gap < 0 ? r.used != 16 : r.used > 14)
        return SVC_EINVAL;
    head = r.gap < 0 ? 16 : (size_t)r.gap;
    tail = r.used - head;
    memset(ret, 0, 16);
    memcpy(ret, r.bytes, head);
    memcpy(ret + 16 - tail, r.bytes + head, tail);
    return 0;
}

int svc__address_parse(const char *text, size_t size, struct svc__address *ret)
{
    struct svc__address a = {{0}, SVC__FAMILY_IPV4};

    if (parse_ipv4(text, size, a.bytes) != 0) {
        a.family = SVC__FAMILY_IPV6;
        if (parse_ipv6(text, size, a.bytes) != 0)
            return SVC_EINVAL;
    }
    *ret = a;
    return 0;
}

int svc__address_parse_dashed(const char *text, size_t size,
                              struct svc__address *ret)
{
    char plain[SVC_ADDRESS_TEXT_SIZE];
    size_t dashes = 0;
    int pair = 0;
    char sign;

    if (size >= sizeof(plain))
        return SVC_EINVAL;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' || text[i] == ':')
            return SVC_EINVAL;
        dashes += text[i] == '-';
        pair |= i > 0 && text[i] == '-' && text[i - 1] == '-';
    }
    /* The rule of CoreDNS's kubernetes plugin: three single dashes are IPv4. */
    sign = dashes == 3 && !pair ? '.' : ':';
    for (size_t i = 0; i < size; i++)
        plain[i] = text[i] == '-' ? sign : text[i];
    return svc__address_parse(plain, size, ret);
}

static size_t format_ipv4(const uint8_t *bytes, char *ret)
{
    size_t n = 0;

    for (int i = 0; i < 4; i++) {
        unsigned value = bytes[i];

        if (i > 0)
            ret[n++] = '.';
        if (value >= 100)
            ret[n++] = (char)('0' + value / 100);
        if (value >= 10)
            ret[n++] = (char)('0' + value / 10 % 10);
        ret[n++] = (char)('0' + value % 10);
    }
    return n;
}

static size_t format_group(unsigned value, char *ret)
{
    size_t n = 0;
    int shift = 12;

    while (shift > 0 && value >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        ret[n++] = "0123456789abcdef"[value >> shift & 15];
    return n;
}

/* The longest run of at least two zero groups, the first of equals (RFC 5952
 * section 4.2). Returns its first group and sets *ret_count, which is 0 when
 * there is none. */
static size_t find_zeros(const uint8_t *bytes, size_t *ret_count)
{
    size_t best = 0;
    size_t best_count = 1;
    size_t count = 0;

    for (size_t i = 0; i < 8; i++) {
        count = bytes[2 * i] == 0 && bytes[2 * i + 1] == 0 ? count + 1 : 0;
        if (count > best_count) {
            best = i + 1 - count;
            best_count = count;
        }
    }
    *ret_count = best_count > 1 ? best_count : 0;
    return best;
}

static size_t format_ipv6(const uint8_t *bytes, char *ret)
{
    size_t zeros_count;
    size_t zeros = find_zeros(bytes, &zeros_count);
    size_t n = 0;

    for (size_t i = 0; i < 8; i++) {
        if (zeros_count > 0 && i == zeros) {
            ret[n++] = ':';
            i += zeros_count - 1;
            if (i == 7)
                ret[n++] = ':';
            continue;
        }
        if (i > 0)
            ret[n++] = ':';
        n += format_group((unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1],
                          ret + n);
    }
    return n;
}

/* ::ffff:0:0/96, RFC 4291 section 2.5.5.2. */
static int is_mapped(const struct svc__address *a)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

    return a->family == SVC__FAMILY_IPV6 &&
           memcmp(a->bytes, prefix, sizeof(prefix)) == 0;
}

size_t svc__address_format(const struct svc__address *a,
                           char ret[SVC_ADDRESS_TEXT_SIZE])
{
    size_t n;

    if (a->family == SVC__FAMILY_IPV4) {
        n = format_ipv4(a->bytes, ret);
    } else if (is_mapped(a)) {
        /* RFC 5952 section 5: mixed notation behind a known prefix. */
        memcpy(ret, "::ffff:", 7);
        n = 7 + format_ipv4(a->bytes + 12, ret + 7);
    } else {
        n = format_ipv6(a->bytes, ret);
    }
    ret[n] = '\0';
    return n;
}

size_t svc__address_format_dashed(const struct svc__address *a,
                                  char ret[SVC_ADDRESS_TEXT_SIZE])
{
    /* No mixed notation here: its dots would not come back from dashes. */
    size_t n = a->family == SVC__FAMILY_IPV4 ? format_ipv4(a->bytes, ret)
                                             : format_ipv6(a->bytes, ret);

    for (size_t i = 0; i < n; i++) {
        if (ret[i] == '.' || ret[i] == ':')
            ret[i] = '-';
    }
    if (n > 0 && ret[n - 1] == '-')
        ret[n++] = '0';
    ret[n] = '\0';
    return n;
}

int svc__address_compare(const struct svc__address *a,
                         const struct svc__address *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* "This network" (RFC 1122 section 3.2.1.3), multicast and class E are for
 * nobody; 168.63.129.16 and 100.100.100.200 are the metadata and platform
 * services of two clouds, in ranges that look like any other. */
static unsigned classify_ipv4(const uint8_t *b)
{
    static const struct {
        uint8_t bytes[4];
    } metadata[] = {
        {{169, 254, 169, 254}}, {{100, 100, 100, 200}}, {{168, 63, 129, 16}}};
    unsigned classes = SVC__ADDRESS_PLAIN;

    if (b[0] == 0 || b[0] >= 224)
        classes |= SVC__ADDRESS_NEVER;
    if (b[0] == 127)
        classes |= SVC__ADDRESS_LOOPBACK;
    if (b[0] == 169 && b[1] == 254)
        classes |= SVC__ADDRESS_LINK_LOCAL;
    for (size_t i = 0; i < sizeof(metadata) / sizeof(metadata[0]); i++) {
        if (memcmp(b, metadata[i].bytes, 4) == 0)
            classes |= SVC__ADDRESS_METADATA;
    }
    return classes;
}

/* Where an IPv4 address is embedded in an IPv6 address: NAT64 (RFC 6052), 6to4
 * (RFC 3056), IPv4-mapped and IPv4-compatible (RFC 4291 section 2.5.5); NULL
 * when none is. */
static const uint8_t *embedded_ipv4(const struct svc__address *a)
{
    static const uint8_t zeros[12];
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};

    if (a->bytes[0] == 0x20 && a->bytes[1] == 0x02)
        return a->bytes + 2;
    if (is_mapped(a) || memcmp(a->bytes, nat64, sizeof(nat64)) == 0 ||
        memcmp(a->bytes, zeros, sizeof(zeros)) == 0)
        return a->bytes + 12;
    return NULL;
}

unsigned svc__address_classify(const struct svc__address *a)
{
    static const uint8_t unspecified[16];
    static const uint8_t loopback[16] = {[15] = 1};
    static const uint8_t metadata[16] = {0xfd, 0x00,        0x0e,
                                         0xc2, [14] = 0x02, [15] = 0x54};
    const uint8_t *b = a->bytes;
    const uint8_t *inner;

    if (a->family == SVC__FAMILY_IPV4)
        return classify_ipv4(b);
    /* Before the IPv4-compatible form, which has the same prefix. */
    if (memcmp(b, loopback, sizeof(loopback)) == 0)
        return SVC__ADDRESS_LOOPBACK;
    if (b[0] == 0xff || memcmp(b, unspecified, sizeof(unspecified)) == 0)
        return SVC__ADDRESS_NEVER;
    if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
        return SVC__ADDRESS_LINK_LOCAL;
    if (memcmp(b, metadata, sizeof(metadata)) == 0)
        return SVC__ADDRESS_METADATA;
    inner = embedded_ipv4(a);
    return inner == NULL ? SVC__ADDRESS_PLAIN : classify_ipv4(inner);
}

unsigned svc__address_class_parse(const char *word)
{
    static const struct {
        const char *word;
        unsigned bit;
    } classes[] = {{"loopback", SVC__ADDRESS_LOOPBACK},
                   {"link-local", SVC__ADDRESS_LINK_LOCAL},
                   {"metadata", SVC__ADDRESS_METADATA}};

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (strcmp(word, classes[i].word) == 0)
            return classes[i].bit;
    }
    return 0;
}

int svc__address_is_allowed(const struct svc__address *a, unsigned allow)
{
    unsigned refused =
        svc__address_classify(a) & ~(allow & ~(unsigned)SVC__ADDRESS_NEVER);

    return refused == 0;
}

/* Copied as a whole: the caller's storage may be of any type, and no more of
 * it is touched than the size that is returned. */
socklen_t svc__address_to_sockaddr(const struct svc__address *a, uint16_t port,
                                   struct sockaddr_storage *ret)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons(port)};

    if (a->family == SVC__FAMILY_IPV4) {
        memcpy(&in.sin_addr, a->bytes, sizeof(in.sin_addr));
        memcpy(ret, &in, sizeof(in));
        return sizeof(in);
    }
    memcpy(&in6.sin6_addr, a->bytes, sizeof(in6.sin6_addr));
    memcpy(ret, &in6, sizeof(in6));
    return sizeof(in6);
}
