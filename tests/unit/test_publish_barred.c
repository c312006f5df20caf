/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Without the kernel's barrier: refused from the start, readers bring a fence
 * of their own; refused later, old snapshots wait for a second. The kernel is
 * made to refuse it by a filter of system calls, in a child of its own.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "integration/still_clock.h"
#include "set_build.h"

#include "base/barrier.h"
#include "core/pick.h"
#include "core/publish.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED  77
#define GRACE_MS 1000 /* as core/publish has it */
#define PICKS    20000

/* From here on this process asks in vain. 0, or filters cannot be had. */
static int refuse_barriers(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

static struct svc__list swept;

static void set(struct svc__publish *p, uint64_t generation)
{
    const struct svc__policy_params params = {.seed = 1};
    struct svc__snapshot *s = svc__snapshot_new(set_range(1, 5));
    struct svc__policy_input in = {.set = s->set};

    s->set->generation = generation;
    (void)svc__policy_build(&svc__policy_rr, &in, &params, &s->policy);
    svc__publish_set(p, s);
}

static size_t count_replaced(const struct svc__publish *p)
{
    size_t count = 0;

    for (const struct svc__snapshot *s = p->replaced; s != NULL; s = s->next)
        count++;
    return count;
}

static void *pick_in_order(void *arg)
{
    struct svc__publish *p = arg;
    uint64_t seen = 0;

    for (int i = 0; i < PICKS; i++) {
        const struct svc__pick_wish wish = {0};
        svc_pick chosen;

        if (svc__publish_pick(p, &wish, &chosen) != 0 ||
            chosen.generation < seen)
            return arg;
        seen = chosen.generation;
    }
    return NULL;
}

/* The number of what went wrong. */
static int refused_from_the_start(void)
{
    static struct svc__publish p;
    pthread_t threads[3];
    void *bad = NULL;

    if (refuse_barriers() != 0)
        return SKIPPED;
    if (svc__barrier_prepare() != SVC_ENOTSUP ||
        svc__barrier_all() != SVC_ENOTSUP)
        return 1;
    if (svc__reader_prepare() != 1 || svc__publish_init(&p, 1, &swept) != 0)
        return 2;
    set(&p, 1);
    for (int i = 0; i < 3; i++)
        (void)pthread_create(&threads[i], NULL, pick_in_order, &p);
    for (uint64_t generation = 2; generation < 2000; generation++) {
        set(&p, generation);
        svc__publish_sweep(&swept);
        if (count_replaced(&p) > 3)
            return 3;
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &bad);
        if (bad != NULL)
            return 4;
    }
    /* At once, without a second of grace. */
    svc__publish_sweep(&swept);
    if (count_replaced(&p) != 0)
        return 5;
    svc__publish_fini(&p);
    return 0;
}

static int refused_later(void)
{
    static struct svc__publish p;

    if (svc__publish_init(&p, 1, &swept) != 0 || p.is_fenced)
        return 1;
    set(&p, 1);
    set(&p, 2);
    svc__publish_sweep(&swept);
    if (count_replaced(&p) != 0)
        return 2;
    if (refuse_barriers() != 0)
        return SKIPPED;
    if (svc__barrier_all() != SVC_ENOTSUP)
        return 3;
    /* A set in 10 ms, for twice as long as one waits. */
    for (uint64_t i = 1; i <= 2 * GRACE_MS / 10; i++) {
        moved_ms += 10;
        set(&p, 2 + i);
        svc__publish_sweep(&swept);
        if (count_replaced(&p) != (i <= GRACE_MS / 10 ? i : GRACE_MS / 10))
            return 4;
    }
    if (pick_in_order(&p) != NULL)
        return 5;
    moved_ms += GRACE_MS;
    svc__publish_sweep(&swept);
    if (count_replaced(&p) != 0 || !svc__list_is_empty(&swept))
        return 6;
    svc__publish_fini(&p);
    return 0;
}

static void in_child(int (*part)(void))
{
    int status = -1;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(60);
        svc__list_init(&swept);
        _exit(part());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_refused_from_the_start(void **state)
{
    (void)state;
    in_child(refused_from_the_start);
}

static void test_refused_later(void **state)
{
    (void)state;
    if (svc__barrier_prepare() != 0)
        skip();
    in_child(refused_later);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_from_the_start),
        cmocka_unit_test(test_refused_later),
    };

    return cmocka_run_group_tests_name("publish_barred", tests, NULL, NULL);
}
