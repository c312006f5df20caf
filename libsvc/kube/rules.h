/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the API server lets through as the text of a field. Pure.
 */
#ifndef SVC_KUBE_RULES_H
#define SVC_KUBE_RULES_H

#include "base/scan_text.h"
#include "kube/fields.h"

#include <stddef.h>
#include <string.h>

/* Whether a text, not empty, obeys a rule. */
int svc__rule_allows(enum svc__rule rule, const char *text, size_t size);

/* The same for a run of name characters at text; 0 also where it takes a closer
 * look: a run of more than 63, or with two marks side by side (no label of a
 * subdomain is empty, or begins or ends with '-'). */
static inline int svc__rule_allows_run(enum svc__rule rule,
                                       const struct svc__scan_name *run,
                                       const char *text)
{
    uint64_t ends = 1 | (uint64_t)1 << (run->size - 1) % 64;

    if (run->size - 1 >= SVC__SCAN_NAME_MAX - 1 ||
        (run->marks & (ends | run->marks << 1)) != 0)
        return 0;
    return rule != SVC__RULE_LABEL || run->marks == 0 ||
           memchr(text, '.', run->size) == NULL;
}

/* Static words that go on from a text that does not. */
const char *svc__rule_reason(enum svc__rule rule);

#endif
