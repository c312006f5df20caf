/* SPDX-License-Identifier: Apache-2.0 */
/* Standard input as one manifest, read within a bound. */
#include "input.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

#define STEP ((size_t)64 << 10)

int input_read(char **ret, size_t *ret_size, svc_error *reterr)
{
    char *text = NULL;
    size_t room = 0;
    size_t used = 0;

    do {
        text = memory_grow(text, &room, used + STEP, 1);
        used += fread(text + used, 1, STEP, stdin);
    } while (used <= INPUT_MOST && !feof(stdin) && !ferror(stdin));
    if (!ferror(stdin) && used <= INPUT_MOST) {
        *ret = text;
        *ret_size = used;
        return 0;
    }
    if (used > INPUT_MOST) {
        reterr->code = SVC_EFILE;
        snprintf(reterr->message, sizeof(reterr->message),
                 "standard input is longer than %zu MiB", INPUT_MOST >> 20);
        snprintf(reterr->hint, sizeof(reterr->hint),
                 "leave out kinds other than Service, EndpointSlice and Node");
    } else {
        reterr->code = SVC_EFILE;
        snprintf(reterr->message, sizeof(reterr->message),
                 "cannot read standard input: %m");
    }
    free(text);
    return reterr->code;
}
