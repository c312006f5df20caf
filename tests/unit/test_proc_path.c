/* SPDX-License-Identifier: Apache-2.0 */
/* Where a program is found, and where it is not. */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "io/proc_path.h"
#include "scratch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct scratch folder;

static int setup(void **state)
{
    (void)state;
    scratch_make(&folder);
    scratch_mkdir(&folder, "one");
    scratch_mkdir(&folder, "two");
    scratch_mkdir(&folder, "one/tool");
    scratch_write(&folder, "two/tool", "#!/bin/sh\n");
    scratch_write(&folder, "two/text", "text\n");
    assert_int_equal(chmod(scratch_path(&folder, "two/tool"), 0755), 0);
    assert_int_equal(chdir(scratch_path(&folder, "two")), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(chdir("/"), 0);
    scratch_remove(&folder);
    return 0;
}

static int find(const char *name, const char *path, const char *expected)
{
    char *found = NULL;
    svc_error error;
    int err = svc__proc_path_find(name, path, &found, &error);

    if (err == 0)
        assert_string_equal(found, expected);
    else
        assert_null(found);
    svc__free(found);
    return err;
}

static void folders_in_order(void **state)
{
    char path[200];

    (void)state;
    (void)snprintf(path, sizeof(path), "/nowhere:%s/one::%s/two:/bin",
                   folder.path, folder.path);
    assert_int_equal(find("tool", path, scratch_path(&folder, "two/tool")), 0);
    assert_int_equal(find("text", path, ""), SVC_EAUTH);
    assert_int_equal(find("none", path, ""), SVC_EAUTH);
}

/* As Go has it: not by an empty part, a dot, or a relative folder. */
static void not_in_the_current_folder(void **state)
{
    static const char *const paths[] = {NULL, "",       ":",      ".",
                                        "./", "../two", "two:.:", "::/nowhere"};

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        assert_int_equal(find("tool", paths[i], ""), SVC_EAUTH);
    assert_int_equal(find("./tool", NULL, "./tool"), 0);
}

static void a_path_is_taken_as_it_is(void **state)
{
    (void)state;
    assert_int_equal(find("/bin/sh", "/nowhere", "/bin/sh"), 0);
    assert_int_equal(find(scratch_path(&folder, "two/text"), "/bin", ""),
                     SVC_EAUTH);
    assert_int_equal(find(folder.path, "/bin", ""), SVC_EAUTH);
    assert_int_equal(find("", "/bin", ""), SVC_EAUTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_in_order),
        cmocka_unit_test(not_in_the_current_folder),
        cmocka_unit_test(a_path_is_taken_as_it_is),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
