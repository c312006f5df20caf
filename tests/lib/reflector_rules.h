/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every step of a reflector keeps, whatever comes: a model that knows only
 * what was asked, and whether a whole list was seen.
 */
#ifndef TESTS_LIB_REFLECTOR_RULES_H
#define TESTS_LIB_REFLECTOR_RULES_H

#include "kube/reflector.h"

/* Requests in any minute, however hostile the server, parts of lists aside.
 * With a caller in a hurry there is one a second. */
#define REFLECTOR_RULES_MINUTE 40
#define REFLECTOR_RULES_HURRY  70

struct reflector_rules {
    int running;
    int lists;      /* what runs is a list */
    int collecting; /* what runs has not been committed or forgotten */
    int synced;
    int hurry; /* START was given again */
    char version[SVC__VERSION_SIZE];
    int64_t asked_ms[REFLECTOR_RULES_HURRY]; /* of requests, a ring */
    unsigned long requests;
    unsigned parts; /* requests that went on in a list */
};

void reflector_rules_init(struct reflector_rules *rules);

/* After each step. NULL, or which rule is broken. */
const char *reflector_rules_check(struct reflector_rules *rules,
                                  const struct svc__reflector *rf,
                                  const struct svc__reflector_event *event,
                                  const struct svc__reflector_action *action);

#endif
