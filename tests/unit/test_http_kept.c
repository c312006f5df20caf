/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of the transport: copied, judged, never quoted. */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/http_kept.h"

#include <string.h>

#define CERTIFICATE                                                            \
    "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"
#define KEY "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n"

static void proxies(void **state)
{
    static const struct {
        const char *url;
        const char *kept; /* NULL: refused */
        unsigned port;
    } rows[] = {
        {"http://a", "http://a:80", 80},
        {"https://a/", "https://a:443", 443},
        {"HTTP://me:sesame@a:3128/x", "http://me:sesame@a:3128", 3128},
        {"socks5://[fd00::1]", "socks5h://[fd00::1]:1080", 1080},
        {"socks5h://a:1", "socks5h://a:1", 1},
        {"socks4://sesame@a", NULL, 0},
        {"socks5x://sesame@a", NULL, 0},
        {"sesame", NULL, 0},
        {"http://sesame@", NULL, 0},
        {"http://a\r\nX: sesame", NULL, 0},
        {"me:sesame@a:3128/?u=http://x", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__http_settings settings = {.proxy = rows[i].url};
        struct svc__http_kept kept = {0};
        svc_error error = {0};
        int err = svc__http_kept_init(&kept, &settings, &error);

        assert_int_equal(err, rows[i].kept != NULL ? 0 : SVC_EINVAL);
        assert_null(strstr(error.message, "sesame"));
        if (rows[i].kept != NULL) {
            assert_string_equal(kept.proxy, rows[i].kept);
            assert_int_equal(kept.proxy_at.port, rows[i].port);
        }
        svc__http_kept_fini(&kept);
    }
}

static void the_kind_is_told(void **state)
{
    static const char scheme[] = "abcdefghijklmnopqrstuvwxyz012345://a";
    struct svc__http_settings settings = {.proxy = scheme};
    struct svc__http_kept kept = {0};
    svc_error error = {0};

    (void)state;
    assert_int_equal(svc__http_kept_init(&kept, &settings, &error), SVC_EINVAL);
    assert_non_null(strstr(error.message, "abcdefghijklmnopqrstuvwxyz012345"));
    svc__http_kept_fini(&kept);
}

/* A password may be as long as it likes. */
static void a_long_one(void **state)
{
    char url[10000] = "http://me:";
    struct svc__http_settings settings = {.proxy = url};
    struct svc__http_kept kept = {0};

    (void)state;
    memset(url + 10, 'a', sizeof(url) - 10);
    memcpy(url + sizeof(url) - 5, "@a:1", 5);
    assert_int_equal(svc__http_kept_init(&kept, &settings, NULL), 0);
    assert_string_equal(kept.proxy, url);
    svc__http_kept_fini(&kept);
}

static void pairs(void **state)
{
    const struct svc__http_pem certificate = {CERTIFICATE,
                                              sizeof(CERTIFICATE) - 1};
    const struct svc__http_pem key = {KEY, sizeof(KEY) - 1};
    const struct svc__http_pem none = {0};
    const struct {
        struct svc__http_settings settings;
        int err;
    } rows[] = {
        {{.ca = certificate, .certificate = certificate, .key = key}, 0},
        {{.ca = none}, 0},
        {{.ca = key}, SVC_EAUTH},
        {{.certificate = certificate}, SVC_EAUTH},
        {{.key = key}, SVC_EAUTH},
        {{.certificate = key, .key = certificate}, SVC_EAUTH},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__http_kept kept = {0};
        svc_error error = {0};

        assert_int_equal(svc__http_kept_init(&kept, &rows[i].settings, &error),
                         rows[i].err);
        assert_null(strstr(error.message, "AA"));
        if (kept.ca.text != NULL)
            assert_ptr_not_equal(kept.ca.text, certificate.text);
        svc__http_kept_fini(&kept);
    }
}

static void names(void **state)
{
    static const char *const bad[] = {"", "a/b", "a:1", "a b", "a\r\nb"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct svc__http_settings settings = {.tls_server_name = bad[i]};
        struct svc__http_kept kept = {0};

        assert_int_equal(svc__http_kept_init(&kept, &settings, NULL),
                         SVC_EINVAL);
        svc__http_kept_fini(&kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proxies),    cmocka_unit_test(the_kind_is_told),
        cmocka_unit_test(a_long_one), cmocka_unit_test(pairs),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
