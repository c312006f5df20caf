/* SPDX-License-Identifier: Apache-2.0 */
/* What curl is told: never a name that it would have to look up. */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/http_plan.h"

#include <stdlib.h>
#include <string.h>

static struct svc__loop *loop;

static int setup(void **state)
{
    (void)state;
    return svc__loop_new(&loop, NULL);
}

static int teardown(void **state)
{
    (void)state;
    svc__loop_free(loop);
    return 0;
}

struct row {
    const char *proxy;
    const char *name; /* for TLS */
    const char *url;
    const char *address;
    const char *expected_url;
    const char *connect_to;
    const char *resolve;
    const char *host;
    const char *server;
};

static const struct row rows[] = {
    {NULL, NULL, "https://10.0.0.1:6443/x?y", NULL, "https://10.0.0.1:6443/x?y",
     NULL, NULL, NULL, "10.0.0.1:6443"},
    {NULL, NULL, "http://10.0.0.1", NULL, "http://10.0.0.1:80/", NULL, NULL,
     NULL, "10.0.0.1:80"},
    {NULL, NULL, "https://a.test?x", "10.0.0.1", "https://a.test:443/?x",
     "::10.0.0.1:", NULL, NULL, "a.test:443"},
    {NULL, NULL, "https://a.test/", "fd00::1", "https://a.test:443/",
     "::[fd00::1]:", NULL, NULL, "a.test:443"},
    {NULL, "b.test", "https://[fd00::1]:8/", NULL, "https://b.test:8/",
     "::[fd00::1]:", NULL, "Host: [fd00::1]:8", "[fd00::1]:8"},
    {NULL, "b.test", "https://a.test/", "10.0.0.1", "https://b.test:443/",
     "::10.0.0.1:", NULL, "Host: a.test", "a.test:443"},
    {NULL, "A.test", "https://a.test/", "10.0.0.1", "https://A.test:443/",
     "::10.0.0.1:", NULL, NULL, "a.test:443"},
    {NULL, "b.test", "http://10.0.0.1/", NULL, "http://10.0.0.1:80/", NULL,
     NULL, NULL, "10.0.0.1:80"},
    {"http://10.9.9.9", NULL, "https://a.test/", NULL, "https://a.test:443/",
     NULL, NULL, NULL, "a.test:443"},
    {"http://p.test:3128/", NULL, "https://a.test/", "fd00::9",
     "https://a.test:443/", NULL, "p.test:3128:[fd00::9]", NULL, "a.test:443"},
    {"socks5://p.test", "b.test", "https://a.test/", "10.9.9.9",
     "https://b.test:443/", "::a.test:", "p.test:1080:10.9.9.9", "Host: a.test",
     "a.test:443"},
};

static void same(const char *a, const char *b)
{
    if (b == NULL)
        assert_null(a);
    else
        assert_string_equal(a, b);
}

static void plan_row(const struct row *row)
{
    struct svc__http_settings settings = {
        .loop = loop, .proxy = row->proxy, .tls_server_name = row->name};
    struct svc__http_request q = {.url = row->url, .address = row->address};
    struct svc__http_kept kept = {0};
    struct svc__http_plan plan;

    assert_int_equal(svc__http_kept_init(&kept, &settings, NULL), 0);
    assert_int_equal(svc__http_plan_init(&plan, &kept, &q, NULL), 0);
    same(plan.url, row->expected_url);
    same(plan.connect_to, row->connect_to);
    same(plan.resolve, row->resolve);
    same(plan.host, row->host);
    same(plan.headers[0], row->host);
    same(plan.server, row->server);
    svc__http_plan_fini(&plan);
    svc__http_kept_fini(&kept);
}

static void every_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        plan_row(&rows[i]);
}

static void no_name_without_an_address(void **state)
{
    static const struct {
        const char *proxy;
        const char *url;
        const char *address;
    } bad[] = {
        {NULL, "https://a.test/", NULL},
        {NULL, "https://a.test/", "b.test"},
        {NULL, "https://a.test/", "10.1"},
        {NULL, "https://10.1/", NULL},
        {"http://p.test", "https://10.0.0.1/", NULL},
        {"socks5://p.test", "https://10.0.0.1/", "p.test"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct svc__http_settings settings = {.loop = loop,
                                              .proxy = bad[i].proxy};
        struct svc__http_request q = {.url = bad[i].url,
                                      .address = bad[i].address};
        struct svc__http_kept kept = {0};
        struct svc__http_plan plan;
        svc_error error;

        assert_int_equal(svc__http_kept_init(&kept, &settings, NULL), 0);
        assert_int_equal(svc__http_plan_init(&plan, &kept, &q, &error),
                         SVC_EINVAL);
        assert_non_null(strstr(error.message, "no address"));
        svc__http_kept_fini(&kept);
    }
}

static void our_own_headers(void **state)
{
    struct svc__http_settings settings = {.loop = loop};
    struct svc__http_request q = {
        .url = "https://10.0.0.1/", .bearer = "abc", .body = "{}"};
    struct svc__http_kept kept = {0};
    struct svc__http_plan plan;

    (void)state;
    assert_int_equal(svc__http_kept_init(&kept, &settings, NULL), 0);
    assert_int_equal(svc__http_plan_init(&plan, &kept, &q, NULL), 0);
    assert_string_equal(plan.headers[0], "Authorization: Bearer abc");
    assert_string_equal(plan.headers[1], "Content-Type: application/json");
    assert_string_equal(plan.headers[2], "Expect:");
    assert_null(plan.headers[3]);
    svc__http_plan_fini(&plan);
    svc__http_kept_fini(&kept);
}

/* A token of a megabyte is none (faults A5). */
static void texts_are_bounded(void **state)
{
    size_t size = (size_t)1 << 20;
    char *text = calloc(1, size + 1);
    struct svc__http_settings settings = {.loop = loop};
    struct svc__http_request q = {.url = "https://10.0.0.1/", .bearer = text};
    struct svc__http_kept kept = {0};
    struct svc__http_plan plan;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', size);
    assert_int_equal(svc__http_kept_init(&kept, &settings, NULL), 0);
    assert_int_equal(svc__http_plan_init(&plan, &kept, &q, NULL), SVC_EINVAL);
    memcpy(text, "https://10.0.0.1/", 17);
    q.url = text;
    q.bearer = NULL;
    assert_int_equal(svc__http_plan_init(&plan, &kept, &q, NULL), SVC_EINVAL);
    svc__http_kept_fini(&kept);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way),
        cmocka_unit_test(no_name_without_an_address),
        cmocka_unit_test(our_own_headers),
        cmocka_unit_test(texts_are_bounded),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
