/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the walk over PATH.
 */
#include "io/proc_path.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0, or an errno. */
static int look_at(const char *file)
{
    struct stat st;

    if (stat(file, &st) != 0)
        return errno;
    if (!S_ISREG(st.st_mode))
        return EACCES;
    return access(file, X_OK) == 0 ? 0 : errno;
}

static int refuse(const char *name, int error, svc_error *reterr)
{
    return svc__err_set(reterr, SVC_EAUTH,
                        error == ENOENT ? "\"%.200s\" is not there"
                                        : "\"%.200s\" may not be run",
                        name);
}

/* "folder/name", owned; NULL: out of memory. */
static char *join(const char *folder, size_t size, const char *name)
{
    struct svc__buf b;
    char *text;

    svc__buf_init(&b, size + strlen(name) + 2);
    svc__buf_add(&b, folder, size);
    svc__buf_add_byte(&b, '/');
    svc__buf_add_text(&b, name);
    text = svc__buf_take(&b);
    svc__buf_fini(&b);
    return text;
}

static int find_in_path(const char *name, const char *path, char **ret,
                        svc_error *reterr)
{
    int error = ENOENT;

    for (; path != NULL && *path != '\0'; path += *path == ':') {
        const char *folder = path;
        char *file;
        int found;

        path += strcspn(path, ":");
        if (*folder != '/')
            continue;
        file = join(folder, (size_t)(path - folder), name);
        if (file == NULL)
            return svc__err_nomem(reterr);
        found = look_at(file);
        if (found == 0) {
            *ret = file;
            return 0;
        }
        svc__free(file);
        if (found == EACCES)
            error = EACCES;
    }
    if (error == ENOENT)
        return svc__err_set(reterr, SVC_EAUTH,
                            "\"%.200s\" is in no folder of PATH", name);
    return refuse(name, error, reterr);
}

int svc__proc_path_find(const char *name, const char *path, char **ret,
                        svc_error *reterr)
{
    int error;
    char *copy;

    if (*name == '\0')
        return svc__err_set(reterr, SVC_EAUTH, "a program without a name");
    if (strchr(name, '/') == NULL)
        return find_in_path(name, path, ret, reterr);
    error = look_at(name);
    if (error != 0)
        return refuse(name, error, reterr);
    copy = svc__strdup(name);
    if (copy == NULL)
        return svc__err_nomem(reterr);
    *ret = copy;
    return 0;
}
