/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thousand names whose source fails for an hour and recovers (faults D29), in
 * virtual time: what the source is asked a second, and when all are well.
 */
#include "cache_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NAMES   1000
#define HOUR_MS 3600000
#define CAP_MS  30000
#define END_MS  (HOUR_MS + 4 * CAP_MS)

struct herd {
    struct svc__cache *c;
    struct svc__cache_entry *entries[NAMES];
    int64_t now_ms;
    int is_down;
    unsigned asked[END_MS / 1000 + 1]; /* each second */
};

static struct herd herd; /* large */

static void answer(struct herd *h, struct svc__cache_entry *e)
{
    svc_error error = {SVC_ETIMEDOUT, "no answer", ""};
    struct svc__cache_answer a = {NULL, SVC__CACHE_HAVE, 0, 1};

    h->asked[h->now_ms / 1000]++;
    if (h->is_down) {
        svc__cache_fail(e, &error, h->now_ms);
        return;
    }
    a.view = cache_run_view("1 2", 30000);
    svc__cache_answer(e, &a, h->now_ms);
}

static void drain(struct herd *h)
{
    struct svc__cache_action a;

    while (svc__cache_next(h->c, &a)) {
        if (a.what == SVC__CACHE_ASK)
            answer(h, a.entry);
    }
}

static void go(struct herd *h, int64_t to_ms)
{
    while (svc__cache_due_ms(h->c) <= to_ms) {
        h->now_ms = svc__cache_due_ms(h->c);
        svc__cache_due(h->c, h->now_ms);
        drain(h);
    }
    h->now_ms = to_ms;
}

/* The most in a second of [from, to). */
static unsigned most(const struct herd *h, int64_t from_ms, int64_t to_ms)
{
    unsigned most = 0;

    for (int64_t s = from_ms / 1000; s < to_ms / 1000; s++)
        most = h->asked[s] > most ? h->asked[s] : most;
    return most;
}

static unsigned count_stale(const struct herd *h)
{
    unsigned count = 0;

    for (size_t i = 0; i < NAMES; i++) {
        assert_int_equal(h->entries[i]->view->count, 2);
        count += h->entries[i]->is_stale != 0;
    }
    return count;
}

static void open_all(struct herd *h)
{
    memset(h, 0, sizeof(*h));
    h->c = svc__cache_new(&cache_run_settings);
    for (int i = 0; i < NAMES; i++) {
        char key[32];

        snprintf(key, sizeof(key), "name-%d", i);
        assert_int_equal(svc__cache_want(h->c, key, 0, &h->entries[i]), 0);
    }
    drain(h);
}

static void test_an_hour_without_a_source(void **state)
{
    struct herd *h = &herd;

    (void)state;
    open_all(h);
    h->is_down = 1;
    go(h, HOUR_MS);
    assert_int_equal(count_stale(h), NAMES);
    h->is_down = 0;
    go(h, HOUR_MS + CAP_MS);
    assert_int_equal(count_stale(h), 0);
    go(h, END_MS);
    print_message("asked a second, at most: %u as it begins, %u while it is "
                  "down, %u behind it\n",
                  most(h, 1000, 60000), most(h, 60000, HOUR_MS),
                  most(h, HOUR_MS, END_MS));
    /* All were opened in one moment and fail in no time. Then a thousand
     * names with 15 s on average are 67 a second. */
    assert_true(most(h, 1000, 60000) < NAMES);
    assert_true(most(h, 60000, HOUR_MS) < 67 * 2);
    assert_true(most(h, HOUR_MS, END_MS) < 67 * 2);
    svc__cache_free(h->c);
}

/* New servers: all are asked within a second, and not in one moment. */
static void test_the_servers_change(void **state)
{
    struct herd *h = &herd;

    (void)state;
    open_all(h);
    go(h, 10000);
    svc__cache_refresh_all(h->c, h->now_ms);
    drain(h);
    assert_true(h->asked[10] < NAMES / 100);
    go(h, 10500);
    assert_in_range(h->asked[10], NAMES * 4 / 10, NAMES * 6 / 10);
    go(h, 11000);
    assert_int_equal(h->asked[10] + h->asked[11], NAMES);
    svc__cache_free(h->c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_hour_without_a_source),
        cmocka_unit_test(test_the_servers_change)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
