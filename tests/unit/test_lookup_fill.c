/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The candidates of a lookup, one by one: hostnames, weights, filters, places
 * that are named twice, bounds.
 */
#include "base/buf.h"
#include "lookup_play.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EVENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct lookup_play play;

/* Plays, and writes each candidate of the last view with its hostname, weight
 * and reasons. */
static void check(const char *query, const char *const *events,
                  const char *want)
{
    char text[4096] = "";

    assert_int_equal(lookup_play_begin(&play, query, NULL, NULL), 0);
    lookup_play_event(&play, "0 start");
    for (; *events != NULL; events++)
        lookup_play_event(&play, *events);
    assert_non_null(play.view);
    for (size_t i = 0; i < play.view->count; i++) {
        const struct svc__candidate *c = &play.view->candidates[i];
        const struct svc__endpoint *ep = svc__candidate_endpoint(c);
        const char *host = svc__block_text(c->block, ep->hostname);
        char address[SVC_ADDRESS_TEXT_SIZE];
        size_t used = strlen(text);

        (void)svc__address_format(&ep->address, address);
        (void)snprintf(text + used, sizeof(text) - used, "%s:%u %s*%u%s%s\n",
                       address, (unsigned)c->port, host == NULL ? "-" : host,
                       (unsigned)ep->weight, c->why != 0 ? " " : "",
                       c->why != 0 ? svc_why_name(c->why) : "");
        assert_int_equal(ep->flags & SVC__EP_CONDITIONS, 0);
    }
    if (strcmp(text, want) != 0)
        fail_msg("%s\nwanted: %sgot: %s", query, want, text);
}

static void hostnames(void **state)
{
    (void)state;
    check("shop/db port=pg",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 1 80 db-0.db.shop.~"
                 " | @ 30 SRV 0 1 80 10-0-0-2.db.shop.~"
                 " | @ 30 SRV 0 1 80 a.b.db.shop.~"
                 " | @ 30 SRV 0 1 80 -x.db.shop.~"
                 " | +db-0.db.shop.~ 30 A 10.0.0.1"
                 " | +10-0-0-2.db.shop.~ 30 A 10.0.0.2"
                 " | +a.b.db.shop.~ 30 A 10.0.0.3"
                 " | +-x.db.shop.~ 30 A 10.0.0.4"),
          "10.0.0.1:80 db-0*1\n10.0.0.2:80 -*1\n10.0.0.3:80 -*1\n"
          "10.0.0.4:80 -*1\n");
    lookup_play_end(&play);
    check("shop/db port=pg cluster=east",
          EVENTS("1 SRV NOERROR"
                 " | @ 30 SRV 0 1 80 db-0.east.db.shop.svc.clusterset.local"
                 " | +db-0.east.db.shop.svc.clusterset.local 30 A 10.0.0.1"),
          "10.0.0.1:80 db-0*1\n");
    lookup_play_end(&play);
    check("shop/db host=db-0 port=80 family=4",
          EVENTS("1 A NOERROR | @ 30 A 10.0.0.1"), "10.0.0.1:0 db-0*1\n");
    assert_string_equal(play.view->canonical, "db-0.db.shop.svc.cluster.local");
    lookup_play_end(&play);
}

static void reasons(void **state)
{
    (void)state;
    check("shop/web port=80 family=4",
          EVENTS("1 A NOERROR | @ 30 A 127.0.0.1 | @ 30 A 169.254.169.254"
                 " | @ 30 A 10.0.0.1"),
          "10.0.0.1:0 -*1\n127.0.0.1:0 -*1 refused-address\n"
          "169.254.169.254:0 -*1 refused-address\n");
    assert_int_equal(play.view->refused, 2);
    lookup_play_end(&play);
    /* SRV records that are of no use are counted with them (faults D15). */
    check("shop/db port=pg",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 1 80 x.db.shop.~"
                 " | @ 30 SRV 0 1 80 x.db.shop.~ | @ 30 SRV 0 1 80 a.b"
                 " | @ 30 SRV 0 1 0 x.db.shop.~ | +x.db.shop.~ 30 A 127.0.0.1"),
          "127.0.0.1:80 x*1 refused-address\n");
    assert_int_equal(play.view->refused, 3);
    assert_int_equal(play.view->duplicates, 1);
    lookup_play_end(&play);
    check("shop/web port=80 family=4 allow=loopback",
          EVENTS("1 A NOERROR | @ 30 A 127.0.0.1"), "127.0.0.1:0 -*1\n");
    lookup_play_end(&play);
    /* What comes along is listed; it is not what was asked for. */
    check("shop/db port=pg family=4",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 1 80 x.db.shop.~"
                 " | +x.db.shop.~ 30 A 10.0.0.1"
                 " | +x.db.shop.~ 30 AAAA fd00::1"),
          "10.0.0.1:80 x*1\nfd00::1:80 x*1 wrong-family\n");
    lookup_play_end(&play);
}

/* Faults D16: a set, whatever the records say twice. */
static void places_are_named_once(void **state)
{
    (void)state;
    check("external/a.b port=x",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 3 80 x.c | @ 30 SRV 0 4 80 y.c"
                 " | @ 30 SRV 0 0 81 y.c | +x.c 30 A 192.0.2.1"
                 " | +y.c 30 A 192.0.2.1 | +y.c 30 A 192.0.2.2"),
          "192.0.2.1:80 -*3\n192.0.2.1:81 -*1\n192.0.2.2:80 -*4\n"
          "192.0.2.2:81 -*1\n");
    assert_int_equal(play.view->duplicates, 1);
    assert_null(play.view->service);
    assert_string_equal(play.view->canonical, "a.b");
    lookup_play_end(&play);
}

/* ---- bounds ---------------------------------------------------------- */

/* Targets without addresses, ports and addresses of one target. */
static void begin_many(struct svc__buf *b, unsigned targets, unsigned ports,
                       unsigned addresses)
{
    svc__buf_init(b, (size_t)8 << 20);
    svc__buf_add_text(b, "1 SRV NOERROR");
    for (unsigned i = 0; i < targets; i++)
        svc__buf_printf(b, " | @ 5 SRV 0 1 80 t%u.@", i);
    for (unsigned i = 0; i < ports; i++)
        svc__buf_printf(b, " | @ 5 SRV 0 1 %u x.y", i + 1);
    for (unsigned i = 0; i < addresses; i++)
        svc__buf_printf(b, " | +x.y 5 A 192.0.%u.%u", i >> 8, i & 255);
}

static void check_bound(unsigned targets, unsigned ports, unsigned addresses,
                        size_t count)
{
    struct svc__buf b;

    begin_many(&b, targets, ports, addresses);
    assert_int_equal(lookup_play_begin(&play,
                                       "external/a.b port=x proto=tcp family=4",
                                       NULL, NULL),
                     0);
    lookup_play_event(&play, "0 start");
    lookup_play_event(&play, b.data);
    if (count == 0) {
        assert_true(play.is_done);
        assert_int_equal(play.error.code, SVC_ETOOBIG);
        assert_true(play.error.message[0] != '\0');
    } else if (targets > 0) {
        assert_int_equal(play.asked, 1 + targets);
    } else {
        assert_int_equal(play.view->count, count);
    }
    svc__buf_fini(&b);
    lookup_play_end(&play);
}

static void bounds(void **state)
{
    (void)state;
    check_bound(0, 100, 100, 10000);
    check_bound(0, 101, 100, 0);
    check_bound(0, 1500, 1500, 0);
    check_bound(SVC__LOOKUP_TARGETS_MAX, 0, 0, 1);
    check_bound(SVC__LOOKUP_TARGETS_MAX + 1, 0, 0, 0);
}

/* A view of as many pods as a message holds takes at most eight times its
 * bytes, the message, what was read of it and the view together, and a fixed
 * part. */
static void memory_of_a_full_message(void **state)
{
    struct svc__buf b;
    size_t before;

    (void)state;
    svc__buf_init(&b, (size_t)8 << 20);
    svc__buf_add_text(&b, "1 SRV NOERROR");
    for (unsigned i = 0; i < 1000; i++)
        svc__buf_printf(&b, " | @ 5 SRV 0 1 80 10-1-%u-%u.@", i >> 8, i & 255);
    for (unsigned i = 0; i < 1000; i++)
        svc__buf_printf(&b, " | +10-1-%u-%u.@ 5 A 10.1.%u.%u", i >> 8, i & 255,
                        i >> 8, i & 255);
    before = oom_live_bytes();
    oom_reset_peak();
    assert_int_equal(lookup_play_begin(&play, "shop/db", NULL, NULL), 0);
    lookup_play_event(&play, "0 start");
    lookup_play_event(&play, b.data);
    assert_int_equal(play.view->count, 1000);
    assert_true(oom_peak_bytes() - before <= 8 * play.message.size + 16384);
    lookup_play_end(&play);
    svc__buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostnames),
        cmocka_unit_test(reasons),
        cmocka_unit_test(places_are_named_once),
        cmocka_unit_test(bounds),
        cmocka_unit_test(memory_of_a_full_message),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
