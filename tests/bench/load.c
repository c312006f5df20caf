/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of many Services and endpoints: from text to the store, and to the
 * published sets of all Services; and what of it stays.
 */
#include "base/buf.h"
#include "bench.h"
#include "generate.h"
#include "kube/manifest.h"
#include "kube/store.h"
#include "model/endpoints.h"
#include "policy/eligible.h"

#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVICES  1000
#define PER_SLICE 100

struct load {
    const struct svc__buf *text;
    size_t services;
    struct svc__store *store;
    svc_endpoints **sets;
    struct svc__freshness *freshness;
    struct json_object *tree;
    svc_endpoints *found;
    char path[64];
};

/* ---- stages ------------------------------------------------------------- */

static void apply(struct svc__store *store,
                  const struct svc__manifest_object *object)
{
    int err = 0;

    if (object->service != NULL)
        err = svc__store_apply_service(store, object->service, NULL);
    else if (object->slice != NULL)
        err = svc__store_apply_slice(store, object->slice, NULL);
    bench_must(err == 0, "applying an object");
}

static void run_store(void *arg)
{
    static const struct svc__hash_key key = {1, 2};
    struct load *l = arg;
    struct svc__manifest *m;
    svc_error error;

    l->store = svc__store_new("file", &key);
    bench_must(l->store != NULL, "making a store");
    bench_must(svc__manifest_parse(
                   &(struct svc__manifest_text){l->text->data, l->text->size,
                                                SVC__MANIFEST_SNIFF, NULL},
                   &m, &error) == 0,
               "reading a manifest");
    for (size_t i = 0; i < m->count; i++)
        apply(l->store, &m->objects[i]);
    svc__manifest_free(m);
}

static svc_endpoints *publish(struct load *l, size_t service)
{
    static const struct svc__eligible_env nowhere = {NULL, NULL};
    char name[40];
    char namespace_[16];
    struct svc__query query = {.service = name,
                               .namespace_ = namespace_,
                               .zone = "cluster.local",
                               .port = 80,
                               .view = SVC__VIEW_PODS};
    struct svc__view *view;
    svc_endpoints *eps = NULL;

    snprintf(name, sizeof(name), "checkout-api-%05zu", service);
    snprintf(namespace_, sizeof(namespace_), "team-%02zu", service % 50);
    bench_must(svc__store_view(l->store, &query, NULL, &view, NULL) == 0,
               "asking the store");
    if (svc__eligible_apply(view, &nowhere) == 0)
        eps = svc__endpoints_new(view, l->freshness, "rr", 1);
    bench_must(eps != NULL && svc_endpoints_count(eps) > 0, "publishing a set");
    return eps;
}

static void run_publish(void *arg)
{
    struct load *l = arg;

    run_store(l);
    for (size_t i = 0; i < l->services; i++)
        l->sets[i] = publish(l, i);
}

static uint64_t after(void *arg)
{
    struct load *l = arg;
    struct svc__store_stats stats;
    uint64_t sum;

    svc__store_stats(l->store, &stats);
    sum = stats.services * 1000003 + stats.slices;
    for (size_t i = 0; i < l->services; i++) {
        svc_endpoints_unref(l->sets[i]);
        l->sets[i] = NULL;
    }
    svc__store_free(l->store);
    l->store = NULL;
    return sum;
}

/* ---- json-c: the tree alone
 * --------------------------------------------------- */

static void run_json_c(void *arg)
{
    struct load *l = arg;
    struct json_tokener *tok = json_tokener_new();

    l->tree = json_tokener_parse_ex(tok, l->text->data, (int)l->text->size);
    bench_must(l->tree != NULL, "json-c");
    json_tokener_free(tok);
}

static uint64_t after_json_c(void *arg)
{
    struct load *l = arg;

    json_object_put(l->tree);
    return 0;
}

/* ---- from a file, by the public interface ------------------------------- */

static void run_resolve(void *arg)
{
    struct load *l = arg;
    const char *const files[] = {l->path, NULL};
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r;
    svc_error error;

    options.files = files;
    bench_must(svc_resolver_new(&options, &r, &error) == 0, "a resolver");
    bench_must(svc_resolver_resolve(r,
                                    "checkout-api-00007.team-07:80?view=pods",
                                    NULL, 60000, &l->found, &error) == 0,
               "resolving a name");
    svc_resolver_free(r);
}

static uint64_t after_resolve(void *arg)
{
    struct load *l = arg;
    uint64_t count = svc_endpoints_total(l->found);

    svc_endpoints_unref(l->found);
    return count;
}

static void write_file(struct load *l)
{
    int fd;

    snprintf(l->path, sizeof(l->path), "/tmp/svc-bench-XXXXXX");
    fd = mkstemp(l->path);
    bench_must(fd >= 0, "a temporary file");
    for (size_t at = 0; at < l->text->size;) {
        ssize_t done = write(fd, l->text->data + at, l->text->size - at);

        bench_must(done > 0, "writing a file");
        at += (size_t)done;
    }
    close(fd);
    /* The file backend wants *.json. */
    bench_must(strlen(l->path) + 6 < sizeof(l->path), "a path");
}

/* ---- what stays --------------------------------------------------------- */

static void print_kept(struct load *l, const char *title, double endpoints)
{
    size_t live = memory_live();
    size_t store;

    memory_reset_peak();
    run_store(l);
    store = memory_live() - live;
    bench_value(title, "heap at most, while reading",
                (double)(memory_peak() - live) / (double)l->text->size,
                "bytes for a byte");
    for (size_t i = 0; i < l->services; i++)
        l->sets[i] = publish(l, i);
    bench_value(title, "kept of an endpoint, store", (double)store / endpoints,
                "bytes");
    bench_value(title, "kept of an endpoint, store and set",
                (double)(memory_live() - live) / endpoints, "bytes");
    after(l);
}

static void run_style(const char *title, enum generate_style style)
{
    size_t services = bench_settings.quick ? SERVICES / 20 : SERVICES;
    const struct generate_options options = {.seed = 1,
                                             .style = style,
                                             .services = services,
                                             .slices = services,
                                             .endpoints = PER_SLICE,
                                             .managed_fields = 0};
    struct svc__buf text;
    struct load l = {.text = &text, .services = services};
    struct bench_peer peers[] = {
        {"json-c, the tree alone",
         &l,
         NULL,
         run_json_c,
         after_json_c,
         {0},
         0,
         0},
        {"text to store", &l, NULL, run_store, after, {0}, 0, 0},
        {"text to store and all sets", &l, NULL, run_publish, after, {0}, 0, 0},
        {"file to one set, svc_resolver_…",
         &l,
         NULL,
         run_resolve,
         after_resolve,
         {0},
         0,
         0},
    };
    struct bench_group group = {
        title, 0, (double)(services * PER_SLICE), "endpoint", peers, 4, 1};

    svc__buf_init(&text, (size_t)1 << 31);
    generate_list(&text, &options);
    bench_must(text.err == 0, "generating");
    l.sets = calloc(services, sizeof(svc_endpoints *));
    l.freshness = svc__freshness_new();
    bench_must(l.sets != NULL && l.freshness != NULL, "allocating");
    write_file(&l);
    group.bytes = (double)text.size;
    bench_run(&group);
    print_kept(&l, title, (double)(services * PER_SLICE));
    unlink(l.path);
    svc__freshness_unref(l.freshness);
    free(l.sets);
    svc__buf_fini(&text);
}

void bench_load(void)
{
    run_style("1,000 Services, 100,000 endpoints, compact", GENERATE_COMPACT);
    run_style("1,000 Services, 100,000 endpoints, as kubectl prints",
              GENERATE_INDENTED);
}
