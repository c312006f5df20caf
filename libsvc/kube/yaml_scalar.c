/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the patterns of the core schema and their JSON spelling. Knows nothing
 * of documents, tags or libyaml.
 */
#include "kube/yaml_scalar.h"

#include <inttypes.h>
#include <string.h>

/* What is longer is a string. No field holds such a number, and the JSON of a
 * scalar that is not a string stays small. */
#define LONGEST 64

/* A number taken apart: [sign]digits[.digits][e[sign]digits]. */
struct number {
    int minus;
    size_t whole; /* first digit */
    size_t whole_size;
    size_t fraction; /* first digit behind the point */
    size_t fraction_size;
    int has_point;
    size_t exponent; /* the 'e' */
    size_t exponent_size;
};

static int is_word(const char *text, size_t size, const char *const words[])
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strlen(words[i]) == size && memcmp(words[i], text, size) == 0)
            return 1;
    }
    return 0;
}

static size_t count_digits(const char *text, size_t size, size_t at)
{
    size_t start = at;

    while (at < size && text[at] >= '0' && text[at] <= '9')
        at++;
    return at - start;
}

/* Whether the whole text is a decimal number. */
static int split(const char *text, size_t size, struct number *ret)
{
    struct number n = {0};
    size_t at = 0;
    size_t digits;

    if (text[0] == '-' || text[0] == '+')
        n.minus = text[at++] == '-';
    n.whole = at;
    n.whole_size = count_digits(text, size, at);
    at += n.whole_size;
    if (at < size && text[at] == '.') {
        n.has_point = 1;
        n.fraction = ++at;
        n.fraction_size = count_digits(text, size, at);
        at += n.fraction_size;
    }
    if (n.whole_size + n.fraction_size == 0)
        return 0;
    if (at < size && (text[at] == 'e' || text[at] == 'E')) {
        n.exponent = at++;
        if (at < size && (text[at] == '-' || text[at] == '+'))
            at++;
        digits = count_digits(text, size, at);
        if (digits == 0)
            return 0;
        at += digits;
        n.exponent_size = at - n.exponent;
    }
    *ret = n;
    return at == size;
}

/* The value of a hexadecimal or octal digit, or 16. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 16;
}

/* Whether text is 0x… or 0o… within 64 bits. */
static int parse_based(const char *text, size_t size, uint64_t *ret)
{
    unsigned base;
    uint64_t value = 0;

    if (size < 3 || text[0] != '0' || (text[1] != 'x' && text[1] != 'o'))
        return 0;
    base = text[1] == 'x' ? 16 : 8;
    for (size_t i = 2; i < size; i++) {
        unsigned digit = digit_value(text[i]);

        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return 0;
        value = value * base + digit;
    }
    *ret = value;
    return 1;
}

static enum svc__yaml_class classify_number(const char *text, size_t size)
{
    struct number n;
    uint64_t value;

    if (parse_based(text, size, &value))
        return SVC__YAML_INT;
    if (!split(text, size, &n) || (n.whole_size > 1 && text[n.whole] == '0'))
        return SVC__YAML_STRING;
    return n.has_point || n.exponent_size > 0 ? SVC__YAML_FLOAT : SVC__YAML_INT;
}

static enum svc__yaml_class classify_word(const char *text, size_t size)
{
    static const char *const nulls[] = {"~", "null", "Null", "NULL", NULL};
    static const char *const bools[] = {"true",  "True",  "TRUE", "false",
                                        "False", "FALSE", NULL};

    if (is_word(text, size, nulls))
        return SVC__YAML_NULL;
    return is_word(text, size, bools) ? SVC__YAML_BOOL : SVC__YAML_STRING;
}

static int is_special(const char *text, size_t size)
{
    static const char *const words[] = {
        ".inf",  ".Inf",  ".INF", "-.inf", "-.Inf", "-.INF", "+.inf",
        "+.Inf", "+.INF", ".nan", ".NaN",  ".NAN",  NULL};

    return is_word(text, size, words);
}

enum svc__yaml_class svc__yaml_scalar_class(const char *text, size_t size)
{
    if (size == 0)
        return SVC__YAML_NULL;
    if (size > LONGEST)
        return SVC__YAML_STRING;
    if (strchr("+-.0123456789", text[0]) != NULL)
        return is_special(text, size) ? SVC__YAML_SPECIAL
                                      : classify_number(text, size);
    return strchr("~nNtTfF", text[0]) != NULL ? classify_word(text, size)
                                              : SVC__YAML_STRING;
}

/* JSON wants a digit on both sides of the point and no '+' in front
 * (RFC 8259 section 6). */
static void add_number(struct svc__buf *b, const char *text, size_t size)
{
    struct number n;
    uint64_t value;

    if (parse_based(text, size, &value)) {
        svc__buf_printf(b, "%" PRIu64, value);
        return;
    }
    if (!split(text, size, &n))
        return;
    if (n.minus)
        svc__buf_add_byte(b, '-');
    svc__buf_add(b, n.whole_size > 0 ? text + n.whole : "0",
                 n.whole_size > 0 ? n.whole_size : 1);
    if (n.has_point) {
        svc__buf_add_byte(b, '.');
        svc__buf_add(b, n.fraction_size > 0 ? text + n.fraction : "0",
                     n.fraction_size > 0 ? n.fraction_size : 1);
    }
    svc__buf_add(b, text + n.exponent, n.exponent_size);
}

void svc__yaml_scalar_add(struct svc__buf *b, const char *text, size_t size,
                          enum svc__yaml_class class_)
{
    if (class_ == SVC__YAML_NULL)
        svc__buf_add_text(b, "null");
    else if (class_ == SVC__YAML_BOOL)
        svc__buf_add_text(b,
                          text[0] == 't' || text[0] == 'T' ? "true" : "false");
    else
        add_number(b, text, size);
}
