/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of segments: plain members by the strict cursor, the key of
 * the container behind them. Knows nothing of streams.
 */
#include "kube/level.h"

#include "base/scan_text.h"
#include "kube/json.h"

#include <string.h>

void svc__level_init(struct svc__level *level)
{
    level->id.kind[0] = '\0';
    level->id.api_version[0] = '\0';
    level->fresh = 1;
    level->items = 0;
    level->metadata = 0;
    level->reason = NULL;
    level->wrong = 0;
}

/* Reads a plain value into a field of an id: "" for what is no string. */
static void read_word(struct svc__json *j, char *word, size_t size)
{
    struct svc__json_str str = {0};

    word[0] = '\0';
    if (svc__json_peek(j) != SVC__JSON_STRING) {
        svc__json_skip(j, NULL);
        return;
    }
    if (svc__json_text(j, &str) != 0)
        return;
    if (str.size < size) {
        word[svc__json_str_copy(&str, word)] = '\0';
    } else {
        memcpy(word, str.text, size - 1);
        word[size - 1] = '\0';
    }
}

static void read_member(struct svc__level *level, struct svc__json *j,
                        const struct svc__json_str *key)
{
    if (svc__json_str_is(key, "kind"))
        read_word(j, level->id.kind, sizeof(level->id.kind));
    else if (svc__json_str_is(key, "apiVersion"))
        read_word(j, level->id.api_version, sizeof(level->id.api_version));
    else
        svc__json_skip(j, NULL);
}

/* What a quick reading looks at. */
struct quick {
    const char *p;
    const char *last; /* the bracket at the end */
    const char *key;
    size_t key_size;
};

/* A string without escapes at q->p. 0 when it is another thing. */
static int quick_string(struct quick *q, const char **ret, size_t *ret_size)
{
    if (*q->p != '"')
        return 0;
    *ret = q->p + 1;
    q->p = svc__scan_plain(q->p + 1, q->last);
    *ret_size = (size_t)(q->p - *ret);
    return *q->p++ == '"';
}

/* A key and its colon, behind a comma unless it is the first. */
static int quick_key(struct quick *q, int fresh)
{
    if (!fresh && *q->p++ != ',')
        return 0;
    q->p = svc__scan_space(q->p, q->last);
    if (!quick_string(q, &q->key, &q->key_size) || q->p >= q->last ||
        *q->p++ != ':')
        return 0;
    q->p = svc__scan_space(q->p, q->last);
    return 1;
}

static void quick_word(const char *value, size_t value_size, char *word,
                       size_t size)
{
    if (value_size >= size)
        value_size = size - 1;
    memcpy(word, value, value_size);
    word[value_size] = '\0';
}

static void quick_member(struct svc__level *level, const struct quick *q,
                         const char *value, size_t size)
{
    if (q->key_size == 4 && memcmp(q->key, "kind", 4) == 0)
        quick_word(value, size, level->id.kind, sizeof(level->id.kind));
    else if (q->key_size == 10 && memcmp(q->key, "apiVersion", 10) == 0)
        quick_word(value, size, level->id.api_version,
                   sizeof(level->id.api_version));
}

/* Reads a segment of plain strings and the key of a container, without
 * escapes. 0 when it is another, or malformed: then the cursor reads it. */
static int quick_read(struct svc__level *level, const char *text, size_t size)
{
    struct quick q = {text, text + size - 1, NULL, 0};
    const char *value;
    size_t value_size;
    int fresh = level->fresh;

    for (;;) {
        q.p = svc__scan_space(q.p, q.last);
        if (q.p == q.last)
            return *q.p == '}';
        if (!quick_key(&q, fresh))
            return 0;
        fresh = 0;
        if (*q.p == '{' || *q.p == '[')
            break;
        if (!quick_string(&q, &value, &value_size))
            return 0;
        quick_member(level, &q, value, value_size);
    }
    level->items = q.key_size == 5 && memcmp(q.key, "items", 5) == 0;
    level->metadata = q.key_size == 8 && memcmp(q.key, "metadata", 8) == 0;
    return 1;
}

void svc__level_read(struct svc__level *level, const char *text, size_t size)
{
    struct svc__json j;
    struct svc__json_str key = {0};
    enum svc__json_type type;
    int more;

    level->items = 0;
    level->metadata = 0;
    if (level->reason != NULL)
        return;
    if (quick_read(level, text, size)) {
        level->fresh = 0;
        return;
    }
    svc__json_init(&j, text, size);
    j.depth = 1;
    j.fresh = level->fresh;
    level->fresh = 0;
    for (;;) {
        more = svc__json_next_member(&j, &key);
        if (more != 1)
            break;
        type = svc__json_peek(&j);
        if (type == SVC__JSON_OBJECT || type == SVC__JSON_ARRAY)
            break;
        read_member(level, &j, &key);
    }
    if (j.err != 0) {
        level->reason = j.reason;
        level->wrong = (size_t)(j.wrong - j.start);
        return;
    }
    level->items = more == 1 && svc__json_str_is(&key, "items");
    level->metadata = more == 1 && svc__json_str_is(&key, "metadata");
}

int svc__level_may_be_list(const struct svc__level *level)
{
    size_t size = strlen(level->id.kind);

    return size == 0 ||
           (size >= 4 && strcmp(level->id.kind + size - 4, "List") == 0);
}
