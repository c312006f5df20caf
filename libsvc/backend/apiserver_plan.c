/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns targets and spaces, and when they are looked at; the feeds that cover
 * them are apiserver_space's.
 *
 * Design notes. Feeds report from inside their work, so that what is to be
 * opened and closed because of it waits for a timer that is due at once.
 */
#include "backend/apiserver_plan.h"

#include "backend/apiserver_object.h"
#include "backend/apiserver_space.h"
#include "base/alloc.h"
#include "base/err.h"
#include "model/name.h"

#include <string.h>

#define RETRY_MS 1000
#define KEY_MAX  512

static int64_t now_ms(const struct svc__apiserver_plan *plan)
{
    return svc__loop_now_ms(plan->feeds.env->loop);
}

static void look_soon(struct svc__apiserver_space *space)
{
    space->is_pending = 1;
    svc__loop_set(space->plan->feeds.env->loop, &space->plan->timer,
                  now_ms(space->plan));
}

/* ---- targets and spaces -------------------------------------------------- */

struct svc__apiserver_target *svc__apiserver_plan_find(
    const struct svc__apiserver_plan *plan, const char *namespace_,
    const char *service)
{
    char key[KEY_MAX];
    const size_t size = svc__name_key(namespace_, service, key, sizeof(key));

    return size == 0 ? NULL : svc__map_get(&plan->targets, key, size);
}

static void space_free(struct svc__apiserver_space *space)
{
    svc__apiserver_space_close(space->wide);
    svc__map_remove(&space->plan->spaces, space->namespace_,
                    strlen(space->namespace_));
    svc__free(space->namespace_);
    svc__free(space);
}

/* What the store has of it goes, too; nobody is told. */
static void target_free(struct svc__apiserver_target *t)
{
    struct svc__apiserver_space *space = t->space;
    struct svc__apiserver_plan *plan = space->plan;
    /* What goes is newer than none. */
    const struct svc__store_scope scope = {space->namespace_, t->service,
                                           UINT64_MAX};
    char key[KEY_MAX];

    svc__apiserver_space_leave(t);
    svc__apiserver_space_close(t->pair);
    svc__map_remove(
        &plan->targets, key,
        svc__name_key(space->namespace_, t->service, key, sizeof(key)));
    (void)svc__store_replace_services(plan->feeds.store, &scope, NULL, 0);
    (void)svc__store_replace_slices(plan->feeds.store, &scope, NULL, 0);
    svc__heap_remove(&plan->due, &t->due);
    svc__free(t->service);
    svc__free(t);
}

static int space_need(struct svc__apiserver_plan *plan, const char *namespace_,
                      struct svc__apiserver_space **ret)
{
    struct svc__apiserver_space *space =
        svc__map_get(&plan->spaces, namespace_, strlen(namespace_));

    if (space == NULL) {
        space = svc__calloc(1, sizeof(*space));
        if (space == NULL)
            return SVC_ENOMEM;
        space->plan = plan;
        svc__list_init(&space->narrow);
        svc__list_init(&space->covered);
        svc__list_init(&space->waiting);
        space->namespace_ = svc__strdup(namespace_);
        if (space->namespace_ == NULL ||
            svc__map_put(&plan->spaces, namespace_, strlen(namespace_), space,
                         NULL) != 0) {
            svc__free(space->namespace_);
            svc__free(space);
            return SVC_ENOMEM;
        }
    }
    *ret = space;
    return 0;
}

static struct svc__apiserver_target *target_new(
    struct svc__apiserver_space *space, const char *service)
{
    struct svc__apiserver_target *t = svc__calloc(1, sizeof(*t));
    char key[KEY_MAX];
    size_t size = svc__name_key(space->namespace_, service, key, sizeof(key));

    if (t == NULL)
        return NULL;
    t->space = space;
    t->service = svc__strdup(service);
    if (t->service == NULL || size == 0 ||
        svc__map_put(&space->plan->targets, key, size, t, NULL) != 0) {
        svc__free(t->service);
        svc__free(t);
        return NULL;
    }
    svc__list_init(&t->wants);
    svc__heap_node_init(&t->due);
    svc__list_init(&t->link);
    svc__apiserver_space_enter(t);
    t->delivered_ms = INT64_MIN;
    t->hold_ms = INT64_MAX;
    t->opened = space->plan->feeds.clock++;
    return t;
}

int svc__apiserver_plan_open(struct svc__apiserver_plan *plan,
                             const char *namespace_, const char *service,
                             struct svc__apiserver_target **ret,
                             svc_error *reterr)
{
    struct svc__apiserver_target *t =
        svc__apiserver_plan_find(plan, namespace_, service);
    struct svc__apiserver_space *space;

    if (t == NULL) {
        if (space_need(plan, namespace_, &space) != 0)
            return svc__err_nomem(reterr);
        t = target_new(space, service);
        if (t == NULL) {
            if (svc__apiserver_space_count(space) == 0)
                space_free(space);
            return svc__err_nomem(reterr);
        }
        look_soon(space);
    }
    t->users++;
    *ret = t;
    return 0;
}

static void set_idle(struct svc__apiserver_plan *plan)
{
    if (!svc__timer_is_set(&plan->idle))
        svc__loop_set(plan->feeds.env->loop, &plan->idle,
                      now_ms(plan) + SVC__PLAN_IDLE_MS);
}

void svc__apiserver_plan_close(struct svc__apiserver_plan *plan,
                               struct svc__apiserver_target *target)
{
    target->users--;
    if (target->users > 0)
        return;
    target->idle_ms = now_ms(plan);
    set_idle(plan);
}

/* ---- timers -------------------------------------------------------------- */

/* Opens and closes what has to be; what there is no memory for a second later.
 */
static void on_work(void *arg)
{
    struct svc__apiserver_plan *plan = arg;
    struct svc__map_entry *e;
    svc_error error;
    size_t at = 0;
    int err = 0;

    while ((e = svc__map_next(&plan->spaces, &at)) != NULL) {
        struct svc__apiserver_space *space = e->value;

        if (!space->is_pending)
            continue;
        space->is_pending = svc__apiserver_space_arrange(space, &error) != 0;
        err |= space->is_pending;
    }
    if (err)
        svc__loop_set(plan->feeds.env->loop, &plan->timer,
                      now_ms(plan) + RETRY_MS);
}

/* Lets go of the targets of a list that were idle for long enough; returns
 * when the next one is, or INT64_MAX. */
static int64_t sweep(struct svc__list *targets, int64_t before_ms)
{
    int64_t next_ms = INT64_MAX;
    struct svc__list *after;
    struct svc__list *it;

    svc__list_each_safe (it, after, targets) {
        struct svc__apiserver_target *t =
            svc__list_entry(it, struct svc__apiserver_target, link);

        if (t->users > 0)
            continue;
        if (t->idle_ms > before_ms) {
            next_ms = t->idle_ms < next_ms ? t->idle_ms : next_ms;
            continue;
        }
        look_soon(t->space); /* its pair may be another's */
        target_free(t);
    }
    return next_ms;
}

/* Frees the spaces in which nothing is open. */
static void sweep_spaces(struct svc__apiserver_plan *plan)
{
    struct svc__map_entry *e;
    size_t at = 0;

    /* A removal moves entries: the walk begins anew after each. */
    while ((e = svc__map_next(&plan->spaces, &at)) != NULL) {
        struct svc__apiserver_space *space = e->value;

        if (svc__apiserver_space_count(space) > 0)
            continue;
        space_free(space);
        at = 0;
    }
}

/* All but the caller's own, whose zone counts. */
static void forget_nodes(struct svc__apiserver_plan *plan)
{
    const char *name = plan->feeds.env->apiserver->node;
    struct svc__node_object *own =
        name == NULL ? NULL : svc__store_node(plan->feeds.store, name);

    (void)svc__store_replace_nodes(plan->feeds.store, &own, own != NULL);
}

static void sweep_nodes(struct svc__apiserver_plan *plan, int64_t before_ms,
                        int64_t *next_ms)
{
    if (plan->nodes == NULL || plan->nodes_wanted > 0)
        return;
    if (plan->nodes_idle_ms > before_ms) {
        if (plan->nodes_idle_ms < *next_ms)
            *next_ms = plan->nodes_idle_ms;
        return;
    }
    svc__apiserver_feed_free(plan->nodes);
    plan->nodes = NULL;
    forget_nodes(plan);
}

static void on_idle(void *arg)
{
    struct svc__apiserver_plan *plan = arg;
    const int64_t before_ms = now_ms(plan) - SVC__PLAN_IDLE_MS;
    int64_t next_ms = INT64_MAX;
    struct svc__map_entry *e;
    size_t at = 0;

    while ((e = svc__map_next(&plan->spaces, &at)) != NULL) {
        struct svc__apiserver_space *space = e->value;
        struct svc__list *const lists[] = {&space->narrow, &space->covered,
                                           &space->waiting};

        for (size_t i = 0; i < 3; i++) {
            int64_t list_ms = sweep(lists[i], before_ms);

            if (list_ms < next_ms)
                next_ms = list_ms;
        }
    }
    sweep_spaces(plan);
    sweep_nodes(plan, before_ms, &next_ms);
    if (next_ms != INT64_MAX)
        svc__loop_set(plan->feeds.env->loop, &plan->idle,
                      next_ms + SVC__PLAN_IDLE_MS);
    plan->feeds.written(plan->feeds.arg);
}

/* ---- what feeds say ------------------------------------------------------ */

static int wants(void *arg, const char *namespace_, const char *service)
{
    return svc__apiserver_plan_find(arg, namespace_, service) != NULL;
}

static int carry_list(const struct svc__list *targets,
                      struct svc__apiserver_feed *feed)
{
    struct svc__list *it;
    int err = 0;

    svc__list_each (it, targets) {
        const struct svc__apiserver_target *t =
            svc__list_entry(it, struct svc__apiserver_target, link);

        if (err == 0 && t->opened > feed->begun)
            err = svc__apiserver_object_carry(feed, t->service);
    }
    return err;
}

static int carry(void *arg, struct svc__apiserver_feed *feed)
{
    const struct svc__apiserver_plan *plan = arg;
    const struct svc__apiserver_space *space = svc__map_get(
        &plan->spaces, feed->scope.namespace_, strlen(feed->scope.namespace_));
    int err = carry_list(&space->narrow, feed);

    return err != 0 ? err : carry_list(&space->covered, feed);
}

/* All targets that stand on the wide pair, or are to. */
static void changed_wide(struct svc__apiserver_space *space)
{
    struct svc__list *const lists[] = {&space->covered, &space->waiting};
    struct svc__list *it;

    for (size_t i = 0; i < 2; i++) {
        svc__list_each (it, lists[i])
            space->plan->changed(
                space->plan->arg,
                svc__list_entry(it, struct svc__apiserver_target, link));
    }
}

static void changed_nodes(struct svc__apiserver_plan *plan)
{
    struct svc__map_entry *e;
    size_t at = 0;

    while ((e = svc__map_next(&plan->targets, &at)) != NULL)
        plan->changed(plan->arg, e->value);
}

static void on_changed(void *arg, struct svc__apiserver_feed *feed, int synced)
{
    struct svc__apiserver_plan *plan = arg;
    struct svc__apiserver_target *target = feed->owner;
    const int resource = (int)feed->scope.resource;
    struct svc__apiserver_space *space;

    if (feed->scope.namespace_ == NULL) {
        plan->nodes_told &= svc__reflector_is_denied(feed->machine);
        changed_nodes(plan);
        return;
    }
    space = svc__map_get(&plan->spaces, feed->scope.namespace_,
                         strlen(feed->scope.namespace_));
    if (space->is_told[resource])
        space->is_told[resource] =
            svc__apiserver_space_is_denied(space, resource);
    if (synced && target == NULL)
        svc__apiserver_space_listed(space, feed->scope.resource);
    if (target != NULL)
        plan->changed(plan->arg, target);
    else
        changed_wide(space);
    look_soon(space);
}

/* ---- the interface ------------------------------------------------------- */

void svc__apiserver_plan_init(struct svc__apiserver_plan *plan)
{
    svc__map_init(&plan->spaces, &plan->feeds.env->hash_key);
    svc__heap_init(&plan->due);
    svc__map_init(&plan->targets, &plan->feeds.env->hash_key);
    svc__timer_init(&plan->timer, on_work, plan);
    svc__timer_init(&plan->idle, on_idle, plan);
    plan->feeds.wants = wants;
    plan->feeds.carry = carry;
    plan->feeds.changed = on_changed;
    plan->feeds.arg = plan;
}

static void free_targets(struct svc__list *targets)
{
    while (!svc__list_is_empty(targets))
        target_free(
            svc__list_entry(targets->next, struct svc__apiserver_target, link));
}

void svc__apiserver_plan_fini(struct svc__apiserver_plan *plan)
{
    struct svc__map_entry *e;
    size_t at = 0;

    svc__apiserver_feed_free(plan->nodes);
    while ((e = svc__map_next(&plan->spaces, &at)) != NULL) {
        struct svc__apiserver_space *space = e->value;

        free_targets(&space->narrow);
        free_targets(&space->covered);
        free_targets(&space->waiting);
    }
    sweep_spaces(plan);
    svc__loop_unset(plan->feeds.env->loop, &plan->timer);
    svc__loop_unset(plan->feeds.env->loop, &plan->idle);
    svc__map_fini(&plan->targets);
    svc__map_fini(&plan->spaces);
}

int svc__apiserver_plan_nodes(struct svc__apiserver_plan *plan, int more,
                              svc_error *reterr)
{
    const struct svc__reflector_scope scope = {.resource = SVC__RESOURCE_NODES};

    if (more < 0) {
        plan->nodes_wanted--;
        plan->nodes_idle_ms = now_ms(plan);
        set_idle(plan);
        return 0;
    }
    if (plan->nodes == NULL) {
        int err = svc__apiserver_feed_new(&plan->feeds, &scope, NULL,
                                          &plan->nodes, reterr);
        if (err != 0)
            return err;
    }
    plan->nodes_wanted++;
    return 0;
}

int svc__apiserver_plan_is_synced(const struct svc__apiserver_plan *plan,
                                  const struct svc__apiserver_target *target,
                                  int with_nodes)
{
    const int is_listed =
        target->pair[SVC__RESOURCE_SERVICES] != NULL
            ? svc__apiserver_space_is_synced(target->pair)
            : target->is_covered &&
                  svc__apiserver_space_is_synced(target->space->wide);

    return is_listed &&
           (!with_nodes || (plan->nodes != NULL &&
                            svc__apiserver_feed_is_synced(plan->nodes)));
}

/* Fills reterr, as svc__reflector_trouble; there may be no feed. */
static int trouble_of(const struct svc__apiserver_feed *feed, int *told,
                      int *ret_told, svc_error *reterr)
{
    const int code =
        feed == NULL ? 0 : svc__reflector_trouble(feed->machine, reterr);

    *ret_told = 0;
    if (code != 0 && svc__reflector_is_denied(feed->machine)) {
        *ret_told = *told;
        *told = 1;
    }
    return code;
}

int svc__apiserver_plan_trouble(struct svc__apiserver_plan *plan,
                                const struct svc__apiserver_target *target,
                                int with_nodes, int *ret_told,
                                svc_error *reterr)
{
    int code = 0;

    for (int i = 0; i < SVC__SPACE_RESOURCES && code == 0; i++)
        code = trouble_of(svc__apiserver_space_cover(target, i),
                          &target->space->is_told[i], ret_told, reterr);
    if (code == 0 && with_nodes)
        code = trouble_of(plan->nodes, &plan->nodes_told, ret_told, reterr);
    return code;
}

void svc__apiserver_plan_hurry(struct svc__apiserver_plan *plan,
                               struct svc__apiserver_target *target)
{
    for (int i = 0; i < SVC__SPACE_RESOURCES; i++) {
        struct svc__apiserver_feed *feed =
            svc__apiserver_space_cover(target, i);

        if (feed != NULL)
            svc__apiserver_feed_hurry(feed);
    }
    if (plan->nodes != NULL)
        svc__apiserver_feed_hurry(plan->nodes);
}

const char *svc__apiserver_plan_word(const struct svc__apiserver_target *target)
{
    return target->pair[SVC__RESOURCE_SERVICES] != NULL ? "narrow" : "wide";
}
