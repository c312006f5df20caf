/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service whose endpoints fail or do well as a test says, in virtual time,
 * with reviews when the loop would have them. Endpoints have numbers. Whatever
 * is done, each review is held to faults I14.
 */
#ifndef SVC_TESTS_LIB_EJECTION_RUN_H
#define SVC_TESTS_LIB_EJECTION_RUN_H

#include "policy/ejection.h"

#include <stddef.h>
#include <stdint.h>

#define EJECTION_MAX 256 /* endpoints */

struct ejection_run {
    struct svc__ejection_set set;
    struct svc__ejection records[EJECTION_MAX];
    struct svc__slot slots[EJECTION_MAX];
    struct svc__ejection_member members[EJECTION_MAX];
    size_t count; /* of members */
    size_t unready;
    int64_t began_ms;
    int64_t now_ms;
    size_t wakes;   /* reviews for no other reason than that one was due */
    size_t changes; /* reviews that asked for a new set */
};

void ejection_begin(struct ejection_run *run);

/* The members from now on, and how many more are not ready; reviews. */
void ejection_members(struct ejection_run *run, const uint32_t *numbers,
                      size_t count, size_t unready);

/* The members from first to last. */
void ejection_range(struct ejection_run *run, uint32_t first, uint32_t last);

/* Outcomes of an endpoint, the bad ones among the good as long as there are
 * any. No review. */
void ejection_outcomes(struct ejection_run *run, uint32_t number, size_t good,
                       size_t bad);

/* Another Pod at the same place. No review. */
void ejection_renew(struct ejection_run *run, uint32_t number);

/* As a failure brings it about. */
void ejection_review(struct ejection_run *run);

/* Time passes, with every review that is due. */
void ejection_wait(struct ejection_run *run, int64_t ms);

size_t ejection_out(const struct ejection_run *run); /* members left out */

/* Does what a line says: "set 1-9 12 unready 3" (members, and how many are not
 * ready), "1-3 95+5" (outcomes of each, good and bad; a review if one was bad),
 * "+30" or "+0.5" (seconds pass), "new 3" (another Pod). */
void ejection_play(struct ejection_run *run, const char *line);

/* The state as text of at least 1024 octets: "3@30 (7@60) due 10": 3 is out
 * until second 30, 7 would be, but for the panic, and the next review is in
 * second 10. "-": nothing. */
void ejection_tell(const struct ejection_run *run, char *ret_text);

#endif
