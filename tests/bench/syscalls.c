/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts system calls by tracing a child. What is counted lies between two
 * calls of getppid(), which nothing else here makes.
 */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static void child(void (*run)(void *arg), void *arg)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(1);
    raise(SIGSTOP);
    (void)getppid();
    run(arg);
    (void)getppid();
    _exit(0);
}

/* Lets the child go on to its next system call's entry. Its number, or -1 when
 * the child ended or cannot be traced. */
static long next_call(pid_t pid)
{
    struct __ptrace_syscall_info info;
    int status;

    memset(&info, 0, sizeof(info));
    do {
        if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) != 0 ||
            waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
            ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) <
                0)
            return -1;
    } while (info.op != PTRACE_SYSCALL_INFO_ENTRY);
    return (long)info.entry.nr;
}

static long count(pid_t pid)
{
    long number;
    long calls = 0;

    do
        number = next_call(pid);
    while (number >= 0 && number != SYS_getppid);
    while (number >= 0) {
        number = next_call(pid);
        if (number == SYS_getppid)
            return calls;
        calls++;
    }
    return -1;
}

long syscalls_of(void (*run)(void *arg), void *arg)
{
    long calls = -1;
    int status;
    pid_t pid = fork();

    if (pid < 0)
        return -1;
    if (pid == 0)
        child(run, arg);
    if (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) &&
        ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD) ==
            0)
        calls = count(pid);
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return calls;
}
