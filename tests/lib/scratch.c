/* SPDX-License-Identifier: Apache-2.0 */
/* Folders and files for tests. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void scratch_make(struct scratch *s)
{
    const char *const bases[] = {getenv("TMPDIR"), "/dev/shm", "/tmp"};

    for (int i = 0; i < 3; i++) {
        if (bases[i] != NULL &&
            snprintf(s->path, sizeof(s->path), "%s/svc-XXXXXX", bases[i]) <
                (int)sizeof(s->path) &&
            mkdtemp(s->path) != NULL)
            return;
    }
    fail_msg("no folder for temporary files: set TMPDIR");
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void remove_all(const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return;
    assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void scratch_remove(struct scratch *s)
{
    remove_all(s->path);
}

const char *scratch_path(const struct scratch *s, const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];

    assert_true(snprintf(path, sizeof(paths[0]), "%s/%s", s->path, name) <
                (int)sizeof(paths[0]));
    return path;
}

void scratch_write_bytes(const struct scratch *s, const char *name,
                         const void *data, size_t size)
{
    int fd = open(scratch_path(s, name),
                  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), size);
    close(fd);
}

void scratch_write(const struct scratch *s, const char *name, const char *text)
{
    scratch_write_bytes(s, name, text, strlen(text));
}

void scratch_replace(const struct scratch *s, const char *name,
                     const char *text)
{
    char beside[256];

    snprintf(beside, sizeof(beside), "%s.tmp", name);
    scratch_write(s, beside, text);
    scratch_rename(s, beside, name);
}

void scratch_mkdir(const struct scratch *s, const char *name)
{
    assert_int_equal(mkdir(scratch_path(s, name), 0755), 0);
}

void scratch_link(const struct scratch *s, const char *target, const char *name)
{
    assert_int_equal(symlink(target, scratch_path(s, name)), 0);
}

void scratch_rename(const struct scratch *s, const char *from, const char *to)
{
    assert_int_equal(rename(scratch_path(s, from), scratch_path(s, to)), 0);
}

void scratch_delete(const struct scratch *s, const char *name)
{
    remove_all(scratch_path(s, name));
}

void scratch_swap(const struct scratch *s, const char *name, unsigned n,
                  const char *text)
{
    char folder[32];
    char before[32];
    char file[256];
    char target[256];

    snprintf(folder, sizeof(folder), "..%u", n);
    snprintf(before, sizeof(before), "..%u", n - 1);
    snprintf(file, sizeof(file), "%s/%s", folder, name);
    snprintf(target, sizeof(target), "..data/%s", name);
    scratch_mkdir(s, folder);
    scratch_write(s, file, text);
    scratch_link(s, folder, "..data_tmp");
    scratch_rename(s, "..data_tmp", "..data");
    if (symlink(target, scratch_path(s, name)) != 0)
        assert_int_equal(errno, EEXIST);
    if (n > 0)
        scratch_delete(s, before);
}
