/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the choice of a memset that the compiler may not remove.
 */
#include "base/wipe.h"

#include "base/alloc.h"

#include <string.h>

void svc__wipe(void *data, size_t size)
{
    if (size > 0)
        explicit_bzero(data, size);
}

void svc__wipe_text(char *text)
{
    if (text != NULL)
        svc__wipe(text, strlen(text));
    svc__free(text);
}
