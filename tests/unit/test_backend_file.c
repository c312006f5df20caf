/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file backend without time: texts in memory, refused objects and what
 * stays of them (semantics 2.11, 13 to 15), traces, numbers, and memory that
 * runs out in any place.
 */
#include "backend/file.h"
#include "base/buf.h"
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

#define ONE "10.0.0.1:8080"
#define TWO "10.0.0.2:8080"

/* Objects that are refused: a port, and an address, that are none. */
#define BAD_SERVICE(name)                                                      \
    "apiVersion: v1\nkind: Service\n"                                          \
    "metadata: {name: " name ", namespace: shop}\n"                            \
    "spec: {ports: [{port: 70000}]}\n---\n"
#define BAD_SLICE(name, service) SLICE(name, service, "here")
/* One without a name: nobody knows what it was. */
#define NAMELESS                                                               \
    "apiVersion: v1\nkind: Service\nmetadata: {name: [], namespace: shop}\n"   \
    "spec: {ports: [{port: 80}]}\n---\n"
/* A document that is refused whole: an anchor (semantics 2.11, 15). */
#define ANCHOR "kind: Service\nx: &a 1\n---\n"

static struct scratch s;
static struct file_run run;
static struct follower web;
static struct follower api;
static char path[256];
static const char *const files[] = {path, NULL};
static long live_before;

static int setup(void **state)
{
    (void)state;
    live_before = oom_live();
    scratch_make(&s);
    snprintf(path, sizeof(path), "%s", scratch_path(&s, "f.yaml"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(&s);
    assert_int_equal(oom_live(), live_before);
    return 0;
}

static void begin(const char *text)
{
    scratch_write(&s, "f.yaml", text);
    assert_int_equal(file_run_open(&run, files, NULL, NULL), 0);
    file_run_follow(&run, &web, "web");
    file_run_follow(&run, &api, "api");
}

static void end(void)
{
    file_run_leave(&run, &web);
    file_run_leave(&run, &api);
    file_run_close(&run);
}

/* Writes the file anew, looks at it, and compares what is heard of both. */
static void now(const char *text, const char *web_line, const char *api_line)
{
    scratch_write(&s, "f.yaml", text);
    svc__backend_file.refresh(run.state, &web.sub);
    assert_string_equal(file_run_heard(&web), web_line);
    assert_string_equal(file_run_heard(&api), api_line);
}

static void assert_trouble(const struct follower *f, const char *text)
{
    if (strstr(f->trouble.message, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, f->trouble.message);
}

/* ---- text in memory ------------------------------------------------------ */

static void a_text_answers(void **state)
{
    (void)state;
    assert_int_equal(file_run_open(&run, NULL, WEB("10.0.0.1"), NULL), 0);
    file_run_follow(&run, &web, "web");
    file_run_follow(&run, &api, "api");
    assert_string_equal(file_run_heard(&web), ONE);
    assert_string_equal(file_run_heard(&api), "SVC_ENOSERVICE");
    svc__backend_file.refresh(run.state, &web.sub);
    assert_int_equal(web.updates, 1);
    assert_string_equal(web.view->source, "file");
    end();
}

static void an_empty_text_is_a_valid_source(void **state)
{
    (void)state;
    assert_int_equal(file_run_open(&run, NULL, "", NULL), 0);
    file_run_follow(&run, &web, "web");
    file_run_follow(&run, &api, "api");
    assert_string_equal(file_run_heard(&web), "SVC_ENOSERVICE");
    end();
}

static void a_broken_text_fails_init(void **state)
{
    svc_error error = {0};

    (void)state;
    assert_int_equal(file_run_open(&run, NULL, "kind: [", &error), SVC_EFILE);
    assert_int_equal(error.code, SVC_EFILE);
    assert_int_equal(strncmp(error.message, "manifest in memory: ", 20), 0);
    assert_int_equal(file_run_open(&run, NULL, "kind: [", NULL), SVC_EFILE);
    assert_string_equal(run.lines, "");
}

static void nothing_to_read_fails_init(void **state)
{
    static const char *const none[] = {NULL};
    svc_error error = {0};

    (void)state;
    assert_int_equal(file_run_open(&run, NULL, NULL, &error), SVC_EINVAL);
    assert_int_equal(file_run_open(&run, none, NULL, &error), SVC_EINVAL);
    assert_non_null(strstr(error.message, "needs files or a manifest"));
}

static void text_and_files_are_one_source(void **state)
{
    (void)state;
    scratch_write(&s, "f.yaml", WEB("10.0.0.1") API("10.0.0.1"));
    assert_int_equal(
        file_run_open(&run, files, SLICE("web-1", "web", "10.0.0.2"), NULL), 0);
    file_run_follow(&run, &web, "web");
    file_run_follow(&run, &api, "api");
    assert_string_equal(file_run_heard(&web), TWO);
    now(API("10.0.0.2") SERVICE("web"), TWO, TWO);
    end();
}

/* ---- refused objects ----------------------------------------------------- */

static void a_refused_object_keeps_its_last_good_version(void **state)
{
    (void)state;
    begin(WEB("10.0.0.1") API("10.0.0.1"));
    /* The slice stays as it was; what is good in the text counts. */
    now(SERVICE("web") BAD_SLICE("web-1", "web") API("10.0.0.2"),
        ONE " (SVC_EFILE)", TWO);
    assert_trouble(&web, "f.yaml: document 2 (line 5): EndpointSlice");
    assert_int_equal(file_run_logged(&run, "its last good version stays"), 1);
    now(BAD_SERVICE("web") BAD_SLICE("web-1", "web") API("10.0.0.1"),
        ONE " (SVC_EFILE)", ONE);
    assert_trouble(&web, "ports[0].port");
    now(BAD_SERVICE("web") SLICE("web-1", "web", "10.0.0.2") API("10.0.0.1"),
        TWO " (SVC_EFILE)", ONE);
    now(WEB("10.0.0.1") API("10.0.0.1"), ONE, ONE);
    end();
}

static void an_absent_object_is_gone(void **state)
{
    (void)state;
    begin(WEB("10.0.0.1") API("10.0.0.1"));
    now(API("10.0.0.1"), "SVC_ENOSERVICE", ONE);
    now(API("10.0.0.1") SERVICE("web"), "SVC_ENOENDPOINTS", ONE);
    /* Also beside an object that is refused by its name. */
    now(WEB("10.0.0.1") API("10.0.0.1"), ONE, ONE);
    now(BAD_SERVICE("api") SLICE("api-1", "api", "10.0.0.1"), "SVC_ENOSERVICE",
        ONE " (SVC_EFILE)");
    end();
}

/* What has no name may be whatever is missing. */
static void beside_a_nameless_one_nothing_is_known_to_be_gone(void **state)
{
    static const char *const bad[] = {NAMELESS, ANCHOR};
    char text[2048];

    (void)state;
    for (int i = 0; i < 2; i++) {
        begin(WEB("10.0.0.1") API("10.0.0.1"));
        snprintf(text, sizeof(text), "%s%s", bad[i], API("10.0.0.2"));
        now(text, ONE " (SVC_EFILE)", TWO);
        assert_trouble(&web, "document 1");
        snprintf(text, sizeof(text), "%s%s", bad[i], WEB("10.0.0.2"));
        now(text, TWO, TWO " (SVC_EFILE)");
        now(WEB("10.0.0.2"), TWO, "SVC_ENOSERVICE");
        snprintf(text, sizeof(text), "%s%s", bad[i], WEB("10.0.0.1"));
        now(text, ONE, "SVC_ENOSERVICE (SVC_EFILE)");
        end();
    }
}

static void what_was_never_good_is_told_as_the_reason(void **state)
{
    (void)state;
    begin(BAD_SERVICE("web") SERVICE("api") BAD_SLICE("api-1", "api"));
    assert_string_equal(file_run_heard(&web), "- (SVC_EFILE)");
    assert_trouble(&web, "f.yaml: document 1");
    assert_trouble(&web, "ports[0].port");
    assert_string_equal(file_run_heard(&api), "SVC_ENOENDPOINTS");
    assert_non_null(strstr(api.view->message, "f.yaml: document 3"));
    assert_int_equal(run.stats.objects_refused, 2);
    /* A good version, in whatever place, is what counts. */
    now(BAD_SERVICE("web") WEB("10.0.0.1") BAD_SERVICE("web"), ONE,
        "SVC_ENOSERVICE");
    end();
}

static void warnings_are_bounded_and_said_once(void **state)
{
    static char text[16384];
    size_t used = 0;

    (void)state;
    for (int i = 0; i < 100; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "apiVersion: v1\nkind: Service\n"
                                 "metadata: {name: s%d}\nspec: 1\n---\n",
                                 i);
    begin(text);
    assert_int_equal(file_run_logged(&run, "refused: "), 10);
    assert_int_equal(file_run_logged(&run, "90 more objects refused"), 1);
    svc__backend_file.refresh(run.state, &web.sub);
    assert_int_equal(file_run_logged(&run, "refused: "), 10);
    assert_int_equal(run.stats.objects_refused, 100);
    end();
}

static void other_versions_and_kinds(void **state)
{
    (void)state;
    begin(WEB("10.0.0.1") "apiVersion: discovery.k8s.io/v1beta1\n"
                          "kind: EndpointSlice\nmetadata: {name: old}\n---\n"
                          "apiVersion: apps/v1\nkind: Deployment\n"
                          "metadata: {name: d}\n");
    assert_string_equal(file_run_heard(&web), ONE);
    assert_int_equal(file_run_logged(&run, "1 objects of other versions"), 1);
    assert_int_equal(file_run_logged(&run, "v1beta1"), 1);
    assert_in_range(run.stats.objects_ignored, 1, 2);
    end();
}

/* ---- numbers, traces ----------------------------------------------------- */

static void numbers_are_kept(void **state)
{
    const size_t size = strlen(WEB("10.0.0.1") API("10.0.0.1"));

    (void)state;
    begin(WEB("10.0.0.1") API("10.0.0.1"));
    assert_int_equal(run.stats.files_read, 1);
    assert_int_equal(run.stats.bytes_read, size);
    assert_int_equal(run.stats.objects_services, 2);
    assert_int_equal(run.stats.objects_slices, 2);
    assert_int_equal(run.stats.objects_nodes, 0);
    now("apiVersion: v1\nkind: Node\nmetadata: {name: n}\n", "SVC_ENOSERVICE",
        "SVC_ENOSERVICE");
    assert_int_equal(run.stats.files_read, 2);
    assert_int_equal(run.stats.objects_services, 0);
    assert_int_equal(run.stats.objects_slices, 0);
    assert_int_equal(run.stats.objects_nodes, 1);
    end();
}

static int64_t ticking_clock(void)
{
    static int64_t ticks;

    return ++ticks;
}

static void a_trace_begins_with_the_source(void **state)
{
    struct follower f = {0};
    const struct svc__step *step;
    int64_t before_us;

    (void)state;
    begin(WEB("10.0.0.1") ANCHOR);
    f.sub = web.sub;
    f.sub.owner = &f;
    f.sub.trace = ticking_clock;
    assert_int_equal(svc__backend_file.subscribe(run.state, &f.sub, NULL), 0);
    step = svc__list_entry(f.view->steps.next, struct svc__step, link);
    assert_string_equal(step->step, "source");
    assert_non_null(strstr(step->text, "1 manifests"));
    assert_non_null(strstr(step->text, "1 Services"));
    assert_non_null(strstr(step->text, "f.yaml: document 3"));
    before_us = step->at_us;
    step = svc__list_entry(step->link.next, struct svc__step, link);
    assert_string_equal(step->step, "service");
    assert_true(step->at_us > before_us);
    file_run_leave(&run, &f);
    end();
}

static void after_leaving_nothing_is_heard(void **state)
{
    (void)state;
    begin(WEB("10.0.0.1"));
    svc__backend_file.unsubscribe(run.state, &web.sub);
    scratch_write(&s, "f.yaml", WEB("10.0.0.2"));
    svc__backend_file.refresh(run.state, &api.sub);
    assert_string_equal(file_run_heard(&web), ONE);
    assert_int_equal(web.updates, 1);
    end();
}

/* ---- bounds -------------------------------------------------------------- */

/* Over a bound the last good set stays, and everybody is told. */
static void too_many_services_are_refused_together(void **state)
{
    struct svc__buf b;

    (void)state;
    begin(WEB("10.0.0.1"));
    svc__buf_init(&b, (size_t)4 << 20);
    svc__buf_add_text(&b, "{\"apiVersion\":\"v1\",\"kind\":\"List\","
                          "\"items\":[");
    for (int i = 0; i <= 10000; i++)
        svc__buf_printf(&b,
                        "%s{\"apiVersion\":\"v1\",\"kind\":\"Service\","
                        "\"metadata\":{\"name\":\"s%d\"},\"spec\":{\"ports\":"
                        "[{\"port\":80}]}}",
                        i == 0 ? "" : ",", i);
    svc__buf_add_text(&b, "]}");
    assert_int_equal(b.err, 0);
    now(b.data, ONE " (SVC_ETOOBIG)", "SVC_ENOSERVICE (SVC_ETOOBIG)");
    assert_trouble(&web, "more than 10000 Services");
    now(WEB("10.0.0.2"), TWO, "SVC_ENOSERVICE");
    svc__buf_fini(&b);
    end();
}

/* ---- memory -------------------------------------------------------------- */

/* Opens, follows, changes and breaks the file with some allocation failing;
 * then memory is back, and a look makes everything right. */
static void a_life(void *arg)
{
    static const char *const texts[] = {
        BAD_SERVICE("web") BAD_SLICE("web-1", "web") NAMELESS,
        "kind: [",
    };

    (void)arg;
    scratch_write(&s, "f.yaml", WEB("10.0.0.1") API("10.0.0.1"));
    if (file_run_open(&run, files, NULL, NULL) != 0) {
        assert_true(oom_failures() > 0);
        return;
    }
    file_run_follow(&run, &web, "web");
    file_run_follow(&run, &api, "api");
    for (int i = 0; i < 2; i++) {
        scratch_write(&s, "f.yaml", texts[i]);
        svc__backend_file.refresh(run.state, &web.sub);
        if (web.trouble.code == SVC_ENOMEM) {
            assert_true(oom_failures() > 0);
            /* Nothing else will tell: the clock does. */
            assert_in_range(svc__loop_timeout_ms(run.l), 1, 30000);
        }
        /* Whatever happens: never an empty set. */
        assert_true(web.view == NULL || web.view->count == 1);
    }
    oom_disarm();
    svc__backend_file.refresh(run.state, &web.sub);
    assert_int_equal(web.trouble.code, SVC_EFILE);
    now(WEB("10.0.0.2") API("10.0.0.2"), TWO, TWO);
    end();
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    oom_torture(a_life, NULL);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(a_text_answers),
        in_folder(an_empty_text_is_a_valid_source),
        in_folder(a_broken_text_fails_init),
        in_folder(nothing_to_read_fails_init),
        in_folder(text_and_files_are_one_source),
        in_folder(a_refused_object_keeps_its_last_good_version),
        in_folder(an_absent_object_is_gone),
        in_folder(beside_a_nameless_one_nothing_is_known_to_be_gone),
        in_folder(what_was_never_good_is_told_as_the_reason),
        in_folder(warnings_are_bounded_and_said_once),
        in_folder(other_versions_and_kinds),
        in_folder(numbers_are_kept),
        in_folder(a_trace_begins_with_the_source),
        in_folder(after_leaving_nothing_is_heard),
        in_folder(too_many_services_are_refused_together),
        in_folder(every_allocation_may_fail),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
