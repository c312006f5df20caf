/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns which feeds there are in a namespace.
 *
 * Design notes. A Service begins with a narrow pair, if there are not too many
 * already: its list is small, so it is there soon. The narrow pair ends when
 * the wide one covers it, which is when both wide lists are there and either
 * began after the Service was opened, or the narrow lists are there: objects
 * that the wide stream passed over because nobody wanted them are older than
 * the narrow lists, and from the opening on the wide stream passes over nothing
 * of it. The two may tell of one object meanwhile; the store keeps the newer
 * one. A narrow list that may be older than a wide one, which has it all, does
 * not count any more: it could bring back what is gone, and nobody would tell.
 *
 * So a target is in one of three lists: those with a pair of their own, those
 * that the wide pair covers, and those that wait for either.
 */
#include "backend/apiserver_space.h"

_Static_assert(SVC__RESOURCE_SERVICES < SVC__SPACE_RESOURCES &&
                   SVC__RESOURCE_SLICES < SVC__SPACE_RESOURCES,
               "a place in a pair for each");

/* ---- feeds --------------------------------------------------------------- */

static int open_feed(struct svc__apiserver_space *space, int resource,
                     struct svc__apiserver_target *target,
                     struct svc__apiserver_feed **ret, svc_error *reterr)
{
    const struct svc__apiserver_feed *wide = space->wide[resource];
    const struct svc__reflector_scope scope = {
        .resource = (enum svc__reflector_resource)resource,
        .namespace_ = space->namespace_,
        .service = target == NULL ? NULL : target->service};
    int err = svc__apiserver_feed_new(&space->plan->feeds, &scope, target, ret,
                                      reterr);

    if (err == 0 && wide != NULL &&
        svc__reflector_is_denied_for_long(wide->machine))
        svc__reflector_believe((*ret)->machine);
    return err;
}

void svc__apiserver_space_close(
    struct svc__apiserver_feed *pair[SVC__SPACE_RESOURCES])
{
    for (int i = 0; i < SVC__SPACE_RESOURCES; i++) {
        svc__apiserver_feed_free(pair[i]);
        pair[i] = NULL;
    }
}

/* Opens both or none: of a target, or (NULL) of the whole space. */
static int open_pair(struct svc__apiserver_space *space,
                     struct svc__apiserver_target *target, svc_error *reterr)
{
    struct svc__apiserver_feed **pair =
        target != NULL ? target->pair : space->wide;

    for (int i = 0; i < SVC__SPACE_RESOURCES; i++) {
        int err = open_feed(space, i, target, &pair[i], reterr);

        if (err != 0) {
            svc__apiserver_space_close(pair);
            return err;
        }
    }
    return 0;
}

int svc__apiserver_space_is_synced(
    struct svc__apiserver_feed *const pair[SVC__SPACE_RESOURCES])
{
    return pair[SVC__RESOURCE_SERVICES] != NULL &&
           svc__apiserver_feed_is_synced(pair[SVC__RESOURCE_SERVICES]) &&
           svc__apiserver_feed_is_synced(pair[SVC__RESOURCE_SLICES]);
}

static int is_denied(const struct svc__apiserver_feed *feed)
{
    return feed != NULL && svc__reflector_is_denied(feed->machine);
}

/* Whether one of the wide pair, if there is one, is in that state. */
static int is_any_wide(const struct svc__apiserver_space *space,
                       int (*is)(const struct svc__reflector *machine))
{
    for (int i = 0; i < SVC__SPACE_RESOURCES; i++) {
        if (space->wide[i] != NULL && is(space->wide[i]->machine))
            return 1;
    }
    return 0;
}

/* Whether one feed of that resource, wide or narrow, is in that state. */
static int is_any(const struct svc__apiserver_space *space, int resource,
                  int (*is)(const struct svc__apiserver_feed *feed))
{
    struct svc__list *it;

    if (is(space->wide[resource]))
        return 1;
    svc__list_each (it, &space->narrow) {
        if (is(svc__list_entry(it, struct svc__apiserver_target, link)
                   ->pair[resource]))
            return 1;
    }
    return 0;
}

int svc__apiserver_space_is_denied(const struct svc__apiserver_space *space,
                                   int resource)
{
    return is_any(space, resource, is_denied);
}

/* ---- what covers a target ------------------------------------------------ */

size_t svc__apiserver_space_count(const struct svc__apiserver_space *space)
{
    return space->narrow_count + space->covered_count + space->waiting_count;
}

void svc__apiserver_space_leave(struct svc__apiserver_target *t)
{
    struct svc__apiserver_space *space = t->space;

    svc__list_remove(&t->link);
    if (t->pair[SVC__RESOURCE_SERVICES] != NULL)
        space->narrow_count--;
    else if (t->is_covered)
        space->covered_count--;
    else
        space->waiting_count--;
}

void svc__apiserver_space_enter(struct svc__apiserver_target *t)
{
    struct svc__apiserver_space *space = t->space;

    if (t->pair[SVC__RESOURCE_SERVICES] != NULL) {
        svc__list_add(&space->narrow, &t->link);
        space->narrow_count++;
    } else if (t->is_covered) {
        svc__list_add(&space->covered, &t->link);
        space->covered_count++;
    } else {
        svc__list_add(&space->waiting, &t->link);
        space->waiting_count++;
    }
}

struct svc__apiserver_feed *svc__apiserver_space_cover(
    const struct svc__apiserver_target *target, int resource)
{
    return target->pair[resource] != NULL ? target->pair[resource]
                                          : target->space->wide[resource];
}

static int is_listed_by_wide(const struct svc__apiserver_target *t)
{
    return t->opened < t->space->wide[SVC__RESOURCE_SERVICES]->listed &&
           t->opened < t->space->wide[SVC__RESOURCE_SLICES]->listed;
}

void svc__apiserver_space_listed(struct svc__apiserver_space *space,
                                 enum svc__reflector_resource resource)
{
    const struct svc__apiserver_feed *wide = space->wide[resource];
    struct svc__list *it;

    svc__list_each (it, &space->narrow) {
        struct svc__apiserver_target *t =
            svc__list_entry(it, struct svc__apiserver_target, link);

        if (t->opened < wide->listed)
            t->pair[resource]->is_passive = 1;
    }
}

/* The wide pair is there: it covers what it has listed, and what has been
 * listed on its own. */
static void take_over(struct svc__apiserver_space *space)
{
    struct svc__list *const lists[] = {&space->waiting, &space->narrow};
    struct svc__list *after;
    struct svc__list *it;

    for (size_t i = 0; i < 2; i++) {
        svc__list_each_safe (it, after, lists[i]) {
            struct svc__apiserver_target *t =
                svc__list_entry(it, struct svc__apiserver_target, link);

            if (!svc__apiserver_space_is_synced(t->pair) &&
                !is_listed_by_wide(t))
                continue;
            svc__apiserver_space_leave(t);
            svc__apiserver_space_close(t->pair);
            t->is_covered = 1;
            svc__apiserver_space_enter(t);
            space->plan->changed(space->plan->arg, t);
        }
    }
}

static int is_passive(const struct svc__apiserver_target *t)
{
    return t->pair[SVC__RESOURCE_SERVICES]->is_passive ||
           t->pair[SVC__RESOURCE_SLICES]->is_passive;
}

/* The wide pair is refused: what it covered needs pairs again. */
static void fall_apart(struct svc__apiserver_space *space)
{
    struct svc__list *after;
    struct svc__list *it;

    svc__list_each_safe (it, after, &space->narrow) {
        struct svc__apiserver_target *t =
            svc__list_entry(it, struct svc__apiserver_target, link);

        if (!is_passive(t))
            continue;
        svc__apiserver_space_leave(t);
        svc__apiserver_space_close(t->pair);
        svc__apiserver_space_enter(t);
    }
    while (!svc__list_is_empty(&space->covered)) {
        struct svc__apiserver_target *t = svc__list_entry(
            space->covered.next, struct svc__apiserver_target, link);

        svc__apiserver_space_leave(t);
        t->is_covered = 0;
        svc__apiserver_space_enter(t);
    }
}

static int is_good(const struct svc__apiserver_feed *feed)
{
    return feed != NULL && svc__apiserver_feed_is_synced(feed) &&
           !is_denied(feed);
}

/* Whether that resource is brought to us, of whatever Service. */
static int is_allowed(const struct svc__apiserver_space *space, int resource)
{
    return is_any(space, resource, is_good);
}

/* Whether all are to have a pair each, since the wide one is refused. Not while
 * the first few are refused as well (faults A7). Services may be allowed by
 * their names, so that in the end each is asked for; slices have other names,
 * and who may not list those of one Service may not list those of the next. */
static int is_narrow_only(const struct svc__apiserver_space *space)
{
    const struct svc__apiserver_feed *wide =
        space->wide[SVC__RESOURCE_SERVICES];

    return is_any_wide(space, svc__reflector_is_denied) &&
           is_allowed(space, SVC__RESOURCE_SLICES) &&
           (is_allowed(space, SVC__RESOURCE_SERVICES) ||
            svc__reflector_is_denied_for_long(wide->machine));
}

/* Opens narrow pairs for those that wait: as many as there may be. */
static int open_narrow(struct svc__apiserver_space *space, svc_error *reterr)
{
    const int is_each = is_narrow_only(space);

    while (!svc__list_is_empty(&space->waiting) &&
           (is_each || space->narrow_count < SVC__PLAN_NARROW_MAX)) {
        struct svc__apiserver_target *t = svc__list_entry(
            space->waiting.next, struct svc__apiserver_target, link);
        int err;

        svc__apiserver_space_leave(t);
        err = open_pair(space, t, reterr);
        svc__apiserver_space_enter(t);
        if (err != 0)
            return err;
    }
    return 0;
}

int svc__apiserver_space_arrange(struct svc__apiserver_space *space,
                                 svc_error *reterr)
{
    const int is_there = svc__apiserver_space_is_synced(space->wide) &&
                         !is_any_wide(space, svc__reflector_is_denied);
    int err = 0;

    /* A refusal is believed when it lasts: an API server that has just begun
     * refuses all, and what is covered has its sets meanwhile. */
    if (is_there)
        take_over(space);
    else if (is_any_wide(space, svc__reflector_is_denied_for_long))
        fall_apart(space);
    if (is_there && space->waiting_count > SVC__PLAN_ANEW_MIN &&
        space->waiting_count > space->covered_count / 2)
        svc__apiserver_space_close(space->wide);
    if (svc__apiserver_space_count(space) > SVC__PLAN_NARROW_MAX &&
        space->wide[SVC__RESOURCE_SERVICES] == NULL)
        err = open_pair(space, NULL, reterr);
    return err != 0 ? err : open_narrow(space, reterr);
}
