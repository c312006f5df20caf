/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When an answer takes away more than half of a set: a table, and random sets
 * against counting by hand.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "cache/cache_own.h"
#include "sets.h"

#include <stdio.h>
#include <string.h>

static const struct svc__hash_key hash_key = {3, 4};

static int lost(const char *before, const char *after)
{
    struct svc__view *a = sets_view(before);
    struct svc__view *b = sets_view(after);
    int is_lost = svc__cache_guard_lost(a, b, &hash_key);

    svc__view_free(a);
    svc__view_free(b);
    return is_lost;
}

static void test_table(void **state)
{
    static const struct {
        const char *before;
        const char *after;
        int lost;
    } rows[] = {{"", "", 0},
                {"10.0.0.1 10.0.0.2 10.0.0.3", "", 0},
                {"10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4", "", 1},
                {"10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4", "10.0.0.9", 1},
                {"10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4", "10.0.0.2 10.0.0.9", 1},
                {"10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4", "10.0.0.4 10.0.0.2", 0},
                {"10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5",
                 "10.0.0.5 10.0.0.2", 1},
                {"10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5",
                 "10.0.0.5 10.0.0.2 10.0.0.1", 0},
                /* Another port, or family, is another endpoint. */
                {"10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4",
                 "10.0.0.1/81 10.0.0.2/81 10.0.0.3/81 10.0.0.4", 1},
                {"fd00::1 fd00::2 10.0.0.1 10.0.0.2", "10.0.0.1 fd00::2", 0},
                {"fd00::1 fd00::2 fd00::3 10.0.0.1", "10.0.0.1", 1},
                /* What is not usable is not there. */
                {"10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4!8", "", 0},
                {"10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4",
                 "10.0.0.1!8 10.0.0.2!8 10.0.0.3!8 10.0.0.4", 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (lost(rows[i].before, rows[i].after) != rows[i].lost)
            fail_msg("%s -> %s", rows[i].before, rows[i].after);
    }
}

/* A random subset of 24 addresses as words, and as bits. */
static uint32_t draw(struct svc__rng *rng, char ret[512])
{
    uint32_t bits = (uint32_t)svc__rng_next(rng) & 0xFFFFFF;
    size_t used = 0;

    if (svc__rng_below(rng, 2))
        bits &= (uint32_t)svc__rng_next(rng);
    ret[0] = '\0';
    for (int i = 0; i < 24; i++) {
        if (bits >> i & 1)
            used += (size_t)snprintf(ret + used, 512 - used, " 10.0.%d.1", i);
    }
    return bits;
}

static void test_random_sets(void **state)
{
    struct svc__rng rng;
    char before[512];
    char after[512];

    (void)state;
    svc__rng_seed(&rng, 1);
    for (int i = 0; i < 3000; i++) {
        uint32_t a = draw(&rng, before);
        uint32_t b = draw(&rng, after);
        int count = __builtin_popcount(a);
        int gone = __builtin_popcount(a & ~b);

        assert_int_equal(lost(before, after), count >= 4 && gone * 2 > count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_random_sets)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
