/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way from a hash to a pick, and what picks tell of a change.
 */
#include "key_run.h"

#include "policy/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

size_t pick_hash(struct policy_run *run, uint64_t hash)
{
    size_t at;

    run->ctx.has_key = 1;
    run->ctx.hash = hash;
    at = policy_index(run);
    run->ctx.has_key = 0;
    return at;
}

size_t pick_number(struct policy_run *run, unsigned key)
{
    char text[16];
    const int size = snprintf(text, sizeof(text), "%u", key);

    return pick_hash(run, svc__key_hash(text, (size_t)size));
}

uint64_t hash_of_place(uint32_t place, uint32_t places)
{
    return (((uint64_t)place << 32) + places - 1) / places << 32;
}

struct moved count_moved(const struct svc__policy_ops *ops, uint32_t count,
                         uint32_t gone, unsigned keys)
{
    uint32_t *numbers = malloc(count * sizeof(*numbers));
    struct policy_run before;
    struct policy_run after;
    struct moved moved = {0, 0};
    size_t left = 0;

    assert_non_null(numbers);
    for (uint32_t i = 1; i <= count; i++) {
        if (i != gone)
            numbers[left++] = i;
    }
    policy_begin(&before, ops, 1);
    policy_begin(&after, ops, 1);
    policy_set(&before, set_range(1, count), NULL, NULL);
    policy_set(&after, set_build(numbers, left), NULL, NULL);
    for (unsigned i = 0; i < keys; i++) {
        const uint32_t old = set_number(before.set, pick_number(&before, i));
        const uint32_t now = set_number(after.set, pick_number(&after, i));

        moved.all += old != now;
        moved.others += old != now && old != gone;
    }
    policy_end(&before);
    policy_end(&after);
    free(numbers);
    return moved;
}
