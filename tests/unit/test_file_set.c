/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which manifests there are: folders against a model while files come and go,
 * what is kept when something is lost, and memory that runs out on the way.
 */
#include "backend/file_set.h"
#include "base/alloc.h"
#include "base/rng.h"
#include "file_run.h"
#include "oom.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define NAMES 12

static struct scratch s;
static struct svc__source_stats stats;
static struct svc__backend_env env = {.hash_key = {1, 2}, .stats = &stats};
static struct svc__file_set set;
static char path[3][256];
static const char *files[4];

static int setup(void **state)
{
    (void)state;
    scratch_make(&s);
    memset(&set, 0, sizeof(set));
    memset(&stats, 0, sizeof(stats));
    env.manifest = NULL;
    env.manifest_size = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    svc__file_set_fini(&set);
    scratch_remove(&s);
    assert_int_equal(oom_live(), 0);
    return 0;
}

static void begin(const char *one, const char *two, const char *three)
{
    const char *const names[] = {one, two, three};

    memset(files, 0, sizeof(files));
    for (int i = 0; i < 3 && names[i] != NULL; i++) {
        snprintf(path[i], sizeof(path[i]), "%s", scratch_path(&s, names[i]));
        files[i] = path[i];
    }
    env.files = files;
    assert_int_equal(svc__file_set_init(&set, &env, NULL), 0);
}

/* The last letters of the names of all manifests, in order; '!' behind those
 * in trouble, '?' for the text in memory. */
static const char *listed(void)
{
    static char line[256];
    struct svc__list *it;
    size_t used = 0;

    svc__list_each (it, &set.sources) {
        const struct svc__file_source *src =
            svc__list_entry(it, struct svc__file_source, link);
        const char *dot = src->path == NULL ? NULL : strrchr(src->path, '.');

        line[used++] = dot == NULL ? '?' : dot[-1];
        if (svc__file_source_trouble(src) != NULL)
            line[used++] = '!';
    }
    line[used] = '\0';
    return line;
}

static struct svc__file_source *find(const char *file)
{
    struct svc__list *it;

    svc__list_each (it, &set.sources) {
        struct svc__file_source *src =
            svc__list_entry(it, struct svc__file_source, link);

        if (src->path != NULL && strcmp(src->path, file) == 0)
            return src;
    }
    return NULL;
}

static void manifests_stand_in_the_order_of_the_paths(void **state)
{
    (void)state;
    env.manifest = SERVICE("web");
    env.manifest_size = strlen(env.manifest);
    scratch_mkdir(&s, "d");
    scratch_write(&s, "d/c.yaml", "");
    scratch_write(&s, "d/a.yaml", "");
    scratch_write(&s, "z.yaml", "");
    begin("z.yaml", "d", "n.yaml");
    assert_string_equal(listed(), "?");
    assert_int_equal(svc__file_set_look(&set, 0), 1);
    assert_string_equal(listed(), "zacn!?");
    assert_int_equal(svc__file_set_look(&set, 0), 0);
    scratch_write(&s, "d/b.yaml", "");
    assert_int_equal(svc__file_set_look(&set, 0), 1);
    assert_string_equal(listed(), "zabcn!?");
}

/* Random files come and go; who stays is the same source as before. */
static void a_folder_is_followed_as_a_model_says(void **state)
{
    struct svc__file_source *known[NAMES] = {NULL};
    struct svc__rng rng;
    char name[16];

    (void)state;
    svc__rng_seed(&rng, 11);
    begin(".", NULL, NULL);
    for (int i = 0; i < 500; i++) {
        int changed = 0;

        for (unsigned j = svc__rng_below(&rng, 4); j > 0; j--) {
            const unsigned which = svc__rng_below(&rng, NAMES);

            snprintf(name, sizeof(name), "%c.yaml", (char)('a' + which));
            if (known[which] != NULL) {
                scratch_delete(&s, name);
                known[which] = NULL;
            } else {
                scratch_write(&s, name, "");
            }
        }
        changed = svc__file_set_look(&set, 0);
        for (unsigned which = 0; which < NAMES; which++) {
            struct svc__file_source *src;

            snprintf(name, sizeof(name), "./%c.yaml", (char)('a' + which));
            src = find(scratch_path(&s, name));
            assert_true(known[which] == NULL || src == known[which] || changed);
            if (known[which] != NULL)
                assert_ptr_equal(src, known[which]);
            known[which] = src;
        }
        assert_int_equal(svc__file_set_look(&set, 0), 0);
    }
}

static void what_is_lost_stays_in_trouble(void **state)
{
    svc_error gap = {0};

    (void)state;
    scratch_mkdir(&s, "d");
    scratch_write(&s, "d/a.yaml", "");
    scratch_write(&s, "d/b.yaml", "");
    begin("d", NULL, NULL);
    svc__file_set_look(&set, 0);
    assert_int_equal(svc__file_set_gap(&set, &gap), 0);
    scratch_rename(&s, "d", "e");
    assert_int_equal(svc__file_set_look(&set, 0), 1);
    assert_string_equal(listed(), "a!b!");
    assert_int_equal(svc__file_set_gap(&set, &gap), 1);
    assert_non_null(strstr(gap.message, "d: No such file"));
    assert_int_equal(svc__file_set_is_short(&set), 0);
    scratch_delete(&s, "e/a.yaml");
    scratch_rename(&s, "e", "d");
    assert_int_equal(svc__file_set_look(&set, 0), 1);
    assert_string_equal(listed(), "b");
    scratch_delete(&s, "d/b.yaml");
    assert_int_equal(svc__file_set_look(&set, 0), 1);
    assert_string_equal(listed(), "");
}

/* Names in a folder and beside it, with memory short in every place; once it
 * is back a look makes everything right. */
static void look_twice(void *arg)
{
    (void)arg;
    memset(&set, 0, sizeof(set));
    scratch_delete(&s, "d/c.yaml");
    scratch_write(&s, "d/a.yaml", WEB("10.0.0.1"));
    scratch_write(&s, "d/b.yaml", SERVICE("api"));
    if (svc__file_set_init(&set, &env, NULL) != 0) {
        assert_true(oom_failures() > 0);
        svc__file_set_fini(&set);
        return;
    }
    (void)svc__file_set_look(&set, 0);
    scratch_write(&s, "d/a.yaml", WEB("10.0.0.2"));
    scratch_write(&s, "d/c.yaml", SERVICE("new"));
    scratch_delete(&s, "d/b.yaml");
    (void)svc__file_set_look(&set, 0);
    if (svc__file_set_is_short(&set))
        assert_true(oom_failures() > 0);
    else
        assert_string_equal(listed(), "acf?");
    oom_disarm();
    (void)svc__file_set_look(&set, 0);
    assert_string_equal(listed(), "acf?");
    assert_int_equal(svc__file_set_is_short(&set), 0);
    svc__file_set_fini(&set);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    scratch_mkdir(&s, "d");
    scratch_write(&s, "f.yaml", SERVICE("f"));
    env.manifest = SERVICE("web");
    env.manifest_size = strlen(env.manifest);
    begin("d", "f.yaml", NULL);
    svc__file_set_fini(&set);
    oom_torture(look_twice, NULL);
    memset(&set, 0, sizeof(set));
    svc__list_init(&set.sources);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(manifests_stand_in_the_order_of_the_paths),
        in_folder(a_folder_is_followed_as_a_model_says),
        in_folder(what_is_lost_stays_in_trouble),
        in_folder(every_allocation_may_fail),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
