/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the layout of a block (header, endpoints, text, in one allocation) and
 * the text form of UIDs.
 */
#include "model/endpoint.h"

#include "base/alloc.h"
#include "base/scan_hex.h"

#include <string.h>

static size_t text_offset(uint32_t count)
{
    return sizeof(struct svc__block) + count * sizeof(struct svc__endpoint);
}

static void init_block(struct svc__block *block, uint32_t count,
                       uint32_t text_size)
{
    svc__refs_init(&block->refs);
    block->count = count;
    block->text_size = text_size;
    block->text = (char *)block + text_offset(count);
}

struct svc__block *svc__block_new(uint32_t count, uint32_t text_size)
{
    struct svc__block *block;

    if (text_size == 0)
        text_size = 1;
    block = svc__calloc(1, text_offset(count) + text_size);
    if (block == NULL)
        return NULL;
    init_block(block, count, text_size);
    return block;
}

struct svc__block *svc__block_copy(const struct svc__endpoint *endpoints,
                                   uint32_t count, const char *text,
                                   uint32_t text_size)
{
    struct svc__block *block = svc__alloc(text_offset(count) + text_size);

    if (block == NULL)
        return NULL;
    init_block(block, count, text_size);
    if (count > 0)
        memcpy(block->endpoints, endpoints, count * sizeof(*endpoints));
    memcpy(block->text, text, text_size);
    return block;
}

struct svc__block *svc__block_ref(struct svc__block *block)
{
    svc__refs_get(&block->refs);
    return block;
}

void svc__block_unref(struct svc__block *block)
{
    if (block != NULL && svc__refs_put(&block->refs))
        svc__free(block);
}

const char *svc__block_text(const struct svc__block *block, uint32_t offset)
{
    return offset == 0 ? NULL : block->text + offset;
}

int svc__block_hints_have(const struct svc__block *block, uint32_t offset,
                          const char *name)
{
    const char *hint = block->text + offset;

    if (offset == 0)
        return 0;
    for (; *hint != '\0'; hint += strlen(hint) + 1) {
        if (strcmp(hint, name) == 0)
            return 1;
    }
    return 0;
}

int svc__uid_parse(const char *text, size_t size, uint8_t ret[16])
{
    uint64_t high;
    uint64_t low;

    /* RFC 9562 section 4: groups of 8, 4, 4, 4 and 12. */
    if (size != SVC_UID_TEXT_SIZE - 1 || text[8] != '-' || text[13] != '-' ||
        text[18] != '-' || text[23] != '-' ||
        !svc__scan_hex(text, text + 4, text + 9, text + 14, &high) ||
        !svc__scan_hex(text + 19, text + 24, text + 28, text + 32, &low))
        return SVC_EINVAL;
    memcpy(ret, &high, sizeof(high));
    memcpy(ret + sizeof(high), &low, sizeof(low));
    return 0;
}

/* Whether position i of the text form holds a hyphen. */
static int is_hyphen_at(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

void svc__uid_format(const uint8_t uid[16], char ret[SVC_UID_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < 16; i++) {
        if (is_hyphen_at(at))
            ret[at++] = '-';
        ret[at++] = digits[uid[i] >> 4];
        ret[at++] = digits[uid[i] & 15];
    }
    ret[at] = '\0';
}
