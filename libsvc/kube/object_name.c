/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way to an object's metadata.
 */
#include "kube/object_name.h"

#include "kube/meta.h"

#include <string.h>

/* Takes a string that fits; anything else leaves "". */
static void take(struct svc__json *j, char *to)
{
    struct svc__json_str text;

    if (svc__json_peek(j) != SVC__JSON_STRING) {
        svc__json_skip(j, NULL);
        return;
    }
    if (svc__json_text(j, &text) == 0 && text.size < SVC__OBJECT_NAME_SIZE)
        to[svc__json_str_copy(&text, to)] = '\0';
}

static void take_labels(struct svc__json *j, struct svc__object_name *ret)
{
    struct svc__json_str key;

    if (svc__json_peek(j) != SVC__JSON_OBJECT) {
        svc__json_skip(j, NULL);
        return;
    }
    svc__json_enter_object(j);
    while (svc__json_next_member(j, &key) == 1) {
        if (svc__json_str_is(&key, "kubernetes.io/service-name"))
            take(j, ret->service);
        else
            svc__json_skip(j, NULL);
    }
}

static void take_metadata(struct svc__json *j, struct svc__object_name *ret)
{
    char version[SVC__OBJECT_NAME_SIZE] = "";
    struct svc__json_str key;

    svc__json_enter_object(j);
    while (svc__json_next_member(j, &key) == 1) {
        if (svc__json_str_is(&key, "name"))
            take(j, ret->name);
        else if (svc__json_str_is(&key, "namespace"))
            take(j, ret->namespace_);
        else if (svc__json_str_is(&key, "labels"))
            take_labels(j, ret);
        else if (svc__json_str_is(&key, "resourceVersion"))
            take(j, version);
        else
            svc__json_skip(j, NULL);
    }
    ret->version = svc__meta_version_number(version, strlen(version));
}

int svc__object_name_read(const char *text, size_t size,
                          struct svc__object_name *ret)
{
    struct svc__json j;

    memset(ret, 0, sizeof(*ret));
    svc__json_init(&j, text, size);
    if (svc__json_find(&j, "metadata") == 1)
        take_metadata(&j, ret);
    return ret->name[0] == '\0' ? SVC_EFILE : 0;
}
