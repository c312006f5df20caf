/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns a program that runs: what it printed, the tail of what it complained
 * about, and its end, which is the end of its standard output together with
 * its own. Knows nothing of what the output is for, but that it may be secret.
 *
 * Design notes. The end of the process is looked for only when its output has
 * ended, and it is not taken before the last moment, so that its number cannot
 * be another process' when the group is killed. One that goes on while its
 * output is closed is waited for by a descriptor of the kernel's, where that
 * has them, else by a timer. What it left running in the background is not
 * killed when all went well: it is meant to be there.
 */
#include "io/proc.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/sync.h"
#include "base/wipe.h"
#include "io/proc_path.h"
#include "io/proc_spawn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_BYTES 4096
#define LOOK_MS    10
#define TAIL_BYTES 256 /* of standard error that a message shows */
/* What is read of standard error at the end: as much as a pipe holds. */
#define LAST_READS (65536 / READ_BYTES)

enum reason {
    RUNS,
    ENDED,
    TIMED_OUT,
    TOO_MUCH
};

struct svc__proc {
    struct svc__loop *loop;
    unsigned fork_generation;
    void (*done)(void *arg, int err, const char *output, size_t size,
                 const svc_error *error);
    void *arg;
    char *name; /* argv[0], for messages */
    int timeout_ms;
    size_t output_max;
    pid_t pid; /* 0: taken */
    enum reason reason;
    int status; /* as of waitpid(2) */
    struct svc__io out;
    struct svc__io err;
    struct svc__io end;
    struct svc__timer deadline;
    struct svc__timer look;
    struct svc__buf output;
    size_t tail_size;
    char tail[TAIL_BYTES];
};

static void close_io(struct svc__proc *p, struct svc__io *io)
{
    svc__loop_remove(p->loop, io);
    if (io->fd >= 0)
        close(io->fd);
    io->fd = -1;
}

/* ---- the end ------------------------------------------------------------- */

static void add_tail(struct svc__proc *p, const char *bytes, size_t size)
{
    size_t keep = p->tail_size;

    if (size > TAIL_BYTES) {
        bytes += size - TAIL_BYTES;
        size = TAIL_BYTES;
    }
    if (keep > TAIL_BYTES - size)
        keep = TAIL_BYTES - size;
    memmove(p->tail, p->tail + p->tail_size - keep, keep);
    memcpy(p->tail + keep, bytes, size);
    p->tail_size = keep + size;
}

/* Reads what there is of standard error: 0 at its end. */
static int read_err(struct svc__proc *p)
{
    char bytes[READ_BYTES];
    ssize_t got = read(p->err.fd, bytes, sizeof(bytes));

    if (got > 0)
        add_tail(p, bytes, (size_t)got);
    return got > 0 || (got < 0 && errno == EINTR);
}

/* The tail as one line: what cannot be shown is blank. */
static void write_tail(const struct svc__proc *p, char ret[TAIL_BYTES + 3])
{
    size_t size = p->tail_size;
    size_t at = 0;

    while (size > 0 && (unsigned char)p->tail[size - 1] <= ' ')
        size--;
    /* Begun in the middle of a character: UTF-8 goes on with 10xxxxxx. */
    while (at < size && p->tail_size == TAIL_BYTES &&
           ((unsigned char)p->tail[at] & 0xC0) == 0x80)
        at++;
    (void)snprintf(ret, TAIL_BYTES + 3, "%s%.*s", at < size ? ": " : "",
                   (int)(size - at), p->tail + at);
    for (char *c = ret; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ')
            *c = ' ';
    }
}

static int explain(const struct svc__proc *p, svc_error *ret)
{
    char tail[TAIL_BYTES + 3];

    write_tail(p, tail);
    if (p->reason == TIMED_OUT)
        return svc__err_set(ret, SVC_EAUTH,
                            "\"%.150s\" did not end within %d ms%s", p->name,
                            p->timeout_ms, tail);
    if (p->reason == TOO_MUCH)
        return svc__err_set(ret, SVC_EAUTH,
                            "\"%.150s\" printed more than %zu bytes", p->name,
                            p->output_max);
    if (WIFSIGNALED(p->status))
        return svc__err_set(ret, SVC_EAUTH, "\"%.150s\" ended by signal %d%s",
                            p->name, WTERMSIG(p->status), tail);
    if (WEXITSTATUS(p->status) != 0)
        return svc__err_set(ret, SVC_EAUTH, "\"%.150s\" ended with status %d%s",
                            p->name, WEXITSTATUS(p->status), tail);
    return 0;
}

static void stop(struct svc__proc *p)
{
    svc__loop_unset(p->loop, &p->deadline);
    svc__loop_unset(p->loop, &p->look);
    close_io(p, &p->out);
    close_io(p, &p->end);
    close_io(p, &p->err);
    if (p->pid != 0 && p->reason != ENDED)
        svc__proc_spawn_kill(p->pid);
    if (p->pid != 0)
        svc__proc_spawn_reap(p->pid);
    p->pid = 0;
}

/* done may free p. */
static void finish(struct svc__proc *p, enum reason reason)
{
    svc_error error = {0};
    int err;

    p->reason = reason;
    for (int i = 0; i < LAST_READS && read_err(p); i++)
        ;
    stop(p);
    err = explain(p, &error);
    if (err != 0)
        p->done(p->arg, err, NULL, 0, &error);
    else
        p->done(p->arg, 0, p->output.data, p->output.size, NULL);
}

/* Its output has ended: has it? */
static void look_for_end(void *arg)
{
    struct svc__proc *p = arg;
    int status = svc__proc_spawn_ended(p->pid);

    if (status >= 0) {
        p->status = status;
        finish(p, ENDED);
    } else if (p->end.fd < 0) {
        svc__loop_set(p->loop, &p->look, svc__loop_now_ms(p->loop) + LOOK_MS);
    }
}

static void end_is_ready(void *arg, unsigned events)
{
    (void)events;
    look_for_end(arg);
}

/* ---- what it prints ------------------------------------------------------ */

static void output_is_over(struct svc__proc *p)
{
    close_io(p, &p->out);
    p->end.fd = svc__proc_spawn_watch(p->pid);
    if (p->end.fd >= 0 &&
        svc__loop_add(p->loop, &p->end, SVC__IO_READ, NULL) != 0)
        close_io(p, &p->end);
    look_for_end(p);
}

static void out_is_ready(void *arg, unsigned events)
{
    struct svc__proc *p = arg;
    size_t room = p->output_max + 1 - p->output.size;
    ssize_t got;

    (void)events;
    if (room > READ_BYTES)
        room = READ_BYTES;
    got = read(p->out.fd, p->output.data + p->output.size, room);
    if (got > 0)
        p->output.size += (size_t)got;
    if (p->output.size > p->output_max)
        finish(p, TOO_MUCH);
    else if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        output_is_over(p);
}

static void err_is_ready(void *arg, unsigned events)
{
    struct svc__proc *p = arg;

    (void)events;
    if (!read_err(p))
        svc__loop_remove(p->loop, &p->err);
}

static void is_late(void *arg)
{
    finish(arg, TIMED_OUT);
}

/* ---- the whole ----------------------------------------------------------- */

static int refuse(const char *name, int error, svc_error *reterr)
{
    char what[200];
    int code;

    (void)snprintf(what, sizeof(what), "start \"%.150s\"", name);
    code = svc__err_errno(reterr, error, what);
    if (code != SVC_ENOMEM)
        code = SVC_EAUTH;
    if (reterr != NULL)
        reterr->code = code;
    return code;
}

static int start(struct svc__proc *p, const struct svc__proc_settings *settings,
                 svc_error *reterr)
{
    char *file = NULL;
    int fds[2];
    int err =
        svc__proc_path_find(settings->argv[0], settings->path, &file, reterr);
    int error;

    if (err != 0)
        return err;
    error = svc__proc_spawn_start(file, settings->argv, settings->envp, &p->pid,
                                  fds);
    svc__free(file);
    if (error != 0) {
        p->pid = 0;
        return refuse(settings->argv[0], error, reterr);
    }
    p->out.fd = fds[0];
    p->err.fd = fds[1];
    svc__loop_set(p->loop, &p->deadline,
                  svc__loop_now_ms(p->loop) + settings->timeout_ms);
    err = svc__loop_add(p->loop, &p->out, SVC__IO_READ, reterr);
    if (err == 0)
        err = svc__loop_add(p->loop, &p->err, SVC__IO_READ, reterr);
    return err;
}

static void init_io(struct svc__io *io, struct svc__proc *p,
                    void (*ready)(void *arg, unsigned events))
{
    io->fd = -1;
    io->ready = ready;
    io->arg = p;
}

int svc__proc_start(const struct svc__proc_settings *settings,
                    struct svc__proc **ret, svc_error *reterr)
{
    struct svc__proc *p = svc__calloc(1, sizeof(*p));
    int err;

    if (p == NULL)
        return svc__err_nomem(reterr);
    p->loop = settings->loop;
    p->fork_generation = svc__fork_generation();
    p->done = settings->done;
    p->arg = settings->arg;
    p->timeout_ms = settings->timeout_ms;
    p->output_max = settings->output_max;
    init_io(&p->out, p, out_is_ready);
    init_io(&p->err, p, err_is_ready);
    init_io(&p->end, p, end_is_ready);
    svc__timer_init(&p->deadline, is_late, p);
    svc__timer_init(&p->look, look_for_end, p);
    svc__buf_init(&p->output, settings->output_max + 1);
    p->name = svc__strdup(settings->argv[0]);
    /* All of it at once: a block that is moved leaves a copy unwiped. */
    if (p->name == NULL ||
        svc__buf_reserve(&p->output, settings->output_max + 1) == NULL)
        err = svc__err_nomem(reterr);
    else
        err = start(p, settings, reterr);
    if (err != 0) {
        svc__proc_free(p);
        return err;
    }
    *ret = p;
    return 0;
}

void svc__proc_free(struct svc__proc *p)
{
    /* In a child of fork the program is the parent's (faults P7). */
    if (p == NULL || p->fork_generation != svc__fork_generation())
        return;
    stop(p);
    svc__wipe(p->output.data, p->output.size);
    svc__buf_fini(&p->output);
    svc__free(p->name);
    svc__free(p);
}
