/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Old snapshots: kept while a thread reads them, freed by the next sweep then,
 * and never many of them; picks and sets that threads take meanwhile. Run with
 * sanitizers to be told.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oom.h"
#include "set_build.h"

#include "base/alloc.h"
#include "core/pick.h"
#include "core/publish.h"

#include <pthread.h>
#include <string.h>

#define GENERATIONS 3000
#define READERS     3

static struct svc__list swept;

static int setup(void **state)
{
    static struct svc__publish p;

    svc__list_init(&swept);
    *state = &p;
    return svc__publish_init(&p, 1, &swept);
}

static int teardown(void **state)
{
    svc__publish_fini(*state);
    return 0;
}

/* ---- a policy in which a thread stays ---------------------------------- */

static struct {
    _Atomic int lives; /* policies that were built and not destroyed */
    pthread_barrier_t come;
    pthread_barrier_t go;
} gate;

static size_t pick_at_the_gate(const void *state,
                               const struct svc__pick_ctx *ctx)
{
    (void)state;
    if (ctx->has_key != 0) {
        (void)pthread_barrier_wait(&gate.come);
        (void)pthread_barrier_wait(&gate.go);
    }
    return 0;
}

static void destroy(void *state)
{
    svc__free(state);
    atomic_fetch_sub(&gate.lives, 1);
}

static const struct svc__policy_ops gate_ops = {
    .name = "gate", .alias = "", .pick = pick_at_the_gate, .destroy = destroy};

static void set(struct svc__publish *p, uint64_t generation)
{
    struct svc__snapshot *s = svc__snapshot_new(set_range(1, 3));

    assert_non_null(s);
    s->set->generation = generation;
    s->policy.ops = &gate_ops;
    s->policy.state = svc__alloc(1);
    s->policy.set = s->set;
    atomic_fetch_add(&gate.lives, 1);
    svc__publish_set(p, s);
}

struct visit {
    struct svc__publish *p;
    svc_pick pick;
    int code;
};

static void *visit(void *arg)
{
    struct visit *v = arg;
    const struct svc__pick_wish wish = {.has_key = 1};

    v->code = svc__publish_pick(v->p, &wish, &v->pick);
    return NULL;
}

static void visit_begin(struct visit *v, struct svc__publish *p,
                        pthread_t *thread)
{
    v->p = p;
    assert_int_equal(pthread_barrier_init(&gate.come, NULL, 2), 0);
    assert_int_equal(pthread_barrier_init(&gate.go, NULL, 2), 0);
    assert_int_equal(pthread_create(thread, NULL, visit, v), 0);
    (void)pthread_barrier_wait(&gate.come);
}

static void visit_end(pthread_t thread)
{
    (void)pthread_barrier_wait(&gate.go);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&gate.come);
    pthread_barrier_destroy(&gate.go);
}

static int pick(struct svc__publish *p, svc_pick *ret)
{
    const struct svc__pick_wish wish = {0};

    return svc__publish_pick(p, &wish, ret);
}

/* ---- sweeping ---------------------------------------------------------- */

/* Though nobody picks any more: this thread did once. */
static void test_the_old_one_goes_with_a_sweep(void **state)
{
    struct svc__publish *p = *state;
    svc_pick chosen;

    set(p, 1);
    svc__publish_sweep(&swept);
    assert_int_equal(gate.lives, 1);
    assert_int_equal(pick(p, &chosen), 0);
    set(p, 2);
    set(p, 3);
    assert_int_equal(gate.lives, 3);
    svc__publish_sweep(&swept);
    assert_int_equal(gate.lives, 1);
    assert_true(svc__list_is_empty(&swept));
}

/* Exactly one is kept by one who stays inside, whatever is published. */
static void test_who_is_inside_keeps_one(void **state)
{
    struct svc__publish *p = *state;
    struct visit v;
    pthread_t thread;

    set(p, 1);
    visit_begin(&v, p, &thread);
    for (uint64_t generation = 2; generation <= 1000; generation++) {
        set(p, generation);
        svc__publish_sweep(&swept);
        assert_int_equal(gate.lives, 2);
        assert_false(svc__list_is_empty(&swept));
    }
    visit_end(thread);
    assert_int_equal(v.code, 0);
    assert_int_equal(v.pick.generation, 1);
    assert_int_equal(gate.lives, 2);
    svc__publish_sweep(&swept);
    assert_int_equal(gate.lives, 1);
    assert_true(svc__list_is_empty(&swept));
}

/* One list for many: who keeps one of a service keeps nothing of others. */
static void test_services_are_swept_together(void **state)
{
    struct svc__publish *p = *state;
    struct svc__publish others[10];
    struct visit v;
    pthread_t thread;

    set(p, 1);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(svc__publish_init(&others[i], 1, &swept), 0);
        set(&others[i], 1);
    }
    visit_begin(&v, p, &thread);
    set(p, 2);
    for (int i = 0; i < 10; i++)
        set(&others[i], 2);
    svc__publish_sweep(&swept);
    assert_int_equal(gate.lives, 12);
    assert_ptr_equal(swept.next, &p->sweep);
    assert_ptr_equal(swept.prev, &p->sweep);
    visit_end(thread);
    svc__publish_sweep(&swept);
    for (int i = 0; i < 10; i++)
        svc__publish_fini(&others[i]);
    assert_int_equal(gate.lives, 1);
}

/* Closed while somebody is inside: what they read goes with the service. */
static void test_the_end_keeps_what_is_read(void **state)
{
    struct svc__publish *p = *state;
    svc_pick chosen;
    struct visit v;
    pthread_t thread;

    set(p, 1);
    visit_begin(&v, p, &thread);
    set(p, 2);
    svc__publish_close(p);
    assert_true(svc__list_is_empty(&swept));
    assert_int_equal(pick(p, &chosen), SVC_ECLOSED);
    set(p, 3);
    assert_int_equal(pick(p, &chosen), SVC_ECLOSED);
    assert_int_equal(gate.lives, 2);
    visit_end(thread);
    assert_int_equal(v.code, 0);
    assert_int_equal(v.pick.generation, 1);
    svc__publish_fini(p);
    assert_int_equal(gate.lives, 0);
    assert_int_equal(svc__publish_init(p, 1, &swept), 0);
}

/* ---- sets that are taken ----------------------------------------------- */

static void test_a_set_outlives_its_service(void **state)
{
    struct svc__publish *p = *state;
    svc_endpoints *eps;

    assert_null(svc__publish_get(p));
    set(p, 1);
    eps = svc__publish_get(p);
    svc__publish_close(p);
    assert_null(svc__publish_get(p));
    svc__publish_fini(p);
    assert_int_equal(eps->generation, 1);
    assert_int_equal(set_number(eps, 2), 3);
    svc_endpoints_unref(eps);
    assert_int_equal(svc__publish_init(p, 1, &swept), 0);
}

/* Takes and drops until it sees the last generation. */
static void *take_and_drop(void *arg)
{
    uint64_t seen = 0;

    while (seen < GENERATIONS) {
        svc_endpoints *eps = svc__publish_get(arg);
        svc_pick chosen;

        if (eps->generation < seen || eps->count != 3 ||
            pick(arg, &chosen) != 0 || chosen.generation < eps->generation)
            return arg;
        seen = eps->generation;
        svc_endpoints_unref(eps);
    }
    return NULL;
}

static void test_sets_change_while_they_are_taken(void **state)
{
    struct svc__publish *p = *state;
    pthread_t readers[READERS];

    set(p, 1);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, take_and_drop, p),
                         0);
    for (uint64_t generation = 2; generation <= GENERATIONS; generation++) {
        set(p, generation);
        svc__publish_sweep(&swept);
        /* One that each of them reads, and the newest. */
        assert_in_range(gate.lives, 1, READERS + 1);
    }
    for (size_t i = 0; i < READERS; i++) {
        void *bad = NULL;

        pthread_join(readers[i], &bad);
        assert_null(bad);
    }
    svc__publish_sweep(&swept);
    assert_int_equal(gate.lives, 1);
}

/* ---- turns ------------------------------------------------------------- */

static void set_rr(struct svc__publish *p, uint32_t first, uint32_t last)
{
    const struct svc__policy_params params = {.seed = 1};
    struct svc__snapshot *s = svc__snapshot_new(set_range(first, last));
    struct svc__policy_input in = {.set = s->set};

    assert_int_equal(
        svc__policy_build(&svc__policy_rr, &in, &params, &s->policy), 0);
    svc__publish_set(p, s);
    svc__publish_sweep(&swept);
}

/* The number of the endpoint; 0: none. Any thread. */
static uint32_t pick_number(struct svc__publish *p)
{
    struct sockaddr_in in;
    svc_pick chosen;

    if (pick(p, &chosen) != 0)
        return 0;
    memcpy(&in, svc_pick_sockaddr(&chosen), sizeof(in));
    return ntohl(in.sin_addr.s_addr) & 0xFFFF;
}

/* Each service has its own turns, which go on in its next set. */
static void test_turns_are_of_a_service(void **state)
{
    struct svc__publish *p = *state;
    struct svc__publish other;
    uint32_t last;
    uint32_t other_last;

    assert_int_equal(svc__publish_init(&other, 1, &swept), 0);
    set_rr(p, 1, 10);
    set_rr(&other, 1, 7);
    last = pick_number(p);
    other_last = pick_number(&other);
    for (int i = 0; i < 100; i++) {
        last = last % 10 + 1;
        assert_int_equal(pick_number(p), last);
        other_last = other_last % 7 + 1;
        assert_int_equal(pick_number(&other), other_last);
        if (i % 9 == 0)
            set_rr(p, 1, 10);
    }
    svc__publish_fini(&other);
}

/* Numbers are for services that are picked from. */
static void test_numbers_come_with_policies(void **state)
{
    struct svc__publish *p = *state;
    struct svc__publish others[3];

    svc__publish_set(p, svc__snapshot_new(set_range(1, 2)));
    assert_int_equal(p->key.id, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(svc__publish_init(&others[i], 1, &swept), 0);
        set_rr(&others[i], 1, 2);
        set_rr(&others[i], 1, 3);
        assert_int_equal(others[i].key.number, i);
    }
    svc__publish_fini(&others[1]);
    set_rr(p, 1, 2);
    assert_int_equal(p->key.number, 1);
    svc__publish_fini(&others[0]);
    svc__publish_fini(&others[2]);
}

/* ---- memory that is short ---------------------------------------------- */

struct poor {
    struct svc__publish *p;
    uint32_t numbers[20];
    int has_set;
    long failures;
};

static void *pick_poorly(void *arg)
{
    struct poor *poor = arg;
    svc_endpoints *eps;

    oom_arm(1, 1);
    for (int i = 0; i < 20; i++)
        poor->numbers[i] = pick_number(poor->p);
    eps = svc__publish_get(poor->p);
    poor->failures = oom_failures();
    oom_disarm();
    poor->has_set = eps != NULL;
    svc_endpoints_unref(eps);
    return NULL;
}

/* Then threads that have no record share the service's turns. */
static void poor_picks(struct svc__publish *p)
{
    struct poor poor = {.p = p};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, pick_poorly, &poor), 0);
    pthread_join(thread, NULL);
    assert_true(poor.failures > 0);
    assert_true(poor.has_set);
    for (int i = 1; i < 20; i++)
        assert_int_equal(poor.numbers[i], poor.numbers[i - 1] % 10 + 1);
}

static void test_without_memory_for_a_page(void **state)
{
    struct svc__publish *p = *state;
    struct svc__reader_key keys[SVC__READER_PAGE];

    /* A page that nobody came to yet. */
    for (size_t i = 0; i < SVC__READER_PAGE; i++)
        svc__reader_key_init(&keys[i]);
    set_rr(p, 1, 10);
    assert_int_equal(p->key.number, SVC__READER_PAGE);
    poor_picks(p);
    for (size_t i = 0; i < SVC__READER_PAGE; i++)
        svc__reader_key_fini(&keys[i]);
}

/* Comes first, while there is one record: that of this thread. */
static void test_without_memory_for_a_record(void **state)
{
    assert_non_null(svc__reader_self());
    set_rr(*state, 1, 10);
    poor_picks(*state);
    poor_picks(*state);
}

#define with_publish(test)                                                     \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_publish(test_without_memory_for_a_record),
        with_publish(test_the_old_one_goes_with_a_sweep),
        with_publish(test_who_is_inside_keeps_one),
        with_publish(test_services_are_swept_together),
        with_publish(test_the_end_keeps_what_is_read),
        with_publish(test_a_set_outlives_its_service),
        with_publish(test_sets_change_while_they_are_taken),
        with_publish(test_turns_are_of_a_service),
        with_publish(test_numbers_come_with_policies),
        with_publish(test_without_memory_for_a_page),
    };

    oom_install();
    return cmocka_run_group_tests_name("publish_sweep", tests, NULL, NULL);
}
