/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the virtual time of a service, and the words of its script.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ejection_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <svc/svc.h>

#define BEGAN_MS 1000000

void ejection_begin(struct ejection_run *run)
{
    memset(run, 0, sizeof(*run));
    run->began_ms = run->now_ms = BEGAN_MS;
    run->set.due_ms = INT64_MAX;
}

/* ---- reviews ----------------------------------------------------------- */

static size_t count_ejected(const struct ejection_run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->count; i++)
        count += run->members[i].record->is_ejected;
    return count;
}

size_t ejection_out(const struct ejection_run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->count; i++)
        count += (size_t)svc__ejection_is_left_out(run->members[i].record);
    return count;
}

/* Faults I14: at most a tenth or one, never the last one; all are
 * used below half. And nobody asks for a review at once. */
static void assert_bounds(const struct ejection_run *run)
{
    const size_t ejected = count_ejected(run);
    const size_t out = ejection_out(run);
    const size_t usable = run->count - ejected;

    assert_true(ejected <= 1 || ejected * 10 <= run->count);
    assert_true(run->count == 0 || usable > 0);
    if (usable * 2 < run->count + run->unready)
        assert_int_equal(out, 0);
    else
        assert_int_equal(out, ejected);
    assert_true(run->set.due_ms > run->now_ms);
}

void ejection_review(struct ejection_run *run)
{
    uint8_t before[EJECTION_MAX];
    int is_other = 0;
    int is_changed;

    for (size_t i = 0; i < run->count; i++)
        before[i] = run->members[i].record->is_left_out;
    is_changed = svc__ejection_review(&run->set, run->members, run->count,
                                      run->unready, run->now_ms);
    for (size_t i = 0; i < run->count; i++)
        is_other |= before[i] != run->members[i].record->is_left_out;
    assert_int_equal(is_changed, is_other);
    run->changes += (size_t)is_changed;
    assert_bounds(run);
}

void ejection_wait(struct ejection_run *run, int64_t ms)
{
    const int64_t end_ms = run->now_ms + ms;

    while (run->set.due_ms <= end_ms) {
        run->now_ms = run->set.due_ms;
        run->wakes++;
        ejection_review(run);
    }
    run->now_ms = end_ms;
}

/* ---- endpoints --------------------------------------------------------- */

void ejection_members(struct ejection_run *run, const uint32_t *numbers,
                      size_t count, size_t unready)
{
    assert_true(count <= EJECTION_MAX);
    /* What a review left in an array is not needed by the next. */
    memset(run->members, 0xA5, sizeof(run->members));
    for (size_t i = 0; i < count; i++) {
        assert_true(numbers[i] < EJECTION_MAX);
        run->members[i].record = &run->records[numbers[i]];
        run->members[i].slot = &run->slots[numbers[i]];
    }
    run->count = count;
    run->unready = unready;
    ejection_review(run);
}

void ejection_range(struct ejection_run *run, uint32_t first, uint32_t last)
{
    uint32_t numbers[EJECTION_MAX];
    size_t count = 0;

    while (first <= last)
        numbers[count++] = first++;
    ejection_members(run, numbers, count, 0);
}

static void end_pick(struct ejection_run *run, uint32_t number, int outcome)
{
    struct svc__slot *s = &run->slots[number];
    const uint32_t now_ms = (uint32_t)run->now_ms;
    const uint32_t epoch = svc__slot_take(s, now_ms, &(uint32_t){0});

    assert_int_not_equal(svc__slot_done(s, epoch, outcome, 1000, now_ms),
                         SVC__SLOT_STALE);
}

void ejection_outcomes(struct ejection_run *run, uint32_t number, size_t good,
                       size_t bad)
{
    assert_true(number < EJECTION_MAX);
    while (good + bad > 0) {
        if (bad > 0) {
            end_pick(run, number, SVC_OUTCOME_ERROR);
            bad--;
        }
        if (good > 0) {
            end_pick(run, number, SVC_OUTCOME_OK);
            good--;
        }
    }
}

void ejection_renew(struct ejection_run *run, uint32_t number)
{
    assert_true(number < EJECTION_MAX);
    svc__slot_begin(&run->slots[number]);
    memset(&run->records[number], 0, sizeof(run->records[number]));
}

/* ---- the script -------------------------------------------------------- */

/* Reads numbers, "1-9 12 ", and stops before a word. */
static size_t read_numbers(const char **text, uint32_t *ret)
{
    size_t count = 0;
    char *end;

    while (**text >= '0' && **text <= '9') {
        uint32_t first = (uint32_t)strtoul(*text, &end, 10);
        uint32_t last = first;

        if (*end == '-')
            last = (uint32_t)strtoul(end + 1, &end, 10);
        if (*end == '+') /* outcomes */
            break;
        assert_true(last < EJECTION_MAX);
        for (; first <= last; first++) {
            assert_true(count < EJECTION_MAX);
            ret[count++] = first;
        }
        *text = end + (*end == ' ');
    }
    return count;
}

static void play_set(struct ejection_run *run, const char *line)
{
    uint32_t numbers[EJECTION_MAX];
    size_t count = read_numbers(&line, numbers);
    size_t unready = 0;

    if (sscanf(line, "unready %zu", &unready) != 1)
        assert_string_equal(line, "");
    ejection_members(run, numbers, count, unready);
}

static void play_outcomes(struct ejection_run *run, const char *line)
{
    uint32_t numbers[EJECTION_MAX];
    size_t count = read_numbers(&line, numbers);
    size_t good;
    size_t bad;

    assert_true(count > 0);
    assert_int_equal(sscanf(line, "%zu+%zu", &good, &bad), 2);
    for (size_t i = 0; i < count; i++)
        ejection_outcomes(run, numbers[i], good, bad);
    if (bad > 0)
        ejection_review(run);
}

void ejection_play(struct ejection_run *run, const char *line)
{
    if (strncmp(line, "set ", 4) == 0)
        play_set(run, line + 4);
    else if (strncmp(line, "new ", 4) == 0)
        ejection_renew(run, (uint32_t)strtoul(line + 4, NULL, 10));
    else if (line[0] == '+')
        ejection_wait(run, (int64_t)(strtod(line, NULL) * 1000 + 0.5));
    else
        play_outcomes(run, line);
}

static double seconds(const struct ejection_run *run, int64_t ms)
{
    return (double)(ms - run->began_ms) / 1000;
}

void ejection_tell(const struct ejection_run *run, char *ret_text)
{
    size_t used = 0;

    ret_text[0] = '\0';
    for (size_t i = 0; i < run->count && used < 900; i++) {
        const struct svc__ejection *r = run->members[i].record;

        if (!r->is_ejected)
            continue;
        used += (size_t)sprintf(
            ret_text + used, r->is_left_out ? "%s%u@%g" : "%s(%u@%g)",
            used == 0 ? "" : " ", (unsigned)(r - run->records),
            seconds(run, r->back_ms));
    }
    if (run->set.due_ms != INT64_MAX)
        (void)sprintf(ret_text + used, "%sdue %g", used == 0 ? "" : " ",
                      seconds(run, run->set.due_ms));
    else if (used == 0)
        strcpy(ret_text, "-");
}
