/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program compiled against an older or a newer header meets this library:
 * sized structs shorter or longer than ours. Linked with the shared library,
 * through the public header only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <svc/svc.h>

static const char manifest[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"a\","
    "\"namespace\":\"b\"},\"spec\":{\"clusterIP\":\"10.96.0.1\","
    "\"clusterIPs\":[\"10.96.0.1\"],\"ports\":[{\"port\":80}]}}";

/* Options of a caller whose struct has room for members to come. */
struct newer {
    svc_resolver_options known;
    uint64_t unknown[4];
};

static const svc_resolver_options defaults = SVC_RESOLVER_OPTIONS_INIT;

static int new_resolver(const void *options, svc_resolver **ret)
{
    svc_error error;

    memset(&error, 0, sizeof(error));
    *ret = NULL;
    return svc_resolver_new((const svc_resolver_options *)options, ret, &error);
}

/* Every member past the caller's size counts as zero, whatever stands there. */
static void test_shorter_options(void **state)
{
    svc_resolver_options options = defaults;
    svc_resolver *r;
    (void)state;

    options.files = NULL;
    options.externalname = "no such word";
    options.size = offsetof(svc_resolver_options, externalname);
    assert_int_equal(new_resolver(&options, &r), 0);
    svc_resolver_free(r);
    options.size = sizeof(options);
    assert_int_equal(new_resolver(&options, &r), SVC_EINVAL);
    assert_null(r);
}

static void test_longer_options(void **state)
{
    struct newer options;
    svc_resolver *r;
    (void)state;

    memset(&options, 0, sizeof(options));
    options.known = defaults;
    options.known.size = sizeof(options);
    assert_int_equal(new_resolver(&options, &r), 0);
    svc_resolver_free(r);
    options.unknown[3] = 1;
    assert_int_equal(new_resolver(&options, &r), SVC_ENOTSUP);
    assert_null(r);
}

static void test_shorter_and_longer_service_options(void **state)
{
    svc_service_options options[2] = {SVC_SERVICE_OPTIONS_INIT};
    svc_resolver *r;
    svc_service *s = NULL;
    (void)state;

    assert_int_equal(new_resolver(NULL, &r), 0);
    options[0].policy = "no such policy";
    options[0].size = offsetof(svc_service_options, policy);
    assert_int_equal(svc_service_new(r, "127.0.0.1:80", options, &s, NULL), 0);
    svc_service_free(s);
    options[0].policy = NULL;
    options[0].size = sizeof(options);
    options[1].view = "pods";
    assert_int_equal(svc_service_new(r, "127.0.0.1:80", options, &s, NULL),
                     SVC_ENOTSUP);
    svc_resolver_free(r);
}

/* What the library fills ends where the caller's struct ends. */
static void test_shorter_stats(void **state)
{
    svc_stats stats;
    unsigned char *bytes = (unsigned char *)&stats;
    size_t known = offsetof(svc_stats, sources_open);
    svc_resolver *r;
    (void)state;

    assert_int_equal(new_resolver(NULL, &r), 0);
    memset(&stats, 0xee, sizeof(stats));
    stats.size = known;
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.services_open, 0);
    for (size_t i = known; i < sizeof(stats); i++)
        assert_int_equal(bytes[i], 0xee);
    svc_resolver_free(r);
}

static void test_shorter_infos(void **state)
{
    svc_resolver_options options = defaults;
    svc_endpoints_info info;
    svc_endpoint_info one;
    svc_endpoints *eps = NULL;
    svc_resolver *r;
    (void)state;

    options.manifest = manifest;
    options.manifest_size = sizeof(manifest) - 1;
    assert_int_equal(new_resolver(&options, &r), 0);
    assert_int_equal(
        svc_resolver_resolve(r, "a.b:80?view=vip", NULL, 5000, &eps, NULL), 0);
    memset(&info, 0, sizeof(info));
    info.size = offsetof(svc_endpoints_info, namespace_);
    assert_int_equal(svc_endpoints_describe(eps, &info), 0);
    assert_string_equal(info.service, "a");
    assert_null(info.namespace_);
    memset(&one, 0, sizeof(one));
    one.size = offsetof(svc_endpoint_info, hostname);
    assert_int_equal(svc_endpoint_describe(svc_endpoints_at(eps, 0), &one), 0);
    assert_string_equal(one.protocol, "TCP");
    assert_int_equal(one.port, 0);
    svc_endpoints_unref(eps);
    svc_resolver_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shorter_options),
        cmocka_unit_test(test_longer_options),
        cmocka_unit_test(test_shorter_and_longer_service_options),
        cmocka_unit_test(test_shorter_stats),
        cmocka_unit_test(test_shorter_infos),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
