/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program and takes what it prints: posix_spawn in a process group of
 * its own, empty standard input, bounded time and output (faults A32, 3.4).
 * Touches no signal disposition and waits for no other child. Thread that
 * dispatches.
 */
#ifndef SVC_IO_PROC_H
#define SVC_IO_PROC_H

#include "io/loop.h"

#include <stddef.h>
#include <svc/svc.h>

struct svc__proc;

struct svc__proc_settings {
    struct svc__loop *loop;
    const char *const *argv; /* argv[0]: a path, or a name to be found in path;
                                no shell */
    const char *const *envp; /* the whole environment, "NAME=value" */
    const char *path;        /* PATH to find argv[0] in, or NULL; the current
                                folder does not count (as in Go's os/exec) */
    size_t output_max;       /* bytes of standard output */
    int timeout_ms;
    /* The last call; never from inside start. err 0: it ended with status 0,
     * output is what it printed (borrowed). Else SVC_EAUTH with the reason
     * (status, signal, time, too much output) and with the end of what it wrote
     * to standard error, printable; or SVC_ENOMEM. Where its status cannot be
     * known, since this process ignores SIGCHLD, it counts as 0. May free the
     * proc. */
    void (*done)(void *arg, int err, const char *output, size_t size,
                 const svc_error *error);
    void *arg;
};

/* Texts are borrowed for the call. Owned. 0; SVC_EAUTH (not found, not to be
 * started); SVC_ENOMEM (also out of descriptors or processes). */
int svc__proc_start(const struct svc__proc_settings *settings,
                    struct svc__proc **ret, svc_error *reterr);
/* Kills the group if it runs, and may wait for that for a moment (at most 50
 * ms). No call of done after it. Output is wiped. NULL is allowed. */
void svc__proc_free(struct svc__proc *p);

#endif
