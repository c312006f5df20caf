/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a view says of the Service besides its endpoints, and the missing
 * slice that explains an empty answer (semantics 2.11, 13).
 */
#include "kube/answer.h"
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *line;
    const char *query;
    enum svc__type type;
    enum svc__view_kind kind;
    int local_only;
    int topology_off;
    const char *canonical;
} identities[] = {
    {"Service s/w ip=10.96.0.1 port=80", "s/w", SVC__TYPE_CLUSTERIP,
     SVC__VIEW_PODS, 0, 0, "w.s.svc.cluster.local"},
    {"Service s/w headless port=80", "s/w view=pods", SVC__TYPE_HEADLESS,
     SVC__VIEW_PODS, 0, 0, "w.s.svc.cluster.local"},
    {"Service s/w type=NodePort port=80 nodeport=30080", "s/w",
     SVC__TYPE_NODEPORT, SVC__VIEW_PODS, 0, 0, "w.s.svc.cluster.local"},
    {"Service s/w type=LoadBalancer port=80 lb=1.2.3.4", "s/w view=lb",
     SVC__TYPE_LOADBALANCER, SVC__VIEW_LB, 0, 1, "w.s.svc.cluster.local"},
    {"Service s/w external=a.b", "s/w", SVC__TYPE_EXTERNALNAME, SVC__VIEW_PODS,
     0, 0, "w.s.svc.cluster.local"},
    {"Service s/w port=80 itp=Local", "s/w", SVC__TYPE_CLUSTERIP,
     SVC__VIEW_PODS, 1, 0, "w.s.svc.cluster.local"},
    {"Service s/w headless port=80 itp=Local", "s/w", SVC__TYPE_HEADLESS,
     SVC__VIEW_PODS, 0, 0, "w.s.svc.cluster.local"},
    {"Service s/w port=80 itp=Local", "s/w host=a", SVC__TYPE_CLUSTERIP,
     SVC__VIEW_PODS, 0, 1, "a.w.s.svc.cluster.local"},
    {"Service s/w ip=10.96.0.1 port=80 itp=Local", "s/w view=vip",
     SVC__TYPE_CLUSTERIP, SVC__VIEW_VIP, 0, 1, "w.s.svc.cluster.local"},
    {"Service s/x port=80", "s/w", SVC__TYPE_UNKNOWN, SVC__VIEW_PODS, 0, 0,
     "w.s.svc.cluster.local"},
};

static void views_say_whose_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
        struct svc__store *st = kube_store_new();
        struct svc__view *v;
        svc_error error;

        assert_int_equal(kube_apply(st, identities[i].line), 0);
        v = kube_view(st, identities[i].query, NULL, &error);
        assert_string_equal(v->service, "w");
        assert_string_equal(v->namespace_, "s");
        assert_string_equal(v->source, "test");
        assert_string_equal(v->canonical, identities[i].canonical);
        assert_int_equal(v->type, identities[i].type);
        assert_int_equal(v->kind, identities[i].kind);
        assert_int_equal(v->local_only, identities[i].local_only);
        assert_int_equal(v->topology_off, identities[i].topology_off);
        svc__view_free(v);
        svc__store_free(st);
    }
}

#define GAP "an EndpointSlice of it was refused: document 3: bad port"

static const struct {
    const char *lines[4];
    const char *query;
    const char *answer;
    int named; /* the refused slice is part of the message */
} gaps[] = {
    {{"Service s/w port=p:80"}, "s/w", "SVC_ENOENDPOINTS", 1},
    {{"Service s/w port=p:80", "Slice s/1 of=w"}, "s/w", "SVC_ENOENDPOINTS", 1},
    {{"Service s/w port=p:80", "Slice s/1 of=w port=p:80 @10.0.0.1 cond=-"},
     "s/w",
     "SVC_ENOENDPOINTS 10.0.0.1:80/TCP(not-ready)",
     1},
    {{"Service s/w port=p:80", "Slice s/1 of=w port=p:80 @10.0.0.1"},
     "s/w",
     "10.0.0.1:80/TCP",
     0},
    {{"Service s/w headless port=p:80", "Slice s/1 of=w port=p:80 @10.0.0.1"},
     "s/w host=a",
     "SVC_ENOENDPOINTS",
     1},
    {{"Service s/w headless port=p:80", "Slice s/1 of=w port=p:8080"},
     "s/w port=9090",
     "SVC_ENOENDPOINTS",
     1},
    {{"Service s/w port=p:80"}, "s/w port=9090", "SVC_ENOPORT", 0},
    {{"Service s/w ip=10.96.0.1 port=p:80"},
     "s/w view=vip",
     "10.96.0.1:80/TCP",
     0},
    {{"Service s/w port=p:80"}, "s/w view=node", "SVC_ENOTSUP", 0},
};

static void a_refused_slice_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
        struct svc__store *st = kube_store_new();
        char answer[KUBE_TEXT_MAX];
        struct svc__view *v;
        svc_error error;

        for (size_t k = 0; k < 4 && gaps[i].lines[k] != NULL; k++)
            assert_int_equal(kube_apply(st, gaps[i].lines[k]), 0);
        (void)kube_apply(st, "Refuse Slice s/w document 3: bad port");
        v = kube_view(st, gaps[i].query, NULL, &error);
        kube_view_text(v, answer);
        assert_string_equal(answer, gaps[i].answer);
        assert_int_equal(v->message != NULL && strstr(v->message, GAP) != NULL,
                         gaps[i].named);
        svc__view_free(v);
        svc__store_free(st);
    }
}

static void a_refused_service_is_trouble(void **state)
{
    struct svc__store *st = kube_store_new();
    svc_error error;

    (void)state;
    (void)kube_apply(st, "Refuse Service s/w document 2: spec.ports: text");
    assert_null(kube_view(st, "s/w", NULL, &error));
    assert_int_equal(error.code, SVC_EFILE);
    assert_string_equal(error.message,
                        "Service \"w\" in namespace \"s\" was refused: "
                        "document 2: spec.ports: text (source: test)");
    assert_true(error.hint[0] != '\0');
    svc__store_free(st);
}

static int64_t no_clock(void)
{
    return 0;
}

static void steps_come_in_order(void **state)
{
    static const char *const words[] = {"service", "port", "slices", "filter"};
    struct svc__store *st = kube_store_new();
    struct svc__view *v;
    struct svc__list *it;
    svc_error error;
    size_t at = 0;

    (void)state;
    (void)kube_apply(st, "Service s/w port=p:80 itp=Local");
    (void)kube_apply(st, "Slice s/1 of=w port=p:80 @10.0.0.1");
    v = kube_view(st, "s/w", no_clock, &error);
    svc__list_each (it, &v->steps) {
        const char *word = svc__list_entry(it, struct svc__step, link)->step;

        while (at < 4 && strcmp(words[at], word) != 0)
            at++;
        assert_in_range(at, 0, 3);
    }
    assert_int_equal(at, 3);
    svc__view_free(v);
    svc__store_free(st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_say_whose_they_are),
        cmocka_unit_test(a_refused_slice_is_named),
        cmocka_unit_test(a_refused_service_is_trouble),
        cmocka_unit_test(steps_come_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
