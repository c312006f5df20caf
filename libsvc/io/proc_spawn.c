/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the system calls. pipe2 and pidfd_open go by number: glibc declares one
 * of them for _GNU_SOURCE alone, and the other only since 2.36.
 */
#include "io/proc_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define REAP_MS 50

struct pipe_ends {
    int in;  /* what we read */
    int out; /* what it writes */
};

static void close_pipe(const struct pipe_ends *p)
{
    if (p->in >= 0)
        close(p->in);
    if (p->out >= 0)
        close(p->out);
}

/* Out of the way of 0, 1 and 2, which may be closed here. 0 or an errno. */
static int lift(int *fd)
{
    int higher;

    if (*fd > 2)
        return 0;
    higher = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
    if (higher < 0)
        return errno;
    close(*fd);
    *fd = higher;
    return 0;
}

static int open_pipe(struct pipe_ends *ret)
{
    int fds[2];
    int error;

    if (syscall(SYS_pipe2, fds, O_CLOEXEC) != 0)
        return errno;
    ret->in = fds[0];
    ret->out = fds[1];
    error = lift(&ret->in);
    if (error == 0)
        error = lift(&ret->out);
    if (error == 0 && fcntl(ret->in, F_SETFL, O_NONBLOCK) != 0)
        error = errno;
    return error;
}

/* What becomes of its descriptors. 0 or an errno. */
static int add_actions(posix_spawn_file_actions_t *actions, int out, int err)
{
    int error =
        posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, out, 1);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, err, 2);
    return error;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all;
    sigset_t none;
    int error = posix_spawnattr_setpgroup(attributes, 0);

    sigfillset(&all);
    sigemptyset(&none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                            POSIX_SPAWN_SETSIGMASK);
    return error;
}

static int spawn(const char *file, const char *const *argv,
                 const char *const *envp, const struct pipe_ends *pipes,
                 pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);

    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = add_actions(&actions, pipes[0].out, pipes[1].out);
        if (error == 0)
            error = set_attributes(&attributes);
        /* It changes none of the texts: POSIX lacks the const. */
        if (error == 0)
            error = posix_spawn(ret_pid, file, &actions, &attributes,
                                (char *const *)(uintptr_t)argv,
                                (char *const *)(uintptr_t)envp);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int svc__proc_spawn_start(const char *file, const char *const *argv,
                          const char *const *envp, pid_t *ret_pid,
                          int ret_fds[2])
{
    struct pipe_ends pipes[2] = {{-1, -1}, {-1, -1}};
    int error = open_pipe(&pipes[0]);

    if (error == 0)
        error = open_pipe(&pipes[1]);
    if (error == 0)
        error = spawn(file, argv, envp, pipes, ret_pid);
    if (error == 0) {
        ret_fds[0] = pipes[0].in;
        ret_fds[1] = pipes[1].in;
        pipes[0].in = -1;
        pipes[1].in = -1;
    }
    close_pipe(&pipes[0]);
    close_pipe(&pipes[1]);
    return error;
}

static int status_of(const siginfo_t *info)
{
    /* As waitpid(2) has it. */
    return info->si_code == CLD_EXITED ? (info->si_status & 0xFF) << 8
                                       : info->si_status & 0x7F;
}

int svc__proc_spawn_ended(pid_t pid)
{
    siginfo_t info = {0};

    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        if (errno != EINTR)
            return 0; /* ECHILD: it is gone, and its status too */
    }
    return info.si_pid == pid ? status_of(&info) : -1;
}

int svc__proc_spawn_watch(pid_t pid)
{
#if defined(SYS_pidfd_open)
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    return -1;
#endif
}

void svc__proc_spawn_kill(pid_t pid)
{
    (void)kill(-pid, SIGKILL);
}

void svc__proc_spawn_reap(pid_t pid)
{
    for (int i = 0; i < REAP_MS && svc__proc_spawn_ended(pid) < 0; i++)
        (void)poll(NULL, 0, 1);
    while (waitpid(pid, NULL, WNOHANG) < 0 && errno == EINTR)
        ;
}
