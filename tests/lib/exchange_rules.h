/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for every exchange, whatever happens to it: a second book is kept
 * of each step, and the first rule that is broken is named.
 */
#ifndef TESTS_LIB_EXCHANGE_RULES_H
#define TESTS_LIB_EXCHANGE_RULES_H

#include "dns/exchange.h"

struct exchange_rules {
    int64_t began_ms;
    int64_t due_ms;
    unsigned sent;
    int tcp[SVC__ATTEMPTS_MAX];
    int over[SVC__ATTEMPTS_MAX]; /* it has its answer, or failed */
    int lost[SVC__ATTEMPTS_MAX];
    unsigned unwanted;
    int is_done;
};

void exchange_rules_init(struct exchange_rules *r);

/* After a step: NULL, or the rule that it broke. */
const char *exchange_rules_check(struct exchange_rules *r,
                                 const struct svc__servers *servers,
                                 const struct svc__exchange_event *event,
                                 const struct svc__exchange_action *action);

#endif
