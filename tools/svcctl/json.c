/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON that scripts depend on. */
#include "json.h"

#include "memory.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

void json_add(struct json_object *object, const char *key,
              struct json_object *value)
{
    if (json_object_object_add(object, key, value) != 0)
        memory_must(NULL);
}

void json_append(struct json_object *list, struct json_object *value)
{
    if (json_object_array_add(list, memory_must(value)) != 0)
        memory_must(NULL);
}

static struct json_object *new_text(const char *text)
{
    char *clean = text_utf8(text);
    struct json_object *value = memory_must(json_object_new_string(clean));

    free(clean);
    return value;
}

void json_add_text(struct json_object *object, const char *key,
                   const char *text)
{
    json_add(object, key, text ? new_text(text) : NULL);
}

void json_add_number(struct json_object *object, const char *key,
                     int64_t number)
{
    json_add(object, key, memory_must(json_object_new_int64(number)));
}

void json_add_flag(struct json_object *object, const char *key, int flag)
{
    json_add(object, key, memory_must(json_object_new_boolean(flag)));
}

/* 1 and 0 to true and false, -1 to null. */
static void add_condition(struct json_object *object, const char *key,
                          int condition)
{
    if (condition < 0)
        json_add(object, key, NULL);
    else
        json_add_flag(object, key, condition);
}

void json_add_port(struct json_object *object, int port)
{
    if (port == 0)
        json_add(object, "port", NULL);
    else
        json_add_number(object, "port", port);
}

struct json_object *json_item(void)
{
    return memory_must(json_object_new_object());
}

struct json_object *json_new(const char *schema)
{
    struct json_object *object = json_item();

    json_add_text(object, "schema", schema);
    return object;
}

struct json_object *json_list(void)
{
    return memory_must(json_object_new_array());
}

/* "namespace/name", or null. */
static void add_pod(struct json_object *object, const svc_endpoint_info *info)
{
    char pod[512];

    if (info->pod && info->pod_namespace) {
        snprintf(pod, sizeof(pod), "%s/%s", info->pod_namespace, info->pod);
        json_add_text(object, "pod", pod);
    } else {
        json_add_text(object, "pod", info->pod);
    }
}

static struct json_object *why_words(uint32_t why)
{
    struct json_object *list = json_list();
    uint32_t bit;

    for (bit = 1; bit != 0; bit <<= 1) {
        const char *word = svc_why_name(why & bit);

        if (word)
            json_append(list, new_text(word));
    }
    return list;
}

struct json_object *json_endpoint(const svc_endpoint *ep)
{
    struct json_object *object = json_item();
    svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

    svc_endpoint_describe(ep, &info);
    json_add_text(object, "address", info.address);
    json_add_port(object, info.port);
    json_add_text(object, "protocol", info.protocol);
    json_add_text(object, "family", info.family == AF_INET6 ? "IPv6" : "IPv4");
    json_add_text(object, "hostname", info.hostname);
    add_pod(object, &info);
    json_add_text(object, "uid", info.uid[0] ? info.uid : NULL);
    json_add_text(object, "node", info.node);
    json_add_text(object, "zone", info.zone);
    add_condition(object, "ready", info.ready);
    add_condition(object, "serving", info.serving);
    add_condition(object, "terminating", info.terminating);
    json_add_text(object, "app_protocol", info.app_protocol);
    json_add_number(object, "weight", info.weight);
    json_add_flag(object, "usable", info.usable);
    json_add(object, "why", why_words(info.why));
    return object;
}

/* Writes the text of an object, taken, without its first and last bytes. */
static void print_object(struct json_object *object, size_t first, size_t last)
{
    size_t size = 0;
    const char *text = json_object_to_json_string_length(
        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);

    if (!text)
        memory_must(NULL);
    text_print_json(stdout, text + first, size - first - last);
    json_object_put(object);
}

void json_write(struct json_object *object)
{
    print_object(object, 0, 0);
    putchar('\n');
}

void json_begin(struct json_object *head)
{
    print_object(head, 0, 1);
}

void json_begin_list(const char *key)
{
    printf(",\"%s\":[", key);
}

void json_write_item(size_t i, struct json_object *item)
{
    if (i > 0)
        putchar(',');
    print_object(item, 0, 0);
}

void json_end_list(void)
{
    putchar(']');
}

void json_write_endpoints(const char *key, const svc_endpoints *eps,
                          size_t count)
{
    size_t i;

    json_begin_list(key);
    for (i = 0; i < count; i++)
        json_write_item(i, json_endpoint(svc_endpoints_at(eps, i)));
    json_end_list();
}

void json_end(struct json_object *tail)
{
    if (json_object_object_length(tail) > 0) {
        putchar(',');
        print_object(tail, 1, 1);
    } else {
        json_object_put(tail);
    }
    fputs("}\n", stdout);
}
