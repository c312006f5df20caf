/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The story of trouble, and the empty view that takes the place of a set.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "cache/cache_own.h"
#include "cache_run.h"

#include <string.h>

static struct svc__cache *new_cache(int64_t error_keep_ms,
                                    struct svc__cache_entry **ret)
{
    struct svc__cache_settings s = cache_run_settings;
    struct svc__cache *c;

    s.error_keep_ms = error_keep_ms;
    c = svc__cache_new(&s);
    assert_non_null(c);
    assert_int_equal(svc__cache_want(c, "web", 0, ret), 0);
    return c;
}

static void fail_with(struct svc__cache_entry *e, const char *message,
                      const char *hint, int64_t now_ms)
{
    svc_error error = {.code = SVC_EPROTO};

    strcpy(error.message, message);
    strcpy(error.hint, hint);
    svc__cache_fail(e, &error, now_ms);
}

static void test_the_story(void **state)
{
    static const char *const rows[][2] = {
        {"10.96.0.10 answered SERVFAIL", "look at CoreDNS"},
        {"10.96.0.10 answered SERVFAIL", ""},
        {"", "look at CoreDNS"},
        {"", ""}};
    struct svc__cache_entry *e;
    struct svc__cache *c = new_cache(-1, &e);
    svc_error error = {.code = 1};

    (void)state;
    assert_int_equal(svc__cache_trouble(e, &error), 0);
    assert_int_equal(error.code, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *message = rows[i][0];

        fail_with(e, message, rows[i][1], (int64_t)i);
        assert_int_equal(svc__cache_trouble(e, NULL), SVC_EPROTO);
        assert_int_equal(svc__cache_trouble(e, &error), SVC_EPROTO);
        assert_int_equal(error.code, SVC_EPROTO);
        if (message[0] == '\0')
            message = svc_err_text(SVC_EPROTO);
        assert_string_equal(error.message, message);
        assert_string_equal(error.hint, rows[i][1]);
    }
    svc__cache_free(c);
}

/* As long as an svc_error can be. */
static void test_a_long_story(void **state)
{
    char message[SVC_ERROR_MESSAGE_SIZE];
    char hint[SVC_ERROR_HINT_SIZE];
    struct svc__cache_entry *e;
    struct svc__cache *c = new_cache(-1, &e);
    svc_error error;

    (void)state;
    memset(message, 'm', sizeof(message));
    memset(hint, 'h', sizeof(hint));
    message[sizeof(message) - 1] = '\0';
    hint[sizeof(hint) - 1] = '\0';
    fail_with(e, message, hint, 0);
    svc__cache_trouble(e, &error);
    assert_string_equal(error.message, message);
    assert_string_equal(error.hint, hint);
    svc__cache_free(c);
}

/* What is dropped is still this Service's, and offers nothing. */
static void test_the_empty_copy(void **state)
{
    struct svc__cache_entry *e;
    struct svc__cache *c = new_cache(0, &e);
    struct svc__cache_answer a = {cache_run_view("1 2", 1000), SVC__CACHE_HAVE,
                                  0, 1};

    (void)state;
    a.view->canonical = svc__strdup("web.dev.svc.cluster.local");
    svc__cache_answer(e, &a, 0);
    fail_with(e, "SERVFAIL", "look at CoreDNS", 999);
    assert_int_equal(e->view->count, 2);
    svc__cache_due(c, 1000);
    assert_int_equal(e->view->code, SVC_EPROTO);
    assert_string_equal(e->view->message, "SERVFAIL");
    assert_string_equal(e->view->hint, "look at CoreDNS");
    assert_string_equal(e->view->service, "web");
    assert_string_equal(e->view->namespace_, "dev");
    assert_int_equal(e->view->type, SVC__TYPE_CLUSTERIP);
    assert_int_equal(e->view->count, 0);
    assert_int_equal(e->view->block_count, 0);
    assert_null(e->view->canonical);
    assert_int_equal(svc__cache_trouble(e, NULL), SVC_EPROTO);
    svc__cache_free(c);
}

/* An answer that is held back tells its own story. */
static void test_the_story_of_what_is_kept(void **state)
{
    struct svc__cache_settings s = cache_run_settings;
    struct svc__cache_answer a = {cache_run_view("1 2", 1000), SVC__CACHE_HAVE,
                                  0, 1};
    struct svc__cache_entry *e;
    struct svc__cache *c;
    svc_error error;

    (void)state;
    s.nxdomain_keep_ms = -1;
    c = svc__cache_new(&s);
    assert_int_equal(svc__cache_want(c, "web", 0, &e), 0);
    svc__cache_answer(e, &a, 0);
    for (int i = 0; i < 2; i++) {
        a.view = cache_run_negative(SVC__CACHE_NXDOMAIN, 1000);
        a.found = SVC__CACHE_NXDOMAIN;
        svc__cache_answer(e, &a, 100 + i);
    }
    assert_int_equal(svc__cache_trouble(e, &error), SVC_ENOSERVICE);
    assert_string_equal(error.message, "nothing there");
    /* A failure meanwhile does not change it. */
    fail_with(e, "SERVFAIL", "", 3000);
    assert_int_equal(svc__cache_trouble(e, &error), SVC_ENOSERVICE);
    assert_string_equal(error.message, "nothing there");
    assert_int_equal(e->is_stale, 1);
    assert_int_equal(e->view->count, 2);
    svc__cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_story),
        cmocka_unit_test(test_a_long_story),
        cmocka_unit_test(test_the_empty_copy),
        cmocka_unit_test(test_the_story_of_what_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
