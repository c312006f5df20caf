/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To be loaded into a program before the C library (LD_PRELOAD): the files that
 * a pod gets from its node, those of its service account and resolv.conf, it
 * finds in the folder POD_FILES. So a process is in a pod without a mount.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER    "/var/run/secrets/kubernetes.io/serviceaccount/"
#define RESOLV    "/etc/resolv.conf"
#define PATH_SIZE 4096

int open(const char *path, int flags, ...);
int stat(const char *path, struct stat *ret);

/* The path that is meant, perhaps in buffer. */
static const char *moved(const char *path, char *buffer)
{
    const char *folder = getenv("POD_FILES");

    if (folder != NULL && (strncmp(path, FOLDER, strlen(FOLDER)) == 0 ||
                           strcmp(path, RESOLV) == 0)) {
        snprintf(buffer, PATH_SIZE, "%s%s", folder, strrchr(path, '/'));
        return buffer;
    }
    return path;
}

__attribute__((visibility("default"))) int open(const char *path, int flags,
                                                ...)
{
    char buffer[PATH_SIZE];
    va_list list;
    mode_t mode;

    va_start(list, flags);
    mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    return openat(AT_FDCWD, moved(path, buffer), flags, mode);
}

__attribute__((visibility("default"))) int stat(const char *path,
                                                struct stat *ret)
{
    char buffer[PATH_SIZE];

    return fstatat(AT_FDCWD, moved(path, buffer), ret, 0);
}
