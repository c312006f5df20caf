/* SPDX-License-Identifier: Apache-2.0 */
/* The URLs of a kubeconfig: what is taken, and why not. */
#include "kube/config_url.h"

#include "base/buf.h"
#include "kube/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define PORT "the port is not a number from 1 to 65535"
#define BLANK                                                                  \
    "blanks, control characters and letters outside ASCII cannot be in a URL"
#define SYMBOL "a character that cannot be in a URL"
#define HOST                                                                   \
    "the host is neither a name nor an address (an IPv6 address needs "        \
    "brackets)"
#define SCHEME "neither https:// nor http://"
#define USER   "a user in the URL is not supported"
#define QUERY  "a query or a fragment in the URL is not supported"

static const struct {
    const char *url;
    const char *said; /* "tls host port path", or the reason */
} cases[] = {
    {"https://h", "1 h 443 "},
    {"http://h", "0 h 80 "},
    {"HTTPS://H.Example.", "1 H.Example. 443 "},
    {"https://h:6443", "1 h 6443 "},
    {"https://h:1", "1 h 1 "},
    {"https://h:65535/", "1 h 65535 /"},
    {"https://h/a/b%20c/~x", "1 h 443 /a/b%20c/~x"},
    {"https://h/a@b:c", "1 h 443 /a@b:c"},
    {"https://10.0.0.1:443/k8s/clusters/c-1",
     "1 10.0.0.1 443 /k8s/clusters/c-1"},
    {"https://[2001:db8::1]", "1 2001:db8::1 443 "},
    {"https://[::1]:6443/x", "1 ::1 6443 /x"},
    {"https://a_b-c.d", "1 a_b-c.d 443 "},
    {"https://h:", PORT},
    {"https://h:0", PORT},
    {"https://h:65536", PORT},
    {"https://h:99999", PORT},
    {"https://h:000080", PORT},
    {"https://h:-1", PORT},
    {"https://h:+1", PORT},
    {"https://h:8a", PORT},
    {"https://h:80:80", PORT},
    {"https://[::1]:", PORT},
    {"https://", HOST},
    {"https:///x", HOST},
    {"https://:443", HOST},
    {"https://a%2fb", HOST},
    {"https://2001:db8::1", PORT},
    {"https://::1", HOST},
    {"https://a,b", HOST},
    {"https://[::1", "a '[' without its ']'"},
    {"https://[::1]x", "something between ']' and the port"},
    {"https://[10.0.0.1]", "what is in brackets is not an IPv6 address"},
    {"https://[fe80::1%25eth0]", "what is in brackets is not an IPv6 address"},
    {"https://[]", "what is in brackets is not an IPv6 address"},
    {"https://u@h", USER},
    {"https://u:p@h:1/x", USER},
    {"https://@h", USER},
    {"https://h?a", QUERY},
    {"https://h/x?a=b", QUERY},
    {"https://h/#f", QUERY},
    {"https://h#@", QUERY},
    {"ftp://h", SCHEME},
    {"https:/h", SCHEME},
    {"https:h", SCHEME},
    {"httpsx://h", SCHEME},
    {"h:443", SCHEME},
    {"//h", SCHEME},
    {"", SCHEME},
    {" https://h", BLANK},
    {"https://h/\r\nX: y", BLANK},
    {"https://h/a b", BLANK},
    {"https://h/\t", BLANK},
    {"https://h/\x7f", BLANK},
    {"https://h\xc3\xa4", BLANK},
    {"https://h/\"", SYMBOL},
    {"https://h\\x", SYMBOL},
    {"https://h/{x}", SYMBOL},
};

static void servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc__config_url url;
        svc_error error = {0, "", ""};
        struct svc__buf b;
        int err = svc__config_url_read(cases[i].url, &url, &error);

        svc__buf_init(&b, 1024);
        assert_int_equal(err, error.code);
        assert_true(err == 0 || err == SVC_EINVAL);
        if (err == 0)
            svc__buf_printf(&b, "%d %.*s %u %s", url.tls, (int)url.host_size,
                            url.host, url.port, url.path);
        else
            svc__buf_add_text(&b, error.message);
        if (strcmp(b.data, cases[i].said) != 0)
            fail_msg("%s: %s", cases[i].url, b.data);
        assert_int_equal(svc__config_url_read(cases[i].url, &url, NULL), err);
        svc__buf_fini(&b);
    }
}

/* A control character at any place. */
static void no_control_passes(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        for (size_t at = 0; at < 20; at++) {
            char url[] = "https://host:80/path";
            struct svc__config_url ret;
            int is_visible = c > ' ' && c < 0x7f;

            url[at] = (char)c;
            if (svc__config_url_read(url, &ret, NULL) == 0)
                assert_true(is_visible);
            if (svc__config_url_check_proxy(url) == NULL)
                assert_true(is_visible);
        }
    }
}

static void length_is_bounded(void **state)
{
    static char url[SVC__CONFIG_URL_MAX + 2] = "https://h/";
    struct svc__config_url ret;

    (void)state;
    memset(url + strlen(url), 'x', SVC__CONFIG_URL_MAX - strlen(url));
    assert_int_equal(svc__config_url_read(url, &ret, NULL), 0);
    assert_null(svc__config_url_check_proxy(url));
    url[SVC__CONFIG_URL_MAX] = 'x';
    assert_int_equal(svc__config_url_read(url, &ret, NULL), SVC_EINVAL);
    assert_non_null(svc__config_url_check_proxy(url));
    memset(url, 'x', 300);
    memcpy(url, "https://", 8);
    url[8 + 253] = '\0';
    assert_int_equal(svc__config_url_read(url, &ret, NULL), 0);
    url[8 + 253] = 'x';
    url[8 + 254] = '\0';
    assert_int_equal(svc__config_url_read(url, &ret, NULL), SVC_EINVAL);
}

static const struct {
    const char *url;
    int is_taken;
} proxies[] = {
    {"http://p", 1},
    {"http://p:3128", 1},
    {"https://p/", 1},
    {"HTTP://p", 1},
    {"socks5://p:1080", 1},
    {"http://user:secret@p:3128", 1},
    {"http://user@[::1]:3128/", 1},
    {"socks5h://p", 0},
    {"socks4://p", 0},
    {"ftp://p", 0},
    {"p:3128", 0},
    {"//p", 0},
    {"http://", 0},
    {"http://u@", 0},
    {"http://p:0", 0},
    {"http://p:99999", 0},
    {"http://a b", 0},
    {"http://p\r\nX-A: b", 0},
    {"http://a@b@c", 0},
    {"", 0},
};

static void proxies_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
        const char *reason = svc__config_url_check_proxy(proxies[i].url);

        if ((reason == NULL) != proxies[i].is_taken)
            fail_msg("%s: %s", proxies[i].url, reason ? reason : "taken");
        assert_true(reason == NULL || strstr(reason, "secret") == NULL);
    }
}

static void hosts(void **state)
{
    static const char *const good[] = {"h", "a.b-c_d.", "10.0.0.1", "::1"};
    static const char *const bad[] = {"",    "a b",   "a:1",    "a,b",
                                      "a/b", "[::1]", "a\r\nb", "\xc3\xa4"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(svc__config_url_is_host(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(svc__config_url_is_host(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers),
        cmocka_unit_test(no_control_passes),
        cmocka_unit_test(length_is_bounded),
        cmocka_unit_test(proxies_are_checked),
        cmocka_unit_test(hosts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
