/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a field of a kubeconfig is. The JSON text lies in one block that
 * never moves, so that growing leaves no copies of a secret behind; libyaml's
 * own copies are the part that cannot be wiped (faults 3.4).
 */
#include "kube/config_text.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/wipe.h"
#include "kube/yaml.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* JSON for so many bytes of text, and some always: what people and programs
 * write gets shorter, and only text made for it gets much longer. */
#define JSON_PER_BYTE 2
#define JSON_FREE     ((size_t)16384)

void svc__config_text_object(struct svc__config_place *p, const char *kind,
                             const char *name)
{
    p->path[0] = '\0';
    /* With room for the quote that ends it. */
    (void)snprintf(p->object, sizeof(p->object) - 1, "%s \"%s", kind, name);
    svc__err_tidy(p->object, sizeof(p->object) - 1);
    (void)snprintf(p->object + strlen(p->object), 2, "\"");
}

int svc__config_text_refuse(const struct svc__config_place *p, const char *key,
                            const char *what)
{
    size_t size = strlen(p->path);
    int is_named = size > 0 || key[0] != '\0';

    if (key[0] == '\0' && size > 0)
        size--; /* its dot */
    return svc__err_set(p->reterr, p->code, "%s: %s%s%.*s%s%s%s", p->source,
                        p->object, p->object[0] == '\0' ? "" : ": ", (int)size,
                        p->path, key, is_named ? ": " : "", what);
}

int svc__config_text_refuse_as(const struct svc__config_place *p, int code,
                               const char *key, const char *what,
                               const char *hint)
{
    struct svc__config_place at = *p;

    at.code = code;
    svc__config_text_refuse(&at, key, what);
    svc__err_hint(p->reterr, "%s", hint);
    return code;
}

/* What the cursor refused. Its offset means nothing to who wrote YAML. */
static int refuse_json(const struct svc__config_place *p,
                       const struct svc__json *j, const char *key)
{
    svc_error error;
    char *byte;

    svc__json_error(j, &error);
    byte = strstr(error.message, " (byte ");
    if (byte != NULL)
        *byte = '\0';
    return svc__config_text_refuse(p, key, error.message);
}

/* ---- the text ---- */

/* "line L, column C: what: detail" without the detail, which quotes the text:
 * an anchor, an alias or a tag may be a secret that lacks its quotes. */
static int refuse_yaml(const struct svc__config_place *p, svc_error *error)
{
    char *what = strstr(error->message, ": ");
    char *detail = what == NULL ? NULL : strstr(what + 2, ": ");

    if (error->code == SVC_ENOMEM)
        return svc__err_nomem(p->reterr);
    if (detail != NULL)
        svc__wipe(detail, strlen(detail));
    svc__config_text_refuse(p, "", error->message);
    svc__wipe(error, sizeof(*error));
    return p->code;
}

/* The pieces of the first document. */
static int read_document(struct svc__config_text *t, struct svc__yaml *y,
                         const struct svc__config_place *p)
{
    const char *text;
    size_t size;
    svc_error error;
    int part = SVC__YAML_PIECE;

    while (part == SVC__YAML_PIECE) {
        part = svc__yaml_read(y, &text, &size, &error);
        if (part < 0)
            return refuse_yaml(p, &error);
        if (part != SVC__YAML_END && svc__buf_add(&t->json, text, size) != 0)
            return svc__config_text_refuse(p, "",
                                           "too much structure for its size");
    }
    if (part == SVC__YAML_DOCUMENT)
        t->id = *svc__yaml_id(y);
    if (t->json.size == 0)
        svc__buf_add_text(&t->json, "{}");
    if (t->json.data[0] != '{')
        return svc__config_text_refuse(p, "", "not an object");
    return 0;
}

int svc__config_text_init(struct svc__config_text *t, const char *text,
                          size_t size, const struct svc__config_place *p)
{
    struct svc__yaml *y = NULL;
    svc_error error;
    int err;

    memset(t, 0, sizeof(*t));
    svc__buf_init(&t->json, size * JSON_PER_BYTE + JSON_FREE);
    if (svc__buf_reserve(&t->json, t->json.max) == NULL)
        return svc__err_nomem(p->reterr);
    err = svc__yaml_new(text, size, &y, &error);
    if (err != 0)
        err = refuse_yaml(p, &error);
    else
        err = read_document(t, y, p);
    svc__yaml_free(y);
    if (err != 0)
        svc__config_text_fini(t);
    return err;
}

void svc__config_text_fini(struct svc__config_text *t)
{
    svc__wipe(t->json.data, t->json.size);
    svc__buf_fini(&t->json);
}

/* ---- values ---- */

/* What a string means, NUL-terminated; NULL when out of memory. */
static char *copy_text(const struct svc__json_str *str, size_t *ret_size)
{
    char *copy = svc__alloc(str->size + 1);

    if (copy == NULL)
        return NULL;
    *ret_size = svc__json_str_copy(str, copy);
    copy[*ret_size] = '\0';
    return copy;
}

/* The readers of values return SVC_ENOMEM, or 0 and leave an error in j. */

static int read_text(struct svc__json *j, char **ret)
{
    struct svc__json_str str;
    size_t size;

    if (svc__json_text(j, &str) != 0 || str.size == 0)
        return 0;
    *ret = copy_text(&str, &size);
    return *ret == NULL ? SVC_ENOMEM : 0;
}

static int read_data(struct svc__json *j, struct svc__config_data *ret)
{
    struct svc__json_str str;
    size_t encoded;
    char *bytes;

    if (svc__json_text(j, &str) != 0 || str.size == 0)
        return 0;
    bytes = copy_text(&str, &encoded);
    if (bytes == NULL)
        return SVC_ENOMEM;
    if (svc__base64_decode(bytes, encoded, &ret->size) != 0) {
        svc__wipe(bytes, encoded);
        svc__free(bytes);
        svc__json_fail(j, NULL, "not base64");
        return 0;
    }
    svc__wipe(bytes + ret->size, encoded - ret->size);
    ret->bytes = bytes;
    return 0;
}

static int read_list(struct svc__json *j, char ***ret)
{
    struct svc__json ahead = *j;
    struct svc__json_str str;
    size_t count = 0;
    size_t size;

    svc__json_enter_array(&ahead);
    while (svc__json_next_element(&ahead) == 1) {
        svc__json_text(&ahead, &str);
        if (++count > SVC__CONFIG_LIST_MAX)
            svc__json_fail(&ahead, NULL, "more elements than are read");
    }
    if (ahead.err != 0 || count == 0) {
        *j = ahead;
        return 0;
    }
    *ret = svc__calloc(count + 1, sizeof(**ret));
    if (*ret == NULL)
        return SVC_ENOMEM;
    svc__json_enter_array(j);
    for (size_t i = 0; svc__json_next_element(j) == 1; i++) {
        svc__json_text(j, &str);
        (*ret)[i] = copy_text(&str, &size);
        if ((*ret)[i] == NULL)
            return SVC_ENOMEM;
    }
    return 0;
}

static int read_value(struct svc__json *j, enum svc__config_type type,
                      void *target)
{
    struct svc__config_mark *mark = target;

    switch (type) {
    case SVC__CONFIG_TEXT:
        return read_text(j, target);
    case SVC__CONFIG_DATA:
        return read_data(j, target);
    case SVC__CONFIG_BOOL:
        svc__json_bool(j, target);
        return 0;
    case SVC__CONFIG_LIST:
        return read_list(j, target);
    case SVC__CONFIG_NAME:
        svc__json_text(j, target);
        return 0;
    case SVC__CONFIG_ANY:
    default:
        mark->is_set = 1;
        mark->j = *j;
        svc__json_skip(j, NULL);
        return 0;
    }
}

static int find_field(const struct svc__config_field *fields,
                      const struct svc__json_str *key)
{
    for (int i = 0; fields[i].key != NULL; i++) {
        if (svc__json_str_is(key, fields[i].key))
            return i;
    }
    return -1;
}

int svc__config_text_read(const struct svc__config_place *p,
                          struct svc__json *j,
                          const struct svc__config_field *fields, void *target)
{
    struct svc__json_str key;
    uint32_t seen = 0;

    svc__json_enter_object(j);
    while (svc__json_next_member(j, &key) == 1) {
        int i = find_field(fields, &key);

        if (i < 0) {
            svc__json_skip(j, NULL);
            continue;
        }
        if (seen >> i & 1)
            return svc__config_text_refuse(p, fields[i].key,
                                           "the key is repeated");
        seen |= (uint32_t)1 << i;
        if (svc__json_take_null(j))
            continue;
        if (read_value(j, fields[i].type, (char *)target + fields[i].offset) !=
            0)
            return svc__err_nomem(p->reterr);
        if (j->err != 0)
            return refuse_json(p, j, fields[i].key);
    }
    return j->err == 0 ? 0 : refuse_json(p, j, "");
}

int svc__config_text_inner(const struct svc__config_place *p,
                           const struct svc__config_mark *mark,
                           const struct svc__config_field *fields, void *target)
{
    struct svc__json j = mark->j;

    if (!mark->is_set)
        svc__json_init(&j, "{}", 2);
    return svc__config_text_read(p, &j, fields, target);
}

int svc__config_text_find(const struct svc__config_place *p,
                          const struct svc__config_mark *list, const char *key,
                          const char *name, struct svc__config_mark *ret)
{
    struct entry {
        struct svc__json_str name;
        struct svc__config_mark value;
    };
    const struct svc__config_field fields[] = {
        {"name", SVC__CONFIG_NAME, offsetof(struct entry, name)},
        {key, SVC__CONFIG_ANY, offsetof(struct entry, value)},
        {NULL, SVC__CONFIG_ANY, 0}};
    struct svc__config_place at = *p;
    struct svc__json j = list->j;
    int found = 0;

    if (!list->is_set)
        return 0;
    svc__json_enter_array(&j);
    for (size_t i = 0; svc__json_next_element(&j) == 1; i++) {
        struct entry e = {{"", 0, 0}, {0}};
        int err;

        (void)snprintf(at.object, sizeof(at.object), "%ss[%zu]", key, i);
        err = svc__config_text_read(&at, &j, fields, &e);
        if (err != 0)
            return err;
        if (!svc__json_str_is(&e.name, name))
            continue;
        if (found)
            return svc__config_text_refuse(
                &at, "name", "the same name as of an entry before it");
        *ret = e.value;
        found = 1;
    }
    if (j.err != 0) {
        (void)snprintf(at.object, sizeof(at.object), "%ss", key);
        return refuse_json(&at, &j, "");
    }
    return found;
}

int svc__config_text_path(const struct svc__config_place *p, char **path)
{
    const char *slash = strrchr(p->source, '/');
    struct svc__buf b;

    if (*path == NULL || (*path)[0] == '/' || slash == NULL)
        return 0;
    svc__buf_init(&b, SVC__CONFIG_FILE_MAX * 2);
    svc__buf_add(&b, p->source, (size_t)(slash + 1 - p->source));
    svc__buf_add_text(&b, *path);
    if (b.err != 0) {
        svc__buf_fini(&b);
        return svc__err_nomem(p->reterr);
    }
    svc__free(*path);
    *path = svc__buf_take(&b);
    return 0;
}
