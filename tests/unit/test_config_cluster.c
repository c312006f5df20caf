/* SPDX-License-Identifier: Apache-2.0 */
/* Every field of a cluster, and what is refused of it. */
#include "base/buf.h"
#include "config_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define HEAD    "context=x\ncluster=c\nuser=u\n"
#define REFUSED "SVC_EFILE: /k/config: cluster \"c\": "
#define WRITE   " | write it as https://HOST:PORT"

static const struct {
    const char *cluster;
    const char *user;
    const char *said;
} cases[] = {
    {"server: 'https://h:6443'", "", HEAD "server=https://h:6443\n"},
    {"server: 'https://h/a/b//'", "", HEAD "server=https://h/a/b\n"},
    {"server: 'HTTPS://H/A'", "", HEAD "server=https://H/A\n"},
    {"server: 'https://[::1]:6443'", "", HEAD "server=https://[::1]:6443\n"},
    {"server: 'http://h'", "", HEAD "server=http://h\n"},
    /* Without a scheme: what else is said of TLS decides. */
    {"server: 'h:6443'", "", HEAD "server=http://h:6443\n"},
    {"server: h, insecure-skip-tls-verify: true", "",
     HEAD "server=https://h\ninsecure=1\n"},
    {"server: h, certificate-authority: /ca", "",
     HEAD "server=https://h\nca_file=/ca\n"},
    {"server: h", "client-certificate: /c, client-key: /k",
     HEAD "server=https://h\ncertificate_file=/c\nkey_file=/k\n"},
    {"server: 'https://h', certificate-authority-data: Zm8A", "",
     HEAD "server=https://h\nca=\"fo\\u0000\"\n"},
    {"server: 'https://h', certificate-authority: ca", "",
     HEAD "server=https://h\nca_file=/k/ca\n"},
    /* Data goes before a file. */
    {"server: 'https://h', certificate-authority: ca, "
     "certificate-authority-data: Zm9v",
     "", HEAD "server=https://h\nca=\"foo\"\n"},
    {"server: 'https://h', tls-server-name: n.example", "",
     HEAD "server=https://h\ntls_server_name=n.example\n"},
    {"server: 'https://h', proxy-url: 'socks5://u:p@p:1'", "",
     HEAD "server=https://h\nproxy_url=socks5://u:p@p:1\n"},
    {"server: 'https://h', disable-compression: true, extensions: [{name: e, "
     "extension: {a: [1]}}], future: [{}]",
     "", HEAD "server=https://h\n"},
    {"server: 'https://h', tls-server-name: '', proxy-url: null, "
     "certificate-authority-data: '', insecure-skip-tls-verify: false",
     "", HEAD "server=https://h\n"},
    {"", "", REFUSED "server: missing"},
    {"server: ''", "", REFUSED "server: missing"},
    {"server: 5", "", REFUSED "server: expected a string"},
    {"server: 'https://h', server: 'https://i'", "",
     REFUSED "server: the key is repeated"},
    {"server: 'ftp://h'", "",
     REFUSED "server: neither https:// nor http://" WRITE},
    {"server: 'https://u:hunter2@h'", "",
     REFUSED "server: a user in the URL is not supported" WRITE},
    {"server: \"https://h/\\r\\nX-A: b\"", "",
     REFUSED "server: blanks, control characters and letters outside ASCII "
             "cannot be in a URL" WRITE},
    {"server: '/'", "",
     REFUSED "server: the host is neither a name nor an address (an IPv6 "
             "address needs brackets)" WRITE},
    {"server: \"a\\0b\"", "", REFUSED "server: NUL character in a string"},
    {"server: 'https://h', certificate-authority-data: 'hunter2!'", "",
     REFUSED "certificate-authority-data: not base64"},
    {"server: 'https://h', insecure-skip-tls-verify: 'true'", "",
     REFUSED "insecure-skip-tls-verify: expected true or false"},
    {"server: 'https://h', insecure-skip-tls-verify: true, "
     "certificate-authority: ca",
     "",
     REFUSED "insecure-skip-tls-verify: true beside a certificate-authority | "
             "take one of them out: kubectl refuses both together"},
    {"server: 'https://h', insecure-skip-tls-verify: true, "
     "certificate-authority-data: Zm9v",
     "",
     REFUSED "insecure-skip-tls-verify: true beside a certificate-authority | "
             "take one of them out: kubectl refuses both together"},
    {"server: 'https://h', tls-server-name: 'a b'", "",
     REFUSED "tls-server-name: not the name of a host"},
    {"server: 'https://h', proxy-url: 'ftp://u:hunter2@p'", "",
     REFUSED "proxy-url: none of http://, https:// and socks5://"},
    {"server: 'https://h', proxy-url: 'http://u:hunter2@p:0'", "",
     REFUSED "proxy-url: the port is not a number from 1 to 65535"},
};

static void each_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *said = config_say_parts(cases[i].cluster, cases[i].user);

        assert_string_equal(said, cases[i].said);
        assert_null(strstr(said, "hunter2"));
    }
}

/* No credential goes over plain HTTP; a certificate does not go there. */
static void plain_http(void **state)
{
    static const char refused[] =
        "SVC_ENOTSUP: /k/config: cluster \"c\": server: credentials are not "
        "sent over http:// | use https://, or a context whose user has no "
        "credentials";
    static const char *const users[] = {
        "token: t", "tokenFile: t",
        "exec: {command: c, apiVersion: client.authentication.k8s.io/v1beta1}"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(config_say_parts("server: 'http://h'", users[i]),
                            refused);
        assert_string_equal(config_say_parts("server: h", users[i]), refused);
    }
    assert_string_equal(config_say_parts("server: 'http://h'", "as: a"),
                        HEAD "server=http://h\nas=a\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field),
        cmocka_unit_test(plain_http),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
