/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services by number: who is found, for how long, and by whom not.
 */
#include "core/registry.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Only addresses: nothing looks into them. */
static char things[100];

static svc_service *service(size_t i)
{
    return (svc_service *)(void *)&things[i];
}

static void expect(uint64_t id, const svc_service *wanted)
{
    svc_service *s = svc__registry_enter(id);

    assert_ptr_equal(s, wanted);
    if (s != NULL)
        svc__registry_leave();
}

static void each_by_its_number(void **state)
{
    (void)state;
    expect(1, NULL);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(svc__registry_add(1000 + i, service(i)), 0);
    for (size_t i = 0; i < 100; i += 2)
        svc__registry_remove(1000 + i);
    svc__registry_remove(1000);
    for (size_t i = 0; i < 100; i++)
        expect(1000 + i, i % 2 == 0 ? NULL : service(i));
    for (size_t i = 1; i < 100; i += 2)
        svc__registry_remove(1000 + i);
    expect(1001, NULL);
}

static _Atomic int is_removing;
static _Atomic int is_removed;

static void *remove_one(void *arg)
{
    (void)arg;
    atomic_store(&is_removing, 1);
    svc__registry_remove(7);
    atomic_store(&is_removed, 1);
    return NULL;
}

/* Who is inside keeps it there: removing waits. */
static void it_stays_while_entered(void **state)
{
    pthread_t thread;

    (void)state;
    assert_int_equal(svc__registry_add(7, service(7)), 0);
    assert_ptr_equal(svc__registry_enter(7), service(7));
    assert_int_equal(pthread_create(&thread, NULL, remove_one, NULL), 0);
    while (!atomic_load(&is_removing))
        sched_yield();
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(atomic_load(&is_removed), 0);
        sched_yield();
    }
    svc__registry_leave();
    assert_int_equal(pthread_join(thread, NULL), 0);
    expect(7, NULL);
}

static _Atomic int stop;

static void *come_and_go(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop)) {
        if (svc__registry_add(8, service(8)) == 0 &&
            svc__registry_enter(8) != NULL)
            svc__registry_leave();
        svc__registry_remove(8);
    }
    return NULL;
}

/* Faults P7: a child finds the lock free, whoever had it, and none of the
 * services of before, which are the parent's. */
static void a_child_begins_anew(void **state)
{
    pthread_t thread;

    (void)state;
    assert_int_equal(svc__registry_add(9, service(9)), 0);
    assert_int_equal(pthread_create(&thread, NULL, come_and_go, NULL), 0);
    for (int i = 0; i < 50; i++) {
        const pid_t pid = fork();
        int status;

        if (pid == 0) {
            alarm(20);
            _exit(svc__registry_enter(9) != NULL ||
                  svc__registry_add(10, service(10)) != 0 ||
                  svc__registry_enter(10) != service(10));
        }
        assert_true(pid > 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    atomic_store(&stop, 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    expect(9, service(9));
    svc__registry_remove(9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_by_its_number),
        cmocka_unit_test(it_stays_while_entered),
        cmocka_unit_test(a_child_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
