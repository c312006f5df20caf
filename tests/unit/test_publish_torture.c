/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that pick and take sets while these are replaced and swept, services
 * and threads come and go, and the process forks. Every pick is of a set that
 * was published, and they come in order. Meant for sanitizers; what is asserted
 * holds without them too.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oom.h"
#include "set_build.h"
#include "world.h"

#include "core/pick.h"
#include "core/publish.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define READERS     4
#define GENERATIONS 20000
#define FORKS       40

struct play {
    struct svc__publish p;
    struct svc__list swept;
    _Atomic int ended;
    _Atomic uint64_t rounds[2]; /* of those that come and go */
};

/* Generation g has ten endpoints whose numbers tell it. */
static uint32_t first_of(uint64_t generation)
{
    return 1 + (uint32_t)(generation % 1000) * 10;
}

static void set(struct svc__publish *p, const struct svc__policy_ops *ops,
                uint64_t generation)
{
    const struct svc__policy_params params = {.seed = generation};
    const uint32_t first = first_of(generation);
    struct svc__snapshot *s = svc__snapshot_new(set_range(first, first + 9));
    struct svc__policy_input in = {0};

    world_check(s != NULL);
    in.set = s->set;
    s->set->generation = generation;
    world_check(svc__policy_build(ops, &in, &params, &s->policy) == 0);
    svc__publish_set(p, s);
}

static void begin(struct svc__publish *p, struct svc__list *swept)
{
    svc__list_init(swept);
    world_check(svc__publish_init(p, 1, swept) == 0);
}

static void end(struct svc__publish *p, struct svc__list *swept)
{
    svc__publish_close(p);
    svc__publish_sweep(swept);
    svc__publish_fini(p);
}

/* Picks once, and takes a set; the generation, which never goes back. */
static uint64_t read_once(struct svc__publish *p, uint64_t seen)
{
    const struct svc__pick_wish wish = {0};
    struct svc_endpoints *eps;
    struct sockaddr_in in;
    svc_pick chosen;
    uint32_t number;

    world_check(svc__publish_pick(p, &wish, &chosen) == 0);
    memcpy(&in, svc_pick_sockaddr(&chosen), sizeof(in));
    number = ntohl(in.sin_addr.s_addr) & 0xFFFF;
    world_check(chosen.generation >= seen);
    world_check(number >= first_of(chosen.generation) &&
                number <= first_of(chosen.generation) + 9);
    eps = svc__publish_get(p);
    world_check(eps->generation >= chosen.generation);
    world_check(set_number(eps, 9) == first_of(eps->generation) + 9);
    seen = eps->generation;
    svc_endpoints_unref(eps);
    return seen;
}

static void *read_on(void *arg)
{
    struct play *play = arg;
    uint64_t seen = 0;

    while (!atomic_load(&play->ended))
        seen = read_once(&play->p, seen);
    return NULL;
}

static void *read_a_little(void *arg)
{
    uint64_t seen = 0;

    for (int i = 0; i < 20; i++)
        seen = read_once(arg, seen);
    return NULL;
}

static void make(pthread_t *thread, void *(*run)(void *), void *arg)
{
    world_check(pthread_create(thread, NULL, run, arg) == 0);
}

static void *threads_come_and_go(void *arg)
{
    struct play *play = arg;

    while (!atomic_load(&play->ended)) {
        pthread_t threads[3];

        for (int i = 0; i < 3; i++)
            make(&threads[i], read_a_little, &play->p);
        for (int i = 0; i < 3; i++)
            pthread_join(threads[i], NULL);
        atomic_fetch_add(&play->rounds[0], 1);
    }
    return NULL;
}

/* A service of its own, with two threads that read. */
static void service_lives(void)
{
    struct svc__publish p;
    struct svc__list swept;
    pthread_t threads[2];

    begin(&p, &swept);
    set(&p, &svc__policy_rr, 1);
    for (int i = 0; i < 2; i++)
        make(&threads[i], read_a_little, &p);
    for (uint64_t generation = 2; generation < 20; generation++) {
        set(&p, &svc__policy_rr, generation);
        svc__publish_sweep(&swept);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    end(&p, &swept);
}

static void *services_come_and_go(void *arg)
{
    struct play *play = arg;

    while (!atomic_load(&play->ended)) {
        service_lives();
        atomic_fetch_add(&play->rounds[1], 1);
    }
    return NULL;
}

static void play_begin(struct play *play)
{
    memset(play, 0, sizeof(*play));
    begin(&play->p, &play->swept);
    set(&play->p, &svc__policy_rr, 1);
}

static void play_end(struct play *play, pthread_t *threads, size_t count)
{
    atomic_store(&play->ended, 1);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    end(&play->p, &play->swept);
}

static void test_all_at_once(void **state)
{
    static struct play play;
    pthread_t threads[READERS + 2];
    uint64_t generation = 2;

    (void)state;
    play_begin(&play);
    for (int i = 0; i < READERS; i++)
        make(&threads[i], read_on, &play);
    make(&threads[READERS], threads_come_and_go, &play);
    make(&threads[READERS + 1], services_come_and_go, &play);
    while (generation < GENERATIONS || atomic_load(&play.rounds[0]) < 5 ||
           atomic_load(&play.rounds[1]) < 5) {
        set(&play.p,
            generation % 3 == 0 ? &svc__policy_random : &svc__policy_rr,
            generation);
        if (generation % 5 != 0)
            svc__publish_sweep(&play.swept);
        generation++;
    }
    play_end(&play, threads, READERS + 2);
}

/* ---- forks ------------------------------------------------------------- */

/* Picks only: sanitizers cannot fork while others are in their allocator. */
static void *pick_on(void *arg)
{
    struct play *play = arg;
    svc_pick chosen;

    while (!atomic_load(&play->ended)) {
        const struct svc__pick_wish wish = {0};

        world_check(svc__publish_pick(&play->p, &wish, &chosen) == 0);
    }
    return NULL;
}

/* A service in the child, whose old sets no thread of the parent's keeps, and
 * whose reader needs no new record. 0, or what is wrong. */
static int live_in_child(void)
{
    struct svc__publish p;
    struct svc__list swept;
    long live = oom_live();
    uint64_t seen = 0;

    alarm(60);
    begin(&p, &swept);
    for (uint64_t generation = 1; generation < 50; generation++) {
        set(&p, &svc__policy_rr, generation);
        svc__publish_sweep(&swept);
        if (!svc__list_is_empty(&swept))
            return 1;
        seen = read_once(&p, seen);
    }
    end(&p, &swept);
    /* A page of its record, if that thread had not picked yet. */
    return oom_live() > live + 1 ? 2 : 0;
}

static void test_forks_meanwhile(void **state)
{
    static struct play play;
    pthread_t threads[READERS];

    (void)state;
    play_begin(&play);
    for (int i = 0; i < READERS; i++)
        make(&threads[i], pick_on, &play);
    for (uint64_t i = 0; i < FORKS; i++) {
        int status = -1;
        pid_t pid;

        for (uint64_t generation = 0; generation < 20; generation++) {
            set(&play.p, &svc__policy_rr, 2 + i * 20 + generation);
            svc__publish_sweep(&play.swept);
        }
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(live_in_child());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    play_end(&play, threads, READERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_forks_meanwhile),
    };

    oom_install();
    return cmocka_run_group_tests_name("publish_torture", tests, NULL, NULL);
}
