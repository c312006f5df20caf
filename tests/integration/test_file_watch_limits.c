/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watch at its limits: of inotify, of descriptors, of memory; lost events;
 * and its end, in a callback and in a child (faults F6, P1 to P4, P7).
 */
#define _GNU_SOURCE /* unshare */
#include "io/file_trail.h"
#include "watched.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- limits -------------------------------------------------------------- */

/* Two events a round that do not matter, until the queue is full. */
static void lost_events_count_as_a_change(void **state)
{
    long limit = 16384;
    FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    char line[32];

    (void)state;
    if (f != NULL) {
        assert_non_null(fgets(line, sizeof(line), f));
        limit = strtol(line, NULL, 10);
        fclose(f);
    }
    if (limit > 100000)
        skip();
    watch("f.yaml", NULL);
    scratch_write(&s, "a", "");
    for (long i = 0; i < limit; i += 4) {
        scratch_rename(&s, "a", "b");
        scratch_rename(&s, "b", "a");
    }
    assert_told();
    scratch_write(&s, "f.yaml", "a");
    assert_told();
}

/* Without a descriptor for inotify the clock decides (faults F6). */
static void without_inotify_the_clock_decides(void **state)
{
    const struct svc__file_listener listener = {changed, &count};
    static const char *const nowhere[] = {"/nowhere/f.yaml", NULL};
    struct rlimit old;
    struct rlimit none;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(svc__file_watch_new(l, nowhere, listener, &w, NULL), 0);
    assert_true(svc__file_watch_is_polling(w));
    for (int i = 1; i <= 3; i++) {
        assert_in_range(svc__loop_timeout_ms(l), 1, SVC__FILE_WATCH_SLOW_MS);
        pass(SVC__FILE_WATCH_SLOW_MS);
        assert_int_equal(count, i);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    pass(SVC__FILE_WATCH_SLOW_MS);
    assert_false(svc__file_watch_is_polling(w)); /* and it is back */
    assert_int_equal(count, 4);
}

/* Looking by the clock for a path that is not there tells only a change. */
static void a_missing_path_is_looked_for(void **state)
{
    (void)state;
    watch("no/f.yaml", NULL);
    for (int i = 0; i < 3; i++) {
        assert_in_range(svc__loop_timeout_ms(l), 1, SVC__FILE_WATCH_SLOW_MS);
        pass(SVC__FILE_WATCH_SLOW_MS);
    }
    assert_int_equal(count, 0);
}

/* A folder far above goes while somebody stands in it, when nothing below it
 * was there any more: no event tells that, and the clock finds out. */
static void what_no_event_tells_is_found(void **state)
{
    int fd;

    (void)state;
    scratch_mkdir(&s, "a");
    scratch_mkdir(&s, "a/b");
    watch("a/b/f.yaml", NULL);
    fd = open(scratch_path(&s, "a"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    scratch_delete(&s, "a/b");
    assert_told_later();
    scratch_delete(&s, "a");
    scratch_mkdir(&s, "a");
    scratch_mkdir(&s, "a/b");
    assert_not_told();
    pass(SVC__FILE_WATCH_SLOW_MS);
    assert_int_equal(count, 1);
    count = 0;
    scratch_write(&s, "a/b/f.yaml", "a");
    assert_told();
    close(fd);
}

/* Lines of /proc about the watches of this process. */
static int count_watches(void)
{
    char path[64];
    char line[256];
    int found = 0;

    for (int fd = 0; fd < 64; fd++) {
        FILE *f;

        snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
        f = fopen(path, "r");
        while (f != NULL && fgets(line, sizeof(line), f) != NULL)
            found += strncmp(line, "inotify wd:", 11) == 0;
        if (f != NULL)
            fclose(f);
    }
    return found;
}

static void what_is_left_behind_is_watched_no_more(void **state)
{
    int before;

    (void)state;
    scratch_mkdir(&s, "0");
    scratch_link(&s, "0", "way");
    watch("way/f.yaml", NULL);
    before = count_watches();
    assert_true(before > 0);
    for (int i = 1; i < 20; i++) {
        char name[8];

        snprintf(name, sizeof(name), "%d", i);
        scratch_mkdir(&s, name);
        scratch_link(&s, name, "new");
        scratch_rename(&s, "new", "way");
        assert_told();
        assert_int_equal(count_watches(), before);
    }
}

static int limited_to_one_watch(void)
{
    const struct svc__file_listener listener = {changed, &count};
    const char *one[] = {s.path, NULL};
    FILE *f;
    int polling;

    if (unshare(CLONE_NEWUSER) != 0)
        return 77;
    f = fopen("/proc/sys/user/max_inotify_watches", "w");
    if (f == NULL || fputs("1", f) < 0 || fclose(f) != 0)
        return 77;
    if (svc__file_watch_new(l, one, listener, &w, NULL) != 0)
        return 1;
    polling = svc__file_watch_is_polling(w);
    moved_ms += SVC__FILE_WATCH_SLOW_MS;
    if (!polling || svc__loop_round(l, 0) != 0 || count != 1)
        return 2;
    return 0;
}

/* In a child with a user namespace, whose limit is its own. */
static void the_limit_of_watches_is_survived(void **state)
{
    int status = 0;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(limited_to_one_watch());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

static void too_many_places_are_looked_at_by_the_clock(void **state)
{
    char name[32];
    char target[32];

    (void)state;
    for (int i = 0; i <= SVC__FILE_TRAIL_MAX; i++) {
        snprintf(name, sizeof(name), "%d.yaml", i);
        snprintf(target, sizeof(target), "to/%d", i);
        scratch_link(&s, target, name);
    }
    scratch_mkdir(&s, "to");
    assert_int_equal(
        svc__file_watch_new(l, (const char *const[]){s.path, NULL},
                            (struct svc__file_listener){changed, &count}, &w,
                            NULL),
        0);
    assert_true(svc__file_watch_is_polling(w));
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "%d.yaml", i);
        scratch_delete(&s, name);
    }
    assert_told_later();
    assert_false(svc__file_watch_is_polling(w));
}

static void network_file_systems_are_looked_at_by_the_clock(void **state)
{
    (void)state;
    assert_true(svc__file_trail_is_remote(0x6969));      /* NFS */
    assert_true(svc__file_trail_is_remote(0x65735546));  /* FUSE */
    assert_false(svc__file_trail_is_remote(0xEF53));     /* ext4 */
    assert_false(svc__file_trail_is_remote(0x01021994)); /* tmpfs */
}

/* A folder that may be passed but not read tells nothing; one that may not
 * even be passed hides what is in it. A folder above is no matter. */
static void what_may_not_be_read_is_looked_at_by_the_clock(void **state)
{
    static const struct {
        mode_t above;
        mode_t folder;
        int polling;
    } table[] = {
        {0755, 0755, 0}, {0711, 0755, 0}, {0755, 0711, 1},
        {0755, 0600, 1}, {0700, 0755, 1},
    };
    const struct svc__file_listener listener = {changed, &count};
    const char *one[] = {NULL, NULL};

    (void)state;
    if (geteuid() != 0)
        skip();
    scratch_mkdir(&s, "a");
    scratch_mkdir(&s, "a/b");
    scratch_mkdir(&s, "a/b/c");
    scratch_write(&s, "a/b/c/f.yaml", "a");
    one[0] = scratch_path(&s, "a/b/c/f.yaml");
    assert_int_equal(chmod(s.path, 0711), 0);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        assert_int_equal(chmod(scratch_path(&s, "a"), table[i].above), 0);
        assert_int_equal(chmod(scratch_path(&s, "a/b/c"), table[i].folder), 0);
        assert_int_equal(seteuid(65534), 0);
        assert_int_equal(svc__file_watch_new(l, one, listener, &w, NULL), 0);
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(svc__file_watch_is_polling(w), table[i].polling);
        svc__file_watch_free(w);
    }
    w = NULL;
}

static void odd_paths_do_no_harm(void **state)
{
    const struct svc__file_listener listener = {changed, &count};
    static char longest[6000];
    static char slashes[5000];
    const char *odd[] = {"",   "/",      "//", longest, slashes, "/proc/self/x",
                         "..", "/../..", NULL};

    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    memset(slashes, '/', 4090);
    assert_int_equal(svc__file_watch_new(l, odd, listener, &w, NULL), 0);
    assert_true(svc__loop_timeout_ms(l) > 0); /* some are missing */
}

/* Links whose targets together are longer than a path may be. */
static void links_may_be_too_long(void **state)
{
    static char target[3000];

    (void)state;
    for (size_t i = 0; i < sizeof(target) - 1; i++)
        target[i] = i % 2 == 0 ? '.' : '/';
    target[sizeof(target) - 1] = '\0';
    memcpy(target + sizeof(target) - 2, "b", 2);
    scratch_link(&s, target, "a");
    scratch_link(&s, target, "b");
    watch("a/x", NULL);
    assert_not_told();
}

/* ---- life ---------------------------------------------------------------- */

static void free_itself(void *arg)
{
    (void)arg;
    svc__file_watch_free(w);
    w = NULL;
    count++;
}

static void changed_may_free_the_watch(void **state)
{
    const struct svc__file_listener listener = {free_itself, NULL};
    const char *one[] = {s.path, NULL};

    (void)state;
    for (int quiet = 0; quiet < 2; quiet++) {
        count = 0;
        assert_int_equal(svc__file_watch_new(l, one, listener, &w, NULL), 0);
        if (quiet)
            scratch_mkdir(&s, "d.yaml");
        else
            scratch_write(&s, "f.yaml", "a");
        settle();
        if (quiet)
            pass(SVC__FILE_WATCH_QUIET_MS);
        assert_int_equal(count, 1);
        assert_null(w);
    }
}

/* Freeing in a child leaves the parent's watch as it was (faults P7). */
static void a_child_leaves_the_watch_alone(void **state)
{
    int status = -1;
    pid_t pid;

    (void)state;
    watch("f.yaml", NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        svc__file_watch_free(w);
        svc__loop_free(l);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    scratch_write(&s, "f.yaml", "a");
    assert_told();
}

static void every_allocation_may_fail(void **state)
{
    const struct svc__file_listener listener = {changed, &count};
    const char *one[] = {s.path, NULL};
    const long before = oom_live();

    (void)state;
    scratch_mkdir(&s, "d");
    scratch_link(&s, "d/t", "f.yaml");
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        for (long nth = 1;; nth++) {
            svc_error error = {0};
            int err;

            oom_arm(nth, for_ever);
            err = svc__file_watch_new(l, one, listener, &w, &error);
            if (oom_failures() == 0) {
                assert_int_equal(err, 0);
                assert_true(nth > 8);
                break;
            }
            assert_int_equal(err, SVC_ENOMEM);
            assert_int_equal(error.code, SVC_ENOMEM);
            assert_int_equal(oom_live(), before);
        }
        oom_disarm();
        svc__file_watch_free(w);
        w = NULL;
    }
}

/* Out of memory while it walks again: it looks by the clock until it can. */
static void memory_may_fail_while_it_runs(void **state)
{
    (void)state;
    scratch_write(&s, "f.yaml", "a");
    watch("f.yaml", NULL);
    oom_arm(1, 1);
    scratch_replace(&s, "f.yaml", "b");
    assert_told();
    assert_true(svc__file_watch_is_polling(w));
    scratch_replace(&s, "f.yaml", "c");
    assert_told();
    oom_disarm();
    pass(SVC__FILE_WATCH_SLOW_MS);
    assert_int_equal(count, 1);
    assert_false(svc__file_watch_is_polling(w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(lost_events_count_as_a_change),
        in_folder(without_inotify_the_clock_decides),
        in_folder(a_missing_path_is_looked_for),
        in_folder(what_no_event_tells_is_found),
        in_folder(what_is_left_behind_is_watched_no_more),
        in_folder(the_limit_of_watches_is_survived),
        in_folder(too_many_places_are_looked_at_by_the_clock),
        cmocka_unit_test(network_file_systems_are_looked_at_by_the_clock),
        in_folder(what_may_not_be_read_is_looked_at_by_the_clock),
        in_folder(odd_paths_do_no_harm),
        in_folder(links_may_be_too_long),
        in_folder(changed_may_free_the_watch),
        in_folder(a_child_leaves_the_watch_alone),
        in_folder(every_allocation_may_fail),
        in_folder(memory_may_fail_while_it_runs),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
