/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns three small documents. What comes out of a token is wiped.
 */
#include "kube/review.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/wipe.h"
#include "kube/json.h"

#include <string.h>

static void add(struct svc__buf *b, const char *before, const char *text)
{
    svc__buf_add_text(b, before);
    svc__buf_add_json(b, text, strlen(text));
}

int svc__review_write(const struct svc__review *q, struct svc__buf *b)
{
    svc__buf_add_text(b, "{\"apiVersion\":\"authorization.k8s.io/v1\","
                         "\"kind\":\"SelfSubjectAccessReview\","
                         "\"spec\":{\"resourceAttributes\":{");
    add(b, "\"verb\":", q->verb);
    add(b, ",\"group\":", q->group);
    add(b, ",\"resource\":", q->resource);
    if (q->namespace_ != NULL)
        add(b, ",\"namespace\":", q->namespace_);
    if (q->name != NULL)
        add(b, ",\"name\":", q->name);
    return svc__buf_add_text(b, "}}}");
}

int svc__review_read(const char *text, size_t size, int *ret_allowed,
                     svc_error *reterr)
{
    struct svc__json j;
    int allowed = 0;

    svc__json_init(&j, text, size);
    if (svc__json_find(&j, "status") != 1 ||
        svc__json_find(&j, "allowed") != 1 || svc__json_bool(&j, &allowed) != 0)
        return svc__err_set(reterr, SVC_EPROTO,
                            "the answer is no access review: it has no "
                            "status.allowed");
    *ret_allowed = allowed;
    return 0;
}

int svc__review_read_version(const char *text, size_t size,
                             char ret[SVC__REVIEW_VERSION_SIZE],
                             svc_error *reterr)
{
    struct svc__json_str s;
    struct svc__json j;

    svc__json_init(&j, text, size);
    if (svc__json_find(&j, "gitVersion") != 1 || svc__json_text(&j, &s) != 0 ||
        s.escaped || s.size == 0 || s.size >= SVC__REVIEW_VERSION_SIZE)
        return svc__err_set(reterr, SVC_EPROTO,
                            "the answer is no version: it has no gitVersion");
    memcpy(ret, s.text, s.size);
    ret[s.size] = '\0';
    return 0;
}

/* The part between the two dots of a JWT; NULL when it is none. */
static const char *payload_of(const char *token, size_t size, size_t *ret_size)
{
    const char *first = memchr(token, '.', size);
    const char *second;

    if (first == NULL)
        return NULL;
    first++;
    second = memchr(first, '.', size - (size_t)(first - token));
    if (second == NULL)
        return NULL;
    *ret_size = (size_t)(second - first);
    return first;
}

/* base64url without padding (RFC 7515 section 2) to what base64 is. */
static size_t to_base64(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '-')
            text[i] = '+';
        else if (text[i] == '_')
            text[i] = '/';
    }
    while (size % 4 != 0)
        text[size++] = '=';
    return size;
}

static int read_end(const char *text, size_t size, int64_t *ret_s)
{
    struct svc__json j;

    svc__json_init(&j, text, size);
    if (svc__json_find(&j, "exp") != 1 ||
        svc__json_integer(&j, 0, INT64_MAX, ret_s) != 0)
        return SVC_ENOTSUP;
    return 0;
}

int svc__review_token_end(const char *token, size_t size, int64_t *ret_s)
{
    size_t part_size = 0;
    const char *part = payload_of(token, size, &part_size);
    size_t decoded;
    char *text;
    int err;

    if (part == NULL || part_size > SVC__REVIEW_MAX)
        return SVC_ENOTSUP;
    text = svc__alloc(part_size + 4);
    if (text == NULL)
        return SVC_ENOMEM;
    memcpy(text, part, part_size);
    part_size = to_base64(text, part_size);
    err = svc__base64_decode(text, part_size, &decoded);
    err = err != 0 ? SVC_ENOTSUP : read_end(text, decoded, ret_s);
    svc__wipe(text, part_size);
    svc__free(text);
    return err;
}
