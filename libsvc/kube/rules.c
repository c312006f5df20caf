/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the syntax of names, label values and qualified names (API conventions:
 * RFC 1123 with lower case; a qualified name may have a prefix).
 */
#include "kube/rules.h"

#include "model/name.h"

#include <string.h>

#define VALUE_MAX 63

static int is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

static int is_value(const char *text, size_t size)
{
    if (size == 0 || size > VALUE_MAX || !is_alnum(text[0]) ||
        !is_alnum(text[size - 1]))
        return 0;
    for (size_t i = 0; i < size; i++) {
        if (!is_alnum(text[i]) && text[i] != '-' && text[i] != '_' &&
            text[i] != '.')
            return 0;
    }
    return 1;
}

/* The final dot that svc__name_is_domain() lets through is not for objects. */
static int is_subdomain(const char *text, size_t size)
{
    return text[size - 1] != '.' && svc__name_is_domain(text, size);
}

static int is_qualified(const char *text, size_t size)
{
    const char *slash = memchr(text, '/', size);
    size_t prefix;

    if (slash == NULL)
        return is_value(text, size);
    prefix = (size_t)(slash - text);
    return prefix > 0 && is_subdomain(text, prefix) &&
           is_value(slash + 1, size - prefix - 1);
}

int svc__rule_allows(enum svc__rule rule, const char *text, size_t size)
{
    switch (rule) {
    case SVC__RULE_LABEL:
        return svc__name_is_label(text, size);
    case SVC__RULE_SUBDOMAIN:
        return is_subdomain(text, size);
    case SVC__RULE_VALUE:
        return is_value(text, size);
    case SVC__RULE_QUALIFIED:
        return is_qualified(text, size);
    default:
        return 0;
    }
}

const char *svc__rule_reason(enum svc__rule rule)
{
    switch (rule) {
    case SVC__RULE_LABEL:
        return "is not a lower-case RFC 1123 label";
    case SVC__RULE_SUBDOMAIN:
        return "is not a lower-case RFC 1123 subdomain";
    case SVC__RULE_VALUE:
        return "is not a label value";
    default:
        return "is not a qualified name";
    }
}
