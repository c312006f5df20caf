/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what holds for every used field: keys, null, repetition, the path of an
 * error. Knows no object. What is collected is in kube/fields_text.c.
 */
#include "kube/fields.h"

#include "base/err.h"
#include "base/scan_text.h"

#include <string.h>

/* Far above what an object within its bounds can hold. */
#define TEXT_MAX ((size_t)64 << 20)

/* Bytes that may be written behind the kept texts without a look at their
 * room: what is kept is never longer than how it was written. */
#define TEXT_SLACK 256

void svc__fields_init(struct svc__fields *f, const char *text, size_t size)
{
    if (f->text.max == 0)
        svc__buf_init(&f->text, TEXT_MAX);
    svc__buf_clear(&f->text);
    svc__json_init(&f->j, text, size);
    f->path_size = 0;
    f->refused.text = NULL;
    f->no_memory = 0;
    if (f->text.cap > size + TEXT_SLACK ||
        svc__buf_reserve(&f->text, size + TEXT_SLACK) != NULL)
        svc__buf_add_byte(&f->text, '\0');
    else if (f->text.err == SVC_ETOOBIG)
        svc__json_over_bound(&f->j, NULL, "is too big");
    else
        svc__fields_no_memory(f);
}

void svc__fields_fini(struct svc__fields *f)
{
    svc__buf_fini(&f->text);
}

const char *svc__fields_no_memory(struct svc__fields *f)
{
    f->no_memory = 1;
    svc__json_fail(&f->j, NULL, "out of memory");
    return NULL;
}

const char *svc__fields_refuse(struct svc__fields *f,
                               const struct svc__json_str *str,
                               const char *reason)
{
    if (f->j.err == 0)
        f->refused = *str;
    svc__json_fail(&f->j, str->text, reason);
    return NULL;
}

/* Where the cursor is, unless it failed. */
static const char *where(const struct svc__fields *f)
{
    return f->j.err == 0 ? f->j.at : NULL;
}

/* Notes a step of the path on the way out of an error. */
static const char *leave(struct svc__fields *f, const char *name,
                         size_t name_size, size_t index)
{
    if (f->path_size < SVC__FIELDS_PATH_MAX) {
        f->path[f->path_size].name = name;
        f->path[f->path_size].name_size = name_size;
        f->path[f->path_size].index = index;
        f->path_size++;
    }
    return NULL;
}

/* ---- objects ------------------------------------------------------------ */

/* The name of a field: its literal has a comma, two quotes and a colon. */
static const char *name_of(const struct svc__field *field, size_t *ret_size)
{
    *ret_size = (size_t)field->size - 4;
    return field->literal + 2;
}

static const char *leave_field(struct svc__fields *f,
                               const struct svc__field *field)
{
    size_t size;
    const char *name = name_of(field, &size);

    return leave(f, name, size, 0);
}

const char *svc__fields_one(struct svc__fields *f, const char *p,
                            const struct svc__field *field, void *target)
{
    p = field->read(f, p, target);
    return p != NULL ? p : leave_field(f, field);
}

/* Behind white space, of which there is none in compact text. */
static inline const char *space(const struct svc__fields *f, const char *p)
{
    if (p < f->j.end && (unsigned char)*p <= ' ')
        p = svc__scan_space(p, f->j.end);
    return p;
}

/* Goes into a container. */
static const char *enter(struct svc__fields *f, const char *p, char bracket)
{
    if (p < f->j.end && *p == bracket && f->j.depth < SVC__JSON_DEPTH_MAX) {
        f->j.depth++;
        return p + 1;
    }
    f->j.at = p;
    if (bracket == '{')
        svc__json_enter_object(&f->j);
    else
        svc__json_enter_array(&f->j);
    return where(f);
}

/* Behind the bracket that ends a container, if it is next; else NULL. */
static inline const char *end(struct svc__fields *f, const char *p,
                              char bracket)
{
    p = space(f, p);
    if (p == f->j.end || *p != bracket)
        return NULL;
    f->j.depth--;
    return p + 1;
}

/* guess() for indented text: the comma, a line break, the rest. */
static __attribute__((noinline)) const char *guess_spaced(
    const struct svc__fields *f, const char *p, const struct svc__field *field,
    unsigned fresh)
{
    if (!fresh) {
        p = space(f, p);
        if (p == f->j.end || *p != ',')
            return NULL;
        p++;
    }
    p = space(f, p);
    if (f->j.end - p < field->ahead ||
        !svc__scan_begins(p, field->literal + 1, field->mask >> 1))
        return NULL;
    return p + field->size - 1;
}

/* What follows the key of a field, if the text goes on with it as guessed;
 * else NULL. fresh: it is the first of its object, without a comma. */
static inline const char *guess(const struct svc__fields *f, const char *p,
                                const struct svc__field *field, unsigned fresh)
{
    if (f->j.end - p < field->ahead)
        return NULL;
    if (svc__scan_begins(p, field->literal + fresh, field->mask >> fresh))
        return p + field->size - fresh;
    return guess_spaced(f, p, field, fresh);
}

/* The number of a field by its key with escapes, from 1, or 0. */
static __attribute__((noinline)) unsigned find_escaped(
    const struct svc__table *table, const struct svc__json_str *key)
{
    char word[sizeof(table->fields[0].literal)];

    for (unsigned i = 0; i < table->count; i++) {
        size_t size;
        const char *name = name_of(&table->fields[i], &size);

        memcpy(word, name, size);
        word[size] = '\0';
        if (svc__json_str_is(key, word))
            return i + 1;
    }
    return 0;
}

/* The number of a field by its key, from 1, or 0. */
static unsigned find(const struct svc__table *table,
                     const struct svc__json_str *key)
{
    if (key->escaped)
        return find_escaped(table, key);
    for (unsigned i = 0; i < table->count; i++) {
        size_t size;
        const char *name = name_of(&table->fields[i], &size);

        if (key->size == size && memcmp(key->text, name, size) == 0)
            return i + 1;
    }
    return 0;
}

/* The key of the next member, if it has no escapes, and its quotes, comma and
 * colon stand close together: what is behind the colon; else NULL. */
static const char *quick_key(const struct svc__fields *f, const char *p,
                             unsigned fresh, struct svc__json_str *ret)
{
    const char *end = f->j.end;

    if (!fresh && p < end && *p++ != ',')
        return NULL;
    if (p == end || *p != '"')
        return NULL;
    ret->text = p + 1;
    p = svc__scan_plain(p + 1, end);
    ret->size = (size_t)(p - ret->text);
    return end - p > 2 && p[0] == '"' && p[1] == ':' ? p + 2 : NULL;
}

/* The value of the next member by the cursor, and the number of its field, 0
 * if the table has none, to *ret. NULL when the object ended: the cursor is
 * behind it; or with an error. */
static __attribute__((noinline)) const char *find_member(
    struct svc__fields *f, const char *p, const struct svc__table *table,
    unsigned fresh, uint8_t *ret)
{
    struct svc__json_str key = {0};
    const char *value = quick_key(f, p, fresh, &key);

    if (value != NULL) {
        *ret = (uint8_t)find(table, &key);
        return value;
    }
    f->j.at = p;
    f->j.fresh = (int)fresh;
    *ret = 0;
    if (svc__json_next_member(&f->j, &key) != 1)
        return NULL;
    *ret = (uint8_t)find(table, &key);
    return where(f);
}

/* Takes the value of a field unless it is null. */
static inline const char *take(struct svc__fields *f, const char *p,
                               const struct svc__field *field, void *target)
{
    const char *end;

    p = space(f, p);
    if (p < f->j.end && *p == 'n') {
        f->j.at = p;
        if (svc__json_take_null(&f->j))
            return f->j.at;
    }
    end = field->read(f, p, target);
    return end != NULL ? end : leave_field(f, field);
}

static const char *refuse_repeated(struct svc__fields *f, const char *p,
                                   const struct svc__field *field)
{
    svc__json_fail(&f->j, p, "is there twice");
    return leave_field(f, field);
}

const char *svc__fields_object(struct svc__fields *f, const char *p,
                               const struct svc__table *table, void *target)
{
    uint8_t *next = f->next[table->id];
    uint32_t seen = 0; /* a bit for each number */
    unsigned fresh = 1;

    p = enter(f, p, '{');
    while (p != NULL) {
        size_t number = *next;
        const struct svc__field *field;
        const char *value;

        if (number != 0) {
            value = guess(f, p, &table->fields[number - 1], fresh);
        } else {
            value = end(f, p, '}');
            if (value != NULL)
                return value;
        }
        if (value == NULL) {
            value = find_member(f, p, table, fresh, next);
            if (value == NULL)
                return where(f);
            number = *next;
        }
        fresh = 0;
        if (number == 0) {
            p = svc__fields_skip(f, space(f, value), NULL);
            continue;
        }
        field = &table->fields[number - 1];
        if ((seen >> number & 1) != 0 && !field->ignored)
            return refuse_repeated(f, space(f, value), field);
        seen |= (uint32_t)1 << number;
        next = &f->next[table->id][number];
        p = take(f, value, field, target);
    }
    return NULL;
}

/* ---- arrays ------------------------------------------------------------- */

/* Where element index begins, which is announced; NULL when the array ended,
 * behind *ret_end then, or with an error. */
static const char *element(struct svc__fields *f, const char *p, size_t index,
                           const char **ret_end)
{
    *ret_end = end(f, p, ']');
    if (*ret_end != NULL)
        return NULL;
    p = space(f, p);
    if (index == 0 && p < f->j.end)
        return p;
    if (p < f->j.end && *p == ',') {
        p = space(f, p + 1);
        if (p < f->j.end)
            return p;
    }
    f->j.at = p;
    f->j.fresh = index == 0;
    svc__json_next_element(&f->j);
    return where(f);
}

const char *svc__fields_array(struct svc__fields *f, const char *p, size_t max,
                              svc__read_fn *read, void *target)
{
    const char *ended = NULL;

    p = enter(f, p, '[');
    for (size_t index = 0; p != NULL; index++) {
        p = element(f, p, index, &ended);
        if (p == NULL)
            return ended;
        if (index == max) {
            svc__json_over_bound(&f->j, p, "has too many elements");
            return NULL;
        }
        p = read(f, p, target);
        if (p == NULL)
            leave(f, NULL, 0, index);
    }
    return NULL;
}

/* ---- plain values ------------------------------------------------------- */

const char *svc__fields_skip(struct svc__fields *f, const char *p, void *target)
{
    (void)target;
    if (p < f->j.end && *p == '"') {
        const char *quote = svc__scan_quote(p + 1, f->j.end);

        if (quote < f->j.end && *quote == '"')
            return quote + 1;
    }
    f->j.at = p;
    svc__json_skip(&f->j, NULL);
    return where(f);
}

const char *svc__fields_bool(struct svc__fields *f, const char *p, int *ret)
{
    if (f->j.end - p >= 8) {
        int word = memcmp(p, "true", 4) == 0;
        size_t size = word ? 4 : 5;

        if ((word || memcmp(p, "false", 5) == 0) &&
            (p[size] == ',' || p[size] == '}' || p[size] == '\n')) {
            *ret = word;
            return p + size;
        }
    }
    f->j.at = p;
    svc__json_bool(&f->j, ret);
    return where(f);
}

const char *svc__fields_text(struct svc__fields *f, const char *p,
                             struct svc__json_str *ret)
{
    if (p < f->j.end && *p == '"') {
        const char *quote = svc__scan_plain(p + 1, f->j.end);

        if (quote < f->j.end && *quote == '"') {
            ret->text = p + 1;
            ret->size = (size_t)(quote - ret->text);
            ret->escaped = 0;
            return quote + 1;
        }
    }
    f->j.at = p;
    svc__json_text(&f->j, ret);
    return where(f);
}

/* ---- errors ------------------------------------------------------------- */

static void describe_path(const struct svc__fields *f, struct svc__buf *b)
{
    for (size_t i = f->path_size; i-- > 0;) {
        if (f->path[i].name == NULL)
            svc__buf_printf(b, "[%zu]", f->path[i].index);
        else
            svc__buf_printf(b, "%s%.*s", b->size > 0 ? "." : "",
                            (int)f->path[i].name_size, f->path[i].name);
    }
    if (b->size > 0)
        svc__buf_add_text(b, ": ");
}

/* Of a refused text, as much as helps to find it. */
static void describe_text(const struct svc__fields *f, struct svc__buf *b)
{
    int shown = f->refused.size < 80 ? (int)f->refused.size : 80;

    if (f->refused.text != NULL)
        svc__buf_printf(b, "\"%.*s\" ", shown, f->refused.text);
}

int svc__fields_error(const struct svc__fields *f, const char *object,
                      svc_error *reterr)
{
    struct svc__buf b;

    if (f->no_memory) {
        svc__err_nomem(reterr);
        return SVC_ENOMEM;
    }
    svc__buf_init(&b, SVC_ERROR_MESSAGE_SIZE);
    describe_path(f, &b);
    describe_text(f, &b);
    svc__err_set(reterr, f->j.err, "%s: %s%s (byte %zu)", object,
                 b.data != NULL ? b.data : "", f->j.reason,
                 (size_t)(f->j.wrong - f->j.start));
    svc__buf_fini(&b);
    return f->j.err;
}
