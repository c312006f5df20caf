/* SPDX-License-Identifier: Apache-2.0 */
/* Durations, numbers and words on the command line. */
#include "values.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <svc/svc.h>

/* Reads digits, moving *text behind them. SVC_EINVAL when there is none or the
 * number is above most. */
static int read_digits(const char **text, long most, long *ret)
{
    const char *at = *text;
    long value = 0;

    for (; *at >= '0' && *at <= '9'; at++) {
        int digit = *at - '0';

        if (value > (most - digit) / 10)
            return SVC_EINVAL;
        value = value * 10 + digit;
    }
    if (at == *text)
        return SVC_EINVAL;
    *text = at;
    *ret = value;
    return 0;
}

/* Reads a unit, moving *text behind it. Milliseconds, or 0 for no unit. */
static long read_unit(const char **text)
{
    static const struct {
        const char *name;
        long ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    size_t i;

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t size = strlen(units[i].name);

        if (strncmp(*text, units[i].name, size) == 0) {
            *text += size;
            return units[i].ms;
        }
    }
    return 0;
}

int values_duration(const char *text, int *ret_ms)
{
    long total = 0;
    long last = LONG_MAX;

    if (strcmp(text, "0") == 0) {
        *ret_ms = 0;
        return 0;
    }
    do {
        long value;
        long unit;

        if (read_digits(&text, INT_MAX, &value) != 0)
            return SVC_EINVAL;
        unit = read_unit(&text);
        /* Units fall: "1m30s", never "30s1m". */
        if (unit == 0 || unit >= last || value > (INT_MAX - total) / unit)
            return SVC_EINVAL;
        total += value * unit;
        last = unit;
    } while (*text);
    *ret_ms = (int)total;
    return 0;
}

int values_number(const char *text, long most, long *ret)
{
    long value;

    if (read_digits(&text, most, &value) != 0 || *text || value == 0)
        return SVC_EINVAL;
    *ret = value;
    return 0;
}

int values_word(const char *text, const char *const *words, int *ret)
{
    int i;

    for (i = 0; words[i]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret = i;
            return 0;
        }
    }
    return SVC_EINVAL;
}
