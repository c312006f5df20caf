/* SPDX-License-Identifier: Apache-2.0 */
/* What a hosts file says of a name, and the order of addresses. */
#include "backend/host_file.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const struct svc__host_list *list)
{
    static char text[2048];
    char one[SVC_ADDRESS_TEXT_SIZE];
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        (void)svc__address_format(&list->items[i], one);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
                                 i == 0 ? "" : " ", one);
    }
    return text;
}

static const char *find(const char *text, size_t size, const char *name)
{
    struct svc__host_list list = {.count = 0};

    svc__host_file_find(text, size, name, &list);
    return text_of(&list);
}

static void names_are_found(void **state)
{
    static const struct {
        const char *text;
        const char *found; /* of api.example */
    } table[] = {
        {"", ""},
        {"10.0.0.1 api.example", "10.0.0.1"},
        {"10.0.0.1 api.example\n", "10.0.0.1"},
        {"10.0.0.1\tx\t api.example y\r\n", "10.0.0.1"},
        {"  \t10.0.0.1 api.example", "10.0.0.1"},
        {"fd00::1 API.Example.\n", "fd00::1"},
        {"10.0.0.1 api.example\n\nfd00::1 x api.example\n10.0.0.2 api.example",
         "10.0.0.1 fd00::1 10.0.0.2"},
        {"10.0.0.1 api.example api.example\n10.0.0.1 api.example", "10.0.0.1"},
        {"#10.0.0.1 api.example\n", ""},
        {"10.0.0.1 x # api.example\n", ""},
        {"10.0.0.1 api.example#x\n", "10.0.0.1"},
        {"10.0.0.1#x api.example\n", ""},
        {"10.0.0.1 x\napi.example\n", ""},
        {"10.0.0.1\napi.example\n", ""},
        {"10.0.0.1 api.exampl\n10.0.0.2 api.examples\n10.0.0.3 .api.example",
         ""},
        {"10.0.0.300 api.example\n10.0.0.1\n1 api.example\n"
         "fe80::1%eth0 api.example\nx api.example\n10.0.0.2 api.example",
         "10.0.0.2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_string_equal(
            find(table[i].text, strlen(table[i].text), "api.example"),
            table[i].found);
}

/* Texts of any bytes; with the sanitizers, read to the byte. */
static void junk_is_passed_over(void **state)
{
    static const char bytes[] = "10.0.0.1 a\n\r\t#:\0x";
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 4);
    for (int run = 0; run < 20000; run++) {
        const size_t size = svc__rng_below(&rng, 60);
        char *text = malloc(size + 1);
        const char *found;

        assert_non_null(text);
        for (size_t i = 0; i < size; i++)
            text[i] = svc__rng_below(&rng, 30) == 0
                          ? (char)svc__rng_below(&rng, 256)
                          : bytes[svc__rng_below(&rng, sizeof(bytes) - 1)];
        text = realloc(text, size + (size == 0));
        found = find(text, size, "a");
        assert_true(found[0] == '\0' ||
                    strspn(found, "0123456789.: abcdef") == strlen(found));
        free(text);
    }
}

static void one_family_cannot_crowd_out_the_other(void **state)
{
    static char text[8192];
    struct svc__host_list list = {.count = 0};
    size_t used = 0;

    (void)state;
    for (int i = 0; i < 40; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "10.0.0.%d a\n", i + 1);
    (void)snprintf(text + used, sizeof(text) - used, "fd00::1 a\nfd00::2 a\n");
    svc__host_file_find(text, strlen(text), "a", &list);
    assert_int_equal(list.count, SVC__HOST_ADDRESSES_MAX + 2);
    svc__host_list_interleave(&list);
    assert_int_equal(list.count, SVC__HOST_ADDRESSES_MAX);
    assert_string_equal(text_of(&list),
                        "10.0.0.1 fd00::1 10.0.0.2 fd00::2 10.0.0.3 10.0.0.4 "
                        "10.0.0.5 10.0.0.6 10.0.0.7 10.0.0.8 10.0.0.9 "
                        "10.0.0.10 10.0.0.11 10.0.0.12 10.0.0.13 10.0.0.14");
}

static void families_come_by_turns(void **state)
{
    static const struct {
        const char *text;
        const char *order;
    } table[] = {
        {"1.0.0.1 a\n1.0.0.2 a\nfd00::1 a", "1.0.0.1 fd00::1 1.0.0.2"},
        {"fd00::1 a\nfd00::2 a\n1.0.0.1 a", "fd00::1 1.0.0.1 fd00::2"},
        {"fd00::1 a\nfd00::2 a", "fd00::1 fd00::2"},
        {"fd00::1 a\n1.0.0.1 a\n1.0.0.2 a\n1.0.0.3 a",
         "fd00::1 1.0.0.1 1.0.0.2 1.0.0.3"},
        {"1.0.0.1 a", "1.0.0.1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct svc__host_list list = {.count = 0};

        svc__host_file_find(table[i].text, strlen(table[i].text), "a", &list);
        svc__host_list_interleave(&list);
        assert_string_equal(text_of(&list), table[i].order);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(junk_is_passed_over),
        cmocka_unit_test(one_family_cannot_crowd_out_the_other),
        cmocka_unit_test(families_come_by_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
