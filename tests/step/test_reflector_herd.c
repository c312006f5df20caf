/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ten thousand clients lose their server at once (faults A33), in virtual time:
 * how their requests are spread over tenths of a second, and when all are well
 * again.
 */
#include "kube/reflector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CLIENTS 10000
#define BIN_MS  100
#define BINS    40000

static const struct svc__reflector_scope scope = {SVC__RESOURCE_SLICES, "shop",
                                                  "web"};

struct client {
    struct svc__reflector *rf;
    int64_t due_ms;
};

struct herd {
    struct client clients[CLIENTS];
    int64_t down_from_ms, down_to_ms;
    int forgets; /* the server, once it is back: 410 for every version */
    unsigned starts[BINS];
};

static struct herd herd; /* large */

static struct svc__reflector_action step(struct client *c,
                                         struct svc__reflector_event event,
                                         int64_t now_ms)
{
    struct svc__reflector_action action;

    event.now_ms = now_ms;
    event.retry_after_ms = -1;
    svc__reflector_step(c->rf, &event, &action);
    c->due_ms = action.due_ms;
    return action;
}

/* The server's part: what comes of a request, in no time. */
static void serve(struct herd *h, struct client *c, int64_t now_ms)
{
    static const struct svc__reflector_event mark = {
        .kind = SVC__REFLECTOR_OBJECT,
        .type = SVC__EVENT_BOOKMARK,
        .is_initial_end = 1,
        .version = "5"};
    static const struct svc__reflector_event refused = {
        .kind = SVC__REFLECTOR_ENDED, .err = SVC_EUNREACH};
    static const struct svc__reflector_event gone = {
        .kind = SVC__REFLECTOR_ENDED, .http_status = 410};
    struct svc__reflector_stats stats;

    h->starts[now_ms / BIN_MS]++;
    if (now_ms >= h->down_from_ms && now_ms < h->down_to_ms) {
        step(c, refused, now_ms);
        return;
    }
    svc__reflector_stats(c->rf, &stats);
    if (h->forgets && stats.lists == 1 && now_ms >= h->down_to_ms) {
        h->starts[now_ms / BIN_MS]++;
        step(c, gone, now_ms);
        if (c->due_ms <= now_ms + 1000)
            return;
    }
    step(c, mark, now_ms);
}

static void lose(struct herd *h, int64_t now_ms)
{
    static const struct svc__reflector_event cut = {
        .kind = SVC__REFLECTOR_ENDED, .err = SVC_EUNREACH, .http_status = 200};

    for (int i = 0; i < CLIENTS; i++)
        step(&h->clients[i], cut, now_ms);
}

/* From the loss on until to_ms. Clients do not meet: one after the other. */
static void play(struct herd *h, int64_t to_ms)
{
    static const struct svc__reflector_event due = {.kind = SVC__REFLECTOR_DUE};

    for (int i = 0; i < CLIENTS; i++) {
        struct client *c = &h->clients[i];

        while (c->due_ms < to_ms) {
            int64_t now_ms = c->due_ms;

            if (step(c, due, now_ms).what == SVC__REFLECTOR_REQUEST)
                serve(h, c, now_ms);
        }
        assert_int_equal(svc__reflector_trouble(c->rf, NULL), 0);
    }
}

/* All in health for a minute; then down for so long. */
static void begin(struct herd *h, int64_t down_ms)
{
    static const struct svc__reflector_event start = {.kind =
                                                          SVC__REFLECTOR_START};

    h->forgets = 0;
    h->down_from_ms = 60000;
    h->down_to_ms = 60000 + down_ms;
    for (int i = 0; i < CLIENTS; i++) {
        h->clients[i].rf = svc__reflector_new(&scope, (uint64_t)i * 7919);
        assert_non_null(h->clients[i].rf);
        step(&h->clients[i], start, 0);
        serve(h, &h->clients[i], 0);
    }
    memset(h->starts, 0, sizeof(h->starts));
}

static void end(struct herd *h)
{
    for (int i = 0; i < CLIENTS; i++)
        svc__reflector_free(h->clients[i].rf);
}

/* Most against mean of the bins in [from, to), in hundredths. */
static unsigned peak(const struct herd *h, int64_t from_ms, int64_t to_ms)
{
    unsigned most = 0, sum = 0;
    int64_t bins = (to_ms - from_ms) / BIN_MS;

    for (int64_t i = from_ms / BIN_MS; i < to_ms / BIN_MS; i++) {
        most = h->starts[i] > most ? h->starts[i] : most;
        sum += h->starts[i];
    }
    print_message("%u starts, at most %u in %d ms, %u.%02u times the mean\n",
                  sum, most, BIN_MS, most * (unsigned)bins / sum,
                  most * 100 * (unsigned)bins / sum % 100);
    return most * 100 * (unsigned)bins / sum;
}

/* A server that is there again at once. */
static void lost_for_a_moment(void **state)
{
    (void)state;
    begin(&herd, 0);
    lose(&herd, 60000);
    play(&herd, 70000);
    assert_true(peak(&herd, 60000, 60800) <= 300);
    end(&herd);
}

/* The same, and it has forgotten every version: all list anew. */
static void lost_and_forgotten(void **state)
{
    (void)state;
    begin(&herd, 0);
    herd.forgets = 1;
    lose(&herd, 60000);
    play(&herd, 70000);
    assert_true(peak(&herd, 60000, 60800) <= 300);
    end(&herd);
}

/* Down for an hour: requests while it is, and in the minute behind it. */
static void lost_for_an_hour(void **state)
{
    unsigned sum = 0;

    (void)state;
    begin(&herd, 3600000);
    lose(&herd, 60000);
    play(&herd, herd.down_to_ms + 60000);
    for (int i = 0; i < 36000; i++)
        sum += herd.starts[600 + i];
    /* At most 0.22 a second for each. */
    assert_true(sum <= CLIENTS * 792u);
    /* All come back within the longest pause. */
    assert_true(peak(&herd, herd.down_to_ms, herd.down_to_ms + 30000) <= 300);
    assert_true(peak(&herd, 180000, herd.down_to_ms) <= 300);
    end(&herd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_for_a_moment),
        cmocka_unit_test(lost_and_forgotten),
        cmocka_unit_test(lost_for_an_hour),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
