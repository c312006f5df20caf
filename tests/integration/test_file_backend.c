/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file backend on real files while they change: what a subscription hears
 * of partial writes, renames, swaps, links, loss, other kinds of files and odd
 * texts (faults F1 to F9, I2; semantics 2.11, 13 and 14).
 */
#include "backend/file.h"
#include "base/rng.h"
#include "file_run.h"
#include "io/file_watch.h"
#include "oom.h"
#include "scratch.h"
#include "still_clock.h"

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
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define ONE "10.0.0.1:8080"
#define TWO "10.0.0.2:8080"

static struct scratch s;
static struct file_run run;
static struct follower web;
static struct follower api;
static char given[2][256];
static const char *files[3];
static long live_before;

static int setup(void **state)
{
    (void)state;
    moved_ms = 0;
    live_before = oom_live();
    scratch_make(&s);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    file_run_leave(&run, &web);
    file_run_leave(&run, &api);
    file_run_close(&run);
    scratch_remove(&s);
    assert_int_equal(oom_live(), live_before);
    return 0;
}

/* Opens one or two names of the scratch folder and follows both Services. */
static void begin(const char *one, const char *two)
{
    snprintf(given[0], sizeof(given[0]), "%s", scratch_path(&s, one));
    files[0] = given[0];
    files[1] = NULL;
    files[2] = NULL;
    if (two != NULL) {
        snprintf(given[1], sizeof(given[1]), "%s", scratch_path(&s, two));
        files[1] = given[1];
    }
    assert_int_equal(file_run_open(&run, files, NULL, NULL), 0);
    file_run_follow(&run, &web, "web");
    file_run_follow(&run, &api, "api");
}

/* Everything that is to be heard now and after the quiet time is heard. */
static void pass(void)
{
    file_run_settle(&run);
    moved_ms += SVC__FILE_WATCH_QUIET_MS;
    file_run_settle(&run);
}

static void assert_heard(struct follower *f, const char *line)
{
    file_run_settle(&run);
    assert_string_equal(file_run_heard(f), line);
}

static void assert_heard_later(struct follower *f, const char *line)
{
    pass();
    assert_string_equal(file_run_heard(f), line);
}

static void assert_trouble(const struct follower *f, const char *text)
{
    if (strstr(f->trouble.message, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, f->trouble.message);
}

/* ---- F1: written in place ------------------------------------------------ */

/* "kubectl get … > f.yaml" cuts the file long before it writes. What happens to
 * another file meanwhile is read at once, and the cut one is not taken for
 * empty; unless its writer closes it so, or leaves it so. */
static void a_file_that_is_cut_while_others_change(void **state)
{
    int fd;

    (void)state;
    scratch_write(&s, "f.yaml", WEB("10.0.0.1"));
    scratch_write(&s, "g.yaml", API("10.0.0.1"));
    begin("f.yaml", "g.yaml");
    fd = open(given[0], O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    scratch_replace(&s, "g.yaml", API("10.0.0.2"));
    assert_heard_later(&api, TWO);
    assert_string_equal(file_run_heard(&web), ONE);
    assert_int_equal(write(fd, WEB("10.0.0.2"), strlen(WEB("10.0.0.2"))),
                     strlen(WEB("10.0.0.2")));
    assert_heard_later(&web, TWO);
    assert_int_equal(ftruncate(fd, 0), 0);
    file_run_settle(&run);
    scratch_write(&s, "g.yaml", API("10.0.0.1"));
    assert_heard_later(&api, ONE);
    assert_string_equal(file_run_heard(&web), TWO);
    moved_ms += SVC__FILE_WATCH_EMPTY_MS;
    assert_heard(&web, "SVC_ENOSERVICE");
    close(fd);
    scratch_write(&s, "f.yaml", WEB("10.0.0.1"));
    assert_heard(&web, ONE);
    scratch_write(&s, "f.yaml", "");
    assert_heard(&web, "SVC_ENOSERVICE");
}

/* A writer that stops after every byte: the good set stays until the text is
 * whole, and a text that is cut is never taken for a smaller one. */
static void every_prefix_of_a_file(void **state)
{
    static const char text[] = "{\"apiVersion\":\"v1\",\"kind\":\"List\","
                               "\"items\":[" /* one Service, one slice */
                               "{\"apiVersion\":\"v1\",\"kind\":\"Service\","
                               "\"metadata\":{\"name\":\"web\",\"namespace\":"
                               "\"shop\"},\"spec\":{\"ports\":[{\"port\":80}]}}"
                               ",{\"apiVersion\":\"discovery.k8s.io/v1\","
                               "\"kind\":\"EndpointSlice\",\"metadata\":{"
                               "\"name\":\"w\",\"namespace\":\"shop\","
                               "\"labels\":{\"kubernetes.io/service-name\":"
                               "\"web\"}},\"addressType\":\"IPv4\","
                               "\"endpoints\":[{\"addresses\":"
                               "[\"10.0.0.2\"]}],\"ports\":[{\"port\":8080}]}"
                               "]}";
    int fd;

    (void)state;
    scratch_write(&s, "f.json", WEB("10.0.0.1"));
    begin("f.json", NULL);
    assert_heard(&web, ONE);
    fd = open(given[0], O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_heard_later(&web, ONE);
    for (size_t i = 0; i < strlen(text); i++) {
        const int whole = i + 1 == strlen(text);

        assert_int_equal(write(fd, text + i, 1), 1);
        assert_heard_later(&web, whole ? TWO : ONE " (SVC_EFILE)");
    }
    assert_int_equal(run.stats.files_refused, strlen(text) - 1);
    close(fd);
    assert_heard_later(&web, TWO);
    assert_int_equal(run.stats.files_refused, strlen(text) - 1);
}

static void emptied_on_purpose_is_believed(void **state)
{
    (void)state;
    scratch_write(&s, "f.yaml", WEB("10.0.0.1"));
    begin("f.yaml", NULL);
    scratch_write(&s, "f.yaml", "");
    assert_heard(&web, "SVC_ENOSERVICE");
    scratch_write(&s, "f.yaml", WEB("10.0.0.2"));
    assert_heard(&web, TWO);
}

/* ---- F2, F3, F4, F9 ------------------------------------------------------ */

static void a_rename_is_followed(void **state)
{
    (void)state;
    scratch_write(&s, "f.yaml", WEB("10.0.0.1"));
    begin("f.yaml", NULL);
    scratch_replace(&s, "f.yaml", WEB("10.0.0.2"));
    assert_heard(&web, TWO);
    scratch_replace(&s, "f.yaml", WEB("10.0.0.1"));
    assert_heard(&web, ONE);
}

static void a_thousand_swaps_of_a_configmap(void **state)
{
    (void)state;
    scratch_swap(&s, "f.yaml", 0, WEB("10.0.0.1"));
    begin("f.yaml", ".");
    for (unsigned i = 1; i <= 1000; i++) {
        const int odd = i % 2 == 1;

        scratch_swap(&s, "f.yaml", i, odd ? WEB("10.0.0.2") : WEB("10.0.0.1"));
        assert_heard(&web, odd ? TWO : ONE);
        assert_int_equal(web.fails, 0);
    }
}

static void a_link_before_its_target(void **state)
{
    (void)state;
    scratch_link(&s, "target", "f.yaml");
    begin("f.yaml", NULL);
    assert_heard(&web, "- (SVC_EFILE)");
    assert_trouble(&web, "f.yaml: No such file or directory");
    scratch_write(&s, "target", WEB("10.0.0.1"));
    assert_heard(&web, ONE);
    assert_int_equal(file_run_logged(&run, "f.yaml: good again"), 1);
    scratch_delete(&s, "target");
    assert_heard_later(&web, ONE " (SVC_EFILE)");
}

/* Times that go back or stay change nothing; equal content is not news. */
static void content_decides_and_not_time(void **state)
{
    const struct timeval times[2] = {{1000, 0}, {1000, 0}};
    int updates;

    (void)state;
    scratch_write(&s, "f.yaml", WEB("10.0.0.1"));
    assert_int_equal(utimes(scratch_path(&s, "f.yaml"), times), 0);
    begin("f.yaml", NULL);
    updates = web.updates;
    scratch_write(&s, "f.yaml", WEB("10.0.0.2"));
    assert_int_equal(utimes(given[0], times), 0);
    assert_heard_later(&web, TWO);
    assert_int_equal(web.updates, updates + 1);
    scratch_replace(&s, "f.yaml", WEB("10.0.0.2"));
    pass();
    assert_int_equal(web.updates, updates + 1);
}

/* ---- F5: no longer a readable file --------------------------------------- */

static void put_folder(void)
{
    scratch_mkdir(&s, "f.yaml");
}

static void put_fifo(void)
{
    assert_int_equal(mkfifo(given[0], 0600), 0);
}

static void put_circle(void)
{
    scratch_link(&s, "f.yaml", "f.yaml");
}

static void put_device(void)
{
    scratch_link(&s, "/dev/zero", "f.yaml");
}

static void put_nothing(void)
{
}

static void what_it_last_held_stays(void **state)
{
    static const struct {
        void (*put)(void);
        const char *reason;
    } table[] = {
        {put_nothing, "No such file"}, {put_folder, "is a folder"},
        {put_fifo, "is a FIFO"},       {put_circle, "symbolic links"},
        {put_device, "is a device"},
    };

    (void)state;
    scratch_write(&s, "f.yaml", WEB("10.0.0.1"));
    begin("f.yaml", NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        scratch_delete(&s, "f.yaml");
        table[i].put();
        assert_heard_later(&web, ONE " (SVC_EFILE)");
        assert_trouble(&web, table[i].reason);
        assert_string_not_equal(web.trouble.hint, "");
        assert_int_equal(file_run_logged(&run, table[i].reason), 1);
        scratch_delete(&s, "f.yaml");
        scratch_write(&s, "f.yaml", WEB("10.0.0.1"));
        assert_heard_later(&web, ONE);
    }
    assert_int_equal(run.stats.files_refused, 5);
}

static const struct happening {
    void (*put)(void);
    const char *text;
    const char *says; /* NULL: nothing */
} happenings[] = {
    {put_nothing, WEB("10.0.0.1"), ONE}, {put_nothing, WEB("10.0.0.2"), TWO},
    {put_nothing, "", "SVC_ENOSERVICE"}, {put_nothing, "kind: [", NULL},
    {put_nothing, NULL, NULL},           {put_folder, NULL, NULL},
};

static const struct happening *happen(const struct happening *before,
                                      struct svc__rng *rng, uint32_t kinds)
{
    const struct happening *h = &happenings[svc__rng_below(rng, kinds)];

    if (before->text == NULL || h->text == NULL)
        scratch_delete(&s, "f.yaml");
    h->put();
    if (h->text != NULL)
        (svc__rng_below(rng, 2) == 0 ? scratch_write
                                     : scratch_replace)(&s, "f.yaml", h->text);
    return h;
}

/* Faults I2, I5: after anything at all, and a quiet time, the set is what the
 * file says, or said last. What it said in no quiet time may not be known. */
static void whatever_came_before(void **state)
{
    const struct happening *h = &happenings[0];
    const char *says = h->says;
    struct svc__rng rng;
    int is_quiet = 1;
    char line[64];

    (void)state;
    svc__rng_seed(&rng, 2);
    scratch_write(&s, "f.yaml", h->text);
    begin("f.yaml", NULL);
    for (int i = 0; i < 2000; i++) {
        h = happen(h, &rng, h->says == NULL || is_quiet ? 6 : 3);
        says = h->says != NULL ? h->says : says;
        snprintf(line, sizeof(line), "%s%s", says,
                 h->says == NULL ? " (SVC_EFILE)" : "");
        file_run_settle(&run);
        is_quiet = svc__rng_below(&rng, 2) == 0;
        if (is_quiet)
            assert_heard_later(&web, line);
    }
}

static void out_of_descriptors_ends_by_itself(void **state)
{
    struct rlimit old;
    struct rlimit none;

    (void)state;
    scratch_write(&s, "f.yaml", WEB("10.0.0.1"));
    begin("f.yaml", NULL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = 0;
    scratch_replace(&s, "f.yaml", WEB("10.0.0.2"));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    while (svc__loop_round(run.l, 0) == 0 && web.fails == 0)
        continue;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_heard(&web, ONE " (SVC_ENOMEM)");
    assert_trouble(&web, "Too many open files");
    moved_ms += 1000; /* nothing tells but the clock */
    assert_heard(&web, TWO);
    assert_int_equal(svc__loop_timeout_ms(run.l), -1);
}

/* ---- F6, F8 -------------------------------------------------------------- */

static void odd_texts(void **state)
{
    static const char bom[] = "\xEF\xBB\xBF" WEB("10.0.0.2");
    static const char nul[] = WEB("10.0.0.2") "\0";
    char *crlf = calloc(2, sizeof(WEB("10.0.0.2")));
    size_t size = 0;

    (void)state;
    assert_non_null(crlf);
    for (const char *p = WEB("10.0.0.2"); *p != '\0'; p++) {
        if (*p == '\n')
            crlf[size++] = '\r';
        crlf[size++] = *p;
    }
    scratch_write(&s, "f.yaml", WEB("10.0.0.1"));
    begin("f.yaml", NULL);
    scratch_write_bytes(&s, "f.yaml", nul, sizeof(nul));
    assert_heard(&web, ONE " (SVC_EFILE)");
    scratch_write(&s, "f.yaml", bom);
    assert_heard(&web, TWO);
    scratch_write(&s, "f.yaml", WEB("10.0.0.1") "x: \xFF\n");
    assert_heard(&web, TWO " (SVC_EFILE)");
    scratch_write_bytes(&s, "f.yaml", crlf, size);
    assert_heard(&web, TWO);
    scratch_write_bytes(&s, "f.yaml", WEB("10.0.0.1"),
                        sizeof(WEB("10.0.0.1")) - 2); /* no last newline */
    assert_heard(&web, ONE);
    free(crlf);
}

static void a_huge_file_is_refused_unread(void **state)
{
    (void)state;
    scratch_write(&s, "f.yaml", WEB("10.0.0.1"));
    begin("f.yaml", NULL);
    assert_int_equal(truncate(given[0], (off_t)1 << 30), 0);
    assert_heard_later(&web, ONE " (SVC_EFILE)");
    assert_trouble(&web, "bigger than 268435456 bytes");
    assert_true(oom_peak_bytes() < 1 << 20);
    scratch_write(&s, "f.yaml", WEB("10.0.0.2"));
    assert_heard(&web, TWO);
}

/* ---- several files ------------------------------------------------------- */

static void files_of_a_folder_come_and_go(void **state)
{
    (void)state;
    begin(".", NULL);
    assert_heard(&web, "SVC_ENOSERVICE");
    scratch_write(&s, "web.yaml", WEB("10.0.0.1"));
    assert_heard(&web, ONE);
    assert_heard(&api, "SVC_ENOSERVICE");
    scratch_write(&s, "api.json", API("10.0.0.2"));
    scratch_write(&s, "notes.txt", "no manifest");
    assert_heard(&api, TWO);
    /* Gone from a folder that lists fine: that is knowledge. */
    scratch_delete(&s, "web.yaml");
    assert_heard_later(&web, "SVC_ENOSERVICE");
    assert_heard(&api, TWO);
    assert_int_equal(web.fails, 0);
}

/* A folder that is gone is trouble: what it held last stays. */
static void a_folder_may_be_lost(void **state)
{
    (void)state;
    scratch_mkdir(&s, "d");
    scratch_write(&s, "d/web.yaml", WEB("10.0.0.1"));
    begin("d", NULL);
    scratch_delete(&s, "d");
    assert_heard_later(&web, ONE " (SVC_EFILE)");
    assert_heard(&api, "SVC_ENOSERVICE (SVC_EFILE)");
    scratch_write(&s, "d", "not a folder");
    assert_heard_later(&web, ONE " (SVC_EFILE)");
    assert_trouble(&web, "d: Not a directory");
    scratch_delete(&s, "d");
    scratch_mkdir(&s, "d");
    scratch_write(&s, "d/api.yaml", API("10.0.0.2"));
    assert_heard_later(&web, "SVC_ENOSERVICE");
    assert_heard(&api, TWO);
}

static void a_path_may_turn_out_to_be_a_folder(void **state)
{
    (void)state;
    begin("d", "e.yaml");
    assert_heard(&web, "- (SVC_EFILE)");
    scratch_mkdir(&s, "d");
    scratch_write(&s, "e.yaml", "");
    assert_heard_later(&web, "SVC_ENOSERVICE");
    scratch_write(&s, "d/web.yaml", WEB("10.0.0.1"));
    assert_heard_later(&web, ONE);
}

/* Other files count: only what they cannot answer is in trouble. */
static void a_broken_file_spoils_only_its_own(void **state)
{
    (void)state;
    scratch_write(&s, "a.yaml", WEB("10.0.0.1"));
    scratch_write(&s, "b.yaml", "kind: [");
    begin("a.yaml", "b.yaml");
    assert_heard(&web, ONE);
    assert_heard(&api, "- (SVC_EFILE)");
    assert_trouble(&api, "b.yaml: ");
    assert_trouble(&api, "nothing else has Service \"api\"");
    scratch_write(&s, "b.yaml", API("10.0.0.2"));
    assert_heard(&api, TWO);
    scratch_write(&s, "b.yaml", "kind: ]");
    assert_heard(&api, TWO " (SVC_EFILE)");
    assert_heard(&web, ONE);
    scratch_write(&s, "a.yaml", WEB("10.0.0.2"));
    assert_heard(&web, TWO);
    scratch_write(&s, "b.yaml", SERVICE("other"));
    assert_heard(&api, "SVC_ENOSERVICE");
}

/* A Service without any slice may have them in what is not read; one whose
 * slices are there and empty, or refused, is told so. */
static void missing_slices_may_be_in_a_broken_file(void **state)
{
    struct follower odd;
    char text[4096];

    (void)state;
    snprintf(text, sizeof(text), "%s%s%s%s", WEB("10.0.0.1"), SERVICE("api"),
             SERVICE("odd"), SLICE("odd-1", "odd", "here"));
    /* No endpoints, of this length. */
    memcpy(strstr(text, "[{addresses: [10.0.0.1]}]"),
           "[                       ]", 25);
    scratch_write(&s, "a.yaml", text);
    begin("a.yaml", "b.yaml");
    file_run_follow(&run, &odd, "odd");
    assert_heard(&web, "SVC_ENOENDPOINTS");
    assert_heard(&api, "- (SVC_EFILE)");
    assert_trouble(&api, "nothing else has endpoints of Service \"api\"");
    assert_heard(&odd, "SVC_ENOENDPOINTS");
    assert_non_null(strstr(odd.view->message, "a.yaml: document 5"));
    scratch_write(&s, "b.yaml", "");
    assert_heard(&api, "SVC_ENOENDPOINTS");
    file_run_leave(&run, &odd);
}

static void later_files_win(void **state)
{
    (void)state;
    scratch_write(&s, "a.yaml", WEB("10.0.0.1"));
    scratch_write(&s, "b.yaml", SLICE("web-1", "web", "10.0.0.2"));
    begin("b.yaml", "a.yaml");
    assert_heard(&web, ONE);
    assert_int_equal(file_run_logged(&run, "given more than once"), 1);
    assert_int_equal(file_run_logged(&run, "EndpointSlice \"shop/web-1\""), 1);
    scratch_write(&s, "a.yaml", SERVICE("web"));
    assert_heard(&web, TWO);
    assert_int_equal(file_run_logged(&run, "given more than once"), 1);
}

/* ---- looking ------------------------------------------------------------- */

static void refresh_looks_now(void **state)
{
    (void)state;
    scratch_write(&s, "f.yaml", WEB("10.0.0.1"));
    begin("f.yaml", NULL);
    scratch_write(&s, "f.yaml", WEB("10.0.0.2"));
    svc__backend_file.refresh(run.state, &web.sub);
    assert_string_equal(file_run_heard(&web), TWO);
}

static void polling_is_said(void **state)
{
    struct rlimit old;
    struct rlimit few;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    scratch_write(&s, "f.yaml", WEB("10.0.0.1"));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = (rlim_t)fd + 2; /* the loop's two, and none for inotify */
    close(fd);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    begin("f.yaml", NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(file_run_logged(&run, "are looked at every 10 s"), 1);
    moved_ms += SVC__FILE_WATCH_SLOW_MS;
    assert_heard(&web, ONE);
    scratch_write(&s, "f.yaml", WEB("10.0.0.2"));
    assert_heard(&web, TWO);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(a_file_that_is_cut_while_others_change),
        in_folder(every_prefix_of_a_file),
        in_folder(emptied_on_purpose_is_believed),
        in_folder(a_rename_is_followed),
        in_folder(a_thousand_swaps_of_a_configmap),
        in_folder(a_link_before_its_target),
        in_folder(content_decides_and_not_time),
        in_folder(what_it_last_held_stays),
        in_folder(whatever_came_before),
        in_folder(out_of_descriptors_ends_by_itself),
        in_folder(odd_texts),
        in_folder(a_huge_file_is_refused_unread),
        in_folder(files_of_a_folder_come_and_go),
        in_folder(a_folder_may_be_lost),
        in_folder(a_path_may_turn_out_to_be_a_folder),
        in_folder(a_broken_file_spoils_only_its_own),
        in_folder(missing_slices_may_be_in_a_broken_file),
        in_folder(later_files_win),
        in_folder(refresh_looks_now),
        in_folder(polling_is_said),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
