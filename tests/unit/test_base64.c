/* SPDX-License-Identifier: Apache-2.0 */
/* Base64: the vectors of RFC 4648 section 10, every byte, and junk. */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <svc/svc.h>

static const struct {
    const char *text;
    const char *encoded;
} vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void vectors_of_the_rfc(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char text[16];
        size_t size = 99;
        struct svc__buf b;

        memcpy(text, vectors[i].encoded, strlen(vectors[i].encoded) + 1);
        assert_int_equal(svc__base64_decode(text, strlen(text), &size), 0);
        assert_int_equal(size, strlen(vectors[i].text));
        assert_memory_equal(text, vectors[i].text, size);
        svc__buf_init(&b, 16);
        assert_int_equal(svc__base64_add(&b, vectors[i].text, size), 0);
        assert_int_equal(b.size, strlen(vectors[i].encoded));
        if (b.size > 0)
            assert_string_equal(b.data, vectors[i].encoded);
        svc__buf_fini(&b);
    }
}

static const struct {
    const char *encoded;
    const char *text; /* or NULL */
} cases[] = {
    {"Zm9v\n", "foo"},
    {"Zm\r\n9v", "foo"},
    {"\nZg\n=\n=\n", "f"},
    /* Bits that do not count, as Go takes them. */
    {"Zh==", "f"},
    {"Zm9=", "fo"},
    {"Z", NULL},
    {"Zg", NULL},
    {"Zg=", NULL},
    {"Zg===", NULL},
    {"Zm8", NULL},
    {"Zm8==", NULL},
    {"Zm9v=", NULL},
    {"Zm9vY", NULL},
    {"=", NULL},
    {"====", NULL},
    {"Z===", NULL},
    {"Zg==Zg==", NULL},
    {"Zg=x", NULL},
    {"Zm9 v", NULL},
    {"Zm9\tv", NULL},
    {"Zm-_", NULL},
    {"Zm9v!", NULL},
    {"Zm9\x80", NULL},
    {"-----BEGIN CERTIFICATE-----", NULL},
};

static void other_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[32];
        size_t size = 99;
        int err;

        memcpy(text, cases[i].encoded, strlen(cases[i].encoded) + 1);
        err = svc__base64_decode(text, strlen(text), &size);
        if ((err == 0) != (cases[i].text != NULL))
            fail_msg("\"%s\": %d", cases[i].encoded, err);
        if (err != 0) {
            assert_int_equal(err, SVC_EINVAL);
            assert_int_equal(size, 99);
            continue;
        }
        assert_int_equal(size, strlen(cases[i].text));
        assert_memory_equal(text, cases[i].text, size);
    }
}

/* Whatever is encoded comes back. */
static void round_trip(void **state)
{
    char data[300];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 7 + i / 5);
    for (size_t size = 0; size <= sizeof(data); size++) {
        struct svc__buf b;
        size_t decoded;

        svc__buf_init(&b, 512);
        svc__buf_add(&b, "", 0);
        assert_int_equal(svc__base64_add(&b, data, size), 0);
        assert_int_equal(svc__base64_decode(b.data, b.size, &decoded), 0);
        assert_int_equal(decoded, size);
        assert_memory_equal(b.data, data, size);
        svc__buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc),
        cmocka_unit_test(other_texts),
        cmocka_unit_test(round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
