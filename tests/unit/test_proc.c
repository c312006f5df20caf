/* SPDX-License-Identifier: Apache-2.0 */
/* A program that runs: every way to end, and that nothing of it is left
 * (faults A32). */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_MAX  1000
#define OUTPUT_ROOM 20000

#define SECRET '\x7e' /* nothing else is full of it */

struct outcome {
    struct svc__proc *proc;
    int free_inside;
    int done;
    int err;
    size_t size;
    char output[OUTPUT_ROOM + 1];
    svc_error error;
};

static struct svc__loop *loop;
static struct outcome outcome;
static size_t output_max;

/* ---- what is given back ---------------------------------------------------
 */

static int leaks; /* blocks that were freed with the secret in them */

static void look(const char *block)
{
    size_t size = malloc_usable_size((void *)(uintptr_t)block);
    size_t run = 0;

    for (size_t i = 0; i < size && run < 64; i++)
        run = block[i] == SECRET ? run + 1 : 0;
    leaks += run == 64;
}

static void free_and_look(void *ptr)
{
    if (ptr != NULL)
        look(ptr);
    free(ptr);
}

/* Always moves, as some do. */
static void *realloc_and_look(void *ptr, size_t size)
{
    void *moved = malloc(size);
    size_t before = ptr == NULL ? 0 : malloc_usable_size(ptr);

    if (moved == NULL)
        return NULL;
    if (ptr != NULL)
        memcpy(moved, ptr, before < size ? before : size);
    free_and_look(ptr);
    return moved;
}

static int setup(void **state)
{
    (void)state;
    memset(&outcome, 0, sizeof(outcome));
    output_max = OUTPUT_MAX;
    return svc__loop_new(&loop, NULL);
}

/* Every child was waited for. */
static int teardown(void **state)
{
    (void)state;
    svc__proc_free(outcome.proc);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(svc__loop_timeout_ms(loop), -1);
    svc__loop_free(loop);
    return 0;
}

static void done(void *arg, int err, const char *output, size_t size,
                 const svc_error *error)
{
    struct outcome *o = arg;

    o->done++;
    o->err = err;
    o->size = size;
    if (err == 0)
        memcpy(o->output, output, size);
    else
        o->error = *error;
    if (o->free_inside) {
        svc__proc_free(o->proc);
        o->proc = NULL;
    }
}

static int start(const char *const *argv, int timeout_ms)
{
    static const char *const envp[] = {"A=b", "PATH=/usr/bin:/bin", NULL};
    struct svc__proc_settings settings = {.loop = loop,
                                          .argv = argv,
                                          .envp = envp,
                                          .path = "/usr/bin:/bin",
                                          .output_max = output_max,
                                          .timeout_ms = timeout_ms,
                                          .done = done,
                                          .arg = &outcome};
    int err = svc__proc_start(&settings, &outcome.proc, &outcome.error);

    assert_int_equal(outcome.done, 0);
    return err;
}

static void run(const char *script, int timeout_ms)
{
    const char *const argv[] = {"sh", "-c", script, "x", "two words", NULL};

    assert_int_equal(start(argv, timeout_ms), 0);
    while (outcome.done == 0)
        assert_int_equal(svc__loop_round(loop, -1), 0);
    assert_int_equal(outcome.done, 1);
}

static void run_bad(const char *script, int timeout_ms, const char *words)
{
    run(script, timeout_ms);
    assert_int_equal(outcome.err, SVC_EAUTH);
    if (strstr(outcome.error.message, words) == NULL)
        print_error("%s\n", outcome.error.message);
    assert_non_null(strstr(outcome.error.message, words));
    assert_non_null(strstr(outcome.error.message, "\"sh\""));
}

static void output_is_given(void **state)
{
    (void)state;
    run("echo hello; echo world; echo no >&2", 20000);
    assert_int_equal(outcome.err, 0);
    assert_string_equal(outcome.output, "hello\nworld\n");
}

static void it_gets_what_it_was_given(void **state)
{
    (void)state;
    run("echo \"$1 $A $HOME\"; cat; set -o | grep monitor", 20000);
    assert_string_equal(outcome.output, "two words b \nmonitor         off\n");
}

static void nothing_is_printed(void **state)
{
    (void)state;
    run("exit 0", 20000);
    assert_int_equal(outcome.err, 0);
    assert_int_equal(outcome.size, 0);
}

static void a_status_is_told(void **state)
{
    (void)state;
    run_bad("printf 'no \\033login\\n' >&2; exit 3", 20000,
            "ended with status 3: no  login");
}

static void a_signal_is_told(void **state)
{
    (void)state;
    run_bad("kill -TERM $$", 20000, "ended by signal 15");
}

/* What it complains about last is shown, however much it was. */
static void the_tail_is_shown(void **state)
{
    (void)state;
    run_bad("i=0; while [ $i -lt 3000 ]; do echo \"line $i is long\" >&2; "
            "i=$((i+1)); done; exit 1",
            20000, "line 2999 is long");
}

static void as_much_as_is_allowed(void **state)
{
    (void)state;
    run("head -c 1000 /dev/zero", 20000);
    assert_int_equal(outcome.err, 0);
    assert_int_equal(outcome.size, OUTPUT_MAX);
}

static void too_much_is_cut_off(void **state)
{
    (void)state;
    run_bad("head -c 1001 /dev/zero; sleep 1000", 20000,
            "printed more than 1000 bytes");
}

static void an_endless_one_is_killed(void **state)
{
    (void)state;
    run_bad("yes", 20000, "printed more than");
}

/* With everything that it started, and whatever it does about signals. */
static void a_slow_one_is_killed(void **state)
{
    (void)state;
    run_bad("trap '' TERM INT; sleep 1000 & echo waiting >&2; sleep 1000; "
            "sleep 1000",
            300, "did not end within 300 ms: waiting");
    assert_int_equal(outcome.proc != NULL, 1);
}

/* Its output has ended, it has not. */
static void one_that_goes_on(void **state)
{
    (void)state;
    run("echo hello; exec >&-; sleep 0.05", 20000);
    assert_int_equal(outcome.err, 0);
    assert_string_equal(outcome.output, "hello\n");
}

static void one_that_goes_on_for_too_long(void **state)
{
    (void)state;
    run_bad("exec >&- 2>&-; sleep 1000", 300, "did not end within 300 ms");
}

/* It has ended, something in the background holds its output. */
static void one_that_leaves_another(void **state)
{
    (void)state;
    run("(sleep 0.05; echo late) & echo hello", 20000);
    assert_string_equal(outcome.output, "hello\nlate\n");
}

static void signals_are_the_usual_ones(void **state)
{
    sigset_t blocked;
    sigset_t before;
    const char *ignored;

    (void)state;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
    assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    run("grep -E 'SigBlk|SigIgn' /proc/self/status", 20000);
    assert_true(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
    assert_non_null(strstr(outcome.output, "SigBlk:\t0000000000000000\n"));
    ignored = strstr(outcome.output, "SigIgn:\t");
    assert_non_null(ignored);
    /* 32 and 33 are the C library's own. */
    assert_int_equal(strtoull(ignored + 8, NULL, 16) & 0x7FFFFFFF, 0);
}

/* A host that ignores SIGCHLD has no status of children. */
static void nobody_waits(void **state)
{
    (void)state;
    assert_true(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    run("echo hello; sleep 0.05; exit 0", 20000);
    assert_int_equal(outcome.err, 0);
    assert_string_equal(outcome.output, "hello\n");
    assert_true(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
}

static void it_may_be_freed_inside(void **state)
{
    (void)state;
    outcome.free_inside = 1;
    run("echo hello", 20000);
    assert_string_equal(outcome.output, "hello\n");
    assert_null(outcome.proc);
}

static void freeing_kills(void **state)
{
    const char *const argv[] = {"sh", "-c", "sleep 1000; sleep 1000", NULL};

    (void)state;
    assert_int_equal(start(argv, 20000), 0);
    svc__proc_free(outcome.proc);
    outcome.proc = NULL;
    assert_int_equal(outcome.done, 0);
}

static void what_cannot_be_run(void **state)
{
    static const char *const names[] = {"no-such-program",
                                        "/no/such/program",
                                        "./no-such",
                                        "/etc/passwd",
                                        "/tmp",
                                        ""};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *const argv[] = {names[i], NULL};

        assert_int_equal(start(argv, 1000), SVC_EAUTH);
        assert_int_equal(outcome.error.code, SVC_EAUTH);
        assert_non_null(strstr(outcome.error.message, names[i]));
        assert_null(outcome.proc);
    }
}

/* More than a read takes, so that it comes piece by piece. */
static void nothing_of_it_is_left(void **state)
{
    (void)state;
    output_max = OUTPUT_ROOM;
    leaks = 0;
    run("head -c 20000 /dev/zero | tr '\\0' '~'", 20000);
    assert_int_equal(outcome.size, OUTPUT_ROOM);
    for (size_t i = 0; i < OUTPUT_ROOM; i++)
        assert_int_equal(outcome.output[i], SECRET);
    svc__proc_free(outcome.proc);
    outcome.proc = NULL;
    assert_int_equal(leaks, 0);
}

/* A host may have closed its own. */
static void without_standard_descriptors(void **state)
{
    int kept[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        kept[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
        close(i);
    }
    run("echo hello; echo no >&2; cat", 20000);
    for (int i = 0; i < 3; i++) {
        dup2(kept[i], i);
        close(kept[i]);
    }
    assert_int_equal(outcome.err, 0);
    assert_string_equal(outcome.output, "hello\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    static const svc_allocator looking = {malloc, realloc_and_look,
                                          free_and_look};
    const struct CMUnitTest tests[] = {
        TEST(output_is_given),
        TEST(it_gets_what_it_was_given),
        TEST(nothing_is_printed),
        TEST(a_status_is_told),
        TEST(a_signal_is_told),
        TEST(the_tail_is_shown),
        TEST(as_much_as_is_allowed),
        TEST(too_much_is_cut_off),
        TEST(an_endless_one_is_killed),
        TEST(a_slow_one_is_killed),
        TEST(one_that_goes_on),
        TEST(one_that_goes_on_for_too_long),
        TEST(one_that_leaves_another),
        TEST(signals_are_the_usual_ones),
        TEST(nobody_waits),
        TEST(it_may_be_freed_inside),
        TEST(freeing_kills),
        TEST(what_cannot_be_run),
        TEST(nothing_of_it_is_left),
        TEST(without_standard_descriptors),
    };

    if (svc_allocator_set(&looking) != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
