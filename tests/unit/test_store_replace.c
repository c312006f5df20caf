/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole lists, events and deletions of several streams against a naive model:
 * what the store holds, and whom it tells (faults J13, J14, J16, J17).
 */
#include "base/rng.h"
#include "kube/store.h"
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SLICES   8
#define SERVICES 3 /* and the name "" of none */
#define LIST_MAX 12

/* Slices 0 to 5 are in "s", the others in "t". */
static const char *space_of(size_t slice)
{
    return slice < 6 ? "s" : "t";
}

static const char *const service_names[SERVICES + 1] = {"a", "b", "c", ""};

/* ---- the model -------------------------------------------------------- */

struct known {
    int is_there;
    uint64_t version;
    size_t service;
};

struct model {
    struct known slices[SLICES];
    uint64_t gone[SLICES];
    int touched[2][SERVICES + 1]; /* in the last call */
};

struct object {
    size_t slice;
    uint64_t version;
    size_t service;
};

static void drop(struct model *m, size_t slice)
{
    struct known *k = &m->slices[slice];

    if (k->is_there)
        m->touched[slice >= 6][k->service] = 1;
    k->is_there = 0;
}

static void take(struct model *m, const struct object *o)
{
    drop(m, o->slice);
    m->touched[o->slice >= 6][o->service] = 1;
    m->slices[o->slice] = (struct known){1, o->version, o->service};
}

static void model_update(struct model *m, const struct object *o)
{
    const struct known *k = &m->slices[o->slice];

    if (k->is_there
            ? k->version != 0 && o->version != 0 && o->version <= k->version
            : o->version != 0 && o->version < m->gone[o->slice])
        return;
    take(m, o);
}

static void model_remove(struct model *m, const struct object *o)
{
    const struct known *k = &m->slices[o->slice];

    if (k->is_there && o->version != 0 &&
        (o->version < k->version ||
         (o->version == k->version && o->service != k->service)))
        return;
    drop(m, o->slice);
    if (o->version > m->gone[o->slice])
        m->gone[o->slice] = o->version;
}

static int is_in(const struct svc__store_scope *scope, size_t slice,
                 size_t service)
{
    return strcmp(space_of(slice), scope->namespace_) == 0 &&
           (scope->service == NULL ||
            strcmp(service_names[service], scope->service) == 0);
}

static void model_replace(struct model *m, const struct svc__store_scope *scope,
                          const struct object *list, size_t count)
{
    int listed[SLICES] = {0};

    if (scope->version == 0)
        memset(m->gone, 0, sizeof(m->gone));
    for (size_t i = 0; i < count; i++) {
        const struct object *o = &list[i];
        const struct known *k = &m->slices[o->slice];
        const int both = k->version != 0 && o->version != 0;

        listed[o->slice] = 1;
        if (k->is_there
                ? both && (o->version == k->version ||
                           (scope->version != 0 && o->version < k->version))
                : o->version != 0 && o->version < m->gone[o->slice])
            continue;
        take(m, o);
    }
    for (size_t i = 0; i < SLICES; i++) {
        const struct known *k = &m->slices[i];

        if (k->is_there && !listed[i] && is_in(scope, i, k->service) &&
            (scope->version == 0 || k->version <= scope->version))
            drop(m, i);
    }
}

/* ---- the store -------------------------------------------------------- */

/* Who was told in a call. */
static struct {
    int of[2][SERVICES];
    int others;
} told;

static void on_change(void *arg, const char *namespace_, const char *service)
{
    size_t i = 0;

    (void)arg;
    while (i < SERVICES && strcmp(service_names[i], service) != 0)
        i++;
    if (i < SERVICES)
        told.of[namespace_[0] == 't'][i]++;
    else
        told.others++;
}

static struct svc__slice *slice_of(const struct object *o)
{
    char line[128];

    (void)snprintf(line, sizeof(line), "Slice %s/%zu rv=%llu %s%s port=p:80",
                   space_of(o->slice), o->slice, (unsigned long long)o->version,
                   o->service < SERVICES ? "of=" : "",
                   service_names[o->service]);
    return kube_slice(line);
}

static void name_of(size_t slice, char ret[8])
{
    (void)snprintf(ret, 8, "%zu", slice);
}

static void store_remove(struct svc__store *st, const struct object *o)
{
    char name[8];

    name_of(o->slice, name);
    svc__store_remove_slice(st, space_of(o->slice), name,
                            service_names[o->service], o->version);
}

static int store_replace(struct svc__store *st,
                         const struct svc__store_scope *scope,
                         const struct object *list, size_t count)
{
    struct svc__slice *slices[LIST_MAX];
    int err;

    for (size_t i = 0; i < count; i++)
        slices[i] = slice_of(&list[i]);
    err = svc__store_replace_slices(st, scope, slices, count);
    for (size_t i = 0; i < count; i++)
        svc__slice_unref(slices[i]);
    return err;
}

/* Each Service is told once when it has other slices than before, else not. */
static void check_told(const struct model *m)
{
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < SERVICES; k++)
            assert_int_equal(told.of[i][k], m->touched[i][k]);
    }
    assert_int_equal(told.others, 0);
}

static void check_store(const struct svc__store *st, const struct model *m)
{
    size_t counts[2][SERVICES + 1] = {{0}};
    struct svc__store_stats stats;
    size_t all = 0;
    char name[8];

    for (size_t i = 0; i < SLICES; i++) {
        const struct known *k = &m->slices[i];
        const struct svc__slice *slice;

        name_of(i, name);
        slice = svc__store_slice(st, space_of(i), name);
        assert_int_equal(slice != NULL, k->is_there);
        if (slice == NULL)
            continue;
        assert_int_equal(slice->resource_version, k->version);
        assert_string_equal(slice->service, service_names[k->service]);
        counts[i >= 6][k->service]++;
        all++;
    }
    for (size_t k = 0; k < SERVICES; k++) {
        assert_int_equal(svc__store_slice_count(st, "s", service_names[k]),
                         counts[0][k]);
        assert_int_equal(svc__store_slice_count(st, "t", service_names[k]),
                         counts[1][k]);
    }
    svc__store_stats(st, &stats);
    assert_int_equal(stats.slices, all);
}

/* ---- both ------------------------------------------------------------- */

/* Versions come from a clock that goes on; streams lag behind it. */
static struct object random_object(struct svc__rng *rng, uint64_t clock)
{
    const uint32_t age = svc__rng_below(rng, 8);

    return (struct object){
        svc__rng_below(rng, SLICES),
        svc__rng_below(rng, 12) == 0 || age > clock ? 0 : clock - age,
        svc__rng_below(rng, SERVICES + 1)};
}

static size_t random_list(struct svc__rng *rng, uint64_t clock,
                          const struct model *m,
                          const struct svc__store_scope *scope,
                          struct object ret[LIST_MAX])
{
    const size_t want = svc__rng_below(rng, LIST_MAX + 1);
    size_t count = 0;

    for (int tries = 0; tries < 60 && count < want; tries++) {
        struct object o = random_object(rng, clock);
        const struct known *k = &m->slices[o.slice];

        if (k->is_there && svc__rng_below(rng, 2) == 0) {
            o.version = k->version; /* as it is known */
            o.service = k->service;
        }
        if (is_in(scope, o.slice, o.service))
            ret[count++] = o;
    }
    return count;
}

static void random_replace(struct svc__rng *rng, uint64_t clock,
                           struct svc__store *st, struct model *m)
{
    static const struct svc__store_scope scopes[] = {
        {"s", NULL, 0}, {"s", "a", 0},  {"s", "b", 0}, {"t", NULL, 0},
        {"t", "c", 0},  {"u", NULL, 0}, {"u", "a", 0}};
    struct svc__store_scope scope = scopes[svc__rng_below(rng, 7)];
    struct object list[LIST_MAX];
    size_t count;

    if (svc__rng_below(rng, 6) != 0)
        scope.version = clock - svc__rng_below(rng, 4);
    count = random_list(rng, clock, m, &scope, list);
    assert_int_equal(store_replace(st, &scope, list, count), 0);
    model_replace(m, &scope, list, count);
}

static void random_event(struct svc__rng *rng, uint64_t clock,
                         struct svc__store *st, struct model *m)
{
    const struct object o = random_object(rng, clock);
    struct svc__slice *slice;

    if (svc__rng_below(rng, 3) == 0) {
        store_remove(st, &o);
        model_remove(m, &o);
        return;
    }
    slice = slice_of(&o);
    assert_int_equal(svc__store_update_slice(st, slice), 0);
    svc__slice_unref(slice);
    model_update(m, &o);
}

static void all_as_in_the_model(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 11);
    for (int run = 0; run < 400; run++) {
        struct svc__store *st = kube_store_new();
        struct model m = {.gone = {0}};

        svc__store_listen(st, on_change, NULL);
        for (uint64_t clock = 10; clock < 70; clock++) {
            memset(&told, 0, sizeof(told));
            memset(m.touched, 0, sizeof(m.touched));
            if (svc__rng_below(&rng, 4) == 0)
                random_replace(&rng, clock, st, &m);
            else
                random_event(&rng, clock, st, &m);
            check_told(&m);
            check_store(st, &m);
        }
        svc__store_free(st);
    }
}

/* ---- by themselves ---------------------------------------------------- */

static int calls;

static void count_call(void *arg, const char *namespace_, const char *service)
{
    (void)arg;
    (void)namespace_;
    (void)service;
    calls++;
}

/* A list of what is known keeps the old objects, and nobody hears of it. */
static void a_list_that_says_nothing_new(void **state)
{
    const struct svc__store_scope scope = {"s", NULL, 100};
    struct svc__store *st = kube_store_new();
    struct svc__slice *old[2] = {
        kube_slice("Slice s/1 of=w rv=7 port=p:80 @10.0.0.1"),
        kube_slice("Slice s/2 of=w rv=8 port=p:80 @10.0.0.2")};
    struct svc__slice *new[2] = {
        kube_slice("Slice s/2 of=w rv=8 port=p:80 @10.0.0.2"),
        kube_slice("Slice s/1 of=w rv=7 port=p:80 @10.0.0.1")};

    (void)state;
    svc__store_listen(st, count_call, NULL);
    calls = 0;
    assert_int_equal(svc__store_replace_slices(st, &scope, old, 2), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(svc__store_replace_slices(st, &scope, new, 2), 0);
    assert_int_equal(calls, 1);
    assert_ptr_equal(svc__store_slice(st, "s", "1"), old[0]);
    assert_ptr_equal(svc__store_slice(st, "s", "2"), old[1]);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(atomic_load(&old[i]->refs.count), 2);
        assert_int_equal(atomic_load(&new[i]->refs.count), 1);
        svc__slice_unref(old[i]);
        svc__slice_unref(new[i]);
    }
    svc__store_free(st);
}

/* What is not of the scope, or cannot be, changes nothing at all. */
static void a_list_that_cannot_be(void **state)
{
    static const char *const lines[] = {"Slice t/9 of=w", "Slice s/9 of=v",
                                        "Slice s/9"};
    const struct svc__store_scope scope = {"s", "w", 100};
    struct svc__store *st = kube_store_new();

    (void)state;
    (void)kube_apply(st, "Slice s/1 of=w rv=7 port=p:80");
    svc__store_listen(st, count_call, NULL);
    calls = 0;
    for (size_t i = 0; i < 3; i++) {
        struct svc__slice *list[2] = {kube_slice("Slice s/2 of=w rv=8"),
                                      kube_slice(lines[i])};

        assert_int_equal(svc__store_replace_slices(st, &scope, list, 2),
                         SVC_EINVAL);
        assert_null(svc__store_slice(st, "s", "2"));
        assert_int_equal(svc__store_slice_count(st, "s", "w"), 1);
        svc__slice_unref(list[0]);
        svc__slice_unref(list[1]);
    }
    assert_int_equal(calls, 0);
    svc__store_free(st);
}

/* Faults J24: in one call, with nothing between. J14: of the one before nothing
 * stays. */
static void everything_is_replaced(void **state)
{
    const struct svc__store_scope scope = {"s", NULL, 100};
    struct svc__store *st = kube_store_new();
    struct svc__slice *list = kube_slice("Slice s/2 of=w rv=9 port=p:80 "
                                         "@10.0.0.3 @10.0.0.4");
    char answer[KUBE_TEXT_MAX];

    (void)state;
    (void)kube_apply(st, "Service s/w port=p:80");
    (void)kube_apply(st, "Slice s/1 of=w rv=5 port=p:80 @10.0.0.1");
    (void)kube_apply(st, "Slice s/2 of=w rv=6 port=p:80 @10.0.0.2");
    (void)kube_apply(st, "Slice t/1 of=w rv=6 port=p:80 @10.0.0.2");
    assert_int_equal(svc__store_replace_slices(st, &scope, &list, 1), 0);
    svc__slice_unref(list);
    kube_answer(st, "s/w", answer);
    assert_string_equal(answer, "10.0.0.3:80/TCP 10.0.0.4:80/TCP");
    assert_non_null(svc__store_slice(st, "t", "1"));
    svc__store_free(st);
}

/* ---- Services --------------------------------------------------------- */

static int replace_services(struct svc__store *st, const char *service,
                            uint64_t version, const char *one, const char *two)
{
    const struct svc__store_scope scope = {"s", service, version};
    struct svc__service_object *list[2];
    size_t count = 0;
    int err;

    if (one != NULL)
        list[count++] = kube_service(one);
    if (two != NULL)
        list[count++] = kube_service(two);
    err = svc__store_replace_services(st, &scope, list, count);
    while (count-- > 0)
        svc__service_object_unref(list[count]);
    return err;
}

static uint64_t version_of(const struct svc__store *st, const char *name)
{
    const struct svc__service_object *service =
        svc__store_service(st, "s", name);

    return service == NULL ? 0 : service->resource_version;
}

static void services_are_replaced(void **state)
{
    struct svc__store *st = kube_store_new();

    (void)state;
    svc__store_listen(st, count_call, NULL);
    calls = 0;
    (void)replace_services(st, NULL, 10, "Service s/a rv=3",
                           "Service s/b rv=4");
    assert_int_equal(calls, 2);
    (void)replace_services(st, NULL, 11, "Service s/b rv=4",
                           "Service s/a rv=3");
    assert_int_equal(calls, 2);
    (void)replace_services(st, NULL, 12, "Service s/b rv=2",
                           "Service s/c rv=9");
    assert_int_equal(calls, 4); /* a went, c came; b is known better */
    assert_int_equal(version_of(st, "a"), 0);
    assert_int_equal(version_of(st, "b"), 4);
    (void)kube_apply(st, "Update Service s/d rv=20");
    (void)replace_services(st, NULL, 15, NULL, NULL);
    assert_int_equal(version_of(st, "b") + version_of(st, "c"), 0);
    assert_int_equal(version_of(st, "d"), 20); /* by another stream, later */
    (void)replace_services(st, "a", 0, "Service s/a rv=1", NULL);
    (void)replace_services(st, "d", 0, "Service s/d rv=1", NULL);
    assert_int_equal(version_of(st, "d"), 1); /* versions began anew */
    (void)replace_services(st, "d", 0, NULL, NULL);
    assert_int_equal(version_of(st, "a"), 1);
    assert_int_equal(version_of(st, "d"), 0);
    assert_int_equal(
        replace_services(st, "a", 30, "Service s/a rv=9", "Service s/b rv=9"),
        SVC_EINVAL);
    assert_int_equal(version_of(st, "a"), 1);
    svc__store_free(st);
}

/* Many owners go in one walk over the map, some of which stay for slices. */
static void many_services_go(void **state)
{
    const struct svc__store_scope scope = {"s", NULL, 1000000};
    struct svc__store *st = kube_store_new();
    struct svc__store_stats stats;
    char line[64];

    (void)state;
    for (int i = 0; i < 3000; i++) {
        (void)snprintf(line, sizeof(line), "Service s/w%d rv=%d", i, i + 1);
        (void)kube_apply(st, line);
        (void)snprintf(line, sizeof(line), "Slice s/e%d of=w%d rv=%d", i,
                       i - i % 3, i + 1);
        (void)kube_apply(st, line);
    }
    svc__store_listen(st, count_call, NULL);
    calls = 0;
    assert_int_equal(svc__store_replace_services(st, &scope, NULL, 0), 0);
    assert_int_equal(calls, 3000);
    svc__store_stats(st, &stats);
    assert_int_equal(stats.services, 0);
    assert_int_equal(stats.slices, 3000);
    assert_int_equal(svc__store_slice_count(st, "s", "w3"), 3);
    assert_int_equal(svc__store_replace_slices(st, &scope, NULL, 0), 0);
    svc__store_stats(st, &stats);
    assert_int_equal(stats.slices, 0);
    assert_int_equal(calls, 4000);
    svc__store_free(st);
}

/* ---- Nodes ------------------------------------------------------------ */

static int replace_nodes(struct svc__store *st, const char *one,
                         const char *two)
{
    struct svc__node_object *list[2];
    size_t count = 0;
    int err;

    if (one != NULL)
        list[count++] = kube_node(one);
    if (two != NULL)
        list[count++] = kube_node(two);
    err = svc__store_replace_nodes(st, list, count);
    while (count-- > 0)
        svc__node_object_unref(list[count]);
    return err;
}

/* A Node is told of when something that counts is another. */
static void nodes_are_replaced(void **state)
{
    static const struct {
        const char *one;
        const char *two;
        int told;
    } table[] = {
        {"Node n1 rv=1 zone=a", "Node n2 rv=2 v4=10.0.0.1", 1},
        {"Node n2 rv=2 v4=10.0.0.1", "Node n1 rv=1 zone=a", 0},
        {"Node n2 rv=7 v4=10.0.0.1", "Node n1 rv=1 zone=a", 0},
        {"Node n2 rv=7 v4=10.0.0.1", "Node n1 rv=2 zone=b", 1},
        {"Node n2 rv=8 v4=10.0.0.1 notready", "Node n1 rv=2 zone=b", 1},
        {"Node n2 rv=9 v4=10.0.0.1 v6=fd00::1 notready", "Node n1 rv=2 zone=b",
         1},
        {"Node n2 rv=9 v4=10.0.0.1 v6=fd00::1 notready", NULL, 1},
        {"Node n3 rv=9 v4=10.0.0.1 v6=fd00::1 notready", NULL, 1},
        {"Node n3 rv=3", NULL, 1},
        {NULL, NULL, 1},
        {NULL, NULL, 0},
    };
    struct svc__store *st = kube_store_new();
    struct svc__store_stats stats;

    (void)state;
    svc__store_listen(st, count_call, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        calls = 0;
        assert_int_equal(replace_nodes(st, table[i].one, table[i].two), 0);
        assert_int_equal(calls, table[i].told);
        svc__store_stats(st, &stats);
        assert_int_equal(stats.nodes,
                         (table[i].one != NULL) + (table[i].two != NULL));
    }
    svc__store_free(st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_as_in_the_model),
        cmocka_unit_test(a_list_that_says_nothing_new),
        cmocka_unit_test(a_list_that_cannot_be),
        cmocka_unit_test(everything_is_replaced),
        cmocka_unit_test(services_are_replaced),
        cmocka_unit_test(many_services_go),
        cmocka_unit_test(nodes_are_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
