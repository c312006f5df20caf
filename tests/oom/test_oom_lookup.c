/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out anywhere in a lookup: it says so and is over, nothing is
 * lost, and with memory the same lookup comes to the same end (faults P1, P2).
 */
#include "lookup_play.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct story {
    const char *query;
    const char *events[6];
};

static int64_t tick(void)
{
    return 1;
}

static struct lookup_play play;

/* Runs a story to its end, or to where memory ends. */
static int run(const struct story *s, const struct svc__view *before)
{
    int err = lookup_play_begin(&play, s->query, before, tick);

    if (err != 0) {
        assert_null(play.lookup);
        assert_int_equal(err, SVC_ENOMEM);
        assert_int_equal(play.error.code, SVC_ENOMEM);
        assert_true(oom_failures() > 0);
        return err;
    }
    lookup_play_event(&play, "0 start");
    for (size_t i = 0; s->events[i] != NULL && !play.is_done; i++)
        lookup_play_event(&play, s->events[i]);
    assert_true(play.is_done || oom_failures() > 0);
    if (!play.is_out_of_memory)
        return 0;
    assert_true(oom_failures() > 0);
    return SVC_ENOMEM;
}

static void tell(void *arg)
{
    (void)run(arg, NULL);
    lookup_play_end(&play);
}

static void stories(void **state)
{
    static const struct story all[] = {
        {"shop/web port=80",
         {"1 A NOERROR | @ 30 A 10.0.0.1", "51 due", "60 AAAA SVC_ETIMEDOUT"}},
        {"shop/web port=80",
         {"1 A NXDOMAIN | ~cluster.local 5 SOA 5", "2 AAAA NXDOMAIN"}},
        {"shop/web family=4",
         {"1 A NOERROR | @ 30 A 10.96.0.1",
          "2 SRV NOERROR | @ 3 SRV 0 1 80 @"}},
        {"shop/web", {"1 SRV NOERROR | @ 3 SRV 0 1 80 @ | @ 3 SRV 0 1 81 @"}},
        {"shop/web view=pods", {"1 SRV NOERROR | @ 3 SRV 0 1 80 @"}},
        {"shop/web port=http family=4",
         {"1 A NOERROR | @ 30 A 10.96.0.1", "2 SRV NXDOMAIN", "3 SRV NXDOMAIN",
          "4 SRV NXDOMAIN"}},
        {"shop/db port=pg family=4 caller=a",
         {"1 A a.prefer._zone.db.shop.~ NOERROR | @ 5 A 10.0.0.1",
          "2 SRV NOERROR | @ 9 SRV 0 1 80 x.db.shop.~"
          " | @ 9 SRV 0 1 80 y.db.shop.~ | +y.db.shop.~ 30 A 10.0.0.2",
          "3 A x.db.shop.~ NOERROR | @ 5 A 10.0.0.1"}},
        {"shop/x port=http", {"1 A NOERROR | @ 9 CNAME www.example.com"}},
        {"external/a.b port=80",
         {"1 A NOERROR | @ 9 CNAME c", "2 A NOERROR | @ 9 A 192.0.2.1",
          "3 AAAA NOERROR | @ 9 CNAME c | c 9 CNAME a.b"}},
        {"external/a.b port=80 family=4",
         {"1 A NOERROR | @ 9 CNAME c | c 9 CNAME a.b"}},
        {"external/a.b port=x",
         {"1 SRV NOERROR | @ 9 SRV 0 1 80 c | +c 1 A 192.0.2.1"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        struct story s = all[i];

        oom_torture(tell, &s);
        assert_true(play.is_done);
        assert_false(play.is_out_of_memory);
    }
}

/* What was known stays as it was. */
static void what_was_known(void **state)
{
    static const struct story first = {
        "shop/web port=80",
        {"1 A NOERROR | @ 30 A 10.0.0.1", "2 AAAA NOERROR | @ 3 AAAA fd00::1"}};
    static const struct story again = {
        "shop/web port=80",
        {"1 A NOERROR | @ 30 A 10.0.0.2", "2 AAAA SVC_ETIMEDOUT"}};
    struct svc__view *before;

    (void)state;
    assert_int_equal(run(&first, NULL), 0);
    before = play.view;
    play.view = NULL;
    lookup_play_end(&play);
    for (long n = 1;; n++) {
        long live = oom_live();

        oom_arm(n, n % 2 == 0);
        (void)run(&again, before);
        oom_disarm();
        lookup_play_end(&play);
        assert_int_equal(oom_live(), live);
        assert_int_equal(before->count, 2);
        if (oom_failures() == 0)
            break;
    }
    svc__view_free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories),
        cmocka_unit_test(what_was_known),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
