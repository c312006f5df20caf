/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns how a client uses a policy: as the library does, by what
 * policy/policy.h offers.
 */
#include "client.h"

#include "policy/key.h"

#include "fault.h"
#include "memory.h"
#include "set.h"

#include <stdlib.h>
#include <string.h>
#include <svc/svc.h>

static uint32_t in_ms(int64_t now)
{
    return (uint32_t)(now / NS_PER_MS);
}

void client_init(struct client *c, struct svc__rng *seeds, size_t servers)
{
    memset(c, 0, sizeof(*c));
    event_init(&c->event, EVENT_ARRIVAL);
    svc__rng_seed(&c->requests, svc__rng_next(seeds));
    svc__rng_seed(&c->rng, svc__rng_next(seeds));
    c->slots = lines_new(servers, sizeof(*c->slots));
    for (size_t i = 0; i < servers; i++)
        svc__slot_begin(&c->slots[i]);
}

void client_fini(struct client *c)
{
    svc__policy_fini(&c->policy);
    free(c->refs);
    free(c->slots);
}

void client_enter(struct client *c, const struct svc__policy_ops *ops,
                  const struct svc_endpoints *set, const uint32_t *weights)
{
    const struct svc__policy_params params = {.seed = svc__rng_next(&c->rng)};
    struct svc__slot **refs =
        must(calloc(set->count, sizeof(struct svc__slot *)));
    const struct svc__policy_input in = {set, weights, refs};
    struct svc__policy policy;

    for (size_t i = 0; i < set->count; i++)
        refs[i] = &c->slots[set_number(set, i)];
    if (svc__policy_build(ops, &in, &params, &policy) != 0)
        must(NULL);
    svc__policy_fini(&c->policy);
    free(c->refs);
    c->policy = policy;
    c->refs = refs;
}

int64_t client_next(struct client *c, double gap, enum draw_kind kind)
{
    const double wait = gap * draw_exponential(&c->requests);

    c->work = draw_work(&c->requests, kind);
    c->luck = draw_unit(&c->requests);
    c->key = svc__rng_next(&c->requests);
    return (int64_t)wait;
}

size_t client_pick(struct client *c, int64_t now)
{
    const struct svc__pick_ctx ctx = {
        .hash = svc__key_hash(&c->key, sizeof(c->key)),
        .has_key = 1,
        .now_ms = in_ms(now),
        .rng = &c->rng,
        .cursor = &c->cursor,
    };

    return svc__policy_pick(&c->policy, &ctx);
}

uint32_t client_took(struct client *c, size_t server, int64_t now)
{
    uint32_t leaked;

    return svc__slot_take(&c->slots[server], in_ms(now), &leaked);
}

void client_done(struct client *c, const struct client_outcome *o, int64_t now)
{
    (void)svc__slot_done(&c->slots[o->server], o->epoch,
                         o->is_bad ? SVC_OUTCOME_ERROR : SVC_OUTCOME_OK,
                         (float)((double)o->took / 1000.0), in_ms(now));
}
