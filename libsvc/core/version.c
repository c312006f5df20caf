/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this build is and has.
 */
#include "backend/backend.h"
#include "base/buf.h"
#include "policy/policy.h"

#include <svc/svc.h>

#define DETAILS_MAX 4096

#define TEXT(x)          #x
#define VERSION(a, b, c) TEXT(a) "." TEXT(b) "." TEXT(c)

const char *svc_version(void)
{
    return VERSION(SVC_VERSION_MAJOR, SVC_VERSION_MINOR, SVC_VERSION_PATCH);
}

char *svc_version_details(void)
{
    const struct svc__backend_library *library = svc__backend_libraries;
    const struct svc__policy_ops *policy;
    char backends[256];
    struct svc__buf b;
    char *text;

    svc__backend_names(backends, sizeof(backends));
    svc__buf_init(&b, DETAILS_MAX);
    svc__buf_printf(&b, "backends: %s\npolicies:", backends);
    for (size_t i = 0; (policy = svc__policy_at(i)) != NULL; i++)
        svc__buf_printf(&b, " %s", policy->name);
    svc__buf_add_byte(&b, '\n');
    for (; library->name != NULL; library++)
        svc__buf_printf(&b, "%s: %s\n", library->name, library->version());
    text = svc__buf_take(&b);
    if (text == NULL)
        svc__buf_fini(&b);
    return text;
}
