/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator is set once and before the first allocation; sizes that
 * overflow are no allocation. The first test runs in a child, since what it
 * does can be done once in a process.
 */
#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    int mallocs;
    int reallocs;
    int frees;
    size_t size; /* of the last one */
    int empty;   /* 1: out of memory */
} count;

static void *count_malloc(size_t size)
{
    count.mallocs++;
    count.size = size;
    return count.empty ? NULL : malloc(size);
}

static void *count_realloc(void *ptr, size_t size)
{
    count.reallocs++;
    count.size = size;
    return count.empty ? NULL : realloc(ptr, size);
}

static void count_free(void *ptr)
{
    count.frees++;
    free(ptr);
}

static const svc_allocator counting = {count_malloc, count_realloc, count_free};

static void test_set_too_late(void **state)
{
    pid_t child = fork();
    int status = 0;

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        void *ptr = svc__alloc(1);
        int err = svc__alloc_set(&counting);

        svc__free(ptr);
        _exit(err == SVC_ESTATE && count.frees == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_set(void **state)
{
    svc_allocator fn = counting;

    (void)state;
    assert_int_equal(svc__alloc_set(NULL), SVC_EINVAL);
    fn.malloc_fn = NULL;
    assert_int_equal(svc__alloc_set(&fn), SVC_EINVAL);
    fn = counting;
    fn.realloc_fn = NULL;
    assert_int_equal(svc__alloc_set(&fn), SVC_EINVAL);
    fn = counting;
    fn.free_fn = NULL;
    assert_int_equal(svc__alloc_set(&fn), SVC_EINVAL);
    fn = counting;
    assert_int_equal(svc__alloc_set(&fn), 0);
    memset(&fn, 0, sizeof(fn)); /* it was copied */
    assert_int_equal(svc__alloc_set(&counting), SVC_ESTATE);
}

static void test_functions_used(void **state)
{
    void *ptr;

    (void)state;
    memset(&count, 0, sizeof(count));
    ptr = svc__alloc(5);
    assert_int_equal(count.size, 5);
    ptr = svc__realloc(ptr, 3, 7);
    assert_int_equal(count.size, 21);
    svc__free(ptr);
    svc__free(NULL);
    assert_int_equal(count.mallocs, 1);
    assert_int_equal(count.reallocs, 1);
    assert_int_equal(count.frees, 1);
}

static void test_zero_size(void **state)
{
    void *ptrs[3];

    (void)state;
    ptrs[0] = svc__alloc(0);
    assert_int_equal(count.size, 1);
    ptrs[1] = svc__calloc(0, 8);
    assert_int_equal(count.size, 1);
    ptrs[2] = svc__realloc(NULL, 8, 0);
    assert_int_equal(count.size, 1);
    for (int i = 0; i < 3; i++) {
        assert_non_null(ptrs[i]);
        svc__free(ptrs[i]);
    }
}

static void test_calloc_zeroes(void **state)
{
    unsigned char *ptr = svc__calloc(1000, 3);

    (void)state;
    assert_int_equal(count.size, 3000);
    for (size_t i = 0; i < 3000; i++)
        assert_int_equal(ptr[i], 0);
    svc__free(ptr);
}

static void test_overflow(void **state)
{
    static const size_t pairs[][2] = {{SIZE_MAX, 2},
                                      {SIZE_MAX / 2 + 1, 2},
                                      {2, SIZE_MAX},
                                      {SIZE_MAX / 16 + 1, 16}};
    char *ptr = svc__strdup("kept");

    (void)state;
    memset(&count, 0, sizeof(count));
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_null(svc__calloc(pairs[i][0], pairs[i][1]));
        assert_null(svc__realloc(ptr, pairs[i][0], pairs[i][1]));
    }
    assert_null(svc__strndup(ptr, SIZE_MAX));
    assert_int_equal(count.mallocs + count.reallocs + count.frees, 0);
    assert_string_equal(ptr, "kept");
    svc__free(ptr);
}

static void test_copies(void **state)
{
    char *ptr = svc__strdup("text");

    (void)state;
    assert_string_equal(ptr, "text");
    svc__free(ptr);
    ptr = svc__strndup("text", 2);
    assert_string_equal(ptr, "te");
    svc__free(ptr);
    ptr = svc__strndup("a\0b", 3);
    assert_memory_equal(ptr, "a\0b", 4);
    svc__free(ptr);
    ptr = svc__strndup("", 0);
    assert_string_equal(ptr, "");
    svc__free(ptr);
    assert_null(svc__strdup(NULL));
}

static void test_out_of_memory(void **state)
{
    char *ptr = svc__strdup("kept");

    (void)state;
    count.empty = 1;
    assert_null(svc__alloc(1));
    assert_null(svc__calloc(1, 1));
    assert_null(svc__realloc(ptr, 100, 1));
    assert_null(svc__strdup("a"));
    assert_null(svc__strndup("a", 1));
    count.empty = 0;
    assert_string_equal(ptr, "kept");
    svc__free(ptr);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_too_late),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_functions_used),
        cmocka_unit_test(test_zero_size),
        cmocka_unit_test(test_calloc_zeroes),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
