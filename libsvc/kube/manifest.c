/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the lists and counters of a manifest, what is kept of a refused object,
 * and the words that say where it stands. Knows no format.
 */
#include "kube/manifest_fill.h"

#include "base/alloc.h"
#include "base/err.h"
#include "kube/json.h"

#include <stdio.h>
#include <string.h>

/* Names that are kept of a refused object. */
#define NAME_MAX_SIZE 253u

static void free_object(struct svc__manifest_object *object)
{
    svc__service_object_unref(object->service);
    svc__slice_unref(object->slice);
    svc__node_object_unref(object->node);
    svc__free(object->refusal);
}

void svc__manifest_free(struct svc__manifest *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->count; i++)
        free_object(&m->objects[i]);
    svc__free(m->objects);
    svc__free(m->first_document_refused);
    svc__free(m->first_old_version);
    svc__free(m);
}

struct svc__manifest_mark svc__manifest_mark(const struct svc__manifest *m)
{
    struct svc__manifest_mark mark = {m->count, m->refused, m->ignored,
                                      m->old_versions,
                                      m->document_refused_count};

    return mark;
}

static void drop_text(char **text)
{
    svc__free(*text);
    *text = NULL;
}

void svc__manifest_reset(struct svc__manifest *m,
                         const struct svc__manifest_mark *mark)
{
    while (m->count > mark->count)
        free_object(&m->objects[--m->count]);
    m->refused = mark->refused;
    m->ignored = mark->ignored;
    m->old_versions = mark->old_versions;
    m->document_refused_count = mark->document_refused_count;
    if (m->old_versions == 0)
        drop_text(&m->first_old_version);
    if (m->document_refused_count == 0)
        drop_text(&m->first_document_refused);
}

/* Grows by an eighth: there may be more of this than there was text. */
struct svc__manifest_object *svc__manifest_add(struct svc__manifest *m,
                                               enum svc__kind kind,
                                               size_t document)
{
    struct svc__manifest_object *object;

    if (m->count == m->capacity) {
        size_t capacity = m->capacity + m->capacity / 8 + 16;

        object = svc__realloc(m->objects, capacity, sizeof(*object));
        if (object == NULL)
            return NULL;
        m->objects = object;
        m->capacity = capacity;
    }
    object = &m->objects[m->count++];
    memset(object, 0, sizeof(*object));
    object->kind = kind;
    object->document = (uint32_t)document;
    return object;
}

void svc__manifest_locate(const struct svc__manifest_place *place,
                          svc_error *error)
{
    const struct svc__frame_item *item = place->item;
    char line[40] = "";
    char index[40] = "";

    if (place->line > 0)
        (void)snprintf(line, sizeof(line), " (line %zu)", place->line);
    if (item != NULL && item->list != NULL)
        (void)snprintf(index, sizeof(index), ", item %zu", item->index + 1);
    svc__err_wrap(error, "document %zu%s%s", place->document, line, index);
}

/* The located message, owned, to *text if that has none yet. */
static int note(char **text, const struct svc__manifest_place *place,
                const char *message)
{
    svc_error error;

    if (*text != NULL)
        return 0;
    svc__err_set(&error, SVC_EFILE, "%s", message);
    svc__manifest_locate(place, &error);
    *text = svc__strdup(error.message);
    return *text == NULL ? SVC_ENOMEM : 0;
}

int svc__manifest_refuse_document(struct svc__manifest *m,
                                  const struct svc__manifest_place *place,
                                  const char *reason)
{
    m->document_refused_count++;
    return note(&m->first_document_refused, place, reason);
}

int svc__manifest_leave_out(struct svc__manifest *m,
                            const struct svc__manifest_place *place,
                            const char *what)
{
    m->old_versions++;
    return note(&m->first_old_version, place, what);
}

/* ---- refused objects ---- */

/* What can be read of the metadata of a refused object. */
struct names {
    struct svc__json_str namespace_;
    struct svc__json_str name;
    struct svc__json_str owner;
};

/* Takes a string if one comes that can be a name. */
static void peek_name(struct svc__json *j, struct svc__json_str *ret)
{
    struct svc__json_str str = {"", 0, 0};

    if (svc__json_peek(j) != SVC__JSON_STRING)
        svc__json_skip(j, NULL);
    else if (svc__json_text(j, &str) == 0 && str.size <= NAME_MAX_SIZE)
        *ret = str;
}

static void peek_labels(struct svc__json *j, struct names *ret)
{
    struct svc__json_str key;

    svc__json_enter_object(j);
    while (svc__json_next_member(j, &key) == 1) {
        if (svc__json_str_is(&key, "kubernetes.io/service-name"))
            peek_name(j, &ret->owner);
        else
            svc__json_skip(j, NULL);
    }
}

static void peek_metadata(struct svc__json *j, struct names *ret)
{
    struct svc__json_str key;

    svc__json_enter_object(j);
    while (svc__json_next_member(j, &key) == 1) {
        if (svc__json_str_is(&key, "name"))
            peek_name(j, &ret->name);
        else if (svc__json_str_is(&key, "namespace"))
            peek_name(j, &ret->namespace_);
        else if (svc__json_str_is(&key, "labels") &&
                 svc__json_peek(j) == SVC__JSON_OBJECT)
            peek_labels(j, ret);
        else
            svc__json_skip(j, NULL);
    }
}

static struct names peek_names(const struct svc__frame_item *item)
{
    struct names names = {{"", 0, 0}, {"", 0, 0}, {"", 0, 0}};
    struct svc__json_str key;
    struct svc__json j;

    svc__json_init(&j, item->text, item->size);
    svc__json_enter_object(&j);
    while (svc__json_next_member(&j, &key) == 1) {
        if (svc__json_str_is(&key, "metadata"))
            peek_metadata(&j, &names);
        else
            svc__json_skip(&j, NULL);
    }
    return names;
}

/* Writes a name and its NUL to *at and moves it on. */
static const char *put_name(char **at, const struct svc__json_str *str)
{
    char *start = *at;

    *at += svc__json_str_copy(str, start);
    *(*at)++ = '\0';
    return start;
}

int svc__manifest_refuse_object(struct svc__manifest *m,
                                const struct svc__manifest_place *place,
                                enum svc__kind kind, svc_error *error)
{
    static const struct svc__json_str none = {"default", 7, 0};
    struct names names = peek_names(place->item);
    struct svc__manifest_object *object;
    struct svc__refusal *refusal;
    size_t size;
    char *at;

    svc__manifest_locate(place, error);
    if (m->refused == SVC__MANIFEST_REFUSED_MAX) {
        svc__err_wrap(error, "more than %d objects are refused",
                      SVC__MANIFEST_REFUSED_MAX);
        return SVC_EFILE;
    }
    if (names.namespace_.size == 0 && kind != SVC__KIND_NODE)
        names.namespace_ = none;
    size = strlen(error->message) + 1;
    object = svc__manifest_add(m, kind, place->document);
    if (object == NULL)
        return svc__err_nomem(error);
    m->refused++;
    refusal = svc__alloc(sizeof(*refusal) + size + names.namespace_.size +
                         names.name.size + names.owner.size + 3);
    if (refusal == NULL)
        return svc__err_nomem(error);
    object->refusal = refusal;
    at = refusal->text;
    refusal->namespace_ = put_name(&at, &names.namespace_);
    refusal->name = put_name(&at, &names.name);
    refusal->owner = put_name(&at, &names.owner);
    refusal->reason = memcpy(at, error->message, size);
    return 0;
}
