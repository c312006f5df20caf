/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns opening, reading and listing, and the texts of what can go wrong
 * there. No state; any thread.
 */
#include "io/file.h"

#include "base/alloc.h"
#include "base/err.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP ((size_t)64 * 1024)

const char *svc__file_shown(const char *path)
{
    size_t size = strlen(path);
    const char *at = size > 256 ? path + size - 256 : path;

    while (((unsigned char)*at & 0xC0) == 0x80)
        at++;
    return at;
}

static const char *hint_for(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return "check the path, or create the file";
    case EACCES:
    case EPERM:
        return "make it readable for the user of this process";
    case ELOOP:
        return "its symbolic links lead in a circle";
    case EMFILE:
    case ENFILE:
        return "close descriptors, or raise the limit of open files "
               "(ulimit -n)";
    default:
        return "";
    }
}

static int refuse(int error, const char *path, svc_error *reterr)
{
    int code = svc__err_errno(reterr, error, svc__file_shown(path));

    if (code != SVC_ENOMEM)
        code = SVC_EFILE;
    if (reterr != NULL)
        reterr->code = code;
    svc__err_hint(reterr, "%s", hint_for(error));
    return code;
}

static int refuse_kind(mode_t mode, const char *path, svc_error *reterr)
{
    const char *kind = S_ISDIR(mode)    ? "a folder"
                       : S_ISFIFO(mode) ? "a FIFO"
                       : S_ISSOCK(mode) ? "a socket"
                                        : "a device";

    svc__err_set(reterr, SVC_EFILE, "%s: is %s, not a regular file",
                 svc__file_shown(path), kind);
    svc__err_hint(reterr, S_ISDIR(mode)
                              ? "give one of the files in it"
                              : "write its content to a regular file");
    return SVC_EFILE;
}

static int refuse_size(const char *path, size_t max, svc_error *reterr)
{
    svc__err_set(reterr, SVC_ETOOBIG, "%s: is bigger than %zu bytes",
                 svc__file_shown(path), max);
    svc__err_hint(reterr, "leave out what is not needed, or split it into "
                          "several files");
    return SVC_ETOOBIG;
}

/* A device is looked at before it is opened, because opening alone may set
 * something off; the look at the descriptor is the one that counts. */
static int open_regular(const char *path, int *ret_fd, struct stat *ret,
                        svc_error *reterr)
{
    int fd;

    if (stat(path, ret) != 0)
        return refuse(errno, path, reterr);
    if (!S_ISREG(ret->st_mode))
        return refuse_kind(ret->st_mode, path, reterr);
    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return refuse(errno, path, reterr);
    if (fstat(fd, ret) != 0 || !S_ISREG(ret->st_mode)) {
        close(fd);
        return refuse_kind(ret->st_mode, path, reterr);
    }
    *ret_fd = fd;
    return 0;
}

static ssize_t read_some(int fd, void *to, size_t size)
{
    ssize_t got;

    do {
        got = read(fd, to, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Reads to the end; b has some room allocated. The size that stat told is a
 * hint only: what grows while it is read is bounded by b, and a full buffer
 * grows only for a byte that is there. */
static int read_all(int fd, const char *path, struct svc__buf *b,
                    svc_error *reterr)
{
    ssize_t got;
    char probe;

    for (;;) {
        size_t end = b->cap - 1 < b->max ? b->cap - 1 : b->max;
        size_t room = end - b->size;

        if (room == 0) {
            got = read_some(fd, &probe, 1);
            if (got > 0 && svc__buf_add(b, &probe, 1) != 0)
                break;
        } else {
            got = read_some(fd, b->data + b->size, room < STEP ? room : STEP);
            if (got > 0)
                b->size += (size_t)got;
        }
        if (got == 0)
            return 0;
        if (got < 0)
            return refuse(errno, path, reterr);
    }
    return b->err == SVC_ETOOBIG ? refuse_size(path, b->max, reterr)
                                 : svc__err_nomem(reterr);
}

int svc__file_read(const char *path, struct svc__buf *b, svc_error *reterr)
{
    const size_t before = b->size;
    struct stat st;
    int fd = -1;
    int err = open_regular(path, &fd, &st, reterr);

    if (err != 0)
        return err;
    if ((uintmax_t)st.st_size > b->max - b->size)
        err = refuse_size(path, b->max, reterr);
    else if (svc__buf_reserve(b, (size_t)st.st_size) == NULL)
        err = svc__err_nomem(reterr);
    else
        err = read_all(fd, path, b, reterr);
    if (err != 0) {
        b->size = before;
        b->err = 0;
    }
    if (b->data != NULL)
        b->data[b->size] = '\0';
    close(fd);
    return err;
}

int svc__file_read_if_any(const struct svc__log *log, const char *path,
                          struct svc__buf *b)
{
    svc_error error;
    int err = svc__file_read(path, b, &error);

    if (err == SVC_ENOMEM)
        return err;
    if (err != 0)
        svc__log(log, err == SVC_ETOOBIG ? SVC_LOG_WARNING : SVC_LOG_DEBUG,
                 "not used: %s", error.message);
    return 0;
}

int svc__file_is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

int svc__file_is_writable_by_others(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

int svc__file_is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int svc__file_is_manifest(const char *name)
{
    static const char *const ends[] = {".yaml", ".yml", ".json"};
    const size_t size = strlen(name);

    if (name[0] == '.')
        return 0;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        const size_t end = strlen(ends[i]);

        if (size > end && strcmp(name + size - end, ends[i]) == 0)
            return 1;
    }
    return 0;
}

/* Paths under way, always followed by a NULL. */
struct paths {
    char **at;
    size_t count;
    size_t capacity;
};

static int add_path(struct paths *paths, const char *folder, const char *name)
{
    const size_t folder_size = strlen(folder);
    const int slash = folder_size > 0 && folder[folder_size - 1] != '/';
    char **more;
    char *path;

    if (paths->count + 1 >= paths->capacity) {
        size_t capacity = paths->capacity == 0 ? 16 : paths->capacity * 2;

        more = svc__realloc(paths->at, capacity, sizeof(*more));
        if (more == NULL)
            return SVC_ENOMEM;
        paths->at = more;
        paths->at[paths->count] = NULL;
        paths->capacity = capacity;
    }
    path = svc__alloc(folder_size + 1 + strlen(name) + 1);
    if (path == NULL)
        return SVC_ENOMEM;
    memcpy(path, folder, folder_size);
    path[folder_size] = '/';
    memcpy(path + folder_size + (size_t)slash, name, strlen(name) + 1);
    paths->at[paths->count++] = path;
    paths->at[paths->count] = NULL;
    return 0;
}

static int collect(DIR *dir, const char *path, struct paths *paths,
                   svc_error *reterr)
{
    const struct dirent *entry;

    for (;;) {
        errno = 0;
        entry = readdir(dir);
        if (entry == NULL)
            return errno == 0 ? 0 : refuse(errno, path, reterr);
        if (!svc__file_is_manifest(entry->d_name))
            continue;
        if (paths->count == SVC__FILE_LIST_MAX) {
            svc__err_set(reterr, SVC_ETOOBIG,
                         "%s: holds more than %d manifests",
                         svc__file_shown(path), SVC__FILE_LIST_MAX);
            svc__err_hint(reterr, "put several objects into one file");
            return SVC_ETOOBIG;
        }
        if (add_path(paths, path, entry->d_name) != 0)
            return svc__err_nomem(reterr);
    }
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int svc__file_list(const char *path, char ***ret_paths, svc_error *reterr)
{
    struct paths paths = {NULL, 0, 0};
    DIR *dir = opendir(path);
    int err;

    if (dir == NULL)
        return refuse(errno, path, reterr);
    err = collect(dir, path, &paths, reterr);
    (void)closedir(dir);
    if (err != 0) {
        svc__free_texts(paths.at);
        return err;
    }
    if (paths.at == NULL) {
        paths.at = svc__calloc(1, sizeof(*paths.at));
        if (paths.at == NULL)
            return svc__err_nomem(reterr);
    }
    qsort(paths.at, paths.count, sizeof(*paths.at), compare_paths);
    *ret_paths = paths.at;
    return 0;
}
