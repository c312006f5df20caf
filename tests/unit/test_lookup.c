/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that should not come: late, twice, of questions that there are not;
 * and packets that the exchange should not have let through.
 */
#include "lookup_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct lookup_play play;

static void begin(const char *query)
{
    assert_int_equal(lookup_play_begin(&play, query, NULL, NULL), 0);
    lookup_play_event(&play, "0 start");
}

static void feed(struct svc__lookup_event ev, struct svc__lookup_action *ret)
{
    assert_int_equal(svc__lookup_step(play.lookup, &ev, ret), 0);
    assert_int_equal(ret->ask_count, 0);
}

static void stray_events_do_nothing(void **state)
{
    const svc_error error = {.code = SVC_ETIMEDOUT};
    struct svc__lookup_action a;

    (void)state;
    begin("shop/web port=80");
    feed((struct svc__lookup_event){.kind = SVC__LOOKUP_DUE, .now_ms = 9}, &a);
    feed((struct svc__lookup_event){.kind = SVC__LOOKUP_FAILED,
                                    .question = 2,
                                    .error = &error},
         &a);
    for (int i = 0; i < 3; i++)
        feed((struct svc__lookup_event){.kind = SVC__LOOKUP_FAILED,
                                        .question = 0,
                                        .error = &error},
             &a);
    assert_false(a.is_done);
    assert_null(a.view);
    assert_int_equal(a.due_ms, INT64_MAX);
    lookup_play_event(&play, "1 AAAA NOERROR | @ 30 AAAA fd00::1");
    assert_true(play.is_done);
    lookup_play_end(&play);
}

/* The first end of a question is its end. */
static void a_question_ends_once(void **state)
{
    const svc_error error = {.code = SVC_ETIMEDOUT};
    struct svc__lookup_action a;

    (void)state;
    begin("shop/web port=80");
    lookup_play_event(&play, "1 A NOERROR | @ 30 A 10.0.0.1");
    feed((struct svc__lookup_event){.kind = SVC__LOOKUP_FAILED,
                                    .question = 0,
                                    .error = &error},
         &a);
    feed((struct svc__lookup_event){.kind = SVC__LOOKUP_ANSWERED,
                                    .question = 0,
                                    .answer = &play.answer},
         &a);
    lookup_play_event(&play, "2 AAAA NXDOMAIN");
    assert_true(play.is_done);
    assert_int_equal(play.view->count, 1);
    lookup_play_end(&play);
}

/* Half an answer is given out once. */
static void patience_ends_once(void **state)
{
    struct svc__lookup_action a;

    (void)state;
    begin("shop/web port=80");
    lookup_play_event(&play, "10 A NOERROR | @ 30 A 10.0.0.1");
    feed((struct svc__lookup_event){.kind = SVC__LOOKUP_DUE, .now_ms = 59}, &a);
    assert_int_equal(a.due_ms, 60);
    assert_null(a.view);
    feed((struct svc__lookup_event){.kind = SVC__LOOKUP_DUE, .now_ms = 60}, &a);
    assert_true(a.is_partial);
    assert_int_equal(a.due_ms, INT64_MAX);
    assert_non_null(a.view);
    svc__view_free(a.view);
    feed((struct svc__lookup_event){.kind = SVC__LOOKUP_DUE, .now_ms = 61}, &a);
    assert_null(a.view);
    lookup_play_end(&play);
}

/* What is no whole answer is a failure of its question. */
static void answers_that_are_none(void **state)
{
    static const uint8_t cut[] = {0, 0, 0x82, 0, 0, 1, 0, 0, 0,
                                  0, 0, 0,    0, 0, 1, 0, 1};
    static const uint8_t servfail[] = {0, 0, 0x80, 2, 0, 1, 0, 0, 0,
                                       0, 0, 0,    0, 0, 1, 0, 1};
    static const struct {
        const uint8_t *bytes;
        size_t size;
    } rows[] = {{cut, sizeof(cut)}, {servfail, sizeof(servfail)}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__wire_message m;
        struct svc__lookup_action a;

        assert_int_equal(svc__wire_parse(rows[i].bytes, rows[i].size, &m), 0);
        begin("shop/web port=80 family=4");
        feed((struct svc__lookup_event){.kind = SVC__LOOKUP_ANSWERED,
                                        .answer = &m},
             &a);
        assert_true(a.is_done);
        assert_null(a.view);
        assert_int_equal(a.error.code, SVC_EPROTO);
        assert_true(a.error.message[0] != '\0');
        lookup_play_end(&play);
    }
}

static void nothing_is_borrowed_of_a_query(void **state)
{
    (void)state;
    assert_int_equal(
        lookup_play_begin(&play, "shop/web port=http proto=tcp", NULL, NULL),
        0);
    memset(play.query.text, 'x', sizeof(play.query.text) - 1);
    lookup_play_event(&play, "0 start");
    lookup_play_event(&play, "1 A NXDOMAIN");
    lookup_play_event(&play, "1 AAAA NXDOMAIN");
    assert_string_equal(play.view->service, "web");
    assert_string_equal(play.view->namespace_, "shop");
    lookup_play_end(&play);
    svc__lookup_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stray_events_do_nothing),
        cmocka_unit_test(a_question_ends_once),
        cmocka_unit_test(patience_ends_once),
        cmocka_unit_test(answers_that_are_none),
        cmocka_unit_test(nothing_is_borrowed_of_a_query),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
