/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads messages from standard input, each a line of hexadecimal digits, and
 * writes what is read of each, with an empty line behind it.
 */
#include "wire_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_SIZE (2 * 65535 + 2)

int main(void)
{
    char *line = malloc(LINE_MAX_SIZE);
    uint8_t *bytes = malloc(LINE_MAX_SIZE);
    struct svc__buf b;

    if (line == NULL || bytes == NULL)
        return 1;
    svc__buf_init(&b, 64u << 20);
    while (fgets(line, LINE_MAX_SIZE, stdin) != NULL) {
        size_t size;

        line[strcspn(line, "\n")] = '\0';
        size = wire_text_bytes(line, bytes, LINE_MAX_SIZE);
        wire_text_dump(bytes, size, &b);
        if (b.err != 0 || fputs(b.data, stdout) < 0 || putchar('\n') < 0)
            return 1;
        svc__buf_clear(&b);
    }
    svc__buf_fini(&b);
    free(bytes);
    free(line);
    return fflush(stdout) == 0 ? 0 : 1;
}
