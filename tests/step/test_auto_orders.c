/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "auto" under random orders of what its two parts say: a second, small model
 * of the rules says after every event what must have been handed on.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auto_run.h"
#include "oom.h"

#include "backend/auto.h"
#include "base/rng.h"
#include "integration/still_clock.h"

#include <string.h>

#define RUNS   400
#define EVENTS 60

/* What a place should have. */
struct model {
    const char *source; /* who answers, or NULL */
    int api_trouble;    /* codes */
    int dns_trouble;
    int is_held;
    int64_t began_ms;
};

static struct model models[AUTO_SUBS];

static const char *const words[] = {
    "10.0.0.1",    "10.0.0.2",      "SVC_ENOPORT", "SVC_ENOSERVICE",
    "SVC_ENOTSUP", "!SVC_EUNREACH", "!SVC_EAUTH",  "!SVC_ETIMEDOUT"};

enum {
    NO_FIRST = 2,
    UNFIT = 4,
    TROUBLE = 5,
    DENIED = 6
};

static const int codes[] = {0,           0,
                            SVC_ENOPORT, SVC_ENOSERVICE,
                            SVC_ENOTSUP, SVC_EUNREACH,
                            SVC_EAUTH,   SVC_ETIMEDOUT};

/* The API server speaks: its answers count always; a denial lets the held word
 * of DNS count. Returns who answers by this, or NULL. */
static const char *api_says(struct model *m, int word)
{
    if (word < TROUBLE) {
        m->api_trouble = 0;
        m->source = "apiserver";
        return m->source;
    }
    m->api_trouble = codes[word];
    if (word == DENIED && m->source == NULL && m->is_held) {
        m->is_held = 0;
        m->dns_trouble = 0;
        m->source = "dns";
        return m->source;
    }
    return NULL;
}

static const char *dns_says(struct model *m, int word)
{
    if (m->source != NULL && strcmp(m->source, "apiserver") == 0)
        return NULL;
    m->dns_trouble = codes[word];
    if (word == UNFIT)
        m->is_held = 0;
    if (word >= UNFIT)
        return NULL;
    if (word >= NO_FIRST && m->source == NULL && m->api_trouble != SVC_EAUTH) {
        m->is_held = 1;
        return NULL;
    }
    m->is_held = 0;
    m->dns_trouble = 0;
    m->source = "dns";
    return m->source;
}

static void speak(enum auto_part part, int i, int word)
{
    struct model *m = &models[i];
    int views = auto_heard[i].views;
    const char *source;

    auto_run_say(part, i, words[word]);
    source = part == AUTO_API ? api_says(m, word) : dns_says(m, word);
    assert_int_equal(auto_heard[i].views - views, source != NULL);
    if (source != NULL)
        assert_string_equal(auto_heard[i].source, source);
}

/* What holds whatever was said. */
static void check(int i)
{
    const struct model *m = &models[i];
    const struct auto_heard *h = &auto_heard[i];
    int by_dns = m->source != NULL && strcmp(m->source, "dns") == 0;

    assert_true(auto_run_is_asked(AUTO_API, i));
    if (m->source != NULL && !by_dns)
        assert_int_equal(h->trouble.code, m->api_trouble);
    if (by_dns)
        assert_int_equal(h->trouble.code,
                         m->api_trouble != 0 ? m->api_trouble : m->dns_trouble);
    if (h->trouble.code != 0)
        assert_int_equal(h->is_covered, by_dns && m->dns_trouble == 0);
    /* What ends a wait is not told before DNS was heard. */
    if (m->source == NULL && m->dns_trouble == 0 &&
        moved_ms - m->began_ms < SVC__AUTO_TELL_MS)
        assert_true(h->trouble.code != SVC_EAUTH);
}

static void pass(int ms)
{
    auto_run_pass(ms);
    for (int i = 0; i < AUTO_SUBS; i++) {
        const struct model *m = &models[i];
        int by_api = m->source != NULL && strcmp(m->source, "apiserver") == 0;

        if (!auto_heard[i].is_on)
            continue;
        if (by_api)
            assert_false(auto_run_is_asked(AUTO_DNS, i));
        else if (m->api_trouble == SVC_EAUTH ||
                 moved_ms - m->began_ms >= SVC__AUTO_DNS_MS)
            assert_true(auto_run_is_asked(AUTO_DNS, i));
        check(i);
    }
}

static void step(struct svc__rng *rng)
{
    int i = (int)svc__rng_below(rng, AUTO_SUBS);
    int what = (int)svc__rng_below(rng, 10);
    int word = (int)svc__rng_below(rng, sizeof(words) / sizeof(words[0]));

    if (what == 0) {
        pass((int)svc__rng_below(rng, 40) * 10);
    } else if (!auto_heard[i].is_on) {
        memset(&models[i], 0, sizeof(models[i]));
        models[i].began_ms = moved_ms;
        assert_int_equal(auto_run_ask(i, NULL), 0);
    } else if (what == 1) {
        auto_run_leave(i);
    } else if (what == 2) {
        auto_run_refresh(i);
    } else if (what < 6 && auto_run_is_asked(AUTO_DNS, i)) {
        speak(AUTO_DNS, i, word);
        check(i);
    } else if (what > 7) {
        speak(AUTO_API, i, word);
        check(i);
    }
    auto_run_forget();
}

static void test_random_orders(void **state)
{
    long live = oom_live();
    struct svc__rng rng;
    int dns = 0;

    (void)state;
    svc__rng_seed(&rng, 20261125);
    for (int n = 0; n < RUNS; n++) {
        memset(models, 0, sizeof(models));
        assert_int_equal(auto_run_open(&moved_ms), 0);
        for (int e = 0; e < EVENTS; e++)
            step(&rng);
        for (int i = 0; i < AUTO_SUBS; i++)
            dns += models[i].source != NULL && models[i].source[0] == 'd';
        auto_run_close();
        assert_int_equal(oom_live(), live);
    }
    assert_true(dns > RUNS / 4); /* it was worth it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_orders)};

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
