/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots for a set of endpoints, with what a test wants to be known of them.
 */
#ifndef SVC_TESTS_LIB_TRACKED_H
#define SVC_TESTS_LIB_TRACKED_H

#include "policy/slot.h"

#include <stddef.h>
#include <stdint.h>

#define TRACKED_MAX 128
#define TRACKED_NOW 5000000u /* when it all happens */

struct tracked {
    struct svc__slot slots[TRACKED_MAX];
    struct svc__slot *at[TRACKED_MAX]; /* as svc__policy_input wants them */
};

/* Nothing is known of any. */
void tracked_init(struct tracked *t);

/* So many picks more are in flight to one. */
void tracked_load(struct tracked *t, size_t i, uint32_t picks);

/* One answered after us microseconds. */
void tracked_answer(struct tracked *t, size_t i, float us);

#endif
