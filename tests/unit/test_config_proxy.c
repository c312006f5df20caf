/* SPDX-License-Identifier: Apache-2.0 */
/* Which proxy a server is reached through. The table is what httpproxy of
 * golang.org/x/net 0.61 says to the same questions. */
#include "kube/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const struct {
    const char *server;
    const char *none;
    const char *proxy; /* "s": that for https, "h": that for http, or NULL */
} cases[] = {
    {"https://api.example.com", "", "s"},
    {"http://api.example.com", "", "h"},
    {"https://api.example.com", "*", NULL},
    {"https://api.example.com", "foo,*,bar", NULL},
    {"https://api.example.com", "api.example.com", NULL},
    {"https://api.example.com", "API.Example.COM", NULL},
    {"https://API.example.com", "api.example.com", NULL},
    {"https://api.example.com", "example.com", NULL},
    {"https://example.com", "example.com", NULL},
    {"https://example.com", ".example.com", "s"},
    {"https://api.example.com", ".example.com", NULL},
    {"https://api.example.com", "*.example.com", NULL},
    {"https://example.com", "*.example.com", "s"},
    {"https://myexample.com", "example.com", "s"},
    {"https://api.example.com", ".com", NULL},
    {"https://api.example.com", "com", NULL},
    {"https://api.example.com", "*com", "s"},
    {"https://api.example.com", "api.*", "s"},
    {"https://api.example.com", "api.example.com.", "s"},
    {"https://api.example.com.", "api.example.com", "s"},
    {"https://api.example.com", " api.example.com ", NULL},
    {"https://api.example.com", "a,\tapi.example.com\t,b", NULL},
    {"https://api.example.com", "a b,api.example.com", NULL},
    {"https://api.example.com", "a api.example.com", "s"},
    {"https://api.example.com", ",,,", "s"},
    {"https://api.example.com", ".", "s"},
    {"https://api.example.com", "*.", "s"},
    {"https://api.example.com:6443", "api.example.com:6443", NULL},
    {"https://api.example.com:6443", "api.example.com:443", "s"},
    {"https://api.example.com", "api.example.com:443", NULL},
    {"http://api.example.com", "api.example.com:443", "h"},
    {"http://api.example.com", "api.example.com:80", NULL},
    {"https://api.example.com:6443", "example.com:6443", NULL},
    {"https://api.example.com:6443", ".example.com:6443", NULL},
    {"https://api.example.com:6443", "*.example.com:6443", NULL},
    {"https://api.example.com", "api.example.com:", NULL},
    {"https://api.example.com", ":443", "s"},
    {"https://api.example.com", "api.example.com:0443", "s"},
    {"https://api.example.com", "api.example.com:443:443", "s"},
    {"https://10.0.0.1", "10.0.0.1", NULL},
    {"https://10.0.0.1", "10.0.0.2", "s"},
    {"https://10.0.0.1:6443", "10.0.0.1:6443", NULL},
    {"https://10.0.0.1:6443", "10.0.0.1:443", "s"},
    {"https://10.0.0.1", "10.0.0.0/8", NULL},
    {"https://10.0.0.1", "10.0.0.1/32", NULL},
    {"https://11.0.0.1", "10.0.0.0/8", "s"},
    {"https://10.0.0.1", "0.0.0.0/0", NULL},
    {"https://10.0.0.1", "::/0", "s"},
    {"https://10.0.0.1", "10.0.0.0/33", "s"},
    {"https://10.0.0.1", "10.0.0.0/", "s"},
    {"https://10.0.0.1", "10.0.0.0/8x", "s"},
    {"https://10.0.0.1", "10.0.0.0/08", NULL},
    {"https://10.0.0.1", "10.0.0.0/8:443", "s"},
    {"https://10.0.0.255", "10.0.0.254/31", NULL},
    {"https://10.0.1.0", "10.0.0.254/31", "s"},
    {"https://10.0.0.1", ".0.0.1", "s"},
    {"https://10.0.0.1", "0.0.1", "s"},
    {"https://10.0.0.1", "*", NULL},
    {"https://10.0.0.1", "10.0.0.01", "s"},
    {"https://[2001:db8::1]", "2001:db8::1", NULL},
    {"https://[2001:db8::1]", "[2001:db8::1]", "s"},
    {"https://[2001:db8::1]:6443", "[2001:db8::1]:6443", NULL},
    {"https://[2001:db8::1]:6443", "[2001:db8::1]:443", "s"},
    {"https://[2001:DB8::1]", "2001:db8:0::1", NULL},
    {"https://[2001:db8::1]", "2001:db8::/32", NULL},
    {"https://[2001:db9::1]", "2001:db8::/32", "s"},
    {"https://[2001:db8::1]", "2001:db8::/129", "s"},
    {"https://[2001:db8::1]", "[2001:db8::]/32", "s"},
    {"https://[2001:db8::1]", "0.0.0.0/0", "s"},
    {"https://[::ffff:10.0.0.1]", "10.0.0.1", NULL},
    {"https://[::ffff:10.0.0.1]", "10.0.0.0/8", NULL},
    {"https://10.0.0.1", "::ffff:10.0.0.1", NULL},
    {"https://10.0.0.1", "::ffff:10.0.0.0/104", NULL},
    {"https://10.128.0.1", "::ffff:10.0.0.0/104", NULL},
    {"https://10.0.0.1", "::ffff:0.0.0.0/90", "s"},
    {"https://11.0.0.1", "::ffff:10.0.0.0/104", "s"},
    {"https://127.0.0.1", "", NULL},
    {"https://127.8.8.8:6443", "", NULL},
    {"https://[::1]", "", NULL},
    {"https://[::ffff:127.0.0.1]", "", NULL},
    {"https://localhost:6443", "", NULL},
    {"http://localhost", "", NULL},
    {"https://localhost.localdomain", "", "s"},
    {"https://xlocalhost", "", "s"},
    {"https://api.example.com", "[api.example.com]:443", NULL},
    {"https://api.example.com", "api.example.com]:443", "s"},
    {"https://kubernetes", "kubernetes", NULL},
    {"https://kubernetes.default.svc", ".svc,.cluster.local", NULL},
    {"https://kubernetes.default.svc", "svc:6443,svc:443", NULL},
};

static void as_go_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc__config_proxies p = {"s", "h", cases[i].none};
        char server[64];
        struct svc__config c;
        const char *got;

        memset(&c, 0, sizeof(c));
        memcpy(server, cases[i].server, strlen(cases[i].server) + 1);
        c.server = server;
        got = svc__config_proxy(&c, &p);
        if ((got == NULL) != (cases[i].proxy == NULL) ||
            (got != NULL && strcmp(got, cases[i].proxy) != 0))
            fail_msg("%s with NO_PROXY=\"%s\": %s", server, cases[i].none,
                     got == NULL ? "none" : got);
    }
}

/* The kubeconfig's own goes before all of it, loopback or not. */
static void the_kubeconfig_decides(void **state)
{
    struct svc__config_proxies p = {"s", "h", "*"};
    char server[] = "https://127.0.0.1";
    char proxy[] = "socks5://p";
    struct svc__config c;

    (void)state;
    memset(&c, 0, sizeof(c));
    c.server = server;
    c.proxy_url = proxy;
    assert_ptr_equal(svc__config_proxy(&c, &p), proxy);
}

static void nothing_is_said(void **state)
{
    static const struct svc__config_proxies cases_[] = {
        {NULL, NULL, NULL}, {NULL, "h", NULL}, {"", "h", ""}};
    char server[] = "https://a.b";
    struct svc__config_proxies p = {"s", NULL, NULL};
    struct svc__config c;

    (void)state;
    memset(&c, 0, sizeof(c));
    c.server = server;
    for (size_t i = 0; i < 3; i++)
        assert_null(svc__config_proxy(&c, &cases_[i]));
    assert_string_equal(svc__config_proxy(&c, &p), "s");
    /* What is no URL is reached through no proxy. */
    server[0] = 'x';
    assert_null(svc__config_proxy(&c, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_go_decides),
        cmocka_unit_test(the_kubeconfig_decides),
        cmocka_unit_test(nothing_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
