/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a small API server answers. Owns the rules.
 */
#include "api_world_inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is asked ------------------------------------------------------- */

/* The value of a parameter: 1 if it is there. */
static int parameter(const char *line, const char *name, char ret[64])
{
    const size_t size = strlen(name);
    const char *at = strchr(line, '?');

    ret[0] = '\0';
    while (at != NULL) {
        at++;
        if (strncmp(at, name, size) == 0 && at[size] == '=') {
            snprintf(ret, 64, "%.*s", (int)strcspn(at + size + 1, "&"),
                     at + size + 1);
            return 1;
        }
        at = strchr(at, '&');
    }
    return 0;
}

static int is_true(const char *line, const char *name)
{
    char value[64];

    (void)parameter(line, name, value);
    return strcmp(value, "1") == 0 || strcmp(value, "true") == 0;
}

/* The part of a path up to the next slash; where it goes on. */
static const char *part(const char *at, char ret[64])
{
    const size_t size = strcspn(at, "/?");

    snprintf(ret, 64, "%.*s", (int)size, at);
    return at[size] == '/' ? at + size + 1 : at + size;
}

/* After "namespaces/NAMESPACE/". */
static int read_resource(const char *at, const char *resource,
                         enum api_kind kind, struct api_scope *ret)
{
    char word[64];

    at = part(at, ret->namespace_);
    at = part(at, word);
    ret->kind = kind;
    part(at, ret->name);
    return strcmp(word, resource) == 0;
}

static int read_scope(const char *line, struct api_scope *ret)
{
    static const char core[] = "GET /api/v1/";
    static const char group[] = "GET /apis/discovery.k8s.io/v1/namespaces/";
    char value[64];
    int ok = 0;

    memset(ret, 0, sizeof(*ret));
    if (strncmp(line, core, sizeof(core) - 1) == 0) {
        const char *at = part(line + sizeof(core) - 1, value);

        if (strcmp(value, "nodes") == 0) {
            ret->kind = API_NODES;
            part(at, ret->name);
            ok = 1;
        } else if (strcmp(value, "namespaces") == 0) {
            ok = read_resource(at, "services", API_SERVICES, ret);
        }
    } else if (strncmp(line, group, sizeof(group) - 1) == 0) {
        ok = read_resource(line + sizeof(group) - 1, "endpointslices",
                           API_SLICES, ret);
    }
    if (ok && parameter(line, "fieldSelector", value) &&
        strncmp(value, "metadata.name=", 14) == 0)
        snprintf(ret->name, sizeof(ret->name), "%.40s", value + 14);
    if (ok && parameter(line, "labelSelector", value) &&
        strncmp(value, "kubernetes.io/service-name=", 27) == 0)
        snprintf(ret->service, sizeof(ret->service), "%.36s", value + 27);
    return ok;
}

/* ---- answers ------------------------------------------------------------- */

static void refuse_future(const struct api_request *q)
{
    api_answer(q, 504, "",
               "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
               "\"status\":\"Failure\",\"message\":\"Too large resource "
               "version\",\"reason\":\"Timeout\",\"details\":{\"causes\":[{"
               "\"reason\":\"ResourceVersionTooLarge\",\"message\":\"Too large "
               "resource version\"}],\"retryAfterSeconds\":1},\"code\":504}");
}

static void answer_list(struct api_world *w, const struct api_request *q,
                        const struct api_scope *scope)
{
    static const char *const kinds[] = {"ServiceList", "EndpointSliceList",
                                        "NodeList"};
    char value[64];
    const size_t limit =
        parameter(q->line, "limit", value) ? strtoul(value, NULL, 10) : 0;
    const size_t from =
        parameter(q->line, "continue", value) ? strtoul(value, NULL, 10) : 0;
    char *items = NULL;
    char *text = NULL;
    size_t n = 0;

    for (size_t i = 0; i < w->objects.count; i++) {
        if (!api_scope_has(scope, &w->objects.list[i]) || n++ < from ||
            (limit > 0 && n > from + limit))
            continue;
        if (items != NULL)
            api_append(&items, ",");
        api_object_print(&w->objects.list[i], &items);
    }
    api_append(&text,
               "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{"
               "\"resourceVersion\":\"%lu\"",
               kinds[scope->kind],
               scope->kind == API_SLICES ? "discovery.k8s.io/v1" : "v1",
               w->revision);
    if (limit > 0 && n > from + limit)
        api_append(&text, ",\"continue\":\"%zu\"", from + limit);
    api_append(&text, "},\"items\":[%s]}", items == NULL ? "" : items);
    api_answer(q, 200, "", text);
    free(items);
    free(text);
}

static void answer_one(struct api_world *w, const struct api_request *q,
                       const struct api_scope *scope)
{
    char *text = NULL;

    for (size_t i = 0; i < w->objects.count; i++) {
        if (api_scope_has(scope, &w->objects.list[i]))
            api_object_print(&w->objects.list[i], &text);
    }
    api_answer(q, text == NULL ? 404 : 200, "",
               text == NULL ? API_STATUS(404, "NotFound", "not found") : text);
    free(text);
}

/* The objects there are, as events. */
static void begin_with_all(struct api_world *w, const struct api_stream *stream)
{
    for (size_t i = 0; i < w->objects.count; i++) {
        struct api_change c = {.type = "ADDED", .object = w->objects.list[i]};

        api_stream_tell(stream, &c);
    }
}

/* The changes since a revision. */
static void begin_with_changes(struct api_world *w,
                               const struct api_stream *stream,
                               unsigned long revision)
{
    for (size_t i = 0; i < w->changes; i++) {
        if (w->history[i].object.revision > revision)
            api_stream_tell(stream, &w->history[i]);
    }
}

static void expire(const struct api_world *w, const struct api_request *q)
{
    static const char event[] =
        API_ERROR(410, "Expired", "too old resource version") "\n";

    if (w->expires_by_http) {
        api_answer(q, 410, "",
                   API_STATUS(410, "Expired", "too old resource version"));
        return;
    }
    api_begin(q);
    api_chunk(q, event, sizeof(event) - 1);
    api_end(q);
}

static void answer_watch(struct api_world *w, const struct api_request *q,
                         const struct api_scope *scope)
{
    const struct api_stream stream = {*q, *scope};
    const int all = is_true(q->line, "sendInitialEvents");
    unsigned long revision;
    char value[64];

    (void)parameter(q->line, "resourceVersion", value);
    revision = strtoul(value, NULL, 10);
    if (all && w->no_watch_list) {
        api_answer(q, 422, "",
                   API_STATUS(422, "Invalid",
                              "sendInitialEvents: Forbidden: "
                              "sendInitialEvents is forbidden for watch "
                              "unless the WatchList feature gate is enabled"));
        return;
    }
    if (revision != 0 && !all && revision < w->oldest) {
        expire(w, q);
        return;
    }
    api_begin(q);
    if (all || revision == 0)
        begin_with_all(w, &stream);
    else
        begin_with_changes(w, &stream, revision);
    if (all)
        api_stream_bookmark(&stream, w->revision, 1);
    api_streams_sweep(w);
    w->streams =
        realloc(w->streams, (w->stream_count + 1) * sizeof(*w->streams));
    assert_non_null(w->streams);
    w->streams[w->stream_count++] = stream;
}

void api_world_serve(struct api_world *w, const struct api_request *q)
{
    struct api_scope scope;
    char value[64];
    const int ok = read_scope(q->line, &scope);

    (void)parameter(q->line, "resourceVersion", value);
    pthread_mutex_lock(&w->lock);
    if (!ok)
        api_answer(q, 404, "Content-Type: text/plain\r\n",
                   "404 page not found\n");
    else if (strtoul(value, NULL, 10) > w->revision)
        refuse_future(q);
    else if (is_true(q->line, "watch"))
        answer_watch(w, q, &scope);
    else if (scope.name[0] != '\0' && strchr(q->line, '?') == NULL)
        answer_one(w, q, &scope);
    else
        answer_list(w, q, &scope);
    pthread_mutex_unlock(&w->lock);
}

/* ---- rules --------------------------------------------------------------- */

/* The rule for a request, used once more; 0: none. */
static int take_rule(struct api_world *w, const struct api_request *q,
                     struct api_rule *ret)
{
    int found = 0;

    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->rule_count && !found; i++) {
        struct api_rule *rule = &w->rules[i];

        if (rule->times < 0 || strstr(q->line, rule->text) == NULL)
            continue;
        *ret = *rule;
        found = 1;
        if (rule->times > 0 && --rule->times == 0)
            rule->times = -1;
    }
    pthread_mutex_unlock(&w->lock);
    return found;
}

static void serve(void *arg, const struct api_request *q)
{
    struct api_world *w = arg;
    struct api_rule rule;

    if (!take_rule(w, q, &rule)) {
        api_world_serve(w, q);
        return;
    }
    switch (rule.deed) {
    case API_ANSWERS:
        api_answer(q, rule.status, rule.headers == NULL ? "" : rule.headers,
                   rule.body == NULL ? "" : rule.body);
        break;
    case API_SILENT:
        break;
    case API_HANGS_UP:
        api_close(q);
        break;
    case API_HANGS_UP_HARD:
        api_reset(q);
        break;
    case API_CALLS:
        rule.script(rule.arg, q);
        break;
    }
}

void api_world_rule(struct api_world *w, const struct api_rule *rule)
{
    pthread_mutex_lock(&w->lock);
    assert_true(w->rule_count < API_RULES_MAX);
    w->rules[w->rule_count++] = *rule;
    pthread_mutex_unlock(&w->lock);
}

void api_world_no_rules(struct api_world *w)
{
    pthread_mutex_lock(&w->lock);
    w->rule_count = 0;
    pthread_mutex_unlock(&w->lock);
    api_server_set(w->server, serve, w);
}

void api_world_no_watch_list(struct api_world *w)
{
    pthread_mutex_lock(&w->lock);
    w->no_watch_list = 1;
    pthread_mutex_unlock(&w->lock);
}
