/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of threads: who has which, what hazards keep, where cursors of
 * services are, what is bounded, and what is begun anew behind a fork.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oom.h"

#include "core/reader.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Snapshots that nobody looks into. */
static const char snapshots[128];

static const struct svc__snapshot *snapshot(size_t i)
{
    return (const struct svc__snapshot *)(const void *)&snapshots[i];
}

/* ---- threads ----------------------------------------------------------- */

/* Threads that are all there at one time. */
struct crowd {
    pthread_barrier_t come;
    pthread_barrier_t go;
    size_t count;
    int picks; /* each begins a cursor, too */
    struct svc__reader_key key;
    struct svc__reader **records;
    _Atomic size_t number;
    _Atomic(const struct svc__snapshot *) places[128];
};

static void *stay(void *arg)
{
    struct crowd *c = arg;
    size_t number = atomic_fetch_add(&c->number, 1);
    struct svc__reader *me = svc__reader_self();

    c->records[number] = me;
    if (me != NULL && c->picks)
        (void)svc__reader_cursor(me, &c->key);
    if (me != NULL && number < 128)
        (void)svc__reader_enter(me, &c->places[number], (int)number % 2);
    (void)pthread_barrier_wait(&c->come);
    (void)pthread_barrier_wait(&c->go);
    if (me != NULL)
        svc__reader_leave(me);
    return NULL;
}

static void crowd_come(struct crowd *c, size_t count, pthread_t *threads)
{
    pthread_attr_t attr;

    c->count = count;
    atomic_store(&c->number, 0);
    c->records = calloc(count, sizeof(*c->records));
    assert_non_null(c->records);
    for (size_t i = 0; i < 128; i++)
        atomic_store(&c->places[i], snapshot(i));
    assert_int_equal(pthread_barrier_init(&c->come, NULL, (unsigned)count + 1),
                     0);
    assert_int_equal(pthread_barrier_init(&c->go, NULL, (unsigned)count + 1),
                     0);
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstacksize(&attr, 256 << 10), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&threads[i], &attr, stay, c), 0);
    pthread_attr_destroy(&attr);
    (void)pthread_barrier_wait(&c->come);
}

static void crowd_go(struct crowd *c, pthread_t *threads)
{
    (void)pthread_barrier_wait(&c->go);
    for (size_t i = 0; i < c->count; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&c->come);
    pthread_barrier_destroy(&c->go);
    free(c->records);
}

static int by_address(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(void *));
}

static void test_each_thread_has_its_own(void **state)
{
    static struct crowd c;
    pthread_t threads[20];

    (void)state;
    crowd_come(&c, 20, threads);
    qsort(c.records, 20, sizeof(c.records[0]), by_address);
    for (size_t i = 0; i < 20; i++) {
        assert_non_null(c.records[i]);
        assert_int_equal((uintptr_t)c.records[i] % SVC__LINE_SIZE, 0);
        assert_ptr_not_equal(c.records[i], svc__reader_self());
        assert_true(i == 0 || c.records[i] != c.records[i - 1]);
    }
    crowd_go(&c, threads);
    assert_ptr_equal(svc__reader_self(), svc__reader_self());
}

/* As many records as threads at one time, and pages with the first pick; who
 * comes later adds nothing. */
static void test_a_thousand_idle_threads(void **state)
{
    static pthread_t threads[1000];
    static struct crowd c;
    const size_t each = sizeof(struct svc__reader) +
                        SVC__READER_PAGE * sizeof(struct svc__reader_place) +
                        2 * (SVC__LINE_SIZE + 2 * sizeof(size_t));
    size_t before = oom_live_bytes();

    (void)state;
    c.picks = 1;
    svc__reader_key_init(&c.key);
    crowd_come(&c, 1000, threads);
    assert_in_range(oom_live_bytes() - before, 1, 1000 * each);
    crowd_go(&c, threads);
    before = oom_live_bytes();
    for (int i = 0; i < 3; i++) {
        crowd_come(&c, 1000, threads);
        assert_int_equal(oom_live_bytes(), before);
        crowd_go(&c, threads);
    }
    svc__reader_key_fini(&c.key);
    c.picks = 0;
}

static void *take_in_vain(void *arg)
{
    struct svc__reader **ret = arg;

    oom_arm(1, 1);
    ret[0] = svc__reader_self();
    oom_disarm();
    ret[1] = svc__reader_self();
    return NULL;
}

/* Every record is in use, so that the next thread needs a new one. */
static void test_memory_is_short(void **state)
{
    static pthread_t threads[1001];
    static struct crowd c;
    struct svc__reader *got[2] = {NULL, NULL};
    pthread_t thread;

    (void)state;
    crowd_come(&c, 1001, threads);
    assert_int_equal(pthread_create(&thread, NULL, take_in_vain, got), 0);
    pthread_join(thread, NULL);
    crowd_go(&c, threads);
    assert_null(got[0]);
    assert_non_null(got[1]);
}

/* ---- hazards ----------------------------------------------------------- */

static void test_a_hazard_keeps_what_it_names(void **state)
{
    _Atomic(const struct svc__snapshot *) place = snapshot(1);
    struct svc__reader *me = svc__reader_self();
    struct svc__hazards h;

    (void)state;
    for (int is_fenced = 0; is_fenced < 2; is_fenced++) {
        assert_ptr_equal(svc__reader_enter(me, &place, is_fenced), snapshot(1));
        atomic_store(&place, snapshot(2));
        svc__hazards_read(&h);
        assert_true(svc__hazards_have(&h, snapshot(1)));
        assert_false(svc__hazards_have(&h, snapshot(0)));
        assert_false(svc__hazards_have(&h, snapshot(2)));
        svc__reader_leave(me);
        svc__hazards_read(&h);
        assert_false(svc__hazards_have(&h, snapshot(1)));
        atomic_store(&place, snapshot(1));
    }
}

/* As many threads inside as are listed, and more than that. */
static void test_many_are_inside(void **state)
{
    static const size_t counts[] = {SVC__HAZARDS_FEW - 1, SVC__HAZARDS_FEW,
                                    SVC__HAZARDS_FEW + 1, 100};
    static struct crowd c;
    pthread_t threads[100];
    struct svc__hazards h;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        crowd_come(&c, counts[i], threads);
        svc__hazards_read(&h);
        for (size_t at = 0; at < 128; at++)
            assert_int_equal(svc__hazards_have(&h, snapshot(at)),
                             at < counts[i]);
        crowd_go(&c, threads);
        svc__hazards_read(&h);
        assert_int_equal(h.count, 0);
    }
}

/* ---- cursors ----------------------------------------------------------- */

static void test_a_cursor_for_each_service(void **state)
{
    struct svc__reader *me = svc__reader_self();
    struct svc__reader_key keys[200];

    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        svc__reader_key_init(&keys[i]);
        assert_int_equal(keys[i].number, i);
        assert_false(keys[i].is_shared);
        svc__reader_cursor(me, &keys[i])->at = i + 1;
    }
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(svc__reader_cursor(me, &keys[i])->at, i + 1);
    for (uint32_t i = 0; i < 200; i++)
        svc__reader_key_fini(&keys[i]);
}

/* Whoever gets the number of a service that went finds nothing of it. */
static void test_a_number_comes_again(void **state)
{
    struct svc__reader *me = svc__reader_self();
    struct svc__reader_key keys[3];
    struct svc__reader_key late;

    (void)state;
    for (int i = 0; i < 3; i++)
        svc__reader_key_init(&keys[i]);
    svc__reader_cursor(me, &keys[1])->at = 7;
    svc__reader_key_fini(&keys[1]);
    svc__reader_key_init(&late);
    assert_int_equal(late.number, 1);
    svc__reader_key_fini(&keys[1]); /* does nothing */
    svc__reader_key_init(&keys[1]);
    assert_int_equal(keys[1].number, 3);
    assert_true(late.id > keys[2].id);
    assert_int_equal(svc__reader_cursor(me, &late)->at, 0);
    svc__reader_key_fini(&late);
    for (int i = 0; i < 3; i++)
        svc__reader_key_fini(&keys[i]);
}

/* More services than numbers: they share, and each begins anew. */
static void test_numbers_are_bounded(void **state)
{
    static struct svc__reader_key keys[SVC__READER_SERVICES];
    struct svc__reader *me = svc__reader_self();
    struct svc__reader_key more[2];
    size_t before;

    (void)state;
    for (uint32_t i = 0; i < SVC__READER_SERVICES; i++) {
        svc__reader_key_init(&keys[i]);
        assert_false(keys[i].is_shared);
        svc__reader_cursor(me, &keys[i])->at = i + 1;
    }
    before = oom_live_bytes();
    for (int i = 0; i < 2; i++) {
        svc__reader_key_init(&more[i]);
        assert_true(more[i].is_shared);
        assert_in_range(more[i].number, 0, SVC__READER_SERVICES - 1);
        assert_int_equal(svc__reader_cursor(me, &more[i])->at, 0);
        svc__reader_key_fini(&more[i]);
    }
    assert_int_not_equal(more[0].number, more[1].number);
    assert_int_equal(svc__reader_cursor(me, &keys[more[0].number])->at, 0);
    assert_int_equal(oom_live_bytes(), before);
    /* What is shared was not given away with them. */
    svc__reader_key_init(&more[0]);
    assert_true(more[0].is_shared);
    svc__reader_key_fini(&more[0]);
    for (size_t i = 0; i < SVC__READER_SERVICES; i++)
        svc__reader_key_fini(&keys[i]);
}

static void *page_in_vain(void *arg)
{
    struct svc__reader *me = svc__reader_self();
    struct svc__reader_key *key = arg;
    int good;

    oom_arm(1, 1);
    good = svc__reader_cursor(me, key) == NULL;
    oom_disarm();
    return good && svc__reader_cursor(me, key) != NULL ? arg : NULL;
}

static void test_no_memory_for_a_page(void **state)
{
    /* A page that no test came to. */
    struct svc__reader_key key = {.id = UINT64_MAX,
                                  .number = SVC__READER_SERVICES / 2};
    void *good = NULL;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, page_in_vain, &key), 0);
    pthread_join(thread, &good);
    assert_ptr_equal(good, &key);
}

/* ---- fork -------------------------------------------------------------- */

#define IN_CROWD 10

/* The first check that fails, from 1; tells how its generator begins. */
static int in_child(int tell)
{
    const long allocations = oom_allocations();
    struct svc__hazards h;
    struct svc__reader *me = svc__reader_self();

    if (me == NULL || oom_allocations() != allocations)
        return 1;
    if (write(tell, &me->rng.state, sizeof(me->rng.state)) < 0)
        return 2;
    for (size_t i = 0; me->pages[0] != NULL && i < SVC__READER_PAGE; i++) {
        if (me->pages[0][i].id != 0)
            return 3;
    }
    /* What threads read that are not here keeps nothing. */
    svc__hazards_read(&h);
    if (h.count != 0)
        return 4;
    /* Theirs are all to be had. */
    for (int i = 0; i < IN_CROWD; i++)
        (void)svc__reader_take();
    return oom_allocations() == allocations ? 0 : 5;
}

static uint64_t first_state_of_child(void)
{
    uint64_t state = 0;
    int status = -1;
    int fds[2];
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(60);
        _exit(in_child(fds[1]));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(read(fds[0], &state, sizeof(state)), sizeof(state));
    close(fds[0]);
    close(fds[1]);
    return state;
}

/* A child has the records of threads that it does not have. What they were to
 * choose next the parent will choose. Comes while there are no other records.
 */
static void test_a_child_begins_anew(void **state)
{
    static struct crowd c;
    pthread_t threads[IN_CROWD];
    struct svc__reader *mine = svc__reader_self();

    (void)state;
    c.picks = 1;
    svc__reader_key_init(&c.key);
    crowd_come(&c, IN_CROWD, threads);
    assert_int_not_equal(first_state_of_child(), first_state_of_child());
    crowd_go(&c, threads);
    svc__reader_key_fini(&c.key);
    assert_ptr_equal(svc__reader_self(), mine);
}

/* ---- without keys ------------------------------------------------------ */

static int without_keys(void)
{
    pthread_key_t key;

    while (pthread_key_create(&key, NULL) == 0)
        continue;
    (void)svc__reader_prepare();
    return svc__fork_now() != 0 && svc__reader_self() == NULL ? 0 : 1;
}

/* Comes first: a record that could not be given back is not taken. */
static void test_keys_are_short(void **state)
{
    int status = -1;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(without_keys());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest first[] = {
        cmocka_unit_test(test_keys_are_short),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_child_begins_anew),
        cmocka_unit_test(test_each_thread_has_its_own),
        cmocka_unit_test(test_a_thousand_idle_threads),
        cmocka_unit_test(test_memory_is_short),
        cmocka_unit_test(test_a_hazard_keeps_what_it_names),
        cmocka_unit_test(test_many_are_inside),
        cmocka_unit_test(test_a_cursor_for_each_service),
        cmocka_unit_test(test_a_number_comes_again),
        cmocka_unit_test(test_no_memory_for_a_page),
        cmocka_unit_test(test_numbers_are_bounded),
    };

    if (cmocka_run_group_tests_name("first", first, NULL, NULL) != 0)
        return 1;
    oom_install(); /* takes a record for this thread */
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
