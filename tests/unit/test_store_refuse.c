/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refusals by name: what a bad object does to the answer, until when, and who
 * hears of it (faults J3).
 */
#include "base/rng.h"
#include "kube/store.h"
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char told[256];

static void note(void *arg, const char *namespace_, const char *service)
{
    const size_t used = strlen(told);

    (void)arg;
    (void)snprintf(told + used, sizeof(told) - used, "%s%s/%s",
                   used == 0 ? "" : " ", namespace_, service);
}

/* Does what the line says; exactly these Services hear of it. */
static void step(struct svc__store *st, const char *line, const char *wanted)
{
    told[0] = '\0';
    svc__store_listen(st, note, NULL);
    assert_int_equal(kube_apply(st, line), 0);
    if (strcmp(told, wanted) != 0)
        fail_msg("after %s\n  wanted: %s\n  got:    %s", line, wanted, told);
}

/* The message of s/w mentions text, or no refusal at all where it is NULL. */
static void says(const struct svc__store *st, const char *text)
{
    svc_error error;
    struct svc__view *v = kube_view(st, "s/w", NULL, &error);

    assert_non_null(v);
    if (text == NULL)
        assert_true(v->gap == NULL);
    else
        assert_non_null(strstr(v->message, text));
    svc__view_free(v);
}

static void until_a_version_is_taken(void **state)
{
    static const char *const ends[] = {
        "Update Slice s/1 of=w rv=9", "Slice s/1 of=w", "Delete Slice s/1",
        "Remove Slice s/1 of=w rv=9", "Remove Slice s/1 of=w"};

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct svc__store *st = kube_store_new();

        step(st, "Service s/w port=80", "s/w");
        says(st, NULL);
        step(st, "Refuse One s/1 w it is bad", "s/w");
        says(st, "refused: it is bad (source");
        step(st, "Refuse One s/1 w it is bad", "");
        step(st, "Refuse One s/1 w it is worse", "s/w");
        says(st, "refused: it is worse (source");
        step(st, ends[i], "s/w");
        says(st, NULL);
        svc__store_free(st);
    }
}

/* The last good version stays in force, and the refusal beside it: what comes
 * of an older one does not end it. */
static void the_last_good_version_stays(void **state)
{
    struct svc__store *st = kube_store_new();
    char answer[KUBE_TEXT_MAX];

    (void)state;
    step(st, "Service s/w port=p:80", "s/w");
    step(st, "Update Slice s/1 of=w rv=5 port=p:80 @10.0.0.1", "s/w");
    step(st, "Refuse One s/1 w it is bad", "s/w");
    step(st, "Update Slice s/1 of=w rv=5 port=p:80 @10.0.0.1", "");
    step(st, "Remove Slice s/1 of=w rv=4", "");
    kube_answer(st, "s/w", answer);
    assert_string_equal(answer, "10.0.0.1:80/TCP");
    step(st, "Update Slice s/1 of=w rv=7 port=p:80 @10.0.0.2", "s/w");
    says(st, NULL);
    /* Whose it is may be what is bad. */
    step(st, "Refuse One s/1  nothing can be read", "s/w");
    step(st, "Refuse One s/2  nothing can be read", "");
    step(st, "Delete Slice s/1", "s/w");
    says(st, NULL);
    svc__store_free(st);
}

static void a_refused_slice_moves(void **state)
{
    struct svc__store *st = kube_store_new();

    (void)state;
    step(st, "Service s/w port=80", "s/w");
    step(st, "Refuse One s/1 v it is bad", "s/v");
    step(st, "Refuse One s/1 w it is bad", "s/w s/v");
    says(st, "it is bad");
    step(st, "Slice s/1 of=v", "s/v s/w");
    says(st, NULL);
    step(st, "Delete Slice s/1", "s/v");
    step(st, "Delete Service s/w", "s/w");
    step(st, "Refuse Service s/w it is bad", "s/w");
    step(st, "Refuse Service s/w it is bad", "");
    step(st, "Refuse Service s/w it is bad as well", "");
    step(st, "Refuse Service s/w is bad", "s/w");
    step(st, "Delete Service s/w", "s/w");
    step(st, "Delete Service s/w", "");
    svc__store_free(st);
}

/* A whole list forgets what was refused in its scope, and nothing else. */
static void lists_forget(void **state)
{
    static const struct {
        struct svc__store_scope scope;
        int slices;
        const char *told;
    } table[] = {
        {{"s", "v", 9}, 1, "s/v"}, {{"s", "w", 9}, 1, "s/w"},
        {{"t", NULL, 9}, 1, ""},   {{"s", NULL, 9}, 0, "s/x"},
        {{"s", "w", 9}, 0, ""},    {{"s", "x", 9}, 0, "s/x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct svc__store *st = kube_store_new();

        (void)kube_apply(st, "Refuse One s/1 w it is bad");
        (void)kube_apply(st, "Refuse One s/2 w it is bad");
        (void)kube_apply(st, "Refuse Slice s/w it is bad");
        (void)kube_apply(st, "Refuse One s/3 v it is bad");
        (void)kube_apply(st, "Refuse Service s/x it is bad");
        told[0] = '\0';
        svc__store_listen(st, note, NULL);
        if (table[i].slices)
            assert_int_equal(
                svc__store_replace_slices(st, &table[i].scope, NULL, 0), 0);
        else
            assert_int_equal(
                svc__store_replace_services(st, &table[i].scope, NULL, 0), 0);
        assert_string_equal(told, table[i].told);
        svc__store_free(st);
    }
}

/* Of all reasons the first in order of bytes is told, and whether there are
 * others, whatever came and went meanwhile. */
static void as_in_a_model(void **state)
{
    static const char *const reasons[] = {NULL, "c", "b", "d", "e"};
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 9);
    for (int run = 0; run < 100; run++) {
        struct svc__store *st = kube_store_new();
        size_t of[4] = {0};

        (void)kube_apply(st, "Service s/w port=80");
        for (int i = 0; i < 40; i++) {
            const size_t slice = svc__rng_below(&rng, 4);
            const char *first = NULL;
            char line[64];
            int more = 0;

            of[slice] = svc__rng_below(&rng, 5);
            (void)snprintf(line, sizeof(line),
                           of[slice] == 0 ? "Delete Slice s/%zu"
                                          : "Refuse One s/%zu w %s",
                           slice, reasons[of[slice]]);
            (void)kube_apply(st, line);
            for (size_t k = 0; k < 4; k++) {
                const char *reason = reasons[of[k]];

                if (reason != NULL &&
                    (first == NULL || strcmp(reason, first) < 0))
                    first = reason;
            }
            for (size_t k = 0; k < 4; k++)
                more |= of[k] != 0 && strcmp(reasons[of[k]], first) != 0;
            (void)snprintf(line, sizeof(line), "refused: %s%s (source",
                           first == NULL ? "" : first,
                           more ? " (and others)" : "");
            says(st, first == NULL ? NULL : line);
        }
        svc__store_free(st);
    }
}

static void names_that_nobody_asks_for(void **state)
{
    struct svc__store *st = kube_store_new();
    char name[400];

    (void)state;
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(svc__store_refuse_one(st, "s", "w", name, "why"), 0);
    assert_int_equal(svc__store_refuse_one(st, "s", name, "1", "why"), 0);
    assert_int_equal(svc__store_refuse_one(st, name, "w", "1", "why"), 0);
    svc__store_free(st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(until_a_version_is_taken),
        cmocka_unit_test(the_last_good_version_stays),
        cmocka_unit_test(a_refused_slice_moves),
        cmocka_unit_test(lists_forget),
        cmocka_unit_test(as_in_a_model),
        cmocka_unit_test(names_that_nobody_asks_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
