/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what does not depend on the version of the walk.
 */
#include "base/scan.h"

#include "base/utf8.h"

void svc__scan_feed(struct svc__scan *s, const char *text, size_t size)
{
    s->text = text;
    s->size = size;
    s->block = 0;
    s->next = 0;
    s->pos = 0;
    s->end_count = SVC__SCAN_ENDS;
}

uint64_t svc__scan_tokens(const struct svc__scan *s)
{
    size_t bit = s->pos - s->block;

    if (bit >= 64)
        return s->counted;
    return s->counted - (uint64_t)__builtin_popcountll(s->tokens >> bit);
}

void svc__scan_check(struct svc__scan *s, size_t size)
{
    size_t good = size;

    if (!s->any_bytes)
        good = svc__utf8_step(&s->utf8, s->text + s->block, size);
    if (good < size) {
        s->bad = s->block + good;
        s->events &= ((uint64_t)1 << good) - 1;
    }
}
