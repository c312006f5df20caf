/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a resourceVersion and a continue token look like. Knows nothing of
 * streams.
 */
#include "kube/meta.h"

#include <string.h>

static int is_version(const struct svc__json_str *str)
{
    if (str->size == 0 || str->size >= SVC__VERSION_SIZE || str->escaped)
        return 0;
    for (size_t i = 0; i < str->size; i++) {
        if (str->text[i] <= ' ' || str->text[i] > '~')
            return 0;
    }
    return str->size > 1 || str->text[0] != '0';
}

void svc__meta_version(struct svc__json *j, char ret[SVC__VERSION_SIZE])
{
    struct svc__json_str str = {0};

    ret[0] = '\0';
    if (svc__json_peek(j) != SVC__JSON_STRING) {
        svc__json_skip(j, NULL);
        return;
    }
    if (svc__json_string(j, &str) != 0 || !is_version(&str))
        return;
    memcpy(ret, str.text, str.size);
    ret[str.size] = '\0';
}

uint64_t svc__meta_version_number(const char *text, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++) {
        unsigned digit = (unsigned)(unsigned char)text[i] - '0';

        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return 0;
    }
    return value;
}

/* A list whose other parts are not found would be taken for the whole. */
static void read_more(struct svc__json *j, struct svc__buf *more)
{
    struct svc__json_str str = {0};
    char *to;

    if (svc__json_take_null(j) || svc__json_text(j, &str) != 0)
        return;
    if (more->size > 0) {
        svc__json_fail(j, NULL, "metadata.continue is there twice");
        return;
    }
    if (str.size > SVC__META_MORE_MAX) {
        svc__json_over_bound(j, NULL, "metadata.continue is too long");
        return;
    }
    to = svc__buf_reserve(more, str.size);
    if (to != NULL)
        more->size += svc__json_str_copy(&str, to);
    svc__buf_add(more, "", 0);
}

const char *svc__meta_read_list(const char *text, size_t size,
                                char version[SVC__VERSION_SIZE],
                                struct svc__buf *more)
{
    struct svc__json j;
    struct svc__json_str key = {0};

    svc__json_init(&j, text, size);
    j.depth = 1;
    if (svc__json_peek(&j) != SVC__JSON_OBJECT)
        return "metadata of the list is no object";
    svc__json_enter_object(&j);
    while (svc__json_next_member(&j, &key) == 1) {
        if (svc__json_str_is(&key, "resourceVersion"))
            svc__meta_version(&j, version);
        else if (svc__json_str_is(&key, "continue"))
            read_more(&j, more);
        else
            svc__json_skip(&j, NULL);
    }
    return j.err != 0 ? j.reason : NULL;
}
