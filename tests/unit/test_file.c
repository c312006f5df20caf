/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files whole and bounded, and listing folders (faults F5, F8). */
#include "base/alloc.h"
#include "io/file.h"
#include "oom.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX ((size_t)1 << 20)

static struct scratch s;

static int setup(void **state)
{
    (void)state;
    scratch_make(&s);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(&s);
    assert_int_equal(oom_live(), 0);
    return 0;
}

/* Reads a file that must be refused, and checks what is said about it. */
static void assert_refused(const char *path, int code, const char *reason)
{
    svc_error error = {0};
    struct svc__buf b;

    svc__buf_init(&b, MAX);
    svc__buf_add_text(&b, "before");
    assert_int_equal(svc__file_read(path, &b, &error), code);
    assert_int_equal(svc__file_read(path, &b, NULL), code);
    assert_int_equal(error.code, code);
    assert_int_equal(strncmp(error.message, path, strlen(path)), 0);
    assert_non_null(strstr(error.message, reason));
    assert_string_not_equal(error.hint, "");
    assert_string_equal(b.data, "before");
    assert_int_equal(b.err, 0);
    svc__buf_fini(&b);
}

/* Every size around the steps of the buffer and of reading. */
static void reads_what_is_there(void **state)
{
    static const size_t sizes[] = {0,     1,     62,    63,     64,    65,
                                   65535, 65536, 65537, 131072, 200001};
    char *data = malloc(200001);

    (void)state;
    assert_non_null(data);
    for (size_t i = 0; i < 200001; i++)
        data[i] = (char)(i * 31 % 251);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct svc__buf b;

        scratch_write_bytes(&s, "f", data, sizes[i]);
        svc__buf_init(&b, MAX);
        svc__buf_add_text(&b, "<");
        assert_int_equal(svc__file_read(scratch_path(&s, "f"), &b, NULL), 0);
        assert_int_equal(b.size, sizes[i] + 1);
        assert_memory_equal(b.data + 1, data, sizes[i]);
        assert_int_equal(b.data[b.size], '\0');
        svc__buf_fini(&b);
    }
    free(data);
}

static void the_bound_is_exact(void **state)
{
    char data[200];
    svc_error error = {0};
    struct svc__buf b;

    (void)state;
    memset(data, 'x', sizeof(data));
    for (size_t size = 0; size <= sizeof(data); size++) {
        const int fits = size <= 100;

        scratch_write_bytes(&s, "f", data, size);
        svc__buf_init(&b, 100);
        assert_int_equal(svc__file_read(scratch_path(&s, "f"), &b, &error),
                         fits ? 0 : SVC_ETOOBIG);
        assert_int_equal(b.size, fits ? size : 0);
        if (!fits)
            assert_non_null(strstr(error.message, "bigger than 100 bytes"));
        svc__buf_fini(&b);
    }
}

/* Files of /proc tell a size of 0: only the end tells the end. A bound holds
 * for them too, as for a file that grows while it is read. */
static void the_told_size_is_a_hint_only(void **state)
{
    struct svc__buf b;

    (void)state;
    svc__buf_init(&b, MAX);
    assert_int_equal(svc__file_read("/proc/self/status", &b, NULL), 0);
    assert_true(b.size > 100);
    svc__buf_fini(&b);
    svc__buf_init(&b, 40);
    assert_int_equal(svc__file_read("/proc/self/status", &b, NULL),
                     SVC_ETOOBIG);
    assert_int_equal(b.size, 0);
    svc__buf_fini(&b);
}

static void count_warnings(void *arg, int level, const char *text)
{
    int *count = arg;

    assert_int_equal(level, SVC_LOG_WARNING);
    assert_int_equal(strncmp(text, "not used: ", 10), 0);
    (*count)++;
}

/* Only a file that is too big is worth a warning. */
static void one_that_need_not_be_there(void **state)
{
    int count = 0;
    const struct svc__log log = {count_warnings, &count, SVC_LOG_WARNING};
    struct svc__buf b;

    (void)state;
    svc__buf_init(&b, 4);
    scratch_write(&s, "small", "four");
    scratch_write(&s, "big", "fives");
    assert_int_equal(svc__file_read_if_any(&log, scratch_path(&s, "none"), &b),
                     0);
    assert_int_equal(svc__file_read_if_any(&log, s.path, &b), 0);
    assert_int_equal(count, 0);
    assert_int_equal(svc__file_read_if_any(&log, scratch_path(&s, "big"), &b),
                     0);
    assert_int_equal(count, 1);
    assert_int_equal(b.size, 0);
    assert_int_equal(svc__file_read_if_any(&log, scratch_path(&s, "small"), &b),
                     0);
    assert_string_equal(b.data, "four");
    svc__buf_fini(&b);
}

static void other_kinds_are_refused_at_once(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = scratch_path(&s, "socket");
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    assert_int_equal(mkfifo(scratch_path(&s, "fifo"), 0600), 0);
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    assert_refused(s.path, SVC_EFILE, "is a folder");
    assert_refused(scratch_path(&s, "fifo"), SVC_EFILE, "is a FIFO");
    assert_refused(scratch_path(&s, "socket"), SVC_EFILE, "is a socket");
    assert_refused("/dev/zero", SVC_EFILE, "is a device");
    scratch_link(&s, "fifo", "link");
    assert_refused(scratch_path(&s, "link"), SVC_EFILE, "is a FIFO");
}

static void what_is_not_there_is_named(void **state)
{
    (void)state;
    scratch_write(&s, "f", "");
    scratch_link(&s, "nowhere", "dangling");
    scratch_link(&s, "round", "round");
    assert_refused(scratch_path(&s, "no"), SVC_EFILE, "No such file");
    assert_refused(scratch_path(&s, "dangling"), SVC_EFILE, "No such file");
    assert_refused(scratch_path(&s, "f/x"), SVC_EFILE, "Not a directory");
    assert_refused(scratch_path(&s, "round"), SVC_EFILE, "symbolic links");
    assert_refused("", SVC_EFILE, "No such file");
}

static void a_long_path_leaves_room_for_the_reason(void **state)
{
    char path[3000];
    svc_error error = {0};
    struct svc__buf b;

    (void)state;
    memset(path, '/', sizeof(path));
    memcpy(path + sizeof(path) - 8, "missing", 8);
    svc__buf_init(&b, MAX);
    assert_int_equal(svc__file_read(path, &b, &error), SVC_EFILE);
    assert_non_null(strstr(error.message, "/missing: No such file"));
    /* Never cut inside a character: here 128 of two bytes and one more. */
    for (size_t i = 0; i < 130; i++)
        memcpy(path + 2 * i, "\xC3\xA4", 2);
    memcpy(path + 260, "x", 2);
    assert_string_equal(svc__file_shown(path), path + 6);
    assert_string_equal(svc__file_shown("short"), "short");
}

static void unreadable_is_said_so(void **state)
{
    (void)state;
    scratch_write(&s, "f", "x");
    assert_int_equal(chmod(scratch_path(&s, "f"), 0), 0);
    if (geteuid() == 0) /* whom no mode keeps out */
        assert_int_equal(seteuid(65534), 0);
    assert_refused(scratch_path(&s, "f"), SVC_EFILE, "Permission denied");
    assert_int_equal(seteuid(getuid()), 0);
}

static void no_descriptor_left_is_said_so(void **state)
{
    struct rlimit old;
    struct rlimit none;
    svc_error error = {0};
    struct svc__buf b;
    char **paths = NULL;
    int err;
    int list_err;

    (void)state;
    scratch_write(&s, "f", "x");
    svc__buf_init(&b, MAX);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    err = svc__file_read(scratch_path(&s, "f"), &b, &error);
    list_err = svc__file_list(s.path, &paths, NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(err, SVC_ENOMEM);
    assert_int_equal(list_err, SVC_ENOMEM);
    assert_non_null(strstr(error.message, "Too many open files"));
    assert_non_null(strstr(error.hint, "ulimit"));
}

static void names_of_manifests(void **state)
{
    static const struct {
        const char *name;
        int is;
    } table[] = {
        {"a.yaml", 1},  {"a.yml", 1},   {"a.json", 1},   {"a.b.yaml", 1},
        {".a.yaml", 0}, {".yaml", 0},   {"yaml", 0},     {"a.YAML", 0},
        {"a.txt", 0},   {"a.yaml~", 0}, {"a.yaml.1", 0}, {"", 0},
        {"..data", 0},  {"-x.json", 1}, {"a.ayml", 0},   {"ayaml", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(svc__file_is_manifest(table[i].name), table[i].is);
}

static void a_folder_lists_sorted(void **state)
{
    static const char *const names[] = {"b.yaml", "a.json",  "z.yml",
                                        "c.txt",  ".d.yaml", "B.yaml"};
    char with_slash[64];
    char **paths = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        scratch_write(&s, names[i], "");
    scratch_mkdir(&s, "sub");
    scratch_write(&s, "sub/e.yaml", "");
    scratch_link(&s, "nowhere", "l.yaml");
    assert_true(svc__file_is_folder(s.path));
    assert_false(svc__file_is_folder(scratch_path(&s, "b.yaml")));
    snprintf(with_slash, sizeof(with_slash), "%s/", s.path);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            svc__file_list(i == 0 ? s.path : with_slash, &paths, NULL), 0);
        assert_string_equal(paths[0], scratch_path(&s, "B.yaml"));
        assert_string_equal(paths[1], scratch_path(&s, "a.json"));
        assert_string_equal(paths[2], scratch_path(&s, "b.yaml"));
        assert_string_equal(paths[3], scratch_path(&s, "l.yaml"));
        assert_string_equal(paths[4], scratch_path(&s, "z.yml"));
        assert_null(paths[5]);
        svc__free_texts(paths);
    }
}

static void an_empty_folder_is_an_empty_list(void **state)
{
    svc_error error = {0};
    char **paths = NULL;

    (void)state;
    assert_int_equal(svc__file_list(s.path, &paths, NULL), 0);
    assert_null(paths[0]);
    svc__free_texts(paths);
    paths = NULL;
    assert_int_equal(svc__file_list(scratch_path(&s, "no"), &paths, &error),
                     SVC_EFILE);
    assert_null(paths);
    assert_non_null(strstr(error.message, "no: No such file"));
    svc__free_texts(NULL);
}

static void a_folder_holds_a_bounded_number(void **state)
{
    svc_error error = {0};
    char **paths = NULL;
    char name[32];

    (void)state;
    for (int i = 0; i <= SVC__FILE_LIST_MAX; i++) {
        snprintf(name, sizeof(name), "%d.yaml", i);
        scratch_link(&s, "x", name);
    }
    assert_int_equal(svc__file_list(s.path, &paths, &error), SVC_ETOOBIG);
    assert_non_null(strstr(error.message, "more than 10000 manifests"));
    scratch_delete(&s, "0.yaml");
    assert_int_equal(svc__file_list(s.path, &paths, &error), 0);
    assert_non_null(paths[SVC__FILE_LIST_MAX - 1]);
    assert_null(paths[SVC__FILE_LIST_MAX]);
    svc__free_texts(paths);
}

/* A regular file that can be opened and not be read. */
static void what_reading_meets_is_said(void **state)
{
    svc_error error = {0};
    struct svc__buf b;

    (void)state;
    svc__buf_init(&b, MAX);
    assert_int_equal(svc__file_read("/proc/self/mem", &b, &error), SVC_EFILE);
    assert_string_equal(error.message, "/proc/self/mem: Input/output error");
    assert_int_equal(b.size, 0);
    svc__buf_fini(&b);
}

/* One read and one list, with 30 files so that lists grow. */
static int read_and_list(void)
{
    struct svc__buf b;
    char **paths = NULL;
    int err;

    svc__buf_init(&b, MAX);
    err = svc__file_read(scratch_path(&s, "0.yaml"), &b, NULL);
    svc__buf_fini(&b);
    if (err == 0)
        err = svc__file_list(s.path, &paths, NULL);
    if (err == 0)
        svc__free_texts(paths);
    paths = NULL;
    if (err == 0)
        err = svc__file_list(scratch_path(&s, "empty"), &paths, NULL);
    svc__free_texts(paths);
    return err;
}

static void every_allocation_may_fail(void **state)
{
    char name[32];

    (void)state;
    scratch_mkdir(&s, "empty");
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof(name), "%d.yaml", i);
        scratch_write(&s, name, "kind: List\n");
    }
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        for (long nth = 1;; nth++) {
            int err;

            oom_arm(nth, for_ever);
            err = read_and_list();
            assert_int_equal(oom_live(), 0);
            if (oom_failures() == 0) {
                assert_int_equal(err, 0);
                assert_true(nth > 30);
                break;
            }
            assert_int_equal(err, SVC_ENOMEM);
        }
    }
    oom_disarm();
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(reads_what_is_there),
        in_folder(the_bound_is_exact),
        in_folder(the_told_size_is_a_hint_only),
        in_folder(one_that_need_not_be_there),
        in_folder(other_kinds_are_refused_at_once),
        in_folder(what_is_not_there_is_named),
        in_folder(a_long_path_leaves_room_for_the_reason),
        in_folder(unreadable_is_said_so),
        in_folder(no_descriptor_left_is_said_so),
        in_folder(what_reading_meets_is_said),
        in_folder(names_of_manifests),
        in_folder(a_folder_lists_sorted),
        in_folder(an_empty_folder_is_an_empty_list),
        in_folder(a_folder_holds_a_bounded_number),
        in_folder(every_allocation_may_fail),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
