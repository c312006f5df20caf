/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an address: read as the C library reads them, written so that
 * they read back, plain and dashed.
 */
#include "model/address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good)
        abort();
}

static void check_text(const struct svc__address *a)
{
    char text[SVC_ADDRESS_TEXT_SIZE];
    struct svc__address b;
    size_t size = svc__address_format(a, text);

    check(size < sizeof(text) && text[size] == '\0');
    check(svc__address_parse(text, size, &b) == 0);
    check(svc__address_compare(a, &b) == 0);
    size = svc__address_format_dashed(a, text);
    check(svc__address_parse_dashed(text, size, &b) == 0);
    check(svc__address_compare(a, &b) == 0);
    check(svc__address_is_allowed(a, 0) == (svc__address_classify(a) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    uint8_t want[16];
    char copy[64];
    struct svc__address a;
    int good = svc__address_parse(text, size, &a) == 0;

    if (good)
        check_text(&a);
    if (size < sizeof(copy) && memchr(text, '\0', size) == NULL) {
        memcpy(copy, text, size);
        copy[size] = '\0';
        check(good == (inet_pton(AF_INET, copy, want) == 1 ||
                       inet_pton(AF_INET6, copy, want) == 1));
    }
    if (svc__address_parse_dashed(text, size, &a) == 0)
        check_text(&a);
    return 0;
}
