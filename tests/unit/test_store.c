/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store against a model: whatever the events, their order and their
 * number, what it answers depends on the objects that are left (faults I6,
 * I8, I10, J13 to J18).
 */
#include "kube/store.h"

#include "base/rng.h"
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- events by themselves -------------------------------------------- */

static void answer_is(const struct svc__store *st, const char *query,
                      const char *wanted)
{
    char answer[KUBE_TEXT_MAX];

    kube_answer(st, query, answer);
    assert_string_equal(answer, wanted);
}

static void stats_are(const struct svc__store *st, uint64_t services,
                      uint64_t slices, uint64_t nodes, uint64_t fqdn)
{
    struct svc__store_stats stats;

    svc__store_stats(st, &stats);
    assert_int_equal(stats.services, services);
    assert_int_equal(stats.slices, slices);
    assert_int_equal(stats.nodes, nodes);
    assert_int_equal(stats.slices_fqdn, fqdn);
}

static void endpoints_are(const struct svc__store *st, uint64_t endpoints)
{
    struct svc__store_stats stats;

    svc__store_stats(st, &stats);
    assert_int_equal(stats.endpoints, endpoints);
}

static void endpoints_are_counted(void **state)
{
    struct svc__store *st = kube_store_new();

    (void)state;
    (void)kube_apply(st, "Slice s/1 of=w port=p:80 @10.0.0.1 @10.0.0.2");
    (void)kube_apply(st, "Slice s/2 of=v port=p:80 @10.0.0.3");
    endpoints_are(st, 3);
    (void)kube_apply(st, "Slice s/1 of=v port=p:80 @10.0.0.1");
    endpoints_are(st, 2);
    (void)kube_apply(st, "Delete Slice s/2");
    endpoints_are(st, 1);
    (void)kube_apply(st, "Delete Slice s/1");
    endpoints_are(st, 0);
    svc__store_free(st);
}

static void objects_come_and_go(void **state)
{
    struct svc__store *st = kube_store_new();

    (void)state;
    stats_are(st, 0, 0, 0, 0);
    (void)kube_apply(st, "Slice s/1 of=w port=p:80 @10.0.0.1");
    answer_is(st, "s/w", "SVC_ENOSERVICE");
    (void)kube_apply(st, "Service s/w port=p:80");
    answer_is(st, "s/w", "10.0.0.1:80/TCP");
    (void)kube_apply(st, "Slice s/1 of=w port=p:80 @10.0.0.2");
    (void)kube_apply(st, "Slice s/2 of=w type=FQDN");
    (void)kube_apply(st, "Node n1");
    answer_is(st, "s/w", "10.0.0.2:80/TCP");
    stats_are(st, 1, 2, 1, 1);
    (void)kube_apply(st, "Delete Service s/w");
    (void)kube_apply(st, "Delete Service s/w");
    answer_is(st, "s/w", "SVC_ENOSERVICE");
    (void)kube_apply(st, "Delete Slice s/1");
    (void)kube_apply(st, "Delete Slice s/2");
    (void)kube_apply(st, "Delete Slice s/2");
    (void)kube_apply(st, "Delete Node n1");
    (void)kube_apply(st, "Delete Node n2");
    stats_are(st, 0, 0, 0, 0);
    svc__store_free(st);
}

/* Semantics 2.9 rule 2: the label of a slice may move it. */
static void slices_move(void **state)
{
    struct svc__store *st = kube_store_new();

    (void)state;
    (void)kube_apply(st, "Service s/a port=p:80");
    (void)kube_apply(st, "Service s/b port=p:80");
    (void)kube_apply(st, "Slice s/1 of=a port=p:80 @10.0.0.1");
    (void)kube_apply(st, "Slice s/2 of=a port=p:80 @10.0.0.2");
    (void)kube_apply(st, "Slice s/1 of=b port=p:80 @10.0.0.1");
    answer_is(st, "s/a", "10.0.0.2:80/TCP");
    answer_is(st, "s/b", "10.0.0.1:80/TCP");
    (void)kube_apply(st, "Slice s/2 port=p:80 @10.0.0.2");
    answer_is(st, "s/a", "SVC_ENOENDPOINTS");
    (void)kube_apply(st, "Slice s/2 of=a port=p:80 @10.0.0.3");
    answer_is(st, "s/a", "10.0.0.3:80/TCP");
    stats_are(st, 2, 2, 0, 0);
    svc__store_free(st);
}

/* Faults J16: an endpoint that another slice holds too stays. */
static void union_over_slices(void **state)
{
    struct svc__store *st = kube_store_new();

    (void)state;
    (void)kube_apply(st, "Service s/w port=p:80");
    (void)kube_apply(st, "Slice s/1 of=w port=p:80 @10.0.0.1 @10.0.0.2");
    (void)kube_apply(st, "Slice s/2 of=w port=p:80 @10.0.0.2 @10.0.0.3");
    answer_is(st, "s/w",
              "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.3:80/TCP "
              "10.0.0.2:80/TCP(duplicate)");
    (void)kube_apply(st, "Delete Slice s/1");
    answer_is(st, "s/w", "10.0.0.2:80/TCP 10.0.0.3:80/TCP");
    svc__store_free(st);
}

/* Faults J18. */
static void services_change_their_type(void **state)
{
    struct svc__store *st = kube_store_new();

    (void)state;
    (void)kube_apply(st, "Slice s/1 of=w port=p:8080 @10.0.0.1");
    (void)kube_apply(st, "Service s/w ip=10.96.0.1 port=p:80");
    answer_is(st, "s/w port=80", "10.0.0.1:8080/TCP");
    (void)kube_apply(st, "Service s/w external=a.example port=p:80");
    answer_is(st, "s/w port=80", "alias a.example:80");
    (void)kube_apply(st, "Service s/w headless");
    answer_is(st, "s/w port=80", "10.0.0.1:80");
    svc__store_free(st);
}

static void getters_and_replacement(void **state)
{
    struct svc__store *st = kube_store_new();
    struct svc__service_object *service = kube_service("Service s/w port=80");
    struct svc__slice *slice = kube_slice("Slice s/1 of=w");
    struct svc__node_object *node = kube_node("Node n1");
    int replaced = -1;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(svc__store_apply_service(st, service, &replaced), 0);
        assert_int_equal(replaced, i);
        assert_int_equal(svc__store_apply_slice(st, slice, &replaced), 0);
        assert_int_equal(replaced, i);
        assert_int_equal(svc__store_apply_node(st, node, &replaced), 0);
        assert_int_equal(replaced, i);
    }
    assert_ptr_equal(svc__store_service(st, "s", "w"), service);
    assert_ptr_equal(svc__store_slice(st, "s", "1"), slice);
    assert_ptr_equal(svc__store_node(st, "n1"), node);
    assert_null(svc__store_service(st, "s", "1"));
    assert_null(svc__store_slice(st, "s", "w"));
    assert_int_equal(svc__store_slice_count(st, "s", "w"), 1);
    assert_int_equal(svc__store_slice_count(st, "s", "1"), 0);
    assert_null(svc__store_service(st, "s/w", ""));
    assert_null(svc__store_node(st, "n2"));
    svc__service_object_unref(service);
    svc__slice_unref(slice);
    svc__node_object_unref(node);
    svc__store_free(st);
}

static void names_have_a_bound(void **state)
{
    struct svc__store *st = kube_store_new();
    char line[600] = "Service s/";
    char *name = line + strlen(line);

    (void)state;
    memset(name, 'a', 400);
    assert_int_equal(kube_apply(st, line), SVC_EINVAL);
    memcpy(line, "Slice   s/", 10);
    assert_int_equal(kube_apply(st, line), SVC_EINVAL);
    assert_int_equal(svc__store_refuse_service(st, "s", name, "why"), 0);
    assert_int_equal(svc__store_refuse_slice(st, "s", name, "why"), 0);
    svc__store_delete_service(st, "s", name);
    svc__store_delete_slice(st, name, "s");
    assert_null(svc__store_service(st, "s", name));
    name[253] = '\0';
    assert_int_equal(kube_apply(st, line), 0);
    assert_non_null(svc__store_slice(st, "s", name));
    stats_are(st, 0, 1, 0, 0);
    svc__store_free(st);
}

/* ---- refusals -------------------------------------------------------- */

static void refusals_end_with_a_good_version(void **state)
{
    struct svc__store *st = kube_store_new();

    (void)state;
    (void)kube_apply(st, "Refuse Service s/w it is bad");
    answer_is(st, "s/w", "SVC_EFILE");
    (void)kube_apply(st, "Service s/w external=a.b");
    answer_is(st, "s/w", "alias a.b");
    (void)kube_apply(st, "Delete Service s/w");
    answer_is(st, "s/w", "SVC_ENOSERVICE");
    (void)kube_apply(st, "Refuse Service s/w it is bad");
    (void)kube_apply(st, "Delete Service s/w");
    answer_is(st, "s/w", "SVC_ENOSERVICE");
    svc__store_free(st);
}

static void a_good_version_beats_a_refusal(void **state)
{
    struct svc__store *st = kube_store_new();

    (void)state;
    (void)kube_apply(st, "Service s/w external=a.b");
    (void)kube_apply(st, "Refuse Service s/w a second one is bad");
    answer_is(st, "s/w", "alias a.b");
    svc__store_free(st);
}

static void one_reason_stands_for_several(void **state)
{
    static const char *const reasons[] = {"b", "a", "c", "a"};
    svc_error error;

    (void)state;
    for (size_t first = 0; first < 4; first++) {
        struct svc__store *st = kube_store_new();
        struct svc__view *v;

        (void)kube_apply(st, "Service s/w port=80");
        for (size_t i = 0; i < 4; i++) {
            char line[64];

            (void)snprintf(line, sizeof(line), "Refuse Slice s/w reason %s",
                           reasons[(first + i) % 4]);
            (void)kube_apply(st, line);
        }
        v = kube_view(st, "s/w", NULL, &error);
        assert_non_null(strstr(v->message, "refused: reason a (and others)"));
        svc__view_free(v);
        svc__store_free(st);
    }
}

/* ---- against a model ------------------------------------------------- */

/* Objects of a small world, several versions each; NULL is "not there". */
#define SLOTS    10
#define VERSIONS 4

static const char *const world[SLOTS][VERSIONS] = {
    {"Service s/a port=p:80", "Service s/a headless port=p:80",
     "Service s/a external=x.y", NULL},
    {"Service s/b port=p:80 port=q:81 family=4", "Service s/b port=p:80",
     "Service s/b port=p:80 type=NodePort nodeport=30000 etp=Local", NULL},
    {"Service t/a port=p:80 itp=Local", "Service t/a headless", NULL, NULL},
    {"Slice s/1 of=a port=p:80 @10.0.0.1 node=n1 @10.0.0.2",
     "Slice s/1 of=b port=p:80 @10.0.0.1 node=n2",
     "Slice s/1 of=b rv=7 port=p:80 @10.0.0.1 cond=st", NULL},
    {"Slice s/2 of=a port=p:80 @10.0.0.2 cond=-",
     "Slice s/2 of=b rv=8 port=p:80 @10.0.0.1 zonehint=a",
     "Slice s/2 port=p:80 @10.0.0.9", NULL},
    {"Slice s/3 of=b rv=9 port=p:81 @10.0.0.1 @10.0.0.3 cond=st",
     "Slice s/3 of=a type=IPv6 port=p:80 @fd00::1", "Slice s/3 of=a", NULL},
    {"Slice t/1 of=a port=p:80 @10.1.0.1 node=n1",
     "Slice t/1 of=b port=p:80 @10.1.0.1", "Slice t/1 of=a type=FQDN", NULL},
    {"Slice t/2 of=a port=p:80 @10.1.0.1 node=n2",
     "Slice t/2 of=a port=p:80 @10.1.0.2 node=n1 cond=st", NULL, NULL},
    {"Node n1 v4=192.168.0.1", "Node n1 v4=192.168.0.1 notready", NULL, NULL},
    {"Node n2 v4=192.168.0.2 v6=fd00::2", "Node n2", NULL, NULL},
};

static const char *const deletes[SLOTS] = {
    "Delete Service s/a", "Delete Service s/b", "Delete Service t/a",
    "Delete Slice s/1",   "Delete Slice s/2",   "Delete Slice s/3",
    "Delete Slice t/1",   "Delete Slice t/2",   "Delete Node n1",
    "Delete Node n2",
};

static const char *const queries[] = {
    "s/a",
    "s/a port=80",
    "s/a view=vip",
    "s/b port=p",
    "s/b port=81",
    "s/b view=node port=80",
    "t/a node=n1",
    "t/a",
    "s/b port=80 zone=a",
    "t/b",
    "s/a host=10-0-0-1",
};

/* All answers of a store, and its numbers. */
static void describe(const struct svc__store *st, char *ret, size_t size)
{
    char answer[KUBE_TEXT_MAX];
    struct svc__store_stats stats;

    svc__store_stats(st, &stats);
    (void)snprintf(ret, size, "%d %d %d %d\n", (int)stats.services,
                   (int)stats.slices, (int)stats.nodes, (int)stats.slices_fqdn);
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        kube_answer(st, queries[i], answer);
        (void)snprintf(ret + strlen(ret), size - strlen(ret), "%s: %s\n",
                       queries[i], answer);
    }
}

static void put(struct svc__store *st, size_t slot, const char *line)
{
    assert_int_equal(kube_apply(st, line != NULL ? line : deletes[slot]), 0);
}

/* A store of these objects alone, in an order of its own. */
static struct svc__store *build(const char *const objects[SLOTS],
                                struct svc__rng *rng, int twice)
{
    struct svc__store *st = kube_store_new();
    size_t order[SLOTS];

    for (size_t i = 0; i < SLOTS; i++) {
        size_t k = svc__rng_below(rng, (uint32_t)i + 1);

        order[i] = order[k];
        order[k] = i;
    }
    for (int round = 0; round <= twice; round++) {
        for (size_t i = 0; i < SLOTS; i++) {
            if (objects[order[i]] != NULL)
                put(st, order[i], objects[order[i]]);
        }
    }
    return st;
}

static void only_what_is_left_counts(void **state)
{
    static char lived[16384];
    static char fresh[16384];
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 42);
    for (int run = 0; run < 300; run++) {
        const char *objects[SLOTS] = {NULL};
        struct svc__store *st = kube_store_new();
        struct svc__store *other;
        uint32_t events = svc__rng_below(&rng, 60);

        for (uint32_t i = 0; i < events; i++) {
            size_t slot = svc__rng_below(&rng, SLOTS);

            objects[slot] = world[slot][svc__rng_below(&rng, VERSIONS)];
            put(st, slot, objects[slot]);
        }
        other = build(objects, &rng, run % 2);
        describe(st, lived, sizeof(lived));
        describe(other, fresh, sizeof(fresh));
        assert_string_equal(lived, fresh);
        svc__store_free(st);
        svc__store_free(other);
    }
}

/* Views are equal as they are, not only after sorting. */
static void views_come_in_one_order(void **state)
{
    const char *objects[SLOTS];
    struct svc__rng rng;
    svc_error error;

    (void)state;
    svc__rng_seed(&rng, 7);
    for (size_t i = 0; i < SLOTS; i++)
        objects[i] = world[i][0];
    for (int run = 0; run < 50; run++) {
        struct svc__store *a = build(objects, &rng, 0);
        struct svc__store *b = build(objects, &rng, 1);
        struct svc__view *x = kube_view(a, "s/a", NULL, &error);
        struct svc__view *y = kube_view(b, "s/a", NULL, &error);

        assert_int_equal(x->count, y->count);
        for (size_t i = 0; i < x->count; i++) {
            assert_int_equal(
                svc__candidate_compare(&x->candidates[i], &y->candidates[i]),
                0);
            assert_int_equal(x->candidates[i].why, y->candidates[i].why);
        }
        svc__view_free(x);
        svc__view_free(y);
        svc__store_free(a);
        svc__store_free(b);
    }
}

/* An emptied store holds nothing: it is as a new one, also by its memory (the
 * sanitizers look). */
static void emptied_by_any_order(void **state)
{
    const char *objects[SLOTS];
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 3);
    for (int run = 0; run < 20; run++) {
        struct svc__store *st;

        for (size_t i = 0; i < SLOTS; i++)
            objects[i] = world[i][run % 2];
        st = build(objects, &rng, 0);
        for (size_t i = 0; i < SLOTS; i++)
            put(st, (i * 7 + (size_t)run) % SLOTS, NULL);
        stats_are(st, 0, 0, 0, 0);
        for (size_t i = 0; i < 3; i++)
            answer_is(st, queries[i], "SVC_ENOSERVICE");
        svc__store_free(st);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_come_and_go),
        cmocka_unit_test(endpoints_are_counted),
        cmocka_unit_test(slices_move),
        cmocka_unit_test(union_over_slices),
        cmocka_unit_test(services_change_their_type),
        cmocka_unit_test(getters_and_replacement),
        cmocka_unit_test(names_have_a_bound),
        cmocka_unit_test(refusals_end_with_a_good_version),
        cmocka_unit_test(a_good_version_beats_a_refusal),
        cmocka_unit_test(one_reason_stands_for_several),
        cmocka_unit_test(only_what_is_left_counts),
        cmocka_unit_test(views_come_in_one_order),
        cmocka_unit_test(emptied_by_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
