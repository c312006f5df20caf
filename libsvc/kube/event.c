/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the form of a watch event: what it is, where its object is, which
 * position in the history it stands for. The object itself is for others to
 * read: nothing is looked at here that is not needed, and the frame's knowledge
 * of where containers end is used, so that the text is not walked twice.
 */
#include "kube/event.h"

#include "base/err.h"

#include <string.h>

static const struct {
    const char *word;
    enum svc__event_type type;
} types[] = {
    {"MODIFIED", SVC__EVENT_MODIFIED}, {"ADDED", SVC__EVENT_ADDED},
    {"DELETED", SVC__EVENT_DELETED},   {"BOOKMARK", SVC__EVENT_BOOKMARK},
    {"ERROR", SVC__EVENT_ERROR},
};

static enum svc__event_type type_of(const struct svc__json_str *str)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (svc__json_str_is(str, types[i].word))
            return types[i].type;
    }
    return SVC__EVENT_UNKNOWN;
}

/* Reads an event written as every API server writes it: a type without escapes,
 * the object, nothing else. 0 when it is another. */
static int read_usual(const struct svc__frame_item *item,
                      struct svc__event *ret)
{
    static const char before[] = "{\"type\":\"";
    static const char behind[] = "\",\"object\":";
    const size_t around = sizeof(before) + sizeof(behind) - 2;
    struct svc__json_str word = {item->text + sizeof(before) - 1, 0, 0};
    size_t lead;

    if (item->inner_count != 1 || *item->inner != '{')
        return 0;
    lead = (size_t)(item->inner - item->text);
    if (lead <= around || lead + item->inner_size + 1 != item->size ||
        memcmp(item->text, before, sizeof(before) - 1) != 0 ||
        memcmp(item->inner - sizeof(behind) + 1, behind, sizeof(behind) - 1) !=
            0)
        return 0;
    word.size = lead - around;
    ret->type = type_of(&word);
    ret->object = item->inner;
    ret->object_size = item->inner_size;
    /* What is no known word may hold anything. */
    return ret->type != SVC__EVENT_UNKNOWN;
}

/* The same for any other way to write it. */
static const char *read_any(struct svc__json *j, struct svc__event *ret)
{
    struct svc__json_str key = {0}, type = {0}, object = {0};

    svc__json_enter_object(j);
    while (svc__json_next_member(j, &key) == 1) {
        if (svc__json_str_is(&key, "type")) {
            if (type.text != NULL)
                return "type is there twice";
            svc__json_text(j, &type);
        } else if (svc__json_str_is(&key, "object")) {
            if (object.text != NULL)
                return "object is there twice";
            if (svc__json_peek(j) != SVC__JSON_OBJECT)
                return "object is no object";
            svc__json_skip(j, &object);
        } else {
            svc__json_skip(j, NULL);
        }
    }
    if (svc__json_finish(j) != 0)
        return j->reason;
    if (type.text == NULL || object.text == NULL)
        return "it has no type or no object";
    ret->type = type_of(&type);
    ret->object = object.text;
    ret->object_size = object.size;
    return NULL;
}

/* Whether the annotation is there that ends the initial events (KEP-3157). */
static int read_annotations(struct svc__json *j)
{
    struct svc__json_str key = {0}, value = {0};
    int is_end = 0;

    if (svc__json_peek(j) != SVC__JSON_OBJECT) {
        svc__json_skip(j, NULL);
        return 0;
    }
    svc__json_enter_object(j);
    while (svc__json_next_member(j, &key) == 1) {
        if (svc__json_str_is(&key, "k8s.io/initial-events-end") &&
            svc__json_peek(j) == SVC__JSON_STRING) {
            if (svc__json_text(j, &value) == 0)
                is_end = svc__json_str_is(&value, "true");
        } else {
            svc__json_skip(j, NULL);
        }
    }
    return is_end;
}

/* Reads metadata as far as it is needed: of what is no bookmark, up to the
 * version, which stands before what is long. */
static void read_metadata(struct svc__json *j, struct svc__event *ret)
{
    struct svc__json_str key = {0};

    if (svc__json_enter_object(j) != 0)
        return;
    while (svc__json_next_member(j, &key) == 1) {
        if (svc__json_str_is(&key, "resourceVersion")) {
            svc__meta_version(j, ret->version);
            if (ret->type != SVC__EVENT_BOOKMARK)
                return;
        } else if (svc__json_str_is(&key, "annotations") &&
                   ret->type == SVC__EVENT_BOOKMARK) {
            ret->is_initial_end = read_annotations(j);
        } else {
            svc__json_skip(j, NULL);
        }
    }
}

/* Looks for the metadata of the object. What else is wrong with it is for its
 * decoder to find. */
static void read_object(const struct svc__frame_item *item,
                        struct svc__event *ret)
{
    struct svc__json j;

    svc__json_init(&j, ret->object, ret->object_size);
    svc__json_use_ends(&j, &item->ends);
    /* Ends of the event itself are one level further out. */
    if (!item->ends_are_inner)
        j.depth = 1;
    if (svc__json_find(&j, "metadata") == 1)
        read_metadata(&j, ret);
    if (j.err != 0) {
        ret->version[0] = '\0';
        ret->is_initial_end = 0;
    }
}

int svc__event_decode(const struct svc__frame_item *item,
                      struct svc__event *ret, svc_error *reterr)
{
    struct svc__event event = {.type = SVC__EVENT_UNKNOWN};
    struct svc__json j;
    const char *reason = item->reason;

    event.ends = item->ends;
    if (!item->ends_are_inner)
        event.ends.count = 0;
    if (reason == NULL && !read_usual(item, &event)) {
        svc__json_init(&j, item->text, item->size);
        if (!item->ends_are_inner)
            svc__json_use_ends(&j, &item->ends);
        reason = read_any(&j, &event);
    }
    if (reason != NULL)
        return svc__err_set(reterr, SVC_EPROTO,
                            "no watch event: %s (byte %llu)", reason,
                            (unsigned long long)item->offset);
    if (event.type != SVC__EVENT_ERROR && event.type != SVC__EVENT_UNKNOWN)
        read_object(item, &event);
    *ret = event;
    return 0;
}
