/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The subset of a client: the same whatever the order, changed by no more than
 * one, each family by itself, and even over many clients.
 */
#include "policy/subset.h"

#include "base/list.h"
#include "set_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_MAX 40

/* Endpoints 10.0.0.1 and so on, the last first where turned, one left out. */
static struct svc__view *range(unsigned last, unsigned without, int turned)
{
    char line[COUNT_MAX * 20] = "";

    for (unsigned i = 1; i <= last; i++) {
        const unsigned number = turned ? last + 1 - i : i;

        if (number != without)
            (void)snprintf(line + strlen(line), sizeof(line) - strlen(line),
                           "%s10.0.0.%u:80/TCP", line[0] == '\0' ? "" : " ",
                           number);
    }
    return view_text(line, NULL);
}

/* Bit i: 10.0.0.i is in the subset. The view is freed. */
static uint64_t subset(struct svc__view *v, const char *client, size_t size)
{
    uint64_t kept = 0;

    assert_int_equal(svc__subset_apply(v, client, size), 0);
    for (size_t i = 0; i < v->count; i++) {
        const struct svc__candidate *c = &v->candidates[i];

        assert_true(c->why == 0 || c->why == SVC_WHY_OUTSIDE_SUBSET);
        if (c->why == 0)
            kept |= UINT64_C(1) << svc__candidate_endpoint(c)->address.bytes[3];
    }
    svc__view_free(v);
    return kept;
}

static size_t count_bits(uint64_t word)
{
    size_t count = 0;

    for (; word != 0; word &= word - 1)
        count++;
    return count;
}

static void as_many_as_asked_for(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= COUNT_MAX; n++) {
        for (size_t size = 1; size <= COUNT_MAX; size++) {
            const uint64_t kept = subset(range(n, 0, 0), "web-0", size);

            assert_int_equal(count_bits(kept), size < n ? size : n);
        }
        assert_int_equal(count_bits(subset(range(n, 0, 0), "web-0", 0)), n);
    }
}

/* In whatever order a source lists them, and each time again. */
static void the_order_is_no_matter(void **state)
{
    (void)state;
    for (size_t size = 1; size < 20; size++)
        assert_true(subset(range(20, 0, 0), "a", size) ==
                    subset(range(20, 0, 1), "a", size));
}

/* A smaller subset is part of a greater one. */
static void subsets_are_nested(void **state)
{
    uint64_t before = 0;

    (void)state;
    for (size_t size = 1; size <= 20; size++) {
        const uint64_t kept = subset(range(20, 0, 0), "a", size);

        assert_true((kept & before) == before);
        before = kept;
    }
}

/* A member that goes is followed by one; who is no member goes unseen. */
static void one_that_goes_changes_one(void **state)
{
    static const char *const clients[] = {"", "a", "b", "web-0", "web-1"};

    (void)state;
    for (size_t k = 0; k < 5; k++) {
        const uint64_t before = subset(range(20, 0, 0), clients[k], 6);

        for (unsigned gone = 1; gone <= 20; gone++) {
            const uint64_t now = subset(range(20, gone, 0), clients[k], 6);
            const uint64_t left = before & ~(UINT64_C(1) << gone);

            assert_true((now & left) == left);
            assert_int_equal(count_bits(now), 6);
        }
    }
}

/* Each endpoint is in the subset of a quarter of the clients: 500 of 2,000, 5
 * sigma are 97. Chi-square, 19 degrees of freedom, 5 sigma is below 51. */
static void clients_are_spread(void **state)
{
    double counts[21] = {0};
    double chi = 0;

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        char client[16];
        uint64_t kept;

        (void)snprintf(client, sizeof(client), "web-%u", i);
        kept = subset(range(20, 0, 0), client, 5);
        for (unsigned k = 1; k <= 20; k++)
            counts[k] += (double)(kept >> k & 1);
    }
    for (size_t k = 1; k <= 20; k++) {
        assert_true(counts[k] > 500 - 97 && counts[k] < 500 + 97);
        chi += (counts[k] - 500) * (counts[k] - 500) / 500;
    }
    assert_true(chi < 51);
}

/* Who is not usable is no member, and keeps its own reason. */
static void reasons_stay(void **state)
{
    struct svc__view *v = range(9, 0, 0);
    size_t kept = 0;

    (void)state;
    for (size_t i = 0; i < 9; i += 2)
        v->candidates[i].why = SVC_WHY_NOT_READY;
    assert_int_equal(svc__subset_apply(v, "a", 3), 0);
    for (size_t i = 0; i < 9; i++) {
        if (i % 2 == 0)
            assert_int_equal(v->candidates[i].why, SVC_WHY_NOT_READY);
        kept += v->candidates[i].why == 0;
    }
    assert_int_equal(kept, 3);
    svc__view_free(v);
}

static int64_t no_clock(void)
{
    return 0;
}

/* Three of each family, where there are so many, and a step about each. */
static void families_are_apart(void **state)
{
    struct svc__view *v =
        view_text("10.0.0.1:80/TCP [fd00::1]:80/TCP 10.0.0.2:80/TCP "
                  "[fd00::2]:80/TCP 10.0.0.3:80/TCP 10.0.0.4:80/TCP",
                  no_clock);
    static const char *const wanted[] = {
        "IPv4: subset of client \"web-0\": 3 of 4",
        "IPv6: subset of client \"web-0\": 2 of 2"};
    size_t kept = 0;
    size_t steps = 0;
    struct svc__list *it;

    (void)state;
    assert_int_equal(svc__subset_apply(v, "web-0", 3), 0);
    for (size_t i = 0; i < v->count; i++)
        kept += v->candidates[i].why == 0;
    assert_int_equal(kept, 5);
    assert_int_equal(v->candidates[1].why, 0);
    assert_int_equal(v->candidates[3].why, 0);
    for (it = v->steps.next; it != &v->steps; it = it->next) {
        const struct svc__step *step =
            svc__list_entry(it, struct svc__step, link);

        assert_string_equal(step->step, "filter");
        assert_string_equal(step->text, wanted[steps++]);
    }
    assert_int_equal(steps, 2);
    svc__view_free(v);
}

/* A port and a protocol are part of what an endpoint is. */
static void ports_tell_endpoints_apart(void **state)
{
    static const char line[] = "10.0.0.1:80/TCP 10.0.0.1:81/TCP "
                               "10.0.0.1:80/UDP 10.0.0.1:80/SCTP";
    size_t counts[4] = {0};

    (void)state;
    for (unsigned i = 0; i < 400; i++) {
        struct svc__view *v = view_text(line, NULL);
        char client[16];

        (void)snprintf(client, sizeof(client), "%u", i);
        assert_int_equal(svc__subset_apply(v, client, 1), 0);
        for (size_t k = 0; k < 4; k++)
            counts[k] += v->candidates[k].why == 0;
        svc__view_free(v);
    }
    for (size_t k = 0; k < 4; k++)
        assert_in_range(counts[k], 57, 143); /* 100, 5 sigma are 43 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_as_asked_for),
        cmocka_unit_test(the_order_is_no_matter),
        cmocka_unit_test(subsets_are_nested),
        cmocka_unit_test(one_that_goes_changes_one),
        cmocka_unit_test(clients_are_spread),
        cmocka_unit_test(reasons_stay),
        cmocka_unit_test(families_are_apart),
        cmocka_unit_test(ports_tell_endpoints_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
