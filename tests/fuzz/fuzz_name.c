/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a name: what reads, writes back to an equal name; what does not,
 * says why.
 */
#include "base/alloc.h"
#include "model/name.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct svc__name_env env = {"mine", "cluster.local"};
    char *text = svc__strndup((const char *)data, size);
    struct svc__name name;
    struct svc__name again;
    svc_error error;
    char *once;
    char *twice;

    check(text != NULL);
    if (svc__name_parse(text, &env, &name, &error) != 0) {
        check(error.message[0] != '\0' && error.hint[0] != '\0');
        svc__free(text);
        return 0;
    }
    once = svc__name_format(&name, &env);
    check(once != NULL && svc__name_parse(once, &env, &again, &error) == 0);
    twice = svc__name_format(&again, &env);
    check(twice != NULL && strcmp(once, twice) == 0);
    check(name.kind == again.kind && name.scheme == again.scheme);
    svc__free(twice);
    svc__free(once);
    once = svc__name_canonical(&name, &env);
    twice = svc__name_canonical(&again, &env);
    check(once != NULL && twice != NULL && strcmp(once, twice) == 0);
    svc__free(twice);
    svc__free(once);
    svc__name_fini(&again);
    svc__name_fini(&name);
    svc__free(text);
    return 0;
}
