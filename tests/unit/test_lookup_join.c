/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three-valued join: each of five fates of A beside each of five of AAAA
 * (faults D2, D7), in both orders.
 */
#include "lookup_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum fate {
    OK,
    EMPTY,
    NXDOMAIN,
    SERVFAIL,
    TIMEOUT,
    FATES
};

/* What each comes to: with an address, which ones; then partial or not. */
static const char *const table[FATES][FATES] = {
    [OK] = {"HAVE both", "HAVE 4", "HAVE 4", "part 4", "part 4"},
    [EMPTY] = {"HAVE 6", "NODATA", "NODATA", "SVC_EUNREACH", "SVC_ETIMEDOUT"},
    [NXDOMAIN] = {"HAVE 6", "NODATA", "NXDOMAIN", "SVC_EUNREACH",
                  "SVC_ETIMEDOUT"},
    [SERVFAIL] = {"part 6", "SVC_EUNREACH", "SVC_EUNREACH", "SVC_EUNREACH",
                  "SVC_EUNREACH"},
    [TIMEOUT] = {"part 6", "SVC_ETIMEDOUT", "SVC_ETIMEDOUT", "SVC_EUNREACH",
                 "SVC_ETIMEDOUT"},
};

static const char *answer_of(enum fate fate, int is_ipv6)
{
    static const char *const answers[FATES] = {
        [EMPTY] = "NOERROR | ~cluster.local 5 SOA 5",
        [NXDOMAIN] = "NXDOMAIN | ~cluster.local 5 SOA 5",
        [SERVFAIL] = "SVC_EUNREACH SERVFAIL",
        [TIMEOUT] = "SVC_ETIMEDOUT"};

    if (fate != OK)
        return answers[fate];
    return is_ipv6 ? "NOERROR | @ 30 AAAA fd00::1"
                   : "NOERROR | @ 30 A 10.0.0.1";
}

/* The same in the words of the trace; a family in the table's. */
static void expect(const char *want, char *ret, size_t size)
{
    const char *ipv4 =
        strchr(want, '4') || strstr(want, "both") ? " 10.0.0.1:80" : "";
    const char *ipv6 =
        strchr(want, '6') || strstr(want, "both") ? " [fd00::1]:80" : "";

    if (strncmp(want, "SVC_", 4) == 0)
        (void)snprintf(ret, size, "done error %s\n", want);
    else if (strcmp(want, "NODATA") == 0)
        (void)snprintf(ret, size,
                       "done NODATA ttl 5 Unknown/auto SVC_ENOENDPOINTS\n");
    else if (strcmp(want, "NXDOMAIN") == 0)
        (void)snprintf(ret, size,
                       "done NXDOMAIN ttl 5 Unknown/auto SVC_ENOSERVICE\n");
    else
        (void)snprintf(ret, size, "done %sHAVE ttl 30 Unknown/auto%s%s\n",
                       want[0] == 'p' ? "in part " : "", ipv4, ipv6);
}

static void check(enum fate a, enum fate aaaa, int is_ipv6_first)
{
    static struct lookup_play p;
    char event[2][128];
    char want[256];
    const char *got;

    (void)snprintf(event[is_ipv6_first], 128, "1 A %s", answer_of(a, 0));
    (void)snprintf(event[!is_ipv6_first], 128, "1 AAAA %s", answer_of(aaaa, 1));
    assert_int_equal(lookup_play_begin(&p, "shop/web port=80", NULL, NULL), 0);
    lookup_play_event(&p, "0 start");
    lookup_play_event(&p, event[0]);
    assert_false(p.is_done);
    lookup_play_event(&p, event[1]);
    got = strstr(p.out, "done");
    expect(table[a][aaaa], want, sizeof(want));
    /* Of two failures the first is told. */
    if (a >= SERVFAIL && aaaa >= SERVFAIL)
        expect((is_ipv6_first ? aaaa : a) == SERVFAIL ? "SVC_EUNREACH"
                                                      : "SVC_ETIMEDOUT",
               want, sizeof(want));
    if (got == NULL || strcmp(got, want) != 0)
        fail_msg("A %d, AAAA %d: wanted %sgot %s", a, aaaa, want, p.out);
    lookup_play_end(&p);
}

static void each_fate_beside_each(void **state)
{
    (void)state;
    for (int a = 0; a < FATES; a++) {
        for (int aaaa = 0; aaaa < FATES; aaaa++) {
            check((enum fate)a, (enum fate)aaaa, 0);
            check((enum fate)a, (enum fate)aaaa, 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fate_beside_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
