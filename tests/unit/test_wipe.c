/* SPDX-License-Identifier: Apache-2.0 */
/* What is wiped is gone. */
#include "base/wipe.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <stdlib.h>
#include <svc/svc.h>

/* What a block held when it was freed. */
static char last[16];

static void free_and_look(void *ptr)
{
    if (ptr != NULL)
        memcpy(last, ptr, sizeof(last));
    free(ptr);
}

static void wipes(void **state)
{
    char secret[] = "hunter2 and";

    (void)state;
    svc__wipe(secret, 7);
    assert_memory_equal(secret, "\0\0\0\0\0\0\0 and", sizeof(secret));
    svc__wipe(NULL, 0);
}

static void a_text_is_wiped_before_it_is_freed(void **state)
{
    static const svc_allocator looking = {malloc, realloc, free_and_look};
    char *text;

    (void)state;
    assert_int_equal(svc__alloc_set(&looking), 0);
    text = svc__strndup("a secret of 15 ", 15);
    assert_non_null(text);
    svc__wipe_text(text);
    for (size_t i = 0; i < sizeof(last); i++)
        assert_int_equal(last[i], 0);
    svc__wipe_text(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wipes),
        cmocka_unit_test(a_text_is_wiped_before_it_is_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
