/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sized structs of every age: older, the same, newer, never set.
 */
#include "base/sized.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <svc/svc.h>

#include <cmocka.h>

#define OURS (sizeof(size_t) + 40)

/* Whatever the size, just what is in it is written, and the size stays. */
static void test_every_size(void **state)
{
    unsigned char ours[OURS];
    unsigned char theirs[SVC__SIZED_MAX + 1];

    (void)state;
    memset(ours, 7, sizeof(ours));
    for (size_t size = sizeof(size_t); size <= SVC__SIZED_MAX; size++) {
        size_t kept;

        memset(theirs, 1, sizeof(theirs));
        memcpy(theirs, &size, sizeof(size));
        assert_int_equal(svc__sized_write(theirs, ours, OURS), 0);
        memcpy(&kept, theirs, sizeof(kept));
        assert_int_equal(kept, size);
        for (size_t i = sizeof(size_t); i < sizeof(theirs); i++)
            assert_int_equal(theirs[i], i >= size ? 1 : i < OURS ? 7 : 0);
    }
}

static void test_a_size_that_was_never_set(void **state)
{
    static const size_t sizes[] = {0, 1, sizeof(size_t) - 1, SVC__SIZED_MAX + 1,
                                   SIZE_MAX};
    unsigned char ours[OURS] = {0};
    unsigned char theirs[OURS];

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        memset(theirs, 1, sizeof(theirs));
        memcpy(theirs, &sizes[i], sizeof(sizes[i]));
        assert_int_equal(svc__sized_write(theirs, ours, OURS), SVC_EINVAL);
        for (size_t j = sizeof(size_t); j < OURS; j++)
            assert_int_equal(theirs[j], 1);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_a_size_that_was_never_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
