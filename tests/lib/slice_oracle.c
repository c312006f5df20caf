/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the rules as a reader of the API would write them down, without a
 * thought of speed: each function returns 0 to refuse the slice.
 */
#include "slice_oracle.h"

#include "base/buf.h"
#include "slice_dump.h"

#include <arpa/inet.h>
#include <errno.h>
#include <json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- texts -------------------------------------------------------------- */

static int all_of(const char *text, const char *allowed)
{
    return text[strspn(text, allowed)] == '\0';
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

static int is_label(const char *text)
{
    size_t size = strlen(text);

    return size >= 1 && size <= 63 && all_of(text, LOWER DIGIT "-") &&
           text[0] != '-' && text[size - 1] != '-';
}

static int is_subdomain(const char *text)
{
    char label[260];
    size_t size = strlen(text);

    if (size < 1 || size > 253)
        return 0;
    for (;;) {
        size_t part = strcspn(text, ".");

        memcpy(label, text, part);
        label[part] = '\0';
        if (!is_label(label))
            return 0;
        if (text[part] == '\0')
            return 1;
        text += part + 1;
    }
}

static int is_value(const char *text)
{
    size_t size = strlen(text);

    return size >= 1 && size <= 63 && all_of(text, LOWER UPPER DIGIT "-_.") &&
           strchr("-_.", text[0]) == NULL &&
           strchr("-_.", text[size - 1]) == NULL;
}

static int is_qualified(const char *text)
{
    const char *slash = strchr(text, '/');
    char prefix[400];

    if (slash == NULL)
        return is_value(text);
    if (slash - text > 253)
        return 0;
    memcpy(prefix, text, (size_t)(slash - text));
    prefix[slash - text] = '\0';
    return is_subdomain(prefix) && is_value(slash + 1);
}

/* ---- members ------------------------------------------------------------ */

/* A member, NULL when absent or null. */
static struct json_object *get(struct json_object *object, const char *key)
{
    return object == NULL ? NULL : json_object_object_get(object, key);
}

static int is_type(struct json_object *value, enum json_type type)
{
    return value == NULL || json_object_is_type(value, type);
}

/* The text of a member, "" when absent. Texts with NUL are refused. */
static int get_text(struct json_object *object, const char *key,
                    const char **ret)
{
    struct json_object *value = get(object, key);

    *ret = "";
    if (value == NULL)
        return 1;
    if (!json_object_is_type(value, json_type_string))
        return 0;
    *ret = json_object_get_string(value);
    return strlen(*ret) == (size_t)json_object_get_string_len(value);
}

/* The same, empty or obeying a rule. */
static int get_name(struct json_object *object, const char *key,
                    int (*rule)(const char *text), const char **ret)
{
    return get_text(object, key, ret) && (**ret == '\0' || rule(*ret));
}

static int get_flag(struct json_object *object, const char *key, int fallback,
                    int *ret)
{
    struct json_object *value = get(object, key);

    *ret = value == NULL ? fallback : json_object_get_boolean(value);
    return is_type(value, json_type_boolean);
}

static void add_word(struct svc__buf *b, const char *what, const char *text)
{
    if (*text != '\0')
        svc__buf_printf(b, " %s %s", what, text);
}

/* ---- endpoints ---------------------------------------------------------- */

static int read_addresses(struct svc__buf *b, struct json_object *endpoint,
                          int family)
{
    struct json_object *list = get(endpoint, "addresses");
    unsigned char bytes[16];
    char text[INET6_ADDRSTRLEN];

    if (list == NULL || !json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) == 0)
        return 0;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *value = json_object_array_get_idx(list, i);

        if (value == NULL || !json_object_is_type(value, json_type_string) ||
            inet_pton(family, json_object_get_string(value), bytes) != 1)
            return 0;
        if (i == 0) {
            inet_ntop(family, bytes, text, sizeof(text));
            svc__buf_add_text(b, text);
        }
    }
    return 1;
}

static int read_conditions(struct svc__buf *b, struct json_object *endpoint)
{
    struct json_object *conditions = get(endpoint, "conditions");
    int ready;
    int serving;
    int terminating;

    if (!is_type(conditions, json_type_object) ||
        !get_flag(conditions, "ready", 1, &ready) ||
        !get_flag(conditions, "serving", 1, &serving) ||
        !get_flag(conditions, "terminating", 0, &terminating))
        return 0;
    svc__buf_printf(b, " %c%c%c", ready ? 'r' : '-', serving ? 's' : '-',
                    terminating ? 't' : '-');
    return 1;
}

/* A UUID in its text form, lower case, or "". */
static void as_uid(const char *text, char ret[37])
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    ret[0] = '\0';
    if (strlen(text) != 36)
        return;
    for (size_t i = 0; i < 36; i++) {
        const char *digits = DIGIT "abcdefABCDEF";

        if (form[i] == '-' ? text[i] != '-' : strchr(digits, text[i]) == NULL)
            return;
    }
    for (size_t i = 0; i < 36; i++)
        ret[i] = (char)(text[i] | 0x20);
    for (size_t i = 0; i < 36; i++)
        ret[i] = form[i] == '-' ? '-' : ret[i];
    ret[36] = '\0';
}

static int read_target_ref(struct svc__buf *b, struct json_object *endpoint)
{
    struct json_object *ref = get(endpoint, "targetRef");
    const char *kind;
    const char *namespace_;
    const char *name;
    const char *uid;
    char uuid[37];

    if (!is_type(ref, json_type_object) || !get_text(ref, "kind", &kind) ||
        !get_text(ref, "namespace", &namespace_) ||
        !get_text(ref, "name", &name) || !get_text(ref, "uid", &uid))
        return 0;
    if (strcmp(kind, "Pod") != 0)
        return 1;
    if ((*namespace_ != '\0' && !is_label(namespace_)) ||
        (*name != '\0' && !is_subdomain(name)))
        return 0;
    add_word(b, "in", namespace_);
    add_word(b, "pod", name);
    as_uid(uid, uuid);
    add_word(b, "uid", uuid);
    return 1;
}

static int read_hints(struct svc__buf *b, struct json_object *endpoint,
                      const char *key, const char *what,
                      int (*rule)(const char *text))
{
    struct json_object *hints = get(endpoint, "hints");
    struct json_object *list;
    const char *name;

    if (!is_type(hints, json_type_object))
        return 0;
    list = get(hints, key);
    if (list == NULL)
        return 1;
    if (!json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) > 8)
        return 0;
    if (json_object_array_length(list) > 0)
        svc__buf_printf(b, " %s ", what);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *value = json_object_array_get_idx(list, i);

        if (value == NULL || !json_object_is_type(value, json_type_object) ||
            !get_name(value, "name", rule, &name))
            return 0;
        if (*name != '\0')
            svc__buf_printf(b, "%s,", name);
    }
    return 1;
}

static int read_endpoint(struct svc__buf *b, struct json_object *endpoint,
                         int family)
{
    const char *hostname;
    const char *node;
    const char *zone;

    if (endpoint == NULL || !json_object_is_type(endpoint, json_type_object) ||
        !read_addresses(b, endpoint, family) || !read_conditions(b, endpoint) ||
        !get_name(endpoint, "hostname", is_label, &hostname))
        return 0;
    add_word(b, "host", hostname);
    if (!read_target_ref(b, endpoint) ||
        !get_name(endpoint, "nodeName", is_subdomain, &node) ||
        !get_name(endpoint, "zone", is_value, &zone))
        return 0;
    add_word(b, "node", node);
    add_word(b, "zone", zone);
    if (!read_hints(b, endpoint, "forZones", "zones", is_value) ||
        !read_hints(b, endpoint, "forNodes", "nodes", is_subdomain))
        return 0;
    svc__buf_add_byte(b, '\n');
    return 1;
}

/* ---- ports -------------------------------------------------------------- */

static int read_port(struct svc__buf *b, struct json_object *port)
{
    struct json_object *number;
    const char *name;
    const char *protocol;
    const char *app;
    int64_t value = 0;

    if (port == NULL || !json_object_is_type(port, json_type_object))
        return 0;
    number = get(port, "port");
    if (number != NULL) {
        value = json_object_get_int64(number);
        if (!json_object_is_type(number, json_type_int) || value < 0 ||
            value > 65535)
            return 0;
    }
    if (!get_name(port, "name", is_label, &name) ||
        !get_name(port, "appProtocol", is_qualified, &app) ||
        !get_text(port, "protocol", &protocol))
        return 0;
    if (get(port, "protocol") == NULL)
        protocol = "TCP";
    if (strcmp(protocol, "TCP") != 0 && strcmp(protocol, "UDP") != 0 &&
        strcmp(protocol, "SCTP") != 0)
        return 0;
    svc__buf_printf(b, "port %s %d %s", name, (int)value, protocol);
    add_word(b, "app", app);
    svc__buf_add_byte(b, '\n');
    return 1;
}

/* ---- the slice ---------------------------------------------------------- */

static int read_head(struct svc__buf *b, struct json_object *slice, int *ret)
{
    struct json_object *metadata = get(slice, "metadata");
    struct json_object *labels = get(metadata, "labels");
    const char *name;
    const char *namespace_;
    const char *version;
    const char *service;
    const char *type;
    unsigned long long number;

    if (!is_type(metadata, json_type_object) ||
        !is_type(labels, json_type_object) ||
        !get_name(metadata, "name", is_subdomain, &name) || *name == '\0' ||
        !get_name(metadata, "namespace", is_label, &namespace_) ||
        !get_text(metadata, "resourceVersion", &version) ||
        !get_name(labels, "kubernetes.io/service-name", is_value, &service) ||
        !get_text(slice, "addressType", &type))
        return 0;
    errno = 0;
    number = strtoull(version, NULL, 10);
    if (!all_of(version, DIGIT) || errno != 0)
        number = 0;
    *ret = strcmp(type, "IPv4") == 0   ? 4
           : strcmp(type, "IPv6") == 0 ? 6
                                       : strcmp(type, "FQDN") == 0;
    svc__buf_printf(b, "%s/%s of %s rv %llu type %d\n",
                    *namespace_ != '\0' ? namespace_ : "default", name, service,
                    number, *ret);
    return *ret != 0;
}

static int read_slice(struct svc__buf *b, struct json_object *slice)
{
    struct json_object *list = get(slice, "ports");
    int type;

    if (!read_head(b, slice, &type) || !is_type(list, json_type_array))
        return 0;
    for (size_t i = 0; list != NULL && i < json_object_array_length(list);
         i++) {
        if (!read_port(b, json_object_array_get_idx(list, i)))
            return 0;
    }
    list = get(slice, "endpoints");
    if (type == 1)
        return 1;
    if (!is_type(list, json_type_array))
        return 0;
    for (size_t i = 0; list != NULL && i < json_object_array_length(list);
         i++) {
        if (!read_endpoint(b, json_object_array_get_idx(list, i),
                           type == 4 ? AF_INET : AF_INET6))
            return 0;
    }
    return 1;
}

static int read_by_json_c(struct svc__buf *b, const char *text, size_t size)
{
    struct json_tokener *tok = json_tokener_new_ex(64);
    struct json_object *root;
    int accepted;

    json_tokener_set_flags(tok,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    root = json_tokener_parse_ex(tok, text, (int)size);
    accepted = json_tokener_get_error(tok) == json_tokener_success &&
               json_object_is_type(root, json_type_object) &&
               read_slice(b, root);
    json_object_put(root);
    json_tokener_free(tok);
    return accepted;
}

/* The line of text in which it begins to differ from other. */
static const char *line_of_difference(const char *text, const char *other)
{
    size_t at = 0;

    while (text[at] != '\0' && text[at] == other[at])
        at++;
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return text + at;
}

int oracle_compare(const char *text, size_t size, enum oracle_demand demand)
{
    struct svc__buf theirs;
    struct svc__buf ours;
    int they_accept;
    int we_accept;

    svc__buf_init(&theirs, (size_t)1 << 24);
    svc__buf_init(&ours, (size_t)1 << 24);
    svc__buf_add_text(&theirs, "");
    they_accept = read_by_json_c(&theirs, text, size);
    slice_dump_text(&ours, text, size);
    we_accept = strncmp(ours.data, "SVC_", 4) != 0;
    if ((demand == ORACLE_AGREE && they_accept != we_accept) ||
        (they_accept && we_accept && strcmp(ours.data, theirs.data) != 0))
        fail_msg("json-c %s\nours: %.200s\njson-c: %.200s\n%.*s",
                 they_accept ? "accepts" : "refuses",
                 line_of_difference(ours.data, theirs.data),
                 line_of_difference(theirs.data, ours.data), (int)size, text);
    svc__buf_fini(&theirs);
    svc__buf_fini(&ours);
    return they_accept && we_accept;
}
