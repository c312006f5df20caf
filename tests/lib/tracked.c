/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the slots of a policy's test.
 */
#include "tracked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <svc/svc.h>

#include <cmocka.h>

void tracked_init(struct tracked *t)
{
    memset(t, 0, sizeof(*t));
    for (size_t i = 0; i < TRACKED_MAX; i++)
        t->at[i] = &t->slots[i];
}

void tracked_load(struct tracked *t, size_t i, uint32_t picks)
{
    assert_true(i < TRACKED_MAX);
    while (picks-- > 0)
        (void)svc__slot_take(&t->slots[i], TRACKED_NOW, &(uint32_t){0});
}

void tracked_answer(struct tracked *t, size_t i, float us)
{
    uint32_t epoch;

    assert_true(i < TRACKED_MAX);
    epoch = svc__slot_take(&t->slots[i], TRACKED_NOW, &(uint32_t){0});
    assert_int_equal(
        svc__slot_done(&t->slots[i], epoch, SVC_OUTCOME_OK, us, TRACKED_NOW),
        SVC__SLOT_TAKEN);
}
