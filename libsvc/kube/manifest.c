/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the lists and counters of a manifest, what is kept of a refused object,
 * and the words that say where it stands. Knows no format.
 */
#include "kube/manifest_fill.h"

#include "base/alloc.h"
#include "base/err.h"
#include "kube/object_name.h"

#include <stdio.h>
#include <string.h>

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

/* Writes a name and its NUL to *at and moves it on. */
static const char *put_name(char **at, const char *name)
{
    const size_t size = strlen(name) + 1;
    char *start = memcpy(*at, name, size);

    *at += size;
    return start;
}

int svc__manifest_refuse_object(struct svc__manifest *m,
                                const struct svc__manifest_place *place,
                                enum svc__kind kind, svc_error *error)
{
    struct svc__manifest_object *object;
    struct svc__object_name names;
    const char *namespace_ = names.namespace_;
    struct svc__refusal *refusal;
    size_t size;
    char *at;

    svc__manifest_locate(place, error);
    if (m->refused == SVC__MANIFEST_REFUSED_MAX) {
        svc__err_wrap(error, "more than %d objects are refused",
                      SVC__MANIFEST_REFUSED_MAX);
        return SVC_EFILE;
    }
    (void)svc__object_name_read(place->item->text, place->item->size, &names);
    if (namespace_[0] == '\0' && kind != SVC__KIND_NODE)
        namespace_ = "default";
    size = strlen(error->message) + 1;
    object = svc__manifest_add(m, kind, place->document);
    if (object == NULL)
        return svc__err_nomem(error);
    m->refused++;
    refusal = svc__alloc(sizeof(*refusal) + size + strlen(namespace_) +
                         strlen(names.name) + strlen(names.service) + 3);
    if (refusal == NULL)
        return svc__err_nomem(error);
    object->refusal = refusal;
    at = refusal->text;
    refusal->namespace_ = put_name(&at, namespace_);
    refusal->name = put_name(&at, names.name);
    refusal->owner = put_name(&at, names.service);
    refusal->reason = memcpy(at, error->message, size);
    return 0;
}
