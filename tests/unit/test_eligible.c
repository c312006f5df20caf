/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter by itself: what it leaves alone, what it says, and the rules of
 * kube-proxy as properties of random sets. Its tables are in
 * test_kube_proxy_facts.c.
 */
#include "policy/eligible.h"

#include "base/rng.h"
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The filter with nothing behind it. */
static int filter(struct svc__view *v, const struct svc__eligible_env *env)
{
    const int err = svc__eligible_apply(v, env);

    return err != 0 ? err : svc__eligible_judge(v);
}

#define WEB "Service s/w port=p:80/TCP"

/* A view of these lines, not filtered yet. */
static struct svc__view *raw(const char *service, const char *slice,
                             const char *query, svc__clock_fn trace)
{
    struct svc__store *st = kube_store_new();
    struct kube_query q;
    struct svc__view *v = NULL;

    assert_int_equal(kube_apply(st, service), 0);
    assert_int_equal(kube_apply(st, slice), 0);
    kube_query(&q, query);
    assert_int_equal(svc__store_view(st, &q.q, trace, &v, NULL), 0);
    svc__store_free(st);
    return v;
}

static void reasons_that_are_there_stay(void **state)
{
    const struct svc__eligible_env env = {"n1", "a"};
    struct svc__view *v = raw(WEB,
                              "Slice s/1 of=w port=p:80 @10.0.0.1 cond=- "
                              "@10.0.0.2 cond=t @10.0.0.3",
                              "s/w", NULL);

    (void)state;
    for (size_t i = 0; i < 3; i++)
        v->candidates[i].why = (uint16_t)(SVC_WHY_EJECTED << i);
    assert_int_equal(filter(v, &env), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(v->candidates[i].why, SVC_WHY_EJECTED << i);
    assert_int_equal(v->code, SVC_ENOENDPOINTS);
    svc__view_free(v);
}

/* Twice is once: what was let through stays. */
static void a_code_and_a_verdict_stay(void **state)
{
    const struct svc__eligible_env env = {NULL, NULL};
    struct svc__view *v =
        raw(WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 cond=-", "s/w", NULL);

    (void)state;
    assert_int_equal(svc__view_fail(v, SVC_EPENDING, "wait"), 0);
    assert_int_equal(filter(v, &env), 0);
    assert_int_equal(v->code, SVC_EPENDING);
    assert_string_equal(v->message, "wait");
    assert_int_equal(filter(v, &env), 0);
    assert_int_equal(v->candidates[0].why, SVC_WHY_NOT_READY);
    svc__view_free(v);
}

static const struct {
    const char *service;
    const char *slice;
    const char *query;
    const char *message;
    const char *hint;
} stories[] = {
    {WEB,
     "Slice s/1 of=w port=p:80 @10.0.0.1 cond=- @10.0.0.2 cond=- @10.0.0.3 "
     "cond=- @10.0.0.4 cond=t",
     "s/w", "has no usable endpoint: 3 not ready, 1 terminating (source: test)",
     "see why it is not ready"},
    {WEB " itp=Local", "Slice s/1 of=w port=p:80 @10.0.0.1 node=n2",
     "s/w node=n1", "1 not local", "Local"},
    {WEB, "Slice s/1 of=w port=q:80 @10.0.0.1 @10.0.0.2", "s/w",
     "2 without the port", "targetPort"},
    {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1", "s/w family=6",
     "1 of another address family", "ipFamilies"},
    {WEB, "Slice s/1 of=w port=p:80 @127.0.0.1", "s/w",
     "1 with a refused address", "option \"allow\""},
};

static void emptiness_is_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        struct svc__view *v =
            raw(stories[i].service, stories[i].slice, stories[i].query, NULL);
        struct kube_query q;

        kube_query(&q, stories[i].query);
        assert_int_equal(v->code, 0);
        assert_int_equal(filter(v, &q.env), 0);
        assert_int_equal(v->code, SVC_ENOENDPOINTS);
        assert_non_null(strstr(v->message, "Service \"w\" in namespace \"s\""));
        if (strstr(v->message, stories[i].message) == NULL)
            fail_msg("%s", v->message);
        assert_non_null(strstr(v->hint, stories[i].hint));
        svc__view_free(v);
    }
}

/* A literal address has no Service, and conditions that nobody knows. */
static void views_without_a_service(void **state)
{
    const struct svc__eligible_env env = {"n1", "a"};
    struct svc__view *v = svc__view_new("literal", NULL);
    struct svc__block *block = svc__block_new(1, 1);
    struct svc__candidate c = {.block = block, .port = 80};

    (void)state;
    block->endpoints[0].address.family = SVC__FAMILY_IPV4;
    assert_int_equal(svc__view_hold(v, block), 0);
    assert_int_equal(svc__view_add(v, &c), 0);
    svc__block_unref(block);
    assert_int_equal(filter(v, &env), 0);
    assert_int_equal(v->code, 0);
    assert_int_equal(v->candidates[0].why, 0);
    v->candidates[0].why = SVC_WHY_REFUSED_ADDRESS;
    assert_int_equal(filter(v, &env), 0);
    assert_int_equal(v->code, SVC_ENOENDPOINTS);
    assert_string_equal(v->message, "no usable endpoint: 1 with a refused "
                                    "address (source: literal)");
    svc__view_free(v);
}

static void aliases_have_no_endpoints(void **state)
{
    const struct svc__eligible_env env = {NULL, NULL};
    struct svc__view *v =
        raw("Service s/w external=a.b", "Slice s/1 of=w", "s/w", NULL);

    (void)state;
    assert_int_equal(filter(v, &env), 0);
    assert_int_equal(v->code, 0);
    svc__view_free(v);
}

static int64_t no_clock(void)
{
    return 0;
}

static void steps_say_what_narrowed(void **state)
{
    static const struct {
        const char *service;
        const char *slice;
        const char *query;
        const char *words;
    } rows[] = {
        {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 @10.0.0.2 cond=-", "s/w",
         "IPv4: 1 of 2 ready; 1 usable"},
        {WEB,
         "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2 "
         "zonehint=b",
         "s/w zone=b", "all have hints: those for zone \"b\"; 1 usable"},
        {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 nodehint=n1", "s/w node=n1",
         "all have hints: those for node \"n1\""},
        {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2",
         "s/w zone=a", "some have no hint"},
        {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a", "s/w",
         "hints are not for here (node unknown, zone unknown)"},
        {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 cond=st", "s/w",
         "still serve while they terminate; 1 usable"},
        {WEB " itp=Local", "Slice s/1 of=w port=p:80 @10.0.0.1", "s/w",
         "the caller's node is unknown: all count; 1 usable"},
        {WEB " itp=Local", "Slice s/1 of=w port=p:80 @10.0.0.1 node=n1",
         "s/w node=n1",
         "internalTrafficPolicy is Local: only those on node "
         "\"n1\"; 1 usable"},
        {WEB " itp=Local", "Slice s/1 of=w port=p:80 @10.0.0.1 node=n1 cond=st",
         "s/w node=n1", "where only terminating ones serve; 1 usable"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__view *v =
            raw(rows[i].service, rows[i].slice, rows[i].query, no_clock);
        const struct svc__step *last;
        struct kube_query q;

        kube_query(&q, rows[i].query);
        assert_int_equal(filter(v, &q.env), 0);
        last = svc__list_entry(v->steps.prev, struct svc__step, link);
        assert_string_equal(last->step, "filter");
        if (strstr(last->text, rows[i].words) == NULL)
            fail_msg("%s", last->text);
        svc__view_free(v);
    }
}

/* ---- properties of random sets --------------------------------------- */

static const char *const conds[] = {"rs", "rs", "s", "-", "st", "t", "rst"};
static const char *const hints[] = {"",
                                    " zonehint=a",
                                    " zonehint=b",
                                    " zonehint=a zonehint=b nodehint=n1",
                                    " zonehint=b nodehint=n2",
                                    " nodehint=n1 nodehint=n2",
                                    " zonehint=a nodehint=n0"};

/* Ranges of the hints above that a set draws from: anything; always a zone
 * hint; always a node hint. */
static const uint32_t ranges[][2] = {{0, 7}, {1, 4}, {3, 4}};

/* A slice line of up to nine endpoints of one family. */
static void random_slice(struct svc__rng *rng, char *ret, size_t size)
{
    const uint32_t *range = ranges[svc__rng_below(rng, 3)];
    uint32_t count = 1 + svc__rng_below(rng, 9);

    (void)snprintf(ret, size, "Slice s/1 of=w port=p:80");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t hint = range[0] + svc__rng_below(rng, range[1]);

        (void)snprintf(ret + strlen(ret), size - strlen(ret),
                       " @10.0.0.%u cond=%s node=n%u%s", i + 1,
                       conds[svc__rng_below(rng, 7)], svc__rng_below(rng, 3),
                       hints[hint]);
    }
}

struct tally {
    size_t ready;
    size_t standby;
    size_t used;
    size_t used_ready;
};

static struct tally tally(const struct svc__view *v)
{
    struct tally t = {0};

    for (size_t i = 0; i < v->count; i++) {
        const struct svc__candidate *c = &v->candidates[i];
        const struct svc__endpoint *ep = svc__candidate_endpoint(c);
        size_t ready = (size_t)svc__endpoint_is_ready(ep);

        t.ready += ready;
        t.standby += !ready && svc__endpoint_is_standby(ep);
        t.used += c->why == 0;
        t.used_ready += c->why == 0 && ready;
        /* One reason each, and never a not ready one used. */
        assert_true((c->why & (c->why - 1)) == 0);
        if (!ready && !svc__endpoint_is_standby(ep))
            assert_true(c->why != 0);
    }
    return t;
}

/* The rules once more, slowly: whether endpoint i of a view of one family is
 * used. */
struct count {
    size_t ready;
    size_t local_ready;
    size_t node_hints;
    size_t zone_hints;
    size_t for_node;
    size_t for_zone;
};

static int is_at(const struct svc__candidate *c, const char *node)
{
    return node != NULL &&
           strcmp(svc__block_text(c->block, svc__candidate_endpoint(c)->node),
                  node) == 0;
}

static int is_for(const struct svc__candidate *c, uint32_t list,
                  const char *name)
{
    return name != NULL && svc__block_hints_have(c->block, list, name);
}

static struct count count(const struct svc__view *v,
                          const struct svc__eligible_env *env)
{
    struct count n = {0};

    for (size_t i = 0; i < v->count; i++) {
        const struct svc__candidate *c = &v->candidates[i];
        const struct svc__endpoint *ep = svc__candidate_endpoint(c);

        if ((ep->flags & SVC__EP_READY) == 0)
            continue;
        n.ready++;
        n.local_ready += (size_t)is_at(c, env->node);
        n.node_hints += ep->node_hints != 0;
        n.zone_hints += ep->zone_hints != 0;
        n.for_node += (size_t)is_for(c, ep->node_hints, env->node);
        n.for_zone += (size_t)is_for(c, ep->zone_hints, env->zone);
    }
    return n;
}

static int model(const struct svc__view *v, const struct svc__eligible_env *env,
                 size_t i)
{
    const struct svc__candidate *c = &v->candidates[i];
    const struct svc__endpoint *ep = svc__candidate_endpoint(c);
    int ready = (ep->flags & SVC__EP_READY) != 0;
    int standby = (ep->flags & SVC__EP_SERVING) != 0 &&
                  (ep->flags & SVC__EP_TERMINATING) != 0 && !ready;
    struct count n = count(v, env);

    if (v->local_only && env->node != NULL)
        return is_at(c, env->node) && (n.local_ready > 0 ? ready : standby);
    if (n.ready == 0)
        return standby;
    if (v->local_only)
        return ready;
    if (n.node_hints == n.ready && n.for_node > 0)
        return ready && is_for(c, ep->node_hints, env->node);
    if (n.zone_hints == n.ready && n.for_zone > 0)
        return ready && is_for(c, ep->zone_hints, env->zone);
    return ready;
}

static void rules_hold_for_any_set(void **state)
{
    static const char *const services[] = {WEB, WEB " itp=Local",
                                           "Service s/w headless port=p:80"};
    static const struct svc__eligible_env envs[] = {
        {NULL, NULL}, {"n1", NULL}, {"n1", "a"}, {"n9", "z"}, {NULL, "b"}};
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 2026);
    for (int run = 0; run < 3000; run++) {
        const struct svc__eligible_env *env = &envs[run % 5];
        int local = run % 3 == 1 && env->node != NULL;
        struct svc__view *v;
        struct tally t;
        char line[2048];

        random_slice(&rng, line, sizeof(line));
        v = raw(services[run % 3], line, "s/w", NULL);
        assert_int_equal(filter(v, env), 0);
        for (size_t i = 0; i < v->count; i++)
            assert_int_equal(v->candidates[i].why == 0, model(v, env, i));
        t = tally(v);
        /* Ready ones and stand-ins are never mixed. */
        assert_true(t.used_ready == 0 || t.used_ready == t.used);
        /* Hints narrow, but never to nothing; only Local may. */
        if (!local && t.ready + t.standby > 0)
            assert_true(t.used > 0);
        if (!local && t.ready > 0)
            assert_true(t.used_ready > 0);
        if (!local && t.ready == 0)
            assert_int_equal(t.used, t.standby);
        assert_int_equal(v->code, t.used > 0 ? 0 : SVC_ENOENDPOINTS);
        svc__view_free(v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_that_are_there_stay),
        cmocka_unit_test(a_code_and_a_verdict_stay),
        cmocka_unit_test(emptiness_is_explained),
        cmocka_unit_test(views_without_a_service),
        cmocka_unit_test(aliases_have_no_endpoints),
        cmocka_unit_test(steps_say_what_narrowed),
        cmocka_unit_test(rules_hold_for_any_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
