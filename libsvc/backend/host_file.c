/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of a hosts file: lines, words, comments.
 */
#include "backend/host_file.h"

#include <string.h>
#include <strings.h>

void svc__host_list_add(struct svc__host_list *list,
                        const struct svc__address *a)
{
    size_t same = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (svc__address_compare(&list->items[i], a) == 0)
            return;
        same += list->items[i].family == a->family;
    }
    if (same < SVC__HOST_ADDRESSES_MAX)
        list->items[list->count++] = *a;
}

/* The next address of a family, or of any other, from *at on; NULL: none. */
static const struct svc__address *next(const struct svc__host_list *list,
                                       size_t *at, uint8_t family, int other)
{
    while (*at < list->count) {
        const struct svc__address *a = &list->items[(*at)++];

        if ((a->family != family) == other)
            return a;
    }
    return NULL;
}

void svc__host_list_interleave(struct svc__host_list *list)
{
    const struct svc__host_list from = *list;
    const uint8_t family = from.items[0].family;
    size_t at[2] = {0, 0};

    list->count = 0;
    for (size_t i = 0;
         list->count < from.count && list->count < SVC__HOST_ADDRESSES_MAX;
         i++) {
        const int other = (int)(i % 2);
        const struct svc__address *a = next(&from, &at[other], family, other);

        if (a != NULL)
            list->items[list->count++] = *a;
    }
}

/* ---- the text --------------------------------------------------------- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* The next word of a line, up to its end or a comment; 0: there is none. */
static size_t next_word(const char **at, const char *end)
{
    const char *p = *at;

    while (p < end && is_blank(*p))
        p++;
    *at = p;
    while (p < end && !is_blank(*p) && *p != '#')
        p++;
    return (size_t)(p - *at);
}

static int is_name(const char *word, size_t size, const char *name,
                   size_t name_size)
{
    if (size > 0 && word[size - 1] == '.')
        size--;
    return size == name_size && strncasecmp(word, name, size) == 0;
}

static void read_line(const char *line, const char *end, const char *name,
                      struct svc__host_list *list)
{
    const size_t name_size = strlen(name);
    struct svc__address address;
    size_t size = next_word(&line, end);

    if (size == 0 || svc__address_parse(line, size, &address) != 0)
        return;
    line += size;
    while ((size = next_word(&line, end)) > 0) {
        if (is_name(line, size, name, name_size)) {
            svc__host_list_add(list, &address);
            return;
        }
        line += size;
    }
}

void svc__host_file_find(const char *text, size_t size, const char *name,
                         struct svc__host_list *list)
{
    const char *end = text + size;

    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));

        if (line_end == NULL)
            line_end = end;
        read_line(text, line_end, name, list);
        text = line_end == end ? end : line_end + 1;
    }
}
