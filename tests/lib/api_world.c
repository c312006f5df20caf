/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the objects, their history and the watches that run.
 */
#include "api_world_inside.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST 1000

static const struct {
    const char *kind;
    const char *version;
} kinds[] = {{"Service", "v1"},
             {"EndpointSlice", "discovery.k8s.io/v1"},
             {"Node", "v1"}};

/* ---- texts --------------------------------------------------------------- */

void api_append(char **text, const char *format, ...)
{
    const size_t used = *text == NULL ? 0 : strlen(*text);
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert_true(size >= 0);
    *text = realloc(*text, used + (size_t)size + 1);
    assert_non_null(*text);
    va_start(args, format);
    (void)vsnprintf(*text + used, (size_t)size + 1, format, args);
    va_end(args);
}

void api_object_print(const struct api_object *o, char **text)
{
    api_append(text,
               "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{"
               "\"name\":\"%s\",",
               kinds[o->kind].kind, kinds[o->kind].version, o->name);
    if (o->kind != API_NODES)
        api_append(text, "\"namespace\":\"%s\",", o->namespace_);
    api_append(text, "\"uid\":\"uid-%lu\",\"resourceVersion\":\"%lu\"", o->uid,
               o->revision);
    if (o->kind == API_SLICES)
        api_append(text,
                   ",\"generateName\":\"%s-\",\"labels\":{"
                   "\"kubernetes.io/service-name\":\"%s\"}",
                   o->service, o->service);
    else if (o->labels != NULL)
        api_append(text, ",\"labels\":{%s}", o->labels);
    api_append(text, "},%s}", o->rest);
}

/* ---- streams ------------------------------------------------------------- */

static int is_or_any(const char *wanted, const char *is)
{
    return wanted[0] == '\0' || strcmp(wanted, is) == 0;
}

int api_scope_has(const struct api_scope *scope, const struct api_object *o)
{
    return scope->kind == o->kind &&
           is_or_any(scope->namespace_, o->namespace_) &&
           is_or_any(scope->name, o->name) &&
           is_or_any(scope->service, o->service);
}

void api_stream_tell(const struct api_stream *stream,
                     const struct api_change *change)
{
    struct api_object before = change->object;
    const char *type = change->type;
    char *text = NULL;
    int was;
    int is;

    memcpy(before.service, change->before, sizeof(before.service));
    was = strcmp(type, "ADDED") != 0 && api_scope_has(&stream->scope, &before);
    is = strcmp(type, "DELETED") != 0 &&
         api_scope_has(&stream->scope, &change->object);
    if (!was && !is)
        return;
    type = was && is ? "MODIFIED" : is ? "ADDED" : "DELETED";
    api_append(&text, "{\"type\":\"%s\",\"object\":", type);
    api_object_print(&change->object, &text);
    api_append(&text, "}\n");
    api_chunk(&stream->request, text, strlen(text));
    free(text);
}

void api_stream_bookmark(const struct api_stream *stream,
                         unsigned long revision, int is_end)
{
    const enum api_kind kind = stream->scope.kind;
    char *text = NULL;

    api_append(&text,
               "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"%s\","
               "\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":"
               "\"%lu\"%s}}}\n",
               kinds[kind].kind, kinds[kind].version, revision,
               is_end ? ",\"annotations\":{\"k8s.io/initial-events-end\":"
                        "\"true\"}"
                      : "");
    api_chunk(&stream->request, text, strlen(text));
    free(text);
}

void api_streams_sweep(struct api_world *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->stream_count; i++) {
        if (api_is_open(&w->streams[i].request))
            w->streams[n++] = w->streams[i];
    }
    w->stream_count = n;
}

/* ---- objects ------------------------------------------------------------- */

static struct api_object copy_of(const struct api_object *o)
{
    struct api_object c = *o;

    c.rest = strdup(o->rest);
    c.labels = o->labels == NULL ? NULL : strdup(o->labels);
    assert_non_null(c.rest);
    return c;
}

static void fini(struct api_object *o)
{
    free(o->rest);
    free(o->labels);
}

static struct api_object *find(struct api_objects *all, enum api_kind kind,
                               const char *namespace_, const char *name)
{
    for (size_t i = 0; i < all->count; i++) {
        struct api_object *o = &all->list[i];

        if (o->kind == kind && strcmp(o->namespace_, namespace_) == 0 &&
            strcmp(o->name, name) == 0)
            return o;
    }
    return NULL;
}

/* Does to objects what a change says. */
static void apply(struct api_objects *all, const struct api_change *change)
{
    const struct api_object *is = &change->object;
    struct api_object *o = find(all, is->kind, is->namespace_, is->name);

    if (strcmp(change->type, "DELETED") == 0) {
        fini(o);
        *o = all->list[--all->count];
        return;
    }
    if (o == NULL) {
        all->list = realloc(all->list, (all->count + 1) * sizeof(*all->list));
        assert_non_null(all->list);
        o = &all->list[all->count++];
    } else {
        fini(o);
    }
    *o = copy_of(is);
}

/* Notes a change, whose object is taken, and tells everybody. */
static void change(struct api_world *w, struct api_object *o,
                   const char *deleted)
{
    const struct api_object *old =
        find(&w->objects, o->kind, o->namespace_, o->name);
    struct api_change *c;

    w->history = realloc(w->history, (w->changes + 1) * sizeof(*w->history));
    assert_non_null(w->history);
    c = &w->history[w->changes++];
    c->type = deleted != NULL ? deleted : old == NULL ? "ADDED" : "MODIFIED";
    o->uid = old == NULL ? ++w->uid : old->uid;
    o->revision = ++w->revision;
    memcpy(c->before, old == NULL ? o->service : old->service,
           sizeof(c->before));
    c->object = *o;
    apply(&w->objects, c);
    api_streams_sweep(w);
    for (size_t i = 0; i < w->stream_count; i++)
        api_stream_tell(&w->streams[i], c);
}

static void set_name(struct api_object *o, enum api_kind kind, const char *name)
{
    const char *slash = strchr(name, '/');

    memset(o, 0, sizeof(*o));
    o->kind = kind;
    assert_true((slash == NULL) == (kind == API_NODES));
    if (slash != NULL)
        snprintf(o->namespace_, sizeof(o->namespace_), "%.*s",
                 (int)(slash - name), name);
    snprintf(o->name, sizeof(o->name), "%s", slash == NULL ? name : slash + 1);
}

static void put(struct api_world *w, struct api_object *o, const char *rest)
{
    o->rest = strdup(rest);
    assert_non_null(o->rest);
    pthread_mutex_lock(&w->lock);
    change(w, o, NULL);
    pthread_mutex_unlock(&w->lock);
}

void api_world_service(struct api_world *w, const char *name, const char *rest)
{
    struct api_object o;

    set_name(&o, API_SERVICES, name);
    put(w, &o,
        rest != NULL ? rest
                     : "\"spec\":{\"type\":\"ClusterIP\",\"clusterIP\":"
                       "\"10.96.0.1\",\"clusterIPs\":[\"10.96.0.1\"],"
                       "\"ipFamilies\":[\"IPv4\"],\"selector\":{\"app\":\"a\"},"
                       "\"ports\":[{\"name\":\"http\",\"protocol\":\"TCP\","
                       "\"port\":80,\"targetPort\":8080}]},"
                       "\"status\":{\"loadBalancer\":{}}");
}

void api_world_slice_rest(struct api_world *w, const char *name,
                          const char *service, const char *rest)
{
    struct api_object o;

    set_name(&o, API_SLICES, name);
    snprintf(o.service, sizeof(o.service), "%s", service);
    put(w, &o, rest);
}

void api_world_slice(struct api_world *w, const char *name, const char *service,
                     const char *addresses)
{
    char *rest = NULL;
    const char *comma = "";

    api_append(&rest, "\"addressType\":\"IPv4\",\"endpoints\":[");
    for (const char *at = addresses; *at != '\0'; comma = ",") {
        const int size = (int)strcspn(at, " !~");
        const char mark = at[size];

        api_append(
            &rest,
            "%s{\"addresses\":[\"%.*s\"],\"conditions\":{"
            "\"ready\":%s,\"serving\":%s,\"terminating\":%s}}",
            comma, size, at, mark == '!' || mark == '~' ? "false" : "true",
            mark == '!' ? "false" : "true", mark == '~' ? "true" : "false");
        at += size + (mark == '!' || mark == '~');
        at += *at == ' ';
    }
    api_append(&rest, "],\"ports\":[{\"name\":\"http\",\"protocol\":\"TCP\","
                      "\"port\":8080}]");
    api_world_slice_rest(w, name, service, rest);
    free(rest);
}

void api_world_node(struct api_world *w, const char *name, const char *labels,
                    const char *rest)
{
    struct api_object o;

    set_name(&o, API_NODES, name);
    o.labels = strdup(labels);
    put(w, &o, rest);
}

void api_world_delete(struct api_world *w, enum api_kind kind, const char *name)
{
    const struct api_object *old;
    struct api_object o;

    set_name(&o, kind, name);
    pthread_mutex_lock(&w->lock);
    old = find(&w->objects, kind, o.namespace_, o.name);
    assert_non_null(old);
    o = copy_of(old);
    change(w, &o, "DELETED");
    pthread_mutex_unlock(&w->lock);
}

void api_world_pair(struct api_world *w, const char *name,
                    const char *addresses)
{
    char service[80];
    char slice[80];

    snprintf(service, sizeof(service), "dev/%s", name);
    snprintf(slice, sizeof(slice), "dev/%s-1", name);
    api_world_service(w, service, NULL);
    api_world_slice(w, slice, name, addresses);
}

char *api_world_text(struct api_world *w, enum api_kind kind, const char *name)
{
    const struct api_object *o;
    struct api_object key;
    char *text = NULL;

    set_name(&key, kind, name);
    pthread_mutex_lock(&w->lock);
    o = find(&w->objects, kind, key.namespace_, key.name);
    assert_non_null(o);
    api_object_print(o, &text);
    pthread_mutex_unlock(&w->lock);
    return text;
}

/* ---- time ---------------------------------------------------------------- */

unsigned long api_world_revision(struct api_world *w)
{
    unsigned long revision;

    pthread_mutex_lock(&w->lock);
    revision = w->revision;
    pthread_mutex_unlock(&w->lock);
    return revision;
}

void api_world_expire(struct api_world *w, int by_http)
{
    pthread_mutex_lock(&w->lock);
    w->oldest = ++w->revision; /* something else changed meanwhile */
    w->expires_by_http = by_http;
    pthread_mutex_unlock(&w->lock);
}

void api_world_bookmark(struct api_world *w)
{
    pthread_mutex_lock(&w->lock);
    api_streams_sweep(w);
    for (size_t i = 0; i < w->stream_count; i++)
        api_stream_bookmark(&w->streams[i], w->revision, 0);
    pthread_mutex_unlock(&w->lock);
}

void api_world_end_watches(struct api_world *w)
{
    pthread_mutex_lock(&w->lock);
    api_streams_sweep(w);
    for (size_t i = 0; i < w->stream_count; i++)
        api_end(&w->streams[i].request);
    w->stream_count = 0;
    pthread_mutex_unlock(&w->lock);
}

void api_world_push(struct api_world *w, enum api_kind kind, const char *line)
{
    char *text = NULL;

    api_append(&text, "%s\n", line);
    pthread_mutex_lock(&w->lock);
    api_streams_sweep(w);
    for (size_t i = 0; i < w->stream_count; i++) {
        if (w->streams[i].scope.kind == kind)
            api_chunk(&w->streams[i].request, text, strlen(text));
    }
    pthread_mutex_unlock(&w->lock);
    free(text);
}

static void forget(struct api_objects *all)
{
    for (size_t i = 0; i < all->count; i++)
        fini(&all->list[i]);
    free(all->list);
    memset(all, 0, sizeof(*all));
}

void api_world_rewind(struct api_world *w, unsigned long revision)
{
    size_t n = 0;

    pthread_mutex_lock(&w->lock);
    forget(&w->objects);
    while (n < w->changes && w->history[n].object.revision <= revision)
        apply(&w->objects, &w->history[n++]);
    for (size_t i = n; i < w->changes; i++)
        fini(&w->history[i].object);
    w->changes = n;
    w->revision = revision;
    w->oldest = 0;
    w->stream_count = 0;
    api_server_drop(w->server, 0);
    pthread_mutex_unlock(&w->lock);
}

unsigned api_world_watches(struct api_world *w)
{
    unsigned count;

    pthread_mutex_lock(&w->lock);
    api_streams_sweep(w);
    count = (unsigned)w->stream_count;
    pthread_mutex_unlock(&w->lock);
    return count;
}

/* ---- life ---------------------------------------------------------------- */

struct api_world *api_world_new(void)
{
    struct api_world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    assert_int_equal(pthread_mutex_init(&w->lock, NULL), 0);
    w->revision = FIRST;
    w->server = api_server_new(NULL, NULL);
    api_world_no_rules(w);
    return w;
}

void api_world_free(struct api_world *w)
{
    api_server_free(w->server);
    forget(&w->objects);
    for (size_t i = 0; i < w->changes; i++)
        fini(&w->history[i].object);
    free(w->history);
    free(w->streams);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

struct api_server *api_world_server(struct api_world *w)
{
    return w->server;
}
