/* SPDX-License-Identifier: Apache-2.0 */
/* URLs and texts that go out. */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/http_url.h"

#include <string.h>
#include <svc/svc.h>

static void good_urls(void **state)
{
    static const struct {
        const char *url;
        const char *host;
        unsigned port;
        const char *rest;
        int is_tls;
        int is_numeric;
    } rows[] = {
        {"https://a.b:6443/x?y=z", "a.b", 6443, "/x?y=z", 1, 0},
        {"HTTPS://a", "a", 0, "", 1, 0},
        {"http://10.0.0.1/", "10.0.0.1", 0, "/", 0, 1},
        {"https://[fd00::1]:443?x", "fd00::1", 443, "?x", 1, 1},
        {"socks5://me:pw@p:1080", "p", 1080, "", 0, 0},
    };
    struct svc__http_url url;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(svc__http_url_read(rows[i].url, &url), 0);
        assert_string_equal(url.host, rows[i].host);
        assert_int_equal(url.port, rows[i].port);
        assert_string_equal(url.rest, rows[i].rest);
        assert_int_equal(url.is_tls, rows[i].is_tls);
        assert_int_equal(url.is_numeric, rows[i].is_numeric);
        assert_int_equal(url.has_user, strchr(rows[i].url, '@') != NULL);
    }
}

static void bad_urls(void **state)
{
    static const char *const urls[] = {"",
                                       "a.b",
                                       "https:/a",
                                       "https://",
                                       "https:///x",
                                       "https://:1",
                                       "https://a:",
                                       "https://a:0",
                                       "https://a:65536",
                                       "https://a:1x",
                                       "https://a:99999999999",
                                       "https://[::1",
                                       "https://[]",
                                       "https://[a.b]",
                                       "https://[::1]x",
                                       "https://a b",
                                       "https://a\n",
                                       "https://\xc3\xa9",
                                       "https://a%41/",
                                       "https://a@",
                                       "://a",
                                       "me:pw@a:1/?u=http://x",
                                       "me@a/http://x"};
    char host[300] = "https://";
    struct svc__http_url url;

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        assert_int_equal(svc__http_url_read(urls[i], &url), SVC_EINVAL);
    memset(host + 8, 'a', SVC__HTTP_URL_HOST_SIZE);
    assert_int_equal(svc__http_url_read(host, &url), SVC_EINVAL);
    host[8 + SVC__HTTP_URL_HOST_SIZE - 1] = '\0';
    assert_int_equal(svc__http_url_read(host, &url), 0);
}

static void texts(void **state)
{
    (void)state;
    assert_true(svc__http_url_is_token("abc.-_~+/="));
    assert_false(svc__http_url_is_token(""));
    assert_false(svc__http_url_is_token("a b"));
    assert_false(svc__http_url_is_token("a\r\nX: y"));
    assert_true(svc__http_url_is_header("Impersonate-User: J\xc3\xb6rg x"));
    assert_true(svc__http_url_is_header("X:"));
    assert_false(svc__http_url_is_header("X"));
    assert_false(svc__http_url_is_header(": y"));
    assert_false(svc__http_url_is_header("X y: z"));
    assert_false(svc__http_url_is_header("X: y\r\nZ: z"));
    assert_false(svc__http_url_is_header("X: y\tz"));
    assert_true(svc__http_url_is_host("kubernetes.default.svc"));
    assert_true(svc__http_url_is_host("fd00::1"));
    assert_false(svc__http_url_is_host(""));
    assert_false(svc__http_url_is_host("a/b"));
    assert_false(svc__http_url_is_host("a:1"));
    assert_false(svc__http_url_is_address("localhost"));
    assert_false(svc__http_url_is_address("10.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_urls),
        cmocka_unit_test(bad_urls),
        cmocka_unit_test(texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
