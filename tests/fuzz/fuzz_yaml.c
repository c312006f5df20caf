/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as YAML: what is not refused is JSON, as json-c reads it. */
#include "base/buf.h"
#include "kube/yaml.h"

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(const struct svc__buf *b)
{
    json_tokener *tok = json_tokener_new_ex(SVC__YAML_DEPTH_MAX + 1);
    json_object *tree;

    json_tokener_set_flags(tok,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    tree = json_tokener_parse_ex(tok, b->data, (int)b->size + 1);
    if (json_tokener_get_error(tok) != json_tokener_success)
        abort();
    json_object_put(tree);
    json_tokener_free(tok);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct svc__yaml *y = NULL;
    struct svc__buf b;
    const char *text;
    size_t part_size;
    int part = svc__yaml_new((const char *)(const void *)data, size, &y, NULL);

    svc__buf_init(&b, SIZE_MAX / 2);
    while (part >= 0 || part == SVC_EINVAL) {
        part = svc__yaml_read(y, &text, &part_size, NULL);
        if (part == SVC__YAML_END)
            break;
        if (part > 0)
            svc__buf_add(&b, text, part_size);
        if (part == SVC__YAML_DOCUMENT && b.size > 0)
            check_json(&b);
        if (part != SVC__YAML_PIECE)
            svc__buf_clear(&b);
    }
    svc__buf_fini(&b);
    svc__yaml_free(y);
    return 0;
}
