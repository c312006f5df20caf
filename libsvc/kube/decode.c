/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of one JSON object by a table, for the decode_*.c files.
 * The cursor checks types, ranges and repeated keys, which json-c 0.16 does not
 * (faults M3), and copies the used scalars to a small array of which json-c
 * makes values; containers are bookmarked and read in their turn. So what
 * json-c allocates does not grow with the input (faults M2), and it never
 * copies a key, which crashes 0.16 when memory is short (faults M1).
 */
#include "kube/decode_field.h"

#include "base/alloc.h"
#include "base/err.h"
#include "kube/meta.h"
#include "model/name.h"

#include <inttypes.h>
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <stdio.h>
#include <string.h>

int svc__decode_init(struct svc__decode *d, const char *kind, svc_error *reterr)
{
    memset(d, 0, sizeof(*d));
    d->reterr = reterr;
    svc__buf_init(&d->text,
                  (size_t)SVC__DECODE_FIELDS_MAX * (SVC__DECODE_TEXT_MAX + 64));
    (void)snprintf(d->id, sizeof(d->id), "%s", kind);
    d->tokener = json_tokener_new_ex(2);
    if (d->tokener == NULL)
        return svc__err_nomem(reterr);
    json_tokener_set_flags(d->tokener,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    return 0;
}

void svc__decode_fini(struct svc__decode *d)
{
    svc__buf_fini(&d->text);
    if (d->tokener != NULL)
        json_tokener_free(d->tokener);
    d->tokener = NULL;
}

void svc__decode_path_set(struct svc__decode *d, const char *path)
{
    (void)snprintf(d->path, sizeof(d->path), "%s", path);
}

void svc__decode_path(struct svc__decode *d, const char *list, size_t i,
                      const char *rest)
{
    (void)snprintf(d->path, sizeof(d->path), "%s[%zu]%s", list, i, rest);
}

int svc__decode_refuse(const struct svc__decode *d, const char *key,
                       const char *what, const char *value)
{
    const char *quote = value == NULL ? "" : "\"";

    return svc__err_set(d->reterr, SVC_EFILE, "%s: %s%s: %s%s%s%s%s", d->id,
                        d->path, key, what, value == NULL ? "" : ": ", quote,
                        value == NULL ? "" : value, quote);
}

/* What the cursor refused. Of the object itself: the path without its dot. */
static int refuse_json(const struct svc__decode *d, const struct svc__json *j,
                       const char *key)
{
    size_t size = strlen(d->path);

    if (key[0] == '\0' && size > 0 && d->path[size - 1] == '.')
        size--;
    svc__json_error(j, d->reterr);
    svc__err_wrap(d->reterr, "%s%s%.*s%s", d->id,
                  size > 0 || key[0] != '\0' ? ": " : "", (int)size, d->path,
                  key);
    return SVC_EFILE;
}

static int find_field(const struct svc__decode_field *fields,
                      const struct svc__json_str *key)
{
    for (int i = 0; fields[i].key != NULL; i++) {
        if (svc__json_str_is(key, fields[i].key))
            return i;
    }
    return -1;
}

/* Copies a scalar to the text for json-c; *ret_size is the size of what a
 * string means. */
static void take_scalar(struct svc__decode *d, struct svc__json *j,
                        const struct svc__decode_field *field,
                        uint16_t *ret_size)
{
    char copy[SVC__DECODE_TEXT_MAX];
    struct svc__json_str text = {"", 0, 0};
    int64_t number = 0;

    svc__buf_add_byte(&d->text, d->text.size == 0 ? '[' : ',');
    if (field->type == SVC__DECODE_INTEGER) {
        svc__json_integer(j, 0, UINT16_MAX, &number);
        svc__buf_printf(&d->text, "%" PRId64, number);
        return;
    }
    if (svc__json_text(j, &text) == 0 && text.size > sizeof(copy))
        svc__json_fail(j, text.text, "longer than any value that is used");
    if (j->err != 0)
        return;
    *ret_size = (uint16_t)svc__json_str_copy(&text, copy);
    svc__buf_add_byte(&d->text, '"');
    svc__buf_add(&d->text, text.text, text.size);
    svc__buf_add_byte(&d->text, '"');
}

static void take_container(struct svc__json *j, enum svc__decode_type type,
                           struct svc__decode_mark *ret)
{
    enum svc__json_type found = svc__json_peek(j);

    if (type == SVC__DECODE_OBJECT && found != SVC__JSON_OBJECT)
        svc__json_fail(j, NULL, "expected an object");
    else if (type == SVC__DECODE_LIST && found != SVC__JSON_ARRAY)
        svc__json_fail(j, NULL, "expected a list");
    if (j->err != 0)
        return;
    ret->j = *j;
    ret->is_set = 1;
    svc__json_skip(j, NULL);
}

static int is_scalar(const struct svc__decode_field *field)
{
    return field->type == SVC__DECODE_TEXT ||
           field->type == SVC__DECODE_INTEGER;
}

/* The value of a field of this type, or NULL. */
static json_object *value_of(const struct svc__decode_object *o,
                             const char *key, enum json_type type)
{
    json_object *value;

    if (o->scalars == NULL)
        return NULL;
    for (int i = 0; o->fields[i].key != NULL; i++) {
        if (o->slot[i] == 0 || strcmp(o->fields[i].key, key) != 0)
            continue;
        value = json_object_array_get_idx(o->scalars, o->slot[i] - 1u);
        return json_object_is_type(value, type) ? value : NULL;
    }
    return NULL;
}

/* Whether json-c has all values: 0.16 can lose some, or a part of a string,
 * when it is out of memory (faults M1). */
static int is_complete(const struct svc__decode_object *o)
{
    for (int i = 0; o->fields[i].key != NULL; i++) {
        int is_text = o->fields[i].type == SVC__DECODE_TEXT;
        json_object *value;

        if (o->slot[i] == 0)
            continue;
        value = value_of(o, o->fields[i].key,
                         is_text ? json_type_string : json_type_int);
        if (value == NULL ||
            (is_text && json_object_get_string_len(value) != o->size[i]))
            return 0;
    }
    return 1;
}

/* Makes the values, if there are any. */
static int parse_scalars(struct svc__decode *d, struct svc__decode_object *o)
{
    if (d->text.size == 0 && d->text.err == 0)
        return 0;
    if (svc__buf_add_byte(&d->text, ']') != 0)
        return svc__err_nomem(d->reterr);
    json_tokener_reset(d->tokener);
    o->scalars =
        json_tokener_parse_ex(d->tokener, d->text.data, (int)d->text.size);
    if (o->scalars != NULL && is_complete(o))
        return 0;
    svc__decode_object_fini(o);
    return svc__err_nomem(d->reterr);
}

int svc__decode_object(struct svc__decode *d, struct svc__json *j,
                       const struct svc__decode_field *fields,
                       struct svc__decode_object *ret)
{
    struct svc__decode_object o = {0};
    int seen[SVC__DECODE_FIELDS_MAX] = {0};
    struct svc__json_str key;
    unsigned char count = 0;

    o.fields = fields;
    svc__buf_clear(&d->text);
    svc__json_enter_object(j);
    while (svc__json_next_member(j, &key) == 1) {
        int i = find_field(fields, &key);

        if (i < 0) {
            svc__json_skip(j, NULL);
            continue;
        }
        if (seen[i]++)
            return svc__decode_refuse(d, fields[i].key, "the key is repeated",
                                      NULL);
        if (svc__json_take_null(j))
            continue;
        if (is_scalar(&fields[i])) {
            o.slot[i] = ++count;
            take_scalar(d, j, &fields[i], &o.size[i]);
        } else {
            take_container(j, fields[i].type, &o.at[i]);
        }
        if (j->err != 0)
            return refuse_json(d, j, fields[i].key);
    }
    if (j->err != 0)
        return refuse_json(d, j, "");
    if (parse_scalars(d, &o) != 0)
        return SVC_ENOMEM;
    *ret = o;
    return 0;
}

int svc__decode_top(struct svc__decode *d, const char *text, size_t size,
                    const struct svc__decode_field *fields,
                    struct svc__decode_object *ret)
{
    struct svc__decode_object o;
    struct svc__json j;
    int err;

    svc__json_init(&j, text, size);
    err = svc__decode_object(d, &j, fields, &o);
    if (err != 0)
        return err;
    if (svc__json_finish(&j) != 0) {
        svc__decode_object_fini(&o);
        return refuse_json(d, &j, "");
    }
    *ret = o;
    return 0;
}

int svc__decode_inner(struct svc__decode *d, const char *path,
                      const struct svc__decode_mark *mark,
                      const struct svc__decode_field *fields,
                      struct svc__decode_object *ret)
{
    struct svc__json j = mark->j;

    svc__decode_path_set(d, path);
    if (!mark->is_set)
        svc__json_init(&j, "{}", 2);
    return svc__decode_object(d, &j, fields, ret);
}

void svc__decode_object_fini(struct svc__decode_object *o)
{
    json_object_put(o->scalars);
    o->scalars = NULL;
}

int svc__decode_list(struct svc__decode *d, const char *path,
                     const struct svc__decode_mark *mark, struct svc__json *ret,
                     size_t *ret_count)
{
    struct svc__json j = mark->j;
    struct svc__json ahead;
    size_t count = 0;

    svc__decode_path_set(d, path);
    if (!mark->is_set)
        svc__json_init(&j, "[]", 2);
    svc__json_enter_array(&j);
    ahead = j;
    while (svc__json_next_element(&ahead) == 1) {
        if (++count > SVC__DECODE_LIST_MAX)
            svc__json_fail(&ahead, NULL, "more elements than are read");
        svc__json_skip(&ahead, NULL);
    }
    if (ahead.err != 0)
        return refuse_json(d, &ahead, "");
    *ret = j;
    *ret_count = count;
    return 0;
}

int svc__decode_element(struct svc__decode *d, struct svc__json *j, char *ret,
                        size_t size)
{
    struct svc__json_str text = {"", 0, 0};

    svc__json_next_element(j);
    if (svc__json_text(j, &text) == 0 && text.size >= size)
        svc__json_fail(j, text.text, "too long");
    if (j->err != 0)
        return refuse_json(d, j, "");
    ret[svc__json_str_copy(&text, ret)] = '\0';
    return 0;
}

const char *svc__decode_text(const struct svc__decode_object *o,
                             const char *key)
{
    json_object *value = value_of(o, key, json_type_string);

    return value == NULL ? "" : json_object_get_string(value);
}

uint16_t svc__decode_number(const struct svc__decode_object *o, const char *key)
{
    json_object *value = value_of(o, key, json_type_int);

    return value == NULL ? 0 : (uint16_t)json_object_get_int64(value);
}

int svc__decode_copy(const struct svc__decode *d, const char *text, char **ret)
{
    char *copy;

    if (text[0] == '\0')
        return 0;
    copy = svc__strdup(text);
    if (copy == NULL)
        return svc__err_nomem(d->reterr);
    *ret = copy;
    return 0;
}

int svc__decode_word(const struct svc__decode *d,
                     const struct svc__decode_object *o, const char *key,
                     const char *words, int *ret)
{
    const char *text = svc__decode_text(o, key);
    size_t size = strlen(text);
    int i = 0;

    for (const char *word = words; size > 0 && *word != '\0'; i++) {
        size_t word_size = strcspn(word, ",");

        if (word_size == size && memcmp(word, text, size) == 0)
            break;
        word += word_size;
        word += strspn(word, ", ");
        if (*word == '\0')
            return svc__err_set(d->reterr, SVC_EFILE,
                                "%s: %s%s: \"%s\" is none of %s", d->id,
                                d->path, key, text, words);
    }
    *ret = i;
    return 0;
}

int svc__decode_port(const struct svc__decode *d,
                     const struct svc__decode_object *o, uint16_t *ret)
{
    uint16_t port = svc__decode_number(o, "port");

    if (port == 0)
        return svc__decode_refuse(d, "port", "not a port from 1 to 65535",
                                  NULL);
    *ret = port;
    return 0;
}

int svc__decode_proto(const struct svc__decode *d,
                      const struct svc__decode_object *o, uint8_t *ret)
{
    int i = 0;
    int err = svc__decode_word(d, o, "protocol", "TCP, UDP, SCTP", &i);

    if (err == 0)
        *ret = i == 0   ? SVC__PROTO_TCP
               : i == 1 ? SVC__PROTO_UDP
                        : SVC__PROTO_SCTP;
    return err;
}

int svc__decode_address(const struct svc__decode *d,
                        const struct svc__decode_object *o, const char *key,
                        struct svc__address *ret)
{
    const char *text = svc__decode_text(o, key);

    if (text[0] == '\0' || svc__address_parse(text, strlen(text), ret) == 0)
        return 0;
    return svc__decode_refuse(d, key, "not an IP address", text);
}

/* A node's name is a domain, but never ends in a dot. */
static int is_name(const char *text, int is_namespaced)
{
    size_t size = strlen(text);

    if (is_namespaced)
        return svc__name_is_label(text, size);
    return svc__name_is_domain(text, size) && text[size - 1] != '.';
}

static int check_meta(struct svc__decode *d, struct svc__decode_meta *meta,
                      int is_namespaced)
{
    size_t used = strlen(d->id);

    meta->name = svc__decode_text(&meta->o, "name");
    if (meta->name[0] == '\0')
        return svc__decode_refuse(d, "name", "missing", NULL);
    if (!is_name(meta->name, is_namespaced))
        return svc__decode_refuse(d, "name", "not a name that Kubernetes has",
                                  meta->name);
    meta->namespace_ = "";
    if (is_namespaced) {
        meta->namespace_ = svc__decode_text(&meta->o, "namespace");
        if (meta->namespace_[0] == '\0')
            meta->namespace_ = "default";
        if (!is_name(meta->namespace_, 1))
            return svc__decode_refuse(d, "namespace",
                                      "not a name that Kubernetes has",
                                      meta->namespace_);
    }
    (void)snprintf(d->id + used, sizeof(d->id) - used, " \"%s%s%s\"",
                   meta->namespace_, is_namespaced ? "/" : "", meta->name);
    return 0;
}

int svc__decode_metadata(struct svc__decode *d,
                         const struct svc__decode_mark *mark, int is_namespaced,
                         struct svc__decode_meta *ret)
{
    static const struct svc__decode_field fields[] = {
        {"labels", SVC__DECODE_OBJECT},
        {"name", SVC__DECODE_TEXT},
        {"namespace", SVC__DECODE_TEXT},
        {"resourceVersion", SVC__DECODE_TEXT},
        {NULL, SVC__DECODE_TEXT}};
    struct svc__decode_meta meta = {0};
    const char *version;
    int err = svc__decode_inner(d, "metadata.", mark, fields, &meta.o);

    if (err != 0)
        return err;
    err = check_meta(d, &meta, is_namespaced);
    if (err != 0) {
        svc__decode_object_fini(&meta.o);
        return err;
    }
    meta.labels = meta.o.at[0];
    version = svc__decode_text(&meta.o, "resourceVersion");
    meta.resource_version = svc__meta_version_number(version, strlen(version));
    *ret = meta;
    return 0;
}
