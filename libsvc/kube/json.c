/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the grammar of RFC 8259 as far as used fields need it. Knows nothing of
 * Kubernetes. Every function returns at once when an error is latched; the
 * cursor then stands at the end, so that no loop can go on.
 */
#include "kube/json.h"

#include "base/err.h"
#include "base/scan.h"
#include "base/scan_text.h"
#include "base/utf8.h"

#include <string.h>

static int latch(struct svc__json *j, int err, const char *at,
                 const char *reason)
{
    if (j->err == 0) {
        j->err = err;
        j->reason = reason;
        j->wrong = at;
        j->at = j->end;
    }
    return j->err;
}

static int fail_at(struct svc__json *j, const char *at, const char *reason)
{
    return latch(j, SVC_EFILE, at, reason);
}

/* RFC 8259 section 2: the four characters of white space. */
static void skip_space(struct svc__json *j)
{
    if (j->at < j->end && (unsigned char)*j->at <= ' ')
        j->at = svc__scan_space(j->at, j->end);
}

enum svc__json_type svc__json_peek(struct svc__json *j)
{
    skip_space(j);
    if (j->at == j->end)
        return SVC__JSON_NONE;
    switch (*j->at) {
    case '{':
        return SVC__JSON_OBJECT;
    case '[':
        return SVC__JSON_ARRAY;
    case '"':
        return SVC__JSON_STRING;
    case 't':
    case 'f':
        return SVC__JSON_BOOL;
    case 'n':
        return SVC__JSON_NULL;
    default:
        if (*j->at == '-' || (*j->at >= '0' && *j->at <= '9'))
            return SVC__JSON_NUMBER;
        return SVC__JSON_NONE;
    }
}

static int enter(struct svc__json *j, enum svc__json_type type,
                 const char *reason)
{
    if (svc__json_peek(j) != type)
        return fail_at(j, j->at, reason);
    if (j->depth == SVC__JSON_DEPTH_MAX)
        return latch(j, SVC_ETOOBIG, j->at, "nested too deep");
    j->depth++;
    j->at++;
    j->fresh = 1;
    return 0;
}

int svc__json_enter_object(struct svc__json *j)
{
    return enter(j, SVC__JSON_OBJECT, "expected an object");
}

int svc__json_enter_array(struct svc__json *j)
{
    return enter(j, SVC__JSON_ARRAY, "expected an array");
}

/* Takes the closing bracket or the comma before the next value. 1: a value
 * follows; 0: the container ended; else the error. */
static int next(struct svc__json *j, char close)
{
    int fresh = j->fresh;

    skip_space(j);
    j->fresh = 0;
    if (j->at < j->end && *j->at == close) {
        j->at++;
        j->depth--;
        return 0;
    }
    if (!fresh) {
        if (j->at == j->end || *j->at != ',')
            return fail_at(j, j->at, "expected ',' or a closing bracket");
        j->at++;
        skip_space(j);
    }
    if (j->at == j->end)
        return fail_at(j, j->at, "the text is cut");
    return 1;
}

int svc__json_next_member(struct svc__json *j, struct svc__json_str *ret_key)
{
    int more = next(j, '}');

    if (more != 1)
        return more;
    if (svc__json_string(j, ret_key) != 0)
        return j->err;
    skip_space(j);
    if (j->at == j->end || *j->at != ':')
        return fail_at(j, j->at, "expected ':'");
    j->at++;
    return 1;
}

int svc__json_next_element(struct svc__json *j)
{
    return next(j, ']');
}

/* The value of four hexadecimal digits, or -1. */
static int hex4(const char *at, const char *end)
{
    int value = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];

        if (c >= '0' && c <= '9')
            value = value * 16 + (c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            value = value * 16 + ((c | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return value;
}

/* The size of the escape at a backslash and the code point that it means; 0
 * when it is none (RFC 8259 section 7; a surrogate needs its other half). */
static size_t escape(const char *at, const char *end, uint32_t *ret)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char means[] = "\"\\/\b\f\n\r\t";
    const char *letter;
    int high;
    int low;

    if (end - at < 2)
        return 0;
    if (at[1] != 'u') {
        letter = memchr(letters, at[1], sizeof(letters) - 1);
        if (letter == NULL)
            return 0;
        *ret = (unsigned char)means[letter - letters];
        return 2;
    }
    high = hex4(at + 2, end);
    if (high < 0 || (high >= 0xDC00 && high <= 0xDFFF))
        return 0;
    *ret = (uint32_t)high;
    if (high < 0xD800 || high > 0xDBFF)
        return 6;
    if (end - at < 12 || at[6] != '\\' || at[7] != 'u')
        return 0;
    low = hex4(at + 8, end);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *ret =
        0x10000 + (((uint32_t)high - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
    return 12;
}

int svc__json_string(struct svc__json *j, struct svc__json_str *ret)
{
    const char *at;
    int plain = 1;
    uint32_t point;
    struct svc__json_str str = {0};

    if (svc__json_peek(j) != SVC__JSON_STRING)
        return fail_at(j, j->at, "expected a string");
    str.text = j->at + 1;
    for (at = str.text;;) {
        size_t size = 1;

        at = svc__scan_plain(at, j->end);
        if (at == j->end || *at == '"')
            break;

        if ((unsigned char)*at < 0x20)
            return fail_at(j, at, "control character in a string");
        if (*at == '\\') {
            size = escape(at, j->end, &point);
            str.escaped = 1;
            if (size == 0)
                return fail_at(j, at, "invalid escape in a string");
        } else {
            plain = 0;
        }
        at += size;
    }
    if (at >= j->end)
        return fail_at(j, j->end, "the text is cut in a string");
    str.size = (size_t)(at - str.text);
    if (!plain && !svc__utf8_is_valid(str.text, str.size))
        return fail_at(j, str.text, "a string is not UTF-8");
    j->at = at + 1;
    *ret = str;
    return 0;
}

int svc__json_text(struct svc__json *j, struct svc__json_str *ret)
{
    struct svc__json_str str = {0};
    uint32_t point = 1;

    if (svc__json_string(j, &str) != 0)
        return j->err;
    for (size_t i = 0; str.escaped && i < str.size;) {
        const char *at = str.text + i;

        if (*at != '\\') {
            i++;
            continue;
        }
        i += escape(at, str.text + str.size, &point);
        if (point == 0)
            return fail_at(j, at, "NUL character in a string");
    }
    *ret = str;
    return 0;
}

/* Whether a byte can follow a number or a word. */
static int is_delimiter(char c)
{
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' ||
           c == '\r' || c == '\t';
}

/* Behind the digits at p; p itself where there are none. */
static const char *digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* Behind a fraction or an exponent at p, p itself where there is none; NULL
 * when digits are missing. */
static const char *fraction(const char *p, const char *end)
{
    if (p == end || *p != '.')
        return p;
    return digits(p + 1, end) > p + 1 ? digits(p + 1, end) : NULL;
}

static const char *exponent(const char *p, const char *end)
{
    if (p == end || (*p != 'e' && *p != 'E'))
        return p;
    p++;
    if (p < end && (*p == '+' || *p == '-'))
        p++;
    return digits(p, end) > p ? digits(p, end) : NULL;
}

/* Takes a number of RFC 8259 section 6. *ret_integer tells whether it has
 * neither fraction nor exponent. */
static int number(struct svc__json *j, struct svc__json_str *ret,
                  int *ret_integer)
{
    const char *p = j->at + (j->at < j->end && *j->at == '-');
    const char *whole = p;
    const char *behind;

    p = digits(whole, j->end);
    if (p == whole || (*whole == '0' && p - whole > 1))
        return fail_at(j, j->at, "malformed number");
    behind = p;
    p = fraction(p, j->end);
    if (p != NULL)
        p = exponent(p, j->end);
    if (p == NULL || (p < j->end && !is_delimiter(*p)))
        return fail_at(j, j->at, "malformed number");
    *ret_integer = p == behind;
    ret->text = j->at;
    ret->size = (size_t)(p - j->at);
    ret->escaped = 0;
    j->at = p;
    return 0;
}

int svc__json_integer(struct svc__json *j, int64_t min, int64_t max,
                      int64_t *ret)
{
    struct svc__json_str str = {0};
    int integer = 0;
    int64_t value = 0;
    const char *p;

    if (svc__json_peek(j) != SVC__JSON_NUMBER)
        return fail_at(j, j->at, "expected a number");
    if (number(j, &str, &integer) != 0)
        return j->err;
    if (!integer)
        return fail_at(j, str.text, "expected an integer");
    /* Summed below zero, where there is one value more than above. */
    for (p = str.text + (*str.text == '-'); p < str.text + str.size; p++) {
        int digit = *p - '0';

        if (value < (INT64_MIN + digit) / 10)
            return fail_at(j, str.text, "number out of range");
        value = value * 10 - digit;
    }
    if (*str.text != '-') {
        if (value == INT64_MIN)
            return fail_at(j, str.text, "number out of range");
        value = -value;
    }
    if (value < min || value > max)
        return fail_at(j, str.text, "number out of range");
    *ret = value;
    return 0;
}

/* Takes a word if the text goes on with it. */
static int take_word(struct svc__json *j, const char *word)
{
    size_t size = strlen(word);

    if ((size_t)(j->end - j->at) < size || memcmp(j->at, word, size) != 0)
        return 0;
    if (j->at + size < j->end && !is_delimiter(j->at[size]))
        return 0;
    j->at += size;
    return 1;
}

int svc__json_bool(struct svc__json *j, int *ret)
{
    if (svc__json_peek(j) == SVC__JSON_BOOL) {
        if (take_word(j, "true")) {
            *ret = 1;
            return 0;
        }
        if (take_word(j, "false")) {
            *ret = 0;
            return 0;
        }
    }
    return fail_at(j, j->at, "expected true or false");
}

int svc__json_take_null(struct svc__json *j)
{
    return svc__json_peek(j) == SVC__JSON_NULL && take_word(j, "null");
}

/* Behind a string whose opening quote is at p, or NULL. Its content is not
 * looked at, but for the end. */
static const char *string_end(const char *p, const char *end)
{
    for (p = svc__scan_quote(p + 1, end); p < end && *p == '\\';) {
        if (end - p < 2)
            return NULL;
        p = svc__scan_quote(p + 2, end);
    }
    return p < end ? p + 1 : NULL;
}

/* Takes a container by a walk, up to the bracket that closes it. */
static int walk_container(struct svc__json *j)
{
    const struct svc__scan_ops *ops = svc__scan_ops();
    struct svc__scan scan;
    enum svc__scan_stop stop;

    svc__scan_init(&scan, 0, SVC__JSON_DEPTH_MAX - (int)j->depth);
    scan.any_bytes = 1;
    svc__scan_feed(&scan, j->at, (size_t)(j->end - j->at));
    do
        stop = ops->walk(&scan);
    while (stop == SVC__SCAN_OPEN);
    switch (stop) {
    case SVC__SCAN_CLOSE:
        j->at += scan.pos + 1;
        return 0;
    case SVC__SCAN_END:
        return fail_at(j, j->end, "the text is cut");
    case SVC__SCAN_DEEP:
        return latch(j, SVC_ETOOBIG, j->at + scan.pos, "nested too deep");
    case SVC__SCAN_STRAY:
        return fail_at(j, j->at + scan.pos, "backslash outside a string");
    default:
        return fail_at(j, j->at + scan.pos, "mismatched bracket");
    }
}

/* Where the container that comes ends, if that is known; else NULL. */
static const char *known_end(struct svc__json *j)
{
    const struct svc__json_ends *ends = j->ends;

    if (ends == NULL || j->depth != 2)
        return NULL;
    while (j->next_end < ends->count) {
        const char *end = ends->base + ends->offsets[j->next_end];

        if (end > j->at)
            return end < j->end ? end : NULL;
        j->next_end++;
    }
    return NULL;
}

/* Takes a container, up to the bracket that closes it. */
static int skip_container(struct svc__json *j)
{
    const char *end = known_end(j);

    if (end != NULL) {
        j->at = end + 1;
        return 0;
    }
    return walk_container(j);
}

static int skip_scalar(struct svc__json *j, enum svc__json_type type)
{
    struct svc__json_str str = {0};
    const char *p;
    int flag;

    switch (type) {
    case SVC__JSON_NUMBER:
        return number(j, &str, &flag);
    case SVC__JSON_BOOL:
        return svc__json_bool(j, &flag);
    case SVC__JSON_STRING:
        p = string_end(j->at, j->end);
        if (p == NULL)
            return fail_at(j, j->end, "the text is cut in a string");
        j->at = p;
        return 0;
    default:
        if (svc__json_take_null(j))
            return 0;
        return fail_at(j, j->at, "expected a value");
    }
}

int svc__json_skip(struct svc__json *j, struct svc__json_str *ret)
{
    enum svc__json_type type = svc__json_peek(j);
    const char *start = j->at;
    int err;

    if (type == SVC__JSON_OBJECT || type == SVC__JSON_ARRAY)
        err = skip_container(j);
    else
        err = skip_scalar(j, type);
    if (err == 0 && ret != NULL) {
        ret->text = start;
        ret->size = (size_t)(j->at - start);
        ret->escaped = 0;
    }
    return err;
}

int svc__json_find(struct svc__json *j, const char *key)
{
    struct svc__json_str found = {.text = ""};

    (void)svc__json_enter_object(j);
    while (svc__json_next_member(j, &found) == 1) {
        if (svc__json_str_is(&found, key))
            return 1;
        (void)svc__json_skip(j, NULL);
    }
    return j->err;
}

int svc__json_finish(struct svc__json *j)
{
    skip_space(j);
    if (j->err == 0 && j->at != j->end)
        return fail_at(j, j->at, "something follows the value");
    return j->err;
}

int svc__json_fail(struct svc__json *j, const char *at, const char *reason)
{
    return fail_at(j, at != NULL ? at : j->at, reason);
}

int svc__json_over_bound(struct svc__json *j, const char *at,
                         const char *reason)
{
    return latch(j, SVC_ETOOBIG, at != NULL ? at : j->at, reason);
}

int svc__json_error(const struct svc__json *j, svc_error *reterr)
{
    if (j->err == 0)
        return 0;
    return svc__err_set(reterr, j->err, "%s (byte %zu)", j->reason,
                        (size_t)(j->wrong - j->start));
}

/* Writes a code point as UTF-8. Returns the bytes. */
static size_t encode(uint32_t point, char *ret)
{
    if (point < 0x80) {
        ret[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        ret[0] = (char)(0xC0 | point >> 6);
        ret[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        ret[0] = (char)(0xE0 | point >> 12);
        ret[1] = (char)(0x80 | (point >> 6 & 0x3F));
        ret[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    ret[0] = (char)(0xF0 | point >> 18);
    ret[1] = (char)(0x80 | (point >> 12 & 0x3F));
    ret[2] = (char)(0x80 | (point >> 6 & 0x3F));
    ret[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}

int svc__json_str_is(const struct svc__json_str *str, const char *word)
{
    size_t size = strlen(word);
    size_t used = 0;
    char bytes[4];

    if (!str->escaped)
        return str->size == size && memcmp(str->text, word, size) == 0;
    for (size_t i = 0; i < str->size;) {
        const char *at = str->text + i;
        uint32_t point = 0;
        size_t width = 1;

        bytes[0] = *at;
        if (*at == '\\') {
            i += escape(at, str->text + str->size, &point);
            width = encode(point, bytes);
        } else {
            i++;
        }
        if (width > size - used || memcmp(word + used, bytes, width) != 0)
            return 0;
        used += width;
    }
    return used == size;
}

size_t svc__json_str_copy(const struct svc__json_str *str, char *ret)
{
    size_t used = 0;

    if (!str->escaped) {
        memcpy(ret, str->text, str->size);
        return str->size;
    }
    for (size_t i = 0; i < str->size;) {
        const char *at = str->text + i;
        uint32_t point = 0;

        if (*at == '\\') {
            i += escape(at, str->text + str->size, &point);
            used += encode(point, ret + used);
        } else {
            ret[used++] = *at;
            i++;
        }
    }
    return used;
}
