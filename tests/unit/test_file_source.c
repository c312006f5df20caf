/* SPDX-License-Identifier: Apache-2.0 */
/* One manifest: read when its content differs, and only then (faults F9). */
#include "backend/file_source.h"
#include "file_run.h"
#include "oom.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct scratch s;
static struct svc__source_stats stats;
static const struct svc__backend_env env = {.hash_key = {1, 2},
                                            .stats = &stats};
static struct svc__file_source *src;

static int setup(void **state)
{
    (void)state;
    memset(&stats, 0, sizeof(stats));
    scratch_make(&s);
    src = svc__file_source_new(scratch_path(&s, "f.yaml"), 0);
    return src == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    svc__file_source_free(src);
    scratch_remove(&s);
    assert_int_equal(oom_live(), 0);
    return 0;
}

/* Writes a text (NULL: removes the file), reads, and compares: whether that
 * was news, the code of the trouble, and the objects that are good. */
static void step(const char *text, int changed, int code, size_t good)
{
    if (text == NULL)
        scratch_delete(&s, "f.yaml");
    else
        scratch_write(&s, "f.yaml", text);
    assert_int_equal(svc__file_source_read(src, &env, 0), changed);
    assert_int_equal(src->trouble.code, code);
    assert_int_equal(src->good == NULL ? 0 : src->good->count, good);
}

static void news_is_what_differs(void **state)
{
    const struct svc__manifest *good;

    (void)state;
    step(NULL, 1, SVC_EFILE, 0);
    step(NULL, 0, SVC_EFILE, 0);
    step(WEB("10.0.0.1"), 1, 0, 2);
    good = src->good;
    step(WEB("10.0.0.1"), 0, 0, 2);
    step(NULL, 1, SVC_EFILE, 2);
    step(WEB("10.0.0.1"), 1, 0, 2);
    assert_ptr_equal(src->good, good); /* never parsed again */
    step(WEB("10.0.0.2"), 1, 0, 2);
    step(SERVICE("web"), 1, 0, 1);
    step("", 1, 0, 0);
    assert_int_equal(stats.files_refused, 2);
    assert_int_equal(stats.files_read, 6);
}

static void a_bad_text_is_refused_once(void **state)
{
    char first[SVC_ERROR_MESSAGE_SIZE];

    (void)state;
    step(SERVICE("web"), 1, 0, 1);
    step("kind: [", 1, SVC_EFILE, 1);
    memcpy(first, src->trouble.message, sizeof(first));
    step("kind: [", 0, SVC_EFILE, 1);
    assert_int_equal(stats.files_refused, 1);
    step(NULL, 1, SVC_EFILE, 1);
    assert_non_null(strstr(src->trouble.message, "No such file"));
    step("kind: [", 1, SVC_EFILE, 1); /* its own trouble is back */
    assert_string_equal(src->trouble.message, first);
    step(SERVICE("web"), 1, 0, 1);
}

static void the_gap_is_the_trouble_or_what_has_no_name(void **state)
{
    svc_error above = {.code = SVC_EFILE, .message = "the folder"};

    (void)state;
    assert_null(svc__file_source_gap(src));
    step(SERVICE("web") "x: &a 1\n", 1, 0, 1);
    assert_non_null(strstr(svc__file_source_gap(src), "document 2"));
    assert_null(svc__file_source_trouble(src));
    step("kind: [", 1, SVC_EFILE, 1);
    assert_ptr_equal(svc__file_source_gap(src), src->trouble.message);
    step(SERVICE("web"), 1, 0, 1);
    assert_null(svc__file_source_gap(src));
    src->above = &above;
    assert_string_equal(svc__file_source_gap(src), "the folder");
    assert_ptr_equal(svc__file_source_trouble(src), &above);
}

/* A text that could not be parsed for want of memory is parsed when there is
 * some, though it is the same. */
static void memory_may_be_short(void **state)
{
    (void)state;
    step(SERVICE("web"), 1, 0, 1);
    for (long nth = 1;; nth++) {
        long failed;
        int news;

        scratch_write(&s, "f.yaml", WEB("10.0.0.2"));
        oom_arm(nth, 0);
        (void)svc__file_source_read(src, &env, 0);
        failed = oom_failures();
        oom_disarm();
        if (src->trouble.code != 0) {
            assert_true(failed > 0);
            assert_int_equal(src->trouble.code, SVC_ENOMEM);
            assert_int_equal(src->good->count, 1);
        }
        news = src->good->count == 1;
        assert_int_equal(svc__file_source_read(src, &env, 0), news);
        assert_int_equal(src->trouble.code, 0);
        assert_int_equal(src->good->count, 2);
        step(SERVICE("web"), 1, 0, 1);
        if (failed == 0)
            break;
    }
}

#define with_source(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_source(news_is_what_differs),
        with_source(a_bad_text_is_refused_once),
        with_source(the_gap_is_the_trouble_or_what_has_no_name),
        with_source(memory_may_be_short),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
