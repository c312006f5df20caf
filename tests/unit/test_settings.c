/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options as callers write them: every word judged, every string copied,
 * structs of any age.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "core/settings.h"

#include <stdlib.h>
#include <string.h>

/* Reads options that are right. */
static struct svc__settings read_good(const svc_resolver_options *o)
{
    struct svc__settings settings;
    svc_error error;

    if (svc__settings_read(o, &settings, &error) != 0)
        fail_msg("%s", error.message);
    return settings;
}

/* Reads options that are wrong; every one of says stands in the message. */
static void read_wrong(const svc_resolver_options *o, int code,
                       const char *const *says)
{
    struct svc__settings settings;
    svc_error error = {0};

    assert_int_equal(svc__settings_read(o, &settings, &error), code);
    assert_int_equal(error.code, code);
    for (; *says != NULL; says++) {
        if (strstr(error.message, *says) == NULL)
            fail_msg("no \"%s\" in: %s", *says, error.message);
    }
    svc__settings_fini(&settings);
    assert_int_equal(svc__settings_read(o, &settings, NULL), code);
    svc__settings_fini(&settings);
}

static int clear_environment(void **state)
{
    (void)state;
    return unsetenv("NODE_NAME") != 0 || unsetenv("NODE_ZONE") != 0;
}

static void test_defaults(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    struct svc__settings a = read_good(NULL);
    struct svc__settings b = read_good(&o);

    (void)state;
    assert_null(a.backend);
    assert_null(a.files);
    assert_null(a.manifest);
    assert_non_null(a.namespace_);
    assert_non_null(a.cluster_domain);
    assert_null(a.node);
    assert_null(a.zone);
    assert_int_equal(a.allow, 0);
    assert_int_equal(a.externalname, SVC__EXTERNALNAME_ALLOW);
    assert_int_equal(a.external_loop, 0);
    assert_null(a.log.fn);
    assert_int_equal(a.log.level, SVC_LOG_WARNING);
    assert_string_equal(a.namespace_, b.namespace_);
    assert_string_equal(a.cluster_domain, b.cluster_domain);
    svc__settings_fini(&a);
    svc__settings_fini(&b);
}

static void test_empty_words_are_defaults(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    const char *nothing[] = {NULL};
    struct svc__settings settings;

    (void)state;
    o.backend = o.namespace_ = o.cluster_domain = o.node = o.zone = "";
    o.files = o.allow = nothing;
    settings = read_good(&o);
    assert_null(settings.backend);
    assert_null(settings.files);
    assert_true(settings.namespace_[0] != '\0');
    assert_true(settings.cluster_domain[0] != '\0');
    assert_null(settings.node);
    svc__settings_fini(&settings);
}

static void test_everything_is_copied(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    char text[] = "shop";
    const char *files[] = {text, text, NULL};
    struct svc__settings settings;

    (void)state;
    o.namespace_ = o.cluster_domain = o.node = o.zone = text;
    o.files = files;
    settings = read_good(&o);
    memset(text, 'x', 4);
    files[0] = NULL;
    assert_string_equal(settings.namespace_, "shop");
    assert_string_equal(settings.cluster_domain, "shop");
    assert_string_equal(settings.node, "shop");
    assert_string_equal(settings.zone, "shop");
    assert_string_equal(settings.files[0], "shop");
    assert_string_equal(settings.files[1], "shop");
    assert_null(settings.files[2]);
    svc__settings_fini(&settings);
}

static void test_a_manifest_is_bytes(void **state)
{
    static const char bytes[] = {'a', 0, 'b', 0};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    struct svc__settings settings;

    (void)state;
    o.manifest = bytes;
    o.manifest_size = sizeof(bytes);
    settings = read_good(&o);
    assert_string_equal(settings.backend->name, "file");
    assert_int_equal(settings.manifest_size, sizeof(bytes));
    assert_memory_equal(settings.manifest, bytes, sizeof(bytes));
    assert_ptr_not_equal(settings.manifest, bytes);
    svc__settings_fini(&settings);
    o.manifest_size = 0;
    settings = read_good(&o);
    assert_non_null(settings.manifest);
    assert_int_equal(settings.manifest_size, 0);
    svc__settings_fini(&settings);
}

static void test_wrong_words_list_the_right_ones(void **state)
{
    static const char *const some[] = {"x", NULL};
    static const char *const classes[] = {"loopback", "x", NULL};
    static const struct {
        svc_resolver_options o;
        int code;
        const char *says[4];
    } rows[] = {
        {{.backend = "x"}, SVC_EINVAL, {"\"x\"", "auto", "file"}},
        {{.backend = "FILE"}, SVC_EINVAL, {"\"FILE\"", "file"}},
        {{.backend = "bogus", .files = some}, SVC_EINVAL, {"bogus", "auto"}},
        {{.backend = "dns", .files = some}, SVC_EINVAL, {"\"dns\"", "file"}},
        {{.backend = "dns", .manifest = "x"}, SVC_EINVAL, {"\"dns\"", "file"}},
        {{.files = some, .manifest = "x"}, SVC_EINVAL, {"files", "manifest"}},
        {{.allow = classes},
         SVC_EINVAL,
         {"\"x\"", "loopback", "link-local", "metadata"}},
        {{.externalname = "x"},
         SVC_EINVAL,
         {"\"x\"", "allow", "same-namespace", "refuse"}},
        {{.namespace_ = "Shop"}, SVC_EINVAL, {"namespace", "\"Shop\""}},
        {{.namespace_ = "a.b"}, SVC_EINVAL, {"namespace", "\"a.b\""}},
        {{.cluster_domain = "a..b"}, SVC_EINVAL, {"domain", "\"a..b\""}},
        {{.cluster_domain = "."}, SVC_EINVAL, {"domain", "\".\""}},
        {{.log_level = 4}, SVC_EINVAL, {"log_level", "4", "1", "3"}},
        {{.log_level = -1}, SVC_EINVAL, {"log_level", "-1"}}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc_resolver_options o = rows[i].o;
        const char *says[5] = {NULL};

        memcpy(says, rows[i].says, sizeof(rows[i].says));
        o.size = sizeof(o);
        read_wrong(&o, rows[i].code, says);
    }
}

static void test_right_words(void **state)
{
    static const char *const all[] = {"loopback", "link-local", "metadata",
                                      NULL};
    static const char *const names[] = {"allow", "same-namespace", "refuse"};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    struct svc__settings settings;

    (void)state;
    o.allow = all;
    o.backend = "auto";
    o.cluster_domain = "cluster.example.";
    o.external_loop = 7;
    o.log_level = SVC_LOG_DEBUG;
    for (int i = 0; i < 3; i++) {
        o.externalname = names[i];
        settings = read_good(&o);
        assert_int_equal(settings.externalname, i);
        assert_int_equal(settings.allow, SVC__ADDRESS_LOOPBACK |
                                             SVC__ADDRESS_LINK_LOCAL |
                                             SVC__ADDRESS_METADATA);
        assert_string_equal(settings.cluster_domain, "cluster.example");
        assert_int_equal(settings.external_loop, 1);
        assert_int_equal(settings.log.level, SVC_LOG_DEBUG);
        svc__settings_fini(&settings);
    }
}

static void test_place_of_the_environment(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    struct svc__settings settings;

    (void)state;
    assert_int_equal(setenv("NODE_NAME", "node-a", 1), 0);
    assert_int_equal(setenv("NODE_ZONE", "zone-a", 1), 0);
    settings = read_good(&o);
    assert_string_equal(settings.node, "node-a");
    assert_string_equal(settings.zone, "zone-a");
    svc__settings_fini(&settings);
    o.node = "node-b";
    settings = read_good(&o);
    assert_string_equal(settings.node, "node-b");
    assert_string_equal(settings.zone, "zone-a");
    svc__settings_fini(&settings);
    assert_int_equal(clear_environment(NULL), 0);
}

/* A list that is not taken whole would answer with half of the objects. */
static void test_too_many_files_are_refused(void **state)
{
    static const char *const says[] = {"files", "10000", NULL};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    const char **files = svc__calloc(10002, sizeof(*files));
    struct svc__settings settings;

    (void)state;
    for (size_t i = 0; i <= 10000; i++)
        files[i] = "x";
    o.files = files;
    read_wrong(&o, SVC_EINVAL, says);
    files[10000] = NULL;
    settings = read_good(&o);
    assert_string_equal(settings.files[9999], "x");
    assert_null(settings.files[10000]);
    svc__settings_fini(&settings);
    svc__free(files);
}

/* ---- structs of any age ------------------------------------------------ */

struct known {
    size_t size;
    int a;
    int b;
    void *c;
};

struct longer {
    struct known known;
    char more[16]; /* no padding behind it */
};

static void test_an_older_struct_leaves_defaults(void **state)
{
    struct known theirs = {offsetof(struct known, b), 1, 2, &theirs};
    struct known ours = {sizeof(ours), 10, 20, NULL};

    (void)state;
    assert_int_equal(svc__settings_copy(&ours, sizeof(ours), &theirs, NULL), 0);
    assert_int_equal(ours.size, sizeof(ours));
    assert_int_equal(ours.a, 1);
    assert_int_equal(ours.b, 20);
    assert_null(ours.c);
    theirs.size = sizeof(size_t);
    assert_int_equal(svc__settings_copy(&ours, sizeof(ours), &theirs, NULL), 0);
    assert_int_equal(ours.a, 1);
}

static void test_a_newer_struct_must_end_in_zeros(void **state)
{
    struct longer theirs = {{sizeof(theirs), 1, 2, &theirs}, {0}};
    struct known ours = {sizeof(ours), 10, 20, NULL};
    svc_error error = {0};

    (void)state;
    assert_int_equal(svc__settings_copy(&ours, sizeof(ours), &theirs, NULL), 0);
    assert_int_equal(ours.a, 1);
    assert_int_equal(ours.size, sizeof(ours));
    assert_ptr_equal(ours.c, &theirs);
    for (size_t i = 0; i < sizeof(theirs.more); i++) {
        theirs.more[i] = 1;
        error.code = 0;
        assert_int_equal(
            svc__settings_copy(&ours, sizeof(ours), &theirs, &error),
            SVC_ENOTSUP);
        assert_int_equal(error.code, SVC_ENOTSUP);
        theirs.more[i] = 0;
    }
}

static void test_a_struct_without_size_is_told_so(void **state)
{
    struct known ours = {sizeof(ours), 10, 20, NULL};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    static const char *const says[] = {"_INIT", NULL};

    (void)state;
    for (size_t size = 0; size < sizeof(size_t); size++) {
        struct known theirs = {size, 1, 2, NULL};

        assert_int_equal(svc__settings_copy(&ours, sizeof(ours), &theirs, NULL),
                         SVC_EINVAL);
        assert_int_equal(ours.a, 10);
        o.size = size;
        read_wrong(&o, SVC_EINVAL, says);
    }
    /* What was never initialised has a size like this. */
    o.size = SIZE_MAX / 2;
    read_wrong(&o, SVC_EINVAL, says);
}

/* ---- of a service ------------------------------------------------------ */

static void test_defaults_of_a_service(void **state)
{
    const struct svc__name name = {0};
    const svc_service_options empty = {.size = sizeof(empty),
                                       .view = "",
                                       .family = "",
                                       .proto = "",
                                       .policy = ""};
    struct svc__service_settings a;
    struct svc__service_settings b;

    (void)state;
    assert_int_equal(svc__settings_read_service(NULL, &name, &a, NULL), 0);
    assert_int_equal(svc__settings_read_service(&empty, &name, &b, NULL), 0);
    assert_int_equal(a.view, SVC__VIEW_AUTO);
    assert_int_equal(a.family, SVC__FAMILY_ANY);
    assert_int_equal(a.proto, SVC__PROTO_ANY);
    assert_string_equal(a.policy->name, "adaptive");
    assert_int_equal(a.track, 0);
    assert_int_equal(a.subset, 0);
    assert_int_equal(a.slow_start_ms, 0);
    assert_int_equal(a.hash_balance_factor, 0);
    assert_memory_equal(&a, &b, sizeof(a));
}

static void test_the_name_wins(void **state)
{
    const svc_service_options o = {.size = sizeof(o),
                                   .view = "pods",
                                   .family = "ipv4",
                                   .proto = "tcp",
                                   .policy = "random",
                                   .track = 1,
                                   .subset = 5,
                                   .slow_start_ms = 1000,
                                   .hash_balance_factor = 125};
    char view[] = "vip";
    char family[] = "ipv6";
    char policy[] = "fo";
    char track[] = "0";
    char subset[] = "7";
    char slow_start[] = "2000";
    char balance[] = "150";
    struct svc__name name = {.view = view,
                             .family = family,
                             .policy = policy,
                             .track = track,
                             .subset = subset,
                             .slow_start_ms = slow_start,
                             .hash_balance_factor = balance};
    struct svc__service_settings a;

    (void)state;
    name.proto = SVC__PROTO_UDP;
    assert_int_equal(svc__settings_read_service(&o, &name, &a, NULL), 0);
    assert_int_equal(a.view, SVC__VIEW_VIP);
    assert_int_equal(a.family, SVC__FAMILY_IPV6);
    assert_int_equal(a.proto, SVC__PROTO_UDP);
    assert_string_equal(a.policy->name, "fo");
    assert_int_equal(a.track, 0);
    assert_int_equal(a.subset, 7);
    assert_int_equal(a.slow_start_ms, 2000);
    assert_int_equal(a.hash_balance_factor, 150);
    name = (struct svc__name){0};
    assert_int_equal(svc__settings_read_service(&o, &name, &a, NULL), 0);
    assert_int_equal(a.view, SVC__VIEW_PODS);
    assert_int_equal(a.family, SVC__FAMILY_IPV4);
    assert_int_equal(a.proto, SVC__PROTO_TCP);
    assert_string_equal(a.policy->name, "random");
    assert_int_equal(a.track, 1);
    assert_int_equal(a.subset, 5);
    assert_int_equal(a.slow_start_ms, 1000);
    assert_int_equal(a.hash_balance_factor, 125);
}

#define SIZE .size = sizeof(rows[0].o)

static void test_wrong_words_of_a_service(void **state)
{
    static const struct {
        svc_service_options o;
        const char *says[3];
    } rows[] = {
        {{.size = 0}, {"_INIT", "", ""}},
        {{SIZE, .view = "x"}, {"view", "\"x\"", "pods, vip"}},
        {{SIZE, .family = "x"}, {"family", "\"x\"", "ipv4"}},
        {{SIZE, .proto = "x"}, {"proto", "\"x\"", "udp"}},
        {{SIZE, .policy = "x"}, {"policy", "\"x\"", "rr"}},
        {{SIZE, .track = 2}, {"track", "2", "0 to 1"}},
        {{SIZE, .track = -1}, {"track", "-1", "0 to 1"}},
        {{SIZE, .subset = 1000001}, {"subset", "1000001", "0 to 1000000"}},
        {{SIZE, .slow_start_ms = 3600001},
         {"slow_start_ms", "3600001", "0 to"}},
        {{SIZE, .hash_balance_factor = 99},
         {"hash_balance_factor", "99", "from 100"}}};
    const struct svc__name name = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__service_settings settings;
        svc_error error = {0};

        assert_int_equal(
            svc__settings_read_service(&rows[i].o, &name, &settings, &error),
            SVC_EINVAL);
        for (int j = 0; j < 3; j++) {
            if (strstr(error.message, rows[i].says[j]) == NULL)
                fail_msg("no \"%s\" in: %s", rows[i].says[j], error.message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_empty_words_are_defaults),
        cmocka_unit_test(test_everything_is_copied),
        cmocka_unit_test(test_a_manifest_is_bytes),
        cmocka_unit_test(test_wrong_words_list_the_right_ones),
        cmocka_unit_test(test_right_words),
        cmocka_unit_test(test_place_of_the_environment),
        cmocka_unit_test(test_too_many_files_are_refused),
        cmocka_unit_test(test_an_older_struct_leaves_defaults),
        cmocka_unit_test(test_a_newer_struct_must_end_in_zeros),
        cmocka_unit_test(test_a_struct_without_size_is_told_so),
        cmocka_unit_test(test_defaults_of_a_service),
        cmocka_unit_test(test_the_name_wins),
        cmocka_unit_test(test_wrong_words_of_a_service),
    };

    return cmocka_run_group_tests_name("settings", tests, clear_environment,
                                       NULL);
}
