/* SPDX-License-Identifier: Apache-2.0 */
/* svcctl version: what is running. */
#include "commands.h"
#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <string.h>

#define TEXT(number)  TEXT_(number)
#define TEXT_(number) #number

static const char own_version[] = TEXT(SVC_VERSION_MAJOR) "." TEXT(
    SVC_VERSION_MINOR) "." TEXT(SVC_VERSION_PATCH);

/* The words of a line of that size as an array. */
static struct json_object *list_of(const char *words, size_t size)
{
    struct json_object *list = json_list();
    const char *end = words + size;

    while (words < end) {
        size_t length = strcspn(words, ", \n");

        if (length > 0)
            json_append(list, json_object_new_string_len(words, (int)length));
        words += length + 1;
    }
    return list;
}

/* The "key: words" lines of the library as fields. */
static void add_details(struct json_object *object, const char *lines)
{
    char key[64];

    while (*lines) {
        size_t size = strcspn(lines, "\n");
        const char *colon = memchr(lines, ':', size);

        if (colon) {
            snprintf(key, sizeof(key), "%.*s", (int)(colon - lines), lines);
            json_add(object, key,
                     list_of(colon + 1, (size_t)(lines + size - colon - 1)));
        }
        lines += size + (lines[size] == '\n');
    }
}

int cmd_version(const struct options *opt)
{
    char *details = memory_must(svc_version_details());
    struct json_object *object;

    if (opt->output == OUTPUT_JSON) {
        object = json_new("svcctl.version/1");
        json_add_text(object, "svcctl", own_version);
        json_add_text(object, "libsvc", svc_version());
        add_details(object, details);
        json_write(object);
    } else {
        printf("svcctl %s\nlibsvc %s\n%s", own_version, svc_version(), details);
    }
    svc_text_free(details);
    return 0;
}
