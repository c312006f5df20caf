/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out while names are read and written, buffers grow and maps
 * fill: a clear error, no leak, everything as it was before.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/map.h"
#include "model/name.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct svc__name_env env = {"mine", "cluster.local"};

static const char *const names[] = {
    "web", "_http._tcp.web-0.web.shop.svc.cluster.local.:http",
    "file:///a/b.yaml#web.shop:http?view=vip&family=ipv4&policy=rr",
    "kubernetes://shop/web:http", "dns:///_http._tcp.www.example.com?policy=rr",
    "10.0.0.1:80?view=pods", "1-2-3-4.shop.pod:80",
    "web-0.east.web.shop.svc.clusterset.local",
    "a.b.prefer._zone.web.shop.svc?view=pods",
    /* Mistakes found after something was copied. */
    "file:///a/b.yaml#web_1", "_http._tcp.web:80", "web:http?view=vip&view=vip",
    "kubernetes://shop/web.other", "www.example.com.:https"};

/* Whether memory ran out is for the caller to say; a text may be NULL only
 * then. */
static void write_name(const struct svc__name *name)
{
    char *text = svc__name_format(name, &env);
    char *canonical = svc__name_canonical(name, &env);

    if (text == NULL || canonical == NULL)
        assert_true(oom_failures() > 0);
    svc__free(text);
    svc__free(canonical);
}

static void read_name(void *arg)
{
    struct svc__name name = {.port = 7};
    svc_error error = {0};
    int err = svc__name_parse(arg, &env, &name, &error);

    assert_int_equal(error.code, err);
    if (err == SVC_ENOMEM)
        assert_true(oom_failures() > 0);
    if (err == 0) {
        write_name(&name);
        svc__name_fini(&name);
    } else {
        assert_int_equal(name.port, 7);
        assert_null(name.service);
    }
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char text[128];

        (void)snprintf(text, sizeof(text), "%s", names[i]);
        oom_torture(read_name, text);
    }
}

/* Addresses never allocate. */
static void test_addresses(void **state)
{
    char text[SVC_ADDRESS_TEXT_SIZE];
    struct svc__address a;

    (void)state;
    oom_arm(1, 1);
    assert_int_equal(svc__address_parse("fd00::1", 7, &a), 0);
    assert_int_equal(svc__address_format(&a, text), 7);
    assert_int_equal(svc__address_format_dashed(&a, text), 7);
    assert_int_equal(svc__address_parse_dashed(text, 7, &a), 0);
    oom_disarm();
    assert_int_equal(oom_allocations(), 0);
}

static void fill_buf(void *arg)
{
    struct svc__buf b;
    char *text;

    (void)arg;
    svc__buf_init(&b, 4096);
    for (int i = 0; i < 200; i++)
        svc__buf_printf(&b, "%d,", i);
    svc__buf_add_json(&b, "a\"b\n", 4);
    assert_int_equal(b.err, oom_failures() > 0 ? SVC_ENOMEM : 0);
    text = svc__buf_take(&b);
    if (text != NULL)
        assert_memory_equal(text, "0,1,2,", 6);
    else
        assert_true(oom_failures() > 0);
    svc__free(text);
    svc__buf_fini(&b);
}

static void test_buf(void **state)
{
    (void)state;
    oom_torture(fill_buf, NULL);
}

/* A put that fails leaves every earlier key and value, and only those. */
static void check_map(const struct svc__map *m, const int *values, int count)
{
    for (int i = 0; i < 100; i++) {
        char key[8];
        int size = snprintf(key, sizeof(key), "k%d", i);

        assert_ptr_equal(svc__map_get(m, key, (size_t)size),
                         i < count ? &values[i] : NULL);
    }
    assert_int_equal(m->count, count);
}

static void fill_map(void *arg)
{
    static int values[100];
    const struct svc__hash_key hash_key = {1, 2};
    struct svc__map m;
    int count = 0;

    (void)arg;
    svc__map_init(&m, &hash_key);
    for (; count < 100; count++) {
        char key[8];
        int size = snprintf(key, sizeof(key), "k%d", count);
        void *old = &m;

        if (svc__map_put(&m, key, (size_t)size, &values[count], &old) != 0) {
            assert_true(oom_failures() > 0);
            assert_ptr_equal(old, &m);
            break;
        }
        assert_null(old);
    }
    check_map(&m, values, count);
    /* A key that is there needs no memory. */
    if (count > 0)
        assert_int_equal(svc__map_put(&m, "k0", 2, &values[0], NULL), 0);
    svc__map_fini(&m);
}

static void test_map(void **state)
{
    (void)state;
    oom_torture(fill_map, NULL);
}

/* The runner itself: that it counts, and sees a leak, is what all others
 * stand on. */
static void count_runs(void *arg)
{
    int *runs = arg;

    for (int i = 0; i < 3; i++)
        svc__free(svc__alloc(10));
    ++*runs;
}

static void test_torture(void **state)
{
    int runs = 0;
    long live = oom_live();
    void *ptr;

    (void)state;
    oom_torture(count_runs, &runs);
    assert_int_equal(runs, 8);

    oom_arm(2, 0);
    ptr = svc__alloc(1000);
    assert_non_null(ptr);
    assert_null(svc__realloc(ptr, 2000, 1));
    ptr = svc__realloc(ptr, 3000, 1);
    assert_non_null(ptr);
    assert_int_equal(oom_allocations(), 3);
    assert_int_equal(oom_failures(), 1);
    assert_int_equal(oom_live(), live + 1);
    assert_true(oom_live_bytes() >= 3000 && oom_peak_bytes() >= 4000);
    svc__free(ptr);
    assert_int_equal(oom_live(), live);

    oom_arm(1, 1);
    assert_null(svc__alloc(1));
    assert_null(svc__strdup("a"));
    oom_disarm();
    oom_reset_peak();
    assert_int_equal(oom_peak_bytes(), oom_live_bytes());
}

static int install(void **state)
{
    (void)state;
    oom_install();
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torture),   cmocka_unit_test(test_names),
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_buf),
        cmocka_unit_test(test_map),
    };

    return cmocka_run_group_tests(tests, install, NULL);
}
