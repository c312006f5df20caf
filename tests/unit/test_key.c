/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hashing policies and the subset against tests/unit/hash_vectors.txt,
 * which tests/lib/hash_vectors.py computed from their definitions; and what
 * holds for each policy that has a key.
 */
#include "policy/key.h"

#include "base/hash.h"
#include "key_run.h"
#include "policy/subset.h"
#include "set_text.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIELDS_MAX 8
#define COUNT_MAX  1000
#define KEYS       2000
#define ATTEMPTS   3

/* ---- the file -------------------------------------------------------- */

struct line {
    char text[4096];
    char *fields[FIELDS_MAX];
    size_t count;
};

/* The next line that says something; 0 at the end. */
static int read_line(FILE *file, struct line *ret)
{
    do {
        if (fgets(ret->text, sizeof(ret->text), file) == NULL)
            return 0;
    } while (ret->text[0] == '#');
    ret->text[strcspn(ret->text, "\n")] = '\0';
    ret->count = 0;
    for (char *at = ret->text; at != NULL && ret->count < FIELDS_MAX;) {
        ret->fields[ret->count++] = at;
        at = strchr(at, '|');
        if (at != NULL)
            *at++ = '\0';
    }
    return 1;
}

/* Numbers with a space between them; returns how many. */
static size_t read_numbers(const char *text, uint32_t *ret)
{
    size_t count = 0;

    while (*text != '\0') {
        char *end;

        assert_true(count < COUNT_MAX);
        ret[count++] = (uint32_t)strtoul(text, &end, 10);
        assert_ptr_not_equal(end, text);
        text = end;
    }
    return count;
}

static struct svc_endpoints *read_set(const char *text)
{
    uint32_t range[COUNT_MAX];

    if (strchr(text, '/') != NULL)
        return set_text(text);
    assert_int_equal(read_numbers(text, range), 2);
    return set_range(range[0], range[1]);
}

/* ---- vectors --------------------------------------------------------- */

/* 0 to 2 hexadecimal digits a byte. */
static void check_hash(const struct line *line)
{
    unsigned char key[64];
    const size_t size = strlen(line->fields[1]) / 2;

    for (size_t i = 0; i < size; i++) {
        const char digits[3] = {line->fields[1][2 * i],
                                line->fields[1][2 * i + 1], '\0'};

        key[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    assert_true(svc__key_hash(key, size) ==
                strtoull(line->fields[2], NULL, 16));
}

/* The hash of many picks, as the file has it. */
static uint64_t pick_many(struct policy_run *run)
{
    static const struct svc__hash_key key = {0, 0};
    static unsigned char bytes[KEYS * 4];

    for (unsigned i = 0; i < KEYS; i++) {
        const size_t at = pick_number(run, i);

        for (size_t k = 0; k < 4; k++)
            bytes[4 * i + k] = (unsigned char)(at >> 8 * k);
    }
    return svc__hash(&key, bytes, sizeof(bytes));
}

static void check_policy(const struct line *line)
{
    uint32_t weights[COUNT_MAX];
    uint32_t wanted[COUNT_MAX];
    const size_t weight_count = read_numbers(line->fields[2], weights);
    const size_t wanted_count = read_numbers(line->fields[3], wanted);
    const struct svc__policy_ops *ops;
    struct policy_run run;

    assert_int_equal(line->count, 4 + ATTEMPTS);
    assert_int_equal(svc__policy_find(line->fields[0], &ops, NULL), 0);
    policy_begin(&run, ops, 1);
    policy_set(&run, read_set(line->fields[1]),
               weight_count > 0 ? weights : NULL, NULL);
    for (unsigned i = 0; i < wanted_count; i++)
        assert_int_equal(pick_number(&run, i), wanted[i]);
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        run.ctx.attempt = i;
        if (pick_many(&run) != strtoull(line->fields[4 + i], NULL, 16))
            fail_msg("%s, %s, \"%s\", attempt %u", line->fields[0],
                     line->fields[1], line->fields[2], i);
    }
    policy_end(&run);
}

/* The endpoints of a line are in the order of a set. */
static struct svc__view *read_view(const char *text)
{
    char line[COUNT_MAX * 4] = "";
    uint32_t range[COUNT_MAX];

    if (strchr(text, '/') != NULL)
        return view_text(text, NULL);
    assert_int_equal(read_numbers(text, range), 2);
    for (uint32_t i = range[0]; i <= range[1]; i++)
        (void)snprintf(line + strlen(line), sizeof(line) - strlen(line),
                       "%s10.0.0.%u:80/TCP", i == range[0] ? "" : " ", i);
    return view_text(line, NULL);
}

static void check_subset(const struct line *line)
{
    struct svc_endpoints *set = read_set(line->fields[1]);
    struct svc__view *v = read_view(line->fields[1]);
    uint32_t wanted[COUNT_MAX];
    const size_t count = read_numbers(line->fields[4], wanted);
    size_t found = 0;

    assert_int_equal(svc__subset_apply(v, line->fields[2],
                                       strtoul(line->fields[3], NULL, 10)),
                     0);
    for (size_t i = 0; i < set->count; i++) {
        size_t k = 0;

        while (svc__candidate_compare(&v->candidates[k], &set->endpoints[i].c))
            k++;
        if (v->candidates[k].why != 0)
            continue;
        assert_true(found < count);
        assert_int_equal(wanted[found++], i);
    }
    assert_int_equal(found, count);
    svc__view_free(v);
    svc_endpoints_unref(set);
}

static void vectors_hold(void **state)
{
    FILE *file = fopen(SVC_TEST_SOURCE_DIR "/tests/unit/hash_vectors.txt", "r");
    static struct line line;
    size_t count = 0;

    (void)state;
    assert_non_null(file);
    for (; read_line(file, &line); count++) {
        if (strcmp(line.fields[0], "hash") == 0)
            check_hash(&line);
        else if (strcmp(line.fields[0], "subset") == 0)
            check_subset(&line);
        else
            check_policy(&line);
    }
    assert_in_range(count, 30, 100);
    (void)fclose(file);
}

/* ---- properties of all ----------------------------------------------- */

static const struct svc__policy_ops *const policies[] = {
    &svc__policy_sh, &svc__policy_maglev, &svc__policy_ring};

#define POLICIES (sizeof(policies) / sizeof(policies[0]))

/* Attempts go to different endpoints, to all that there are up to
 * SVC__KEY_TRIED, and then begin anew; also where one has nearly all places. */
static void attempts_are_different(void **state)
{
    static const uint32_t heavy[20] = {1, 1, 1, 4000, 1, 1, 1, 1, 1, 1,
                                       1, 1, 1, 1,    1, 1, 1, 1, 1, 1};

    (void)state;
    for (size_t p = 0; p < 2 * POLICIES; p++) {
        for (uint32_t n = 1; n <= 20; n++) {
            const unsigned most = n < SVC__KEY_TRIED ? n : SVC__KEY_TRIED;
            struct policy_run run;
            size_t tried[SVC__KEY_TRIED];

            policy_begin(&run, policies[p / 2], n);
            policy_set(&run, set_range(1, n), p % 2 ? heavy : NULL, NULL);
            for (run.ctx.attempt = 0; run.ctx.attempt < most;
                 run.ctx.attempt++) {
                tried[run.ctx.attempt] = pick_number(&run, 7);
                for (unsigned i = 0; i < run.ctx.attempt; i++)
                    assert_int_not_equal(tried[i], tried[run.ctx.attempt]);
            }
            assert_int_equal(pick_number(&run, 7), tried[0]);
            run.ctx.attempt = UINT_MAX / most * most;
            assert_int_equal(pick_number(&run, 7), tried[0]);
            policy_end(&run);
        }
    }
}

/* A pick without a key goes anywhere, the empty key to one. Chi-square over
 * four endpoints of sh, 3 degrees of freedom: 5 sigma is below 34. */
static void without_a_key_it_is_random(void **state)
{
    (void)state;
    for (size_t p = 0; p < POLICIES; p++) {
        struct policy_run run;
        double chi = 0;
        double counts[4] = {0};

        policy_begin(&run, policies[p], 1);
        policy_set(&run, set_range(1, 4), NULL, NULL);
        for (int i = 0; i < 4000; i++)
            counts[policy_index(&run)]++;
        for (size_t i = 0; i < 4; i++) {
            assert_true(counts[i] > 500); /* the ring is not as even */
            chi += (counts[i] - 1000) * (counts[i] - 1000) / 1000;
        }
        if (p == 0)
            assert_true(chi < 34);
        for (int i = 0; i < 100; i++)
            assert_int_equal(pick_hash(&run, svc__key_hash("", 0)),
                             pick_hash(&run, svc__key_hash("", 0)));
        policy_end(&run);
    }
}

/* Neither the seed of the service nor the thread is part of it. */
static void every_client_picks_alike(void **state)
{
    (void)state;
    for (size_t p = 0; p < POLICIES; p++) {
        struct policy_run a;
        struct policy_run b;

        policy_begin(&a, policies[p], 1);
        policy_begin(&b, policies[p], 2);
        policy_set(&a, set_range(1, 50), NULL, NULL);
        policy_set(&b, set_range(1, 50), NULL, NULL);
        for (unsigned i = 0; i < 1000; i++) {
            a.ctx.attempt = b.ctx.attempt = i % 4;
            assert_int_equal(pick_number(&a, i), pick_number(&b, i));
        }
        policy_end(&a);
        policy_end(&b);
    }
}

/* Weights that are all alike are no weights. */
static void equal_weights_are_none(void **state)
{
    uint32_t weights[9];

    (void)state;
    for (size_t i = 0; i < 9; i++)
        weights[i] = 300;
    for (size_t p = 0; p < 2; p++) { /* a ring has more points then */
        struct policy_run a;
        struct policy_run b;

        policy_begin(&a, policies[p], 1);
        policy_begin(&b, policies[p], 1);
        policy_set(&a, set_range(1, 9), NULL, NULL);
        policy_set(&b, set_range(1, 9), weights, NULL);
        for (unsigned i = 0; i < 1000; i++)
            assert_int_equal(pick_number(&a, i), pick_number(&b, i));
        policy_end(&a);
        policy_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_hold),
        cmocka_unit_test(attempts_are_different),
        cmocka_unit_test(without_a_key_it_is_random),
        cmocka_unit_test(every_client_picks_alike),
        cmocka_unit_test(equal_weights_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
