/* SPDX-License-Identifier: Apache-2.0 */
/* All manifests together: order, duplicates, bounds, and what is old. */
#include "backend/file_index.h"
#include "base/buf.h"
#include "file_run.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct svc__source_stats stats;
static const struct svc__backend_env env = {.hash_key = {1, 2},
                                            .stats = &stats};
static struct svc__list sources;
static struct svc__file_index *x;

static int setup(void **state)
{
    (void)state;
    svc__list_init(&sources);
    x = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    svc__file_index_free(x);
    while (!svc__list_is_empty(&sources))
        svc__file_source_free(
            svc__list_entry(sources.next, struct svc__file_source, link));
    assert_int_equal(oom_live(), 0);
    return 0;
}

static struct svc__file_source *add(const char *path, const char *text)
{
    struct svc__file_source *src = svc__file_source_new(path, 0);

    assert_non_null(src);
    (void)svc__file_source_take(src, &env, text, strlen(text));
    svc__list_add(&sources, &src->link);
    return src;
}

static int in_trouble(const char *service, svc_error *ret)
{
    const struct svc__query q = {.service = service, .namespace_ = "shop"};

    return svc__file_index_trouble(x, &q, ret);
}

static void later_ones_count_and_are_noted(void **state)
{
    struct svc__store_stats counts;
    const struct svc__slice *slice;

    (void)state;
    add("a.yaml", WEB("10.0.0.1"));
    add("b.yaml", API("10.0.0.1") SERVICE("web"));
    add("c.yaml", WEB("10.0.0.2") "apiVersion: v1\nkind: Node\n"
                                  "metadata: {name: n}\n");
    assert_int_equal(svc__file_index_new(&sources, &env, &x, NULL), 0);
    svc__store_stats(x->store, &counts);
    assert_int_equal(counts.services, 2);
    assert_int_equal(counts.slices, 2);
    assert_int_equal(counts.nodes, 1);
    slice = svc__store_slice(x->store, "shop", "web-1");
    assert_int_equal(slice->block->endpoints[0].address.bytes[3], 2);
    assert_int_equal(x->duplicates, 3);
    assert_string_equal(x->duplicate, "Service \"shop/web\" in b.yaml");
    assert_int_equal(x->files, 3);
    assert_int_equal(x->files_in_trouble, 0);
}

/* Adds slices with a number of endpoints in all, 1,000 in each. */
static struct svc__file_source *add_endpoints(const char *path, int count)
{
    struct svc__file_source *src;
    struct svc__buf b;

    svc__buf_init(&b, (size_t)64 << 20);
    for (int i = 0; i < count; i++) {
        if (i % 1000 == 0)
            svc__buf_printf(&b,
                            "%s{\"apiVersion\":\"discovery.k8s.io/v1\","
                            "\"kind\":\"EndpointSlice\",\"metadata\":{"
                            "\"name\":\"s%d\"},\"addressType\":\"IPv4\","
                            "\"endpoints\":[",
                            i == 0 ? "" : "]}\n", i / 1000);
        svc__buf_printf(&b, "%s{\"addresses\":[\"10.%d.%d.%d\"]}",
                        i % 1000 == 0 ? "" : ",", i >> 16, i >> 8 & 255,
                        i & 255);
    }
    svc__buf_add_text(&b, "]}\n");
    assert_int_equal(b.err, 0);
    src = add(path, b.data);
    assert_int_equal(src->trouble.code, 0);
    svc__buf_fini(&b);
    return src;
}

static void endpoints_are_bounded(void **state)
{
    struct svc__file_source *src;
    svc_error error = {0};

    (void)state;
    /* The same slices twice are there once. */
    add_endpoints("a.json", SVC__FILE_INDEX_ENDPOINTS);
    add_endpoints("b.json", SVC__FILE_INDEX_ENDPOINTS);
    assert_int_equal(svc__file_index_new(&sources, &env, &x, NULL), 0);
    assert_int_equal(x->duplicates, SVC__FILE_INDEX_ENDPOINTS / 1000);
    svc__file_index_free(x);
    x = NULL;
    src = add("c.yaml", WEB("10.0.0.1"));
    assert_int_equal(svc__file_index_new(&sources, &env, &x, &error),
                     SVC_ETOOBIG);
    assert_null(x);
    assert_string_equal(error.message, "c.yaml: with this manifest there are "
                                       "more than 200000 endpoints in all");
    svc__file_source_free(src);
    assert_int_equal(svc__file_index_new(&sources, &env, &x, NULL), 0);
}

static void services_are_bounded(void **state)
{
    struct svc__file_source *src;
    svc_error error = {0};
    struct svc__buf b;

    (void)state;
    svc__buf_init(&b, (size_t)16 << 20);
    for (int i = 0; i < SVC__FILE_INDEX_SERVICES; i++)
        svc__buf_printf(&b,
                        "{\"apiVersion\":\"v1\",\"kind\":\"Service\","
                        "\"metadata\":{\"name\":\"s%d\"},\"spec\":{"
                        "\"ports\":[{\"port\":80}]}}\n",
                        i);
    add("a.json", b.data);
    add("b.json", b.data);
    svc__buf_fini(&b);
    assert_int_equal(svc__file_index_new(&sources, &env, &x, NULL), 0);
    svc__file_index_free(x);
    x = NULL;
    src = add("c.yaml", SERVICE("web"));
    assert_int_equal(svc__file_index_new(&sources, &env, &x, &error),
                     SVC_ETOOBIG);
    assert_non_null(strstr(error.message, "more than 10000 Services"));
    svc__file_source_free(src);
}

static void only_what_is_old_is_in_trouble(void **state)
{
    struct svc__file_source *broken = add("a.yaml", API("10.0.0.1"));
    svc_error error = {0};

    (void)state;
    add("b.yaml", WEB("10.0.0.1"));
    (void)svc__file_source_take(broken, &env, "kind: [", 7);
    assert_int_equal(svc__file_index_new(&sources, &env, &x, NULL), 0);
    assert_int_equal(x->files_in_trouble, 1);
    assert_int_equal(in_trouble("web", &error), 0);
    assert_int_equal(in_trouble("none", &error), 0);
    assert_int_equal(error.code, 0);
    assert_int_equal(in_trouble("api", &error), 1);
    assert_int_equal(error.code, SVC_EFILE);
    assert_int_equal(strncmp(error.message, "a.yaml: ", 8), 0);
}

/* A refusal counts only where nothing good is in its place, in any file. */
static void refusals_give_way_to_what_is_good(void **state)
{
    static const char *const bad =
        "apiVersion: v1\nkind: Service\n"
        "metadata: {name: web, namespace: shop}\n"
        "spec: 1\n---\n" SLICE("web-1", "web", "here");
    const struct svc__query q = {
        .service = "web", .namespace_ = "shop", .port = 80, .zone = "z"};
    struct svc__view *v = NULL;
    svc_error error = {0};

    (void)state;
    add("a.yaml", bad);
    assert_int_equal(svc__file_index_new(&sources, &env, &x, NULL), 0);
    assert_int_equal(svc__store_view(x->store, &q, NULL, &v, &error),
                     SVC_EFILE);
    assert_non_null(strstr(error.message, "a.yaml: document 1"));
    svc__file_index_free(x);
    add("b.yaml", WEB("10.0.0.1"));
    add("c.yaml", bad);
    assert_int_equal(svc__file_index_new(&sources, &env, &x, NULL), 0);
    assert_int_equal(x->refused, 4);
    assert_int_equal(svc__store_view(x->store, &q, NULL, &v, &error), 0);
    assert_int_equal(v->count, 1);
    assert_null(v->gap);
    assert_int_equal(in_trouble("web", &error), 0);
    svc__view_free(v);
}

static void make_one(void *arg)
{
    struct svc__file_index *made = NULL;
    svc_error error = {0};
    int err = svc__file_index_new(&sources, &env, &made, &error);

    (void)arg;
    assert_int_equal(err, oom_failures() > 0 ? SVC_ENOMEM : 0);
    assert_int_equal(error.code, err);
    svc__file_index_free(made);
}

static void every_allocation_may_fail(void **state)
{
    struct svc__file_source *broken = add("a.yaml", API("10.0.0.1"));

    (void)state;
    add("b.yaml", WEB("10.0.0.1") "kind: Service\napiVersion: v1\n"
                                  "metadata: {name: bad}\nspec: 1\n---\n"
                                  "kind: EndpointSlice\n"
                                  "apiVersion: discovery.k8s.io/v1\n"
                                  "metadata: {name: bad, labels: {"
                                  "kubernetes.io/service-name: w}}\n---\n"
                                  "kind: Node\napiVersion: v1\n"
                                  "metadata: {name: n}\n");
    (void)svc__file_source_take(broken, &env, "kind: [", 7);
    oom_torture(make_one, NULL);
}

#define with_sources(test)                                                     \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_sources(later_ones_count_and_are_noted),
        with_sources(endpoints_are_bounded),
        with_sources(services_are_bounded),
        with_sources(only_what_is_old_is_in_trouble),
        with_sources(refusals_give_way_to_what_is_good),
        with_sources(every_allocation_may_fail),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
