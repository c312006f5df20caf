/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the walk through the tree, as one writes it for json-c: the members by
 * name, the values by type.
 */
#include "peer_json_c.h"

#include "bench.h"

#include <json.h>

static uint32_t keep(struct peer_json_c *p, struct json_object *value)
{
    return found_keep(&p->found, json_object_get_string(value),
                      (size_t)json_object_get_string_len(value));
}

static struct json_object *get(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(object, key, &value);
    return value;
}

static uint8_t flag(struct json_object *object, const char *key, int fallback,
                    uint8_t bit)
{
    struct json_object *value = get(object, key);
    int on = value == NULL ? fallback : json_object_get_boolean(value);

    return on ? bit : 0;
}

static void extract_ref(struct peer_json_c *p, struct json_object *ref,
                        struct svc__endpoint *ep)
{
    struct json_object *uid = get(ref, "uid");

    if (ref == NULL)
        return;
    ep->pod_namespace = keep(p, get(ref, "namespace"));
    ep->pod = keep(p, get(ref, "name"));
    if (svc__uid_parse(json_object_get_string(uid),
                       (size_t)json_object_get_string_len(uid), ep->uid) == 0)
        ep->flags |= SVC__EP_UID;
}

static void extract_hints(struct peer_json_c *p, struct json_object *hints,
                          struct svc__endpoint *ep)
{
    struct json_object *zones = get(hints, "forZones");

    if (zones == NULL)
        return;
    ep->zone_hints = (uint32_t)p->found.words.size;
    for (size_t i = 0; i < json_object_array_length(zones); i++)
        keep(p, get(json_object_array_get_idx(zones, i), "name"));
    svc__buf_add_byte(&p->found.words, '\0');
}

static void extract_endpoint(struct peer_json_c *p, struct json_object *object)
{
    struct json_object *conditions = get(object, "conditions");
    struct json_object *address =
        json_object_array_get_idx(get(object, "addresses"), 0);
    struct svc__endpoint *ep =
        found_add(&p->found, json_object_get_string(address),
                  (size_t)json_object_get_string_len(address));

    ep->flags |= flag(conditions, "ready", 1, SVC__EP_READY);
    ep->flags |= flag(conditions, "serving", 1, SVC__EP_SERVING);
    ep->flags |= flag(conditions, "terminating", 0, SVC__EP_TERMINATING);
    ep->hostname = keep(p, get(object, "hostname"));
    extract_ref(p, get(object, "targetRef"), ep);
    ep->node = keep(p, get(object, "nodeName"));
    ep->zone = keep(p, get(object, "zone"));
    extract_hints(p, get(object, "hints"), ep);
}

static void extract_slice(struct peer_json_c *p, struct json_object *slice)
{
    struct json_object *list = get(slice, "endpoints");
    size_t count = list == NULL ? 0 : json_object_array_length(list);

    found_reserve(&p->found, count);
    for (size_t i = 0; i < count; i++)
        extract_endpoint(p, json_object_array_get_idx(list, i));
}

void peer_json_c_run(void *peer)
{
    struct peer_json_c *p = peer;
    struct json_tokener *tok = json_tokener_new();
    struct json_object *items;

    found_begin(&p->found);
    p->tree = json_tokener_parse_ex(tok, p->text->data, (int)p->text->size);
    bench_must(p->tree != NULL, "json-c");
    items = get(p->tree, "items");
    for (size_t i = 0; i < json_object_array_length(items); i++)
        extract_slice(p, json_object_array_get_idx(items, i));
    json_tokener_free(tok);
}

void peer_json_c_run_and_free(void *peer)
{
    struct peer_json_c *p = peer;

    peer_json_c_run(peer);
    json_object_put(p->tree);
    p->tree = NULL;
}

uint64_t peer_json_c_after(void *peer)
{
    struct peer_json_c *p = peer;

    json_object_put(p->tree);
    return found_end(&p->found);
}
