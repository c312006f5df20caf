/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts a program with its output in two pipes, kills it with all that it
 * started, and asks whether it has ended. Touches no disposition of a signal
 * and waits for no child but the one given. Thread that dispatches.
 */
#ifndef SVC_IO_PROC_SPAWN_H
#define SVC_IO_PROC_SPAWN_H

#include <sys/types.h>

/* Starts file in a process group of its own, with nothing as input and default
 * signals. ret_fds are the ends that
 * read its standard output and error: not blocking, close-on-exec. 0 or an
 * errno. */
int svc__proc_spawn_start(const char *file, const char *const *argv,
                          const char *const *envp, pid_t *ret_pid,
                          int ret_fds[2]);

/* Whether it has ended, without taking its end, so that the number stays its
 * own. -1: not yet; else a status as of waitpid(2), 0 also when nobody can tell
 * any more, since this process ignores SIGCHLD or waits elsewhere. */
int svc__proc_spawn_ended(pid_t pid);

/* A descriptor that is readable when it has ended, or -1. */
int svc__proc_spawn_watch(pid_t pid);

/* Kills the group. */
void svc__proc_spawn_kill(pid_t pid);

/* Takes the end of one that has ended or was killed. For one that was killed
 * this waits for a moment, at most 50 ms; then it is left. */
void svc__proc_spawn_reap(pid_t pid);

#endif
