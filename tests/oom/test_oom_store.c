/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out while a store is filled and asked, while views are
 * filtered, and while policies are built: a clear error, no leak, the store
 * as it was before.
 */
#include "kube/store.h"
#include "kube_build.h"
#include "oom.h"
#include "policy/policy.h"
#include "set_build.h"
#include "tracked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SERVICES 5
#define SLICES   6
#define NODES    2

/* Made while there is memory. */
struct objects {
    struct svc__service_object *services[SERVICES];
    struct svc__slice *slices[SLICES];
    struct svc__node_object *nodes[NODES];
};

static const char *const services[SERVICES] = {
    "Service s/w selector port=p:80 port=q:53/UDP app=dns ip=10.0.0.1",
    "Service s/h headless port=p:80",
    "Service s/n type=NodePort port=p:80 nodeport=30080 app=h2c etp=Local",
    "Service s/l type=LoadBalancer port=p:80 lbhost=a.b",
    "Service s/x external=a.b. port=p:80",
};

static const char *const slices[SLICES] = {
    "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2 cond=-",
    "Slice s/2 of=w rv=3 port=p:80 @10.0.0.1 node=n1 @127.0.0.1",
    "Slice s/3 of=n port=p:80 @10.0.0.3 node=n1",
    "Slice s/1 of=h port=p:80 @10.0.0.4 host=a", /* moves */
    "Slice s/2 of=w port=r:80 @10.0.0.5",        /* replaces */
    "Slice s/4 port=p:80",
};

static const char *const nodes[NODES] = {"Node n1 zone=a v4=192.168.0.1",
                                         "Node n2 v6=fd00::2"};

static const char *const queries[] = {
    "s/w port=80 zone=a", "s/w port=q view=vip", "s/w",         "s/w port=99",
    "s/h host=b",         "s/n view=node",       "s/l view=lb", "s/l view=node",
    "s/x port=p",         "s/x port=r",          "s/ww",        "s/e",
    "s/h port=80",        "s/w host=a view=vip", "s/g",
};

static int64_t no_clock(void)
{
    return 0;
}

static void check(int err)
{
    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        assert_true(oom_failures() > 0);
    }
}

/* An apply that fails changes no number. */
static void check_change(const struct svc__store *st,
                         const struct svc__store_stats *before, int err)
{
    struct svc__store_stats after;

    check(err);
    svc__store_stats(st, &after);
    if (err != 0)
        assert_memory_equal(before, &after, sizeof(after));
}

static void fill(struct svc__store *st, const struct objects *o)
{
    struct svc__store_stats before;

    for (size_t i = 0; i < SERVICES; i++) {
        svc__store_stats(st, &before);
        check_change(st, &before,
                     svc__store_apply_service(st, o->services[i], NULL));
    }
    for (size_t i = 0; i < SLICES; i++) {
        const struct svc__slice *old =
            svc__store_slice(st, o->slices[i]->namespace_, o->slices[i]->name);
        int err;

        svc__store_stats(st, &before);
        err = svc__store_apply_slice(st, o->slices[i], NULL);
        check_change(st, &before, err);
        assert_ptr_equal(
            svc__store_slice(st, o->slices[i]->namespace_, o->slices[i]->name),
            err == 0 ? o->slices[i] : old);
    }
    for (size_t i = 0; i < NODES; i++) {
        svc__store_stats(st, &before);
        check_change(st, &before, svc__store_apply_node(st, o->nodes[i], NULL));
    }
    check(svc__store_refuse_service(st, "s", "g", "it is bad"));
    check(svc__store_refuse_slice(st, "s", "w", "b is bad"));
    check(svc__store_refuse_slice(st, "s", "w", "a is bad"));
}

static void ask(const struct svc__store *st, const char *query)
{
    struct kube_query q;
    struct svc__view *v = NULL;
    svc_error error = {0};
    int err;

    kube_query(&q, query);
    err = svc__store_view(st, &q.q, no_clock, &v, &error);
    assert_int_equal(error.code, err);
    if (err == SVC_EFILE)
        return;
    check(err);
    if (err == 0) {
        check(svc__eligible_apply(v, &q.env));
        check(svc__eligible_judge(v));
    }
    svc__view_free(v);
}

static void live(void *arg)
{
    struct svc__store *st = kube_store_new();

    if (st == NULL) {
        check(SVC_ENOMEM);
        return;
    }
    fill(st, arg);
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        ask(st, queries[i]);
    svc__store_delete_service(st, "s", "w");
    svc__store_delete_slice(st, "s", "1");
    svc__store_delete_node(st, "n1");
    ask(st, "s/w port=80");
    svc__store_free(st);
}

static void stores_and_views(void **state)
{
    struct objects o;

    (void)state;
    oom_install();
    for (size_t i = 0; i < SERVICES; i++)
        o.services[i] = kube_service(services[i]);
    for (size_t i = 0; i < SLICES; i++)
        o.slices[i] = kube_slice(slices[i]);
    for (size_t i = 0; i < NODES; i++)
        o.nodes[i] = kube_node(nodes[i]);
    oom_torture(live, &o);
    for (size_t i = 0; i < SERVICES; i++)
        svc__service_object_unref(o.services[i]);
    for (size_t i = 0; i < SLICES; i++)
        svc__slice_unref(o.slices[i]);
    for (size_t i = 0; i < NODES; i++)
        svc__node_object_unref(o.nodes[i]);
}

/* ---- whole lists ----------------------------------------------------- */

#define LISTED 5

static const char *const listed[LISTED] = {
    "Slice s/1 of=b rv=9 port=p:80", /* moves */
    "Slice s/2 of=a rv=2 port=p:80", /* is known */
    "Slice s/3 of=c rv=9 port=p:80", /* is new, with an owner of its own */
    "Slice s/3 of=a rv=10 port=p:80", "Slice s/5 rv=10"};

/* What a store holds, as far as lists change it. */
struct content {
    const void *slices[6];
    const void *services[4];
    const void *nodes[2];
    size_t counts[4];
    struct svc__store_stats stats;
};

static void look(const struct svc__store *st, struct content *ret)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    char name[2] = "0";

    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < 6; i++) {
        name[0] = (char)('0' + i);
        ret->slices[i] = svc__store_slice(st, "s", name);
    }
    for (size_t i = 0; i < 4; i++) {
        ret->services[i] = svc__store_service(st, "s", names[i]);
        ret->counts[i] = svc__store_slice_count(st, "s", names[i]);
    }
    ret->nodes[0] = svc__store_node(st, "n1");
    ret->nodes[1] = svc__store_node(st, "n2");
    svc__store_stats(st, &ret->stats);
}

struct lists {
    struct svc__slice *slices[LISTED];
    struct svc__service_object *services[2];
    struct svc__node_object *nodes[2];
    struct svc__store *st;
};

static int calls;

static void count_call(void *arg, const char *namespace_, const char *service)
{
    (void)arg;
    (void)namespace_;
    (void)service;
    calls++;
}

/* All or nothing: nothing is another, and nobody was told, after a failure. */
static void replace_all(void *arg)
{
    const struct svc__store_scope scope = {"s", NULL, 20};
    const struct lists *l = arg;
    struct content before;
    struct content after;
    int err[4];

    for (int i = 0; i < 4; i++) {
        calls = 0;
        look(l->st, &before);
        if (i == 0)
            err[i] =
                svc__store_replace_slices(l->st, &scope, l->slices, LISTED);
        else if (i == 1)
            err[i] = svc__store_replace_services(l->st, &scope, l->services, 2);
        else if (i == 2)
            err[i] = svc__store_replace_nodes(l->st, l->nodes, 2);
        else
            err[i] = svc__store_refuse_one(l->st, "s", "d", "4", "it is bad");
        check(err[i]);
        look(l->st, &after);
        if (err[i] != 0) {
            assert_memory_equal(&before, &after, sizeof(after));
            assert_int_equal(calls, 0);
        } else {
            assert_true(calls > 0);
        }
    }
    if (err[0] == 0) {
        assert_ptr_equal(after.slices[1], l->slices[0]);
        assert_ptr_equal(after.slices[3], l->slices[3]);
        assert_null(after.slices[4]);
    }
}

/* A store of its own for each run, filled while there is memory. Returns
 * whether some failed. */
static int one_list(struct lists *l, long n, int forever)
{
    static const char *const lines[] = {
        "Slice s/1 of=a rv=1", "Slice s/2 of=a rv=2", "Slice s/4 of=d rv=3",
        "Service s/a rv=1",    "Service s/d rv=2",    "Node n1 rv=1",
        "Refuse One s/9 c bad"};
    const long before = oom_live();
    int failed;

    l->st = kube_store_new();
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_int_equal(kube_apply(l->st, lines[i]), 0);
    svc__store_listen(l->st, count_call, NULL);
    oom_arm(n, forever);
    replace_all(l);
    failed = oom_failures() > 0;
    oom_disarm();
    svc__store_free(l->st);
    assert_int_equal(oom_live(), before);
    return failed;
}

static void lists(void **state)
{
    struct lists l;

    (void)state;
    oom_install();
    for (size_t i = 0; i < LISTED; i++)
        l.slices[i] = kube_slice(listed[i]);
    l.services[0] = kube_service("Service s/d rv=9");
    l.services[1] = kube_service("Service s/c rv=9");
    l.nodes[0] = kube_node("Node n1 rv=2 notready");
    l.nodes[1] = kube_node("Node n2 rv=2");
    for (int forever = 0; forever < 2; forever++) {
        long n = 1;

        while (one_list(&l, n, forever))
            n++;
        assert_true(n > 20);
    }
    for (size_t i = 0; i < LISTED; i++)
        svc__slice_unref(l.slices[i]);
    for (size_t i = 0; i < 2; i++) {
        svc__service_object_unref(l.services[i]);
        svc__node_object_unref(l.nodes[i]);
    }
}

/* What was deleted, or given another owner, leaves no memory behind. */
static void emptied_stores_keep_nothing(void **state)
{
    static const char *const lines[] = {"Service s/a port=80",
                                        "Delete Service s/a",
                                        "Refuse Service s/b why",
                                        "Delete Service s/b",
                                        "Slice s/1 of=c",
                                        "Slice s/1 of=d",
                                        "Slice s/1",
                                        "Delete Slice s/1",
                                        "Slice s/2 of=e",
                                        "Delete Slice s/2",
                                        "Refuse One s/3 f why",
                                        "Refuse One s/3 g why",
                                        "Delete Slice s/3",
                                        "Node n1 v4=192.168.0.1",
                                        "Delete Node n1"};
    struct svc__store *st;
    long before = 0;

    (void)state;
    oom_install();
    st = kube_store_new();
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
            assert_int_equal(kube_apply(st, lines[i]), 0);
        /* The tables of the maps stay, once made. */
        if (round == 0)
            before = oom_live();
        assert_int_equal(oom_live(), before);
        assert_in_range(oom_live(), 1, 5);
    }
    svc__store_free(st);
    assert_int_equal(oom_live(), 0);
}

static void build(void *arg)
{
    const struct svc__policy_params params = {.seed = 1};
    const struct svc__policy_ops *ops;

    for (size_t i = 0; (ops = svc__policy_at(i)) != NULL; i++) {
        struct svc__policy policy = {0};
        int err = svc__policy_build(ops, arg, &params, &policy);

        check(err);
        assert_int_equal(err == 0, policy.ops != NULL);
        svc__policy_fini(&policy);
    }
}

static void find(void *arg)
{
    const struct svc__policy_ops *ops = NULL;
    svc_error error;
    int err = svc__policy_find(arg, &ops, &error);

    assert_int_equal(error.code, err);
    if (err != SVC_EINVAL)
        check(err);
    assert_null(ops);
}

static void policies(void **state)
{
    static const uint32_t weights[] = {3, 1, 4, 1, 5};
    struct svc__policy_input in = {0};
    struct tracked slots;
    struct svc_endpoints *set;
    char unknown[] = "none";

    (void)state;
    oom_install();
    tracked_init(&slots);
    set = set_range(1, 5);
    for (int with = 0; with < 4; with++) {
        in.set = set;
        in.weights = (with & 1) != 0 ? weights : NULL;
        in.slots = (with & 2) != 0 ? slots.at : NULL;
        oom_torture(build, &in);
    }
    svc_endpoints_unref(set);
    oom_torture(find, unknown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_and_views),
        cmocka_unit_test(lists),
        cmocka_unit_test(emptied_stores_keep_nothing),
        cmocka_unit_test(policies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
