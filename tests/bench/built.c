/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way from numbers to what a policy is built from: one block, one
 * view, one set; and the loop of choices.
 */
#include "built.h"

#include "model/view.h"
#include "policy/key.h"

#include <stdlib.h>
#include <string.h>

#define SLOT_LINE 64

/* Endpoint 258 is 10.1.1.2. */
static void number_endpoints(struct svc__block *block, unsigned without)
{
    for (uint32_t i = 0; i < block->count; i++) {
        struct svc__endpoint *ep = &block->endpoints[i];
        const uint32_t number = i + (i >= without);

        ep->address.family = SVC__FAMILY_IPV4;
        ep->address.bytes[0] = 10;
        ep->address.bytes[1] = 1;
        ep->address.bytes[2] = (uint8_t)(number >> 8);
        ep->address.bytes[3] = (uint8_t)number;
        ep->weight = 1;
    }
}

static int fill_view(struct svc__view *v, struct svc__block *block)
{
    struct svc__candidate c = {
        .block = block, .port = 8080, .proto = SVC__PROTO_TCP};
    int err = svc__view_hold(v, block);

    for (; err == 0 && c.index < block->count; c.index++)
        err = svc__view_add(v, &c);
    return err;
}

static struct svc_endpoints *new_set(unsigned count, unsigned without)
{
    struct svc__block *block = svc__block_new(count, 1);
    struct svc__view *v = svc__view_new("bench", NULL);
    struct svc__freshness *f = svc__freshness_new();
    struct svc_endpoints *set = NULL;

    if (block != NULL && v != NULL && f != NULL) {
        number_endpoints(block, without);
        if (fill_view(v, block) == 0)
            set = svc__endpoints_new(v, f, "bench", 1);
    }
    if (set == NULL && v != NULL)
        svc__view_free(v);
    if (block != NULL)
        svc__block_unref(block);
    if (f != NULL)
        svc__freshness_unref(f);
    return set;
}

unsigned built_number(const struct built_from *from, size_t at)
{
    const uint8_t *bytes =
        svc__candidate_endpoint(&from->set->endpoints[at].c)->address.bytes;

    return (unsigned)bytes[2] << 8 | bytes[3];
}

/* What a tenth of a second ago answered after 1.0 to 1.2 ms. */
static void begin_slot(struct svc__slot *slot, unsigned i)
{
    const uint32_t then = BUILT_NOW - 100;
    uint32_t leaked = 0;

    memset(slot, 0, sizeof(*slot));
    (void)svc__slot_done(slot, svc__slot_take(slot, then, &leaked),
                         SVC_OUTCOME_OK, 1000.0F + 20.0F * (float)(i * 7 % 11),
                         then);
}

int built_from_init(struct built_from *from, unsigned count, unsigned without)
{
    memset(from, 0, sizeof(*from));
    count -= without < count;
    from->set = new_set(count, without);
    from->weights = malloc(count * sizeof(from->weights[0]));
    from->slots = aligned_alloc(SLOT_LINE, count * sizeof(from->slots[0]));
    from->tracked = malloc(count * sizeof(struct svc__slot *));
    if (from->set == NULL || from->weights == NULL || from->slots == NULL ||
        from->tracked == NULL) {
        built_from_fini(from);
        return SVC_ENOMEM;
    }
    for (unsigned i = 0; i < count; i++) {
        from->weights[i] = 1 + i % 10;
        begin_slot(&from->slots[i], i);
        from->tracked[i] = &from->slots[i];
    }
    return 0;
}

void built_from_fini(struct built_from *from)
{
    if (from->set != NULL)
        svc_endpoints_unref(from->set);
    free(from->weights);
    free(from->slots);
    free(from->tracked);
    memset(from, 0, sizeof(*from));
}

int built_policy(const struct built_from *from,
                 const struct svc__policy_ops *ops, int is_weighted,
                 int is_tracked, struct svc__policy *ret)
{
    static const struct svc__policy_params params = {.seed = 1};
    const struct svc__policy_input in = {
        .set = from->set,
        .weights = is_weighted ? from->weights : NULL,
        .slots = is_tracked ? from->tracked : NULL};

    return svc__policy_build(ops, &in, &params, ret);
}

/* ---- choosing ---------------------------------------------------------- */

void built_turn_init(struct built_turn *t, unsigned number)
{
    memset(t, 0, sizeof(*t));
    svc__rng_seed(&t->rng, number + 1);
    t->ctx.rng = &t->rng;
    t->ctx.cursor = &t->cursor;
    t->ctx.now_ms = BUILT_NOW;
}

void built_keys_init(struct built_keys *keys, size_t size)
{
    memset(keys->texts, 'k', sizeof(keys->texts));
    keys->size = size;
    for (unsigned i = 0; i < BUILT_KEYS; i++) {
        char *end = keys->texts[i] + size;

        end[-1] = (char)('0' + i % 10);
        end[-2] = (char)('0' + i / 10 % 10);
        end[-3] = (char)('0' + i / 100);
    }
}

static uint64_t choose_by_key(const struct svc__policy *p,
                              struct svc__pick_ctx *ctx,
                              const struct built_keys *keys, size_t count)
{
    uint64_t sum = 0;

    ctx->has_key = 1;
    for (size_t i = 0; i < count; i++) {
        ctx->hash = svc__key_hash(keys->texts[i % BUILT_KEYS], keys->size);
        sum += svc__policy_pick(p, ctx);
    }
    return sum;
}

uint64_t built_choose(const struct svc__policy *p, unsigned thread,
                      const struct built_keys *keys, size_t count)
{
    struct built_turn t;
    uint64_t sum = 0;

    built_turn_init(&t, thread);
    if (keys != NULL)
        return choose_by_key(p, &t.ctx, keys, count);
    for (size_t i = 0; i < count; i++)
        sum += svc__policy_pick(p, &t.ctx);
    return sum;
}
