/* SPDX-License-Identifier: Apache-2.0 */
/* What a view of the store needs and brings besides the Service: Nodes. */
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void who_needs_nodes(void **state)
{
    static const struct {
        const char *line;
        const char *query;
        int needs;
    } table[] = {
        {"Service s/w type=NodePort port=80", "s/w", 0},
        {"Service s/w type=NodePort port=80", "s/w view=node", 1},
        {"Service s/w type=NodePort port=80", "s/w outside", 1},
        {"Service s/w type=NodePort port=80", "s/w outside view=vip", 0},
        {"Service s/w type=NodePort port=80", "s/w outside host=a", 0},
        {"Service s/w type=LoadBalancer port=80", "s/w outside", 0},
        {"Service s/w type=LoadBalancer port=80", "s/w view=node", 1},
        {"Service s/w port=80", "s/w outside", 0},
        {"Service s/w port=80", "s/w view=node", 0},
        {"Service s/w external=a.b", "s/w view=node", 0},
        {"Service s/v type=NodePort port=80", "s/w view=node", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct svc__store *st = kube_store_new();
        struct kube_query q;

        kube_query(&q, table[i].query);
        (void)kube_apply(st, table[i].line);
        if (svc__store_needs_nodes(st, &q.q) != table[i].needs)
            fail_msg("%s, %s", table[i].line, table[i].query);
        svc__store_free(st);
    }
}

/* The zone of the caller's Node, with the answer, whatever that is. */
static void the_zone_of_the_caller(void **state)
{
    static const struct {
        const char *query;
        const char *zone;
    } table[] = {{"s/w node=n1", "a"},  {"s/w node=n2", NULL},
                 {"s/w node=n3", NULL}, {"s/w", NULL},
                 {"s/v node=n1", "a"},  {"s/w node=n1 view=vip", "a"}};
    struct svc__store *st = kube_store_new();
    svc_error error;

    (void)state;
    (void)kube_apply(st, "Service s/w ip=10.96.0.1 port=p:80");
    (void)kube_apply(st, "Node n1 zone=a");
    (void)kube_apply(st, "Node n2");
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct svc__view *v = kube_view(st, table[i].query, NULL, &error);
        struct svc__view *copy;

        assert_non_null(v);
        copy = svc__view_copy(v, NULL);
        assert_non_null(copy);
        svc__view_free(v);
        if (table[i].zone == NULL)
            assert_null(copy->caller_zone);
        else
            assert_string_equal(copy->caller_zone, table[i].zone);
        svc__view_free(copy);
    }
    svc__store_free(st);
}

static void hints_for_that_zone(void **state)
{
    static const struct kube_fact facts[] = {
        {"the Node is known",
         {"Service s/w port=p:80", "Node n1 zone=a",
          "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2 zonehint=b"},
         "s/w node=n1",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP(other-zone)"},
        {"what was said wins",
         {"Service s/w port=p:80", "Node n1 zone=a",
          "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2 zonehint=b"},
         "s/w node=n1 zone=b",
         "10.0.0.2:80/TCP 10.0.0.1:80/TCP(other-zone)"},
        {"it is not",
         {"Service s/w port=p:80", "Node n2 zone=a",
          "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2 zonehint=b"},
         "s/w node=n1",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
    };

    (void)state;
    kube_check_facts(facts, sizeof(facts) / sizeof(facts[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_needs_nodes),
        cmocka_unit_test(the_zone_of_the_caller),
        cmocka_unit_test(hints_for_that_zone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
