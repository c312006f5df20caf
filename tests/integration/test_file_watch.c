/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real files, real inotify: every way in which a manifest is replaced is told,
 * at once or when it is quiet, and what does not matter is not told (faults
 * F1 to F5).
 */
#include "watched.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- one file ------------------------------------------------------------ */

static void a_written_file_is_told_when_closed(void **state)
{
    (void)state;
    scratch_write(&s, "f.yaml", "a");
    watch("f.yaml", NULL);
    assert_not_told();
    scratch_write(&s, "f.yaml", "b");
    assert_told();
}

static void a_renamed_file_is_followed(void **state)
{
    (void)state;
    scratch_write(&s, "f.yaml", "a");
    watch("f.yaml", NULL);
    for (int i = 0; i < 3; i++) {
        scratch_replace(&s, "f.yaml", "b");
        assert_told();
    }
    scratch_write(&s, "f.yaml", "c"); /* the new inode, in place */
    assert_told();
}

/* F1: nothing is told between the writes, only when it is quiet or closed. */
static void a_writer_who_goes_on_is_waited_for(void **state)
{
    int fd;

    (void)state;
    scratch_write(&s, "f.yaml", "a");
    watch("f.yaml", NULL);
    fd = open(watched[0], O_WRONLY | O_APPEND | O_CLOEXEC);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(write(fd, "b", 1), 1);
        settle();
        pass(SVC__FILE_WATCH_QUIET_MS - 1);
        assert_int_equal(count, 0);
    }
    assert_int_equal(write(fd, "b", 1), 1);
    assert_told_later();
    assert_not_told();
    assert_int_equal(write(fd, "b", 1), 1);
    close(fd);
    assert_told();
}

/* What "kubectl get … > file" does: cut, wait long, write, close. */
static void a_cut_file_is_not_believed_while_open(void **state)
{
    int fd;

    (void)state;
    scratch_write(&s, "f.yaml", "a");
    watch("f.yaml", NULL);
    fd = open(watched[0], O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_not_told();
    assert_int_equal(write(fd, "b", 1), 1);
    assert_told_later();
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_not_told();
    pass(SVC__FILE_WATCH_EMPTY_MS); /* it stays empty */
    assert_int_equal(count, 1);
    count = 0;
    close(fd);
    assert_told();
    scratch_write(&s, "f.yaml", ""); /* emptied on purpose: closed */
    assert_told();
}

static void other_names_are_not_told(void **state)
{
    (void)state;
    scratch_write(&s, "f.yaml", "a");
    watch("f.yaml", NULL);
    scratch_write(&s, "g.yaml", "a");
    scratch_replace(&s, "h.yaml", "a");
    scratch_write(&s, "f.yam", "a");
    scratch_delete(&s, "g.yaml");
    scratch_mkdir(&s, "d");
    assert_not_told();
}

static void a_deleted_file_is_told_and_awaited(void **state)
{
    (void)state;
    scratch_write(&s, "f.yaml", "a");
    watch("f.yaml", NULL);
    scratch_delete(&s, "f.yaml");
    assert_told_later();
    scratch_write(&s, "f.yaml", "b");
    assert_told();
    /* Editors move the old one away first: one telling, of the new one. */
    scratch_rename(&s, "f.yaml", "f.yaml~");
    assert_int_equal(svc__loop_round(l, 0), 0);
    assert_int_equal(count, 0);
    scratch_write(&s, "f.yaml", "c");
    assert_told();
}

static void a_file_may_come_later(void **state)
{
    (void)state;
    watch("a/b/f.yaml", "g.yaml");
    scratch_write(&s, "g.yaml", "a");
    assert_told();
    scratch_mkdir(&s, "a");
    assert_told_later();
    scratch_mkdir(&s, "a/b");
    assert_told_later();
    scratch_write(&s, "a/b/f.yaml", "a");
    assert_told();
    assert_int_equal(svc__loop_timeout_ms(l), -1);
}

static void rights_are_told(void **state)
{
    (void)state;
    scratch_write(&s, "f.yaml", "a");
    watch("f.yaml", NULL);
    assert_int_equal(chmod(watched[0], 0), 0);
    assert_told();
    assert_int_equal(chmod(watched[0], 0644), 0);
    assert_told();
}

static void other_kinds_in_its_place_are_told(void **state)
{
    (void)state;
    scratch_write(&s, "f.yaml", "a");
    watch("f.yaml", NULL);
    scratch_delete(&s, "f.yaml");
    scratch_mkdir(&s, "f.yaml");
    assert_told_later();
    scratch_delete(&s, "f.yaml");
    assert_int_equal(mkfifo(watched[0], 0600), 0);
    assert_told_later();
    scratch_delete(&s, "f.yaml");
    scratch_link(&s, "g.yaml", "f.yaml");
    assert_told_later();
    scratch_write(&s, "g.yaml", "a");
    assert_told();
}

/* ---- links --------------------------------------------------------------- */

/* F3: as the kubelet updates a ConfigMap, a thousand times. */
static void every_swap_of_a_configmap_is_told(void **state)
{
    (void)state;
    scratch_swap(&s, "f.yaml", 0, "a");
    watch("f.yaml", NULL);
    for (unsigned i = 1; i <= 1000; i++) {
        scratch_swap(&s, "f.yaml", i, "b");
        assert_told();
    }
}

static void a_configmap_watched_as_a_folder(void **state)
{
    (void)state;
    scratch_swap(&s, "f.yaml", 0, "a");
    watch(".", NULL);
    for (unsigned i = 1; i <= 5; i++) {
        scratch_swap(&s, "f.yaml", i, "b");
        assert_told();
    }
    scratch_write(&s, "..5/f.yaml", "c"); /* in place, through the links */
    assert_told();
}

/* F4. */
static void a_link_may_come_before_its_target(void **state)
{
    (void)state;
    scratch_link(&s, "sub/t.yaml", "f.yaml");
    watch("f.yaml", NULL);
    scratch_mkdir(&s, "sub");
    assert_told_later();
    scratch_write(&s, "sub/t.yaml", "a");
    assert_told();
}

static void links_are_followed_to_other_folders(void **state)
{
    (void)state;
    scratch_mkdir(&s, "one");
    scratch_mkdir(&s, "two");
    scratch_write(&s, "one/t.yaml", "a");
    scratch_write(&s, "two/t.yaml", "a");
    scratch_link(&s, "one", "way");
    scratch_link(&s, scratch_path(&s, "way/../way/t.yaml"), "f.yaml");
    watch("f.yaml", NULL);
    scratch_write(&s, "one/t.yaml", "b");
    assert_told();
    scratch_write(&s, "two/t.yaml", "b");
    assert_not_told();
    scratch_link(&s, "two", "way2");
    scratch_rename(&s, "way2", "way");
    assert_told();
    scratch_write(&s, "two/t.yaml", "c");
    assert_told();
    scratch_write(&s, "one/t.yaml", "c"); /* left behind */
    assert_not_told();
}

static void links_in_a_circle_end(void **state)
{
    (void)state;
    scratch_link(&s, "b.yaml", "a.yaml");
    scratch_link(&s, "a.yaml", "b.yaml");
    scratch_link(&s, "d/d", "d");
    watch("a.yaml", "d/d/d");
    assert_not_told();
    scratch_delete(&s, "b.yaml");
    assert_told_later();
    scratch_write(&s, "b.yaml", "a");
    assert_told();
}

/* ---- folders ------------------------------------------------------------- */

static void the_manifests_of_a_folder_are_told(void **state)
{
    (void)state;
    watch(".", NULL);
    scratch_write(&s, "a.yaml", "a");
    assert_told();
    scratch_write(&s, "notes.txt", "a");
    scratch_write(&s, ".hidden.yaml", "a");
    assert_not_told();
    scratch_replace(&s, "b.json", "a");
    assert_told();
    scratch_delete(&s, "a.yaml");
    assert_told_later();
}

static void a_link_in_a_folder_is_followed(void **state)
{
    (void)state;
    scratch_mkdir(&s, "in");
    scratch_mkdir(&s, "out");
    scratch_write(&s, "out/blob", "a");
    watch("in", NULL);
    scratch_link(&s, "../out/blob", "in/f.yaml");
    assert_told_later();
    scratch_write(&s, "out/blob", "b");
    assert_told();
    scratch_write(&s, "out/other", "b");
    assert_not_told();
}

static void a_folder_may_go_and_come(void **state)
{
    (void)state;
    scratch_mkdir(&s, "d");
    scratch_write(&s, "d/f.yaml", "a");
    watch("d", "d/f.yaml");
    scratch_delete(&s, "d");
    assert_told_later();
    scratch_mkdir(&s, "d");
    scratch_write(&s, "d/f.yaml", "b");
    assert_told_later();
    scratch_write(&s, "d/f.yaml", "c");
    assert_told();
    scratch_rename(&s, "d", "e"); /* swapped by two renames */
    scratch_mkdir(&s, "d2");
    scratch_write(&s, "d2/f.yaml", "d");
    scratch_rename(&s, "d2", "d");
    assert_told_later();
    scratch_write(&s, "d/f.yaml", "e");
    assert_told();
    scratch_write(&s, "e/f.yaml", "e"); /* left behind */
    assert_not_told();
}

/* A removed folder that a process stands in tells nothing itself; what was in
 * it does, and then the clock finds the new one. */
static void a_folder_may_go_while_somebody_is_in_it(void **state)
{
    static const char *const given[] = {"d/f.yaml", "d"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        int fd;

        scratch_mkdir(&s, "d");
        scratch_write(&s, "d/f.yaml", "a");
        fd = open(scratch_path(&s, "d"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        watch(given[i], NULL);
        scratch_delete(&s, "d/f.yaml");
        assert_told_later(); /* the folder is there yet */
        scratch_delete(&s, "d");
        scratch_mkdir(&s, "d");
        scratch_write(&s, "d/f.yaml", "b");
        assert_not_told();
        pass(SVC__FILE_WATCH_SLOW_MS);
        assert_int_equal(count, 1);
        count = 0;
        scratch_write(&s, "d/f.yaml", "c");
        assert_told();
        assert_int_equal(svc__loop_timeout_ms(l), -1);
        close(fd);
        svc__file_watch_free(w);
        w = NULL;
        scratch_delete(&s, "d");
    }
}

/* What happens beside the folder that holds the file wakes nobody. */
static void a_busy_folder_above_is_not_heard(void **state)
{
    struct pollfd p = {.fd = svc__loop_fd(l), .events = POLLIN};

    (void)state;
    scratch_mkdir(&s, "d");
    scratch_write(&s, "d/f.yaml", "a");
    watch("d/f.yaml", "d");
    scratch_write(&s, "x", "a");
    scratch_mkdir(&s, "y");
    scratch_rename(&s, "y", "z");
    scratch_delete(&s, "x");
    assert_int_equal(poll(&p, 1, 0), 0);
}

static void a_folder_far_above_may_be_replaced(void **state)
{
    (void)state;
    scratch_mkdir(&s, "a");
    scratch_mkdir(&s, "a/b");
    scratch_mkdir(&s, "a/b/c");
    scratch_mkdir(&s, "a/b/c/d");
    scratch_write(&s, "a/b/c/d/f.yaml", "a");
    watch("a/b/c/d/f.yaml", NULL);
    scratch_write(&s, "a/b/other", "a"); /* does not matter */
    assert_not_told();
    scratch_rename(&s, "a", "z");
    assert_told_later();
    scratch_rename(&s, "z", "a");
    assert_told();
    scratch_write(&s, "a/b/c/d/f.yaml", "b");
    assert_told();
}

static void paths_may_be_relative(void **state)
{
    const struct svc__file_listener listener = {changed, &count};
    static const char *const relative[] = {"f.yaml", "./d//", NULL};
    char before[PATH_MAX];

    (void)state;
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(s.path), 0);
    scratch_mkdir(&s, "d");
    assert_int_equal(svc__file_watch_new(l, relative, listener, &w, NULL), 0);
    scratch_write(&s, "f.yaml", "a");
    assert_told();
    scratch_write(&s, "d/g.yaml", "a");
    assert_told();
    assert_int_equal(chdir(before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(a_written_file_is_told_when_closed),
        in_folder(a_renamed_file_is_followed),
        in_folder(a_writer_who_goes_on_is_waited_for),
        in_folder(a_cut_file_is_not_believed_while_open),
        in_folder(other_names_are_not_told),
        in_folder(a_deleted_file_is_told_and_awaited),
        in_folder(a_file_may_come_later),
        in_folder(rights_are_told),
        in_folder(other_kinds_in_its_place_are_told),
        in_folder(every_swap_of_a_configmap_is_told),
        in_folder(a_configmap_watched_as_a_folder),
        in_folder(a_link_may_come_before_its_target),
        in_folder(links_are_followed_to_other_folders),
        in_folder(links_in_a_circle_end),
        in_folder(the_manifests_of_a_folder_are_told),
        in_folder(a_link_in_a_folder_is_followed),
        in_folder(a_folder_may_go_and_come),
        in_folder(a_folder_may_go_while_somebody_is_in_it),
        in_folder(a_busy_folder_above_is_not_heard),
        in_folder(a_folder_far_above_may_be_replaced),
        in_folder(paths_may_be_relative),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
