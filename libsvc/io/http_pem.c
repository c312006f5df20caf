/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the look at PEM blocks (RFC 7468). What is inside them is the business
 * of the TLS library.
 */
#include "io/http_pem.h"

#include "base/err.h"

#include <string.h>

struct text {
    const char *at;
    size_t size;
};

/* Where a word is in text, or NULL. */
static const char *find(struct text text, const char *word)
{
    size_t size = strlen(word);

    for (size_t i = 0; i + size <= text.size; i++) {
        const char *at = memchr(text.at + i, word[0], text.size - size - i + 1);

        if (at == NULL)
            return NULL;
        if (memcmp(at, word, size) == 0)
            return at;
        i = (size_t)(at - text.at);
    }
    return NULL;
}

static struct text behind(struct text text, const char *at)
{
    return (struct text){at, text.size - (size_t)(at - text.at)};
}

/* The next label and what stands between its two lines; 0 at the end. */
static int next_block(struct text *text, struct text *ret_label,
                      struct text *ret_inside)
{
    static const char begin[] = "-----BEGIN ";
    static const char end[] = "-----END ";
    const char *at = find(*text, begin);
    const char *stop;

    if (at == NULL)
        return 0;
    *text = behind(*text, at + sizeof(begin) - 1);
    stop = find(*text, "-----");
    if (stop == NULL)
        return 0;
    *ret_label = (struct text){text->at, (size_t)(stop - text->at)};
    *text = behind(*text, stop);
    at = find(*text, end);
    if (at == NULL)
        return 0;
    *ret_inside = (struct text){text->at, (size_t)(at - text->at)};
    *text = behind(*text, at + sizeof(end) - 1);
    return find(*text, "-----") != NULL;
}

static int ends_with(struct text text, const char *word)
{
    size_t size = strlen(word);

    return text.size >= size &&
           memcmp(text.at + text.size - size, word, size) == 0;
}

int svc__http_pem_check(const char *text, size_t size, const char *what,
                        const char *kind, svc_error *reterr)
{
    struct text rest = {text, size};
    struct text label;
    struct text inside;

    while (next_block(&rest, &label, &inside)) {
        if (!ends_with(label, kind))
            continue;
        if (find(label, "ENCRYPTED") != NULL ||
            find(inside, "ENCRYPTED") != NULL) {
            svc__err_set(reterr, SVC_EAUTH, "%s needs a pass phrase", what);
            svc__err_hint(reterr, "take the pass phrase off (openssl pkey)");
            return SVC_EAUTH;
        }
        return 0;
    }
    return svc__err_set(reterr, SVC_EAUTH, "%s is no PEM text with a %s", what,
                        kind);
}
