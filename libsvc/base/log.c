/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats log messages on the stack: logging never allocates.
 */
#include "base/log.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

void svc__log(const struct svc__log *log, int level, const char *format, ...)
{
    char text[1024];
    va_list args;

    if (log == NULL || log->fn == NULL || level > log->level)
        return;
    va_start(args, format);
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    va_end(args);
    svc__err_tidy(text, sizeof(text));
    log->fn(log->arg, level, text);
}
