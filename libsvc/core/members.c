/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the members and their references to slots, and decides who is somebody
 * new.
 */
#include "core/members.h"

#include "base/alloc.h"
#include "core/ticket.h"
#include "policy/slow_start.h"

#include <string.h>

void svc__members_init(struct svc__members *all,
                       const struct svc__hash_key *key)
{
    memset(all, 0, sizeof(*all));
    svc__map_init(&all->map, key);
}

struct svc__member *svc__members_find(const struct svc__members *all,
                                      const struct svc__candidate *c)
{
    const struct svc__identity id = svc__candidate_identity(c);

    return svc__map_get(&all->map, (const char *)&id, sizeof(id));
}

struct svc__member *svc__members_next(const struct svc__members *all,
                                      size_t *at)
{
    const struct svc__map_entry *e = svc__map_next(&all->map, at);

    return e == NULL ? NULL : e->value;
}

static void member_free(struct svc__member *m)
{
    if (m->ticket != SVC__TICKET_NONE)
        svc__ticket_unref(&m->ticket, 1);
    svc__free(m);
}

static struct svc__member *member_new(struct svc__members *all,
                                      const struct svc__candidate *c, int track,
                                      int64_t now_ms)
{
    const struct svc__identity id = svc__candidate_identity(c);
    struct svc__member *m = svc__calloc(1, sizeof(*m));

    if (m == NULL)
        return NULL;
    m->since_ms = all->sets == 1 ? SVC__SLOW_START_NONE : now_ms;
    if (track)
        m->ticket = svc__ticket_new();
    if ((track && m->ticket == SVC__TICKET_NONE) ||
        svc__map_put(&all->map, (const char *)&id, sizeof(id), m, NULL) != 0) {
        member_free(m);
        return NULL;
    }
    return m;
}

struct svc__member *svc__members_add(struct svc__members *all,
                                     const struct svc__candidate *c, int track,
                                     int64_t now_ms)
{
    struct svc__member *m = svc__members_find(all, c);

    if (m == NULL)
        m = member_new(all, c, track, now_ms);
    if (m != NULL)
        m->set = all->sets;
    return m;
}

/* Another Pod at the place of one that was known is somebody new. */
static void meet(struct svc__member *m, const struct svc__endpoint *ep,
                 int64_t now_ms)
{
    if ((ep->flags & SVC__EP_UID) == 0)
        return;
    if (m->has_uid && memcmp(m->uid, ep->uid, sizeof(m->uid)) != 0) {
        if (m->ticket != SVC__TICKET_NONE)
            svc__slot_begin(svc__ticket_slot(m->ticket));
        memset(&m->ejection, 0, sizeof(m->ejection));
        m->since_ms = now_ms;
    }
    memcpy(m->uid, ep->uid, sizeof(m->uid));
    m->has_uid = 1;
}

static void forget_the_others(struct svc__members *all)
{
    struct svc__map_entry *e;
    size_t at = 0;

    while ((e = svc__map_next(&all->map, &at)) != NULL) {
        struct svc__member *m = e->value;

        if (m->set == all->sets)
            continue;
        svc__map_leave(&all->map, e);
        at--;
        member_free(m);
    }
}

int svc__members_meet(struct svc__members *all, const struct svc__view *v,
                      unsigned passing, int track, int64_t now_ms)
{
    all->sets++;
    for (size_t i = 0; i < v->count; i++) {
        const struct svc__candidate *c = &v->candidates[i];
        const int is_usable = (c->why & ~passing) == 0;
        struct svc__member *m = is_usable
                                    ? svc__members_add(all, c, track, now_ms)
                                    : svc__members_find(all, c);

        if (m == NULL && is_usable)
            return SVC_ENOMEM;
        if (m == NULL)
            continue;
        m->set = all->sets;
        /* Of two at one place the one that stands for it is met. */
        if ((c->why & SVC_WHY_DUPLICATE) == 0)
            meet(m, svc__candidate_endpoint(c), now_ms);
    }
    forget_the_others(all);
    return 0;
}

void svc__members_fini(struct svc__members *all)
{
    all->sets++; /* nobody is in this one */
    forget_the_others(all);
    svc__map_fini(&all->map);
}
