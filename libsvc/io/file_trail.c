/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns inotify: the walk along a path, and the meaning of events. The only
 * file that includes sys/inotify.h.
 *
 * Design notes. A file is watched through the folder that holds it, because a
 * rename over it brings a new inode. What else can make a path lead to another
 * file is watched too, each as cheaply as it can be:
 * - a symbolic link, by its name in its folder (the kubelet swaps "..data");
 * - a name that is not there yet, in the folder where it would be;
 * - every folder above, only for being moved or removed itself, so that a busy
 *   /tmp does not wake anybody.
 * A removed folder that some process still stands in says nothing. What was in
 * it says that it is gone, so a path that leads nowhere, and a folder without
 * manifests, count as missing and are looked at by the clock as well.
 * A folder is watched before the name in it is looked at: what changes after
 * the look is told by an event, and the walk is done again.
 */
#include "io/file_trail.h"

#include "base/alloc.h"
#include "io/file.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel */
#define READS     16 /* at a time, of at least 15 events each */

#define SELF_MASK (IN_DELETE_SELF | IN_MOVE_SELF)
#define NAMES_MASK                                                             \
    (SELF_MASK | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define CONTENT_MASK (NAMES_MASK | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB)

/* What stands at a path, the last link not followed. */
enum kind {
    MISSING,
    LINK,
    FOLDER,
    OTHER,
    HIDDEN /* may not be looked at */
};

static enum kind look(const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR ? MISSING : HIDDEN;
    if (S_ISLNK(st.st_mode))
        return LINK;
    return S_ISDIR(st.st_mode) ? FOLDER : OTHER;
}

int svc__file_trail_is_remote(uint32_t kind)
{
    static const uint32_t kinds[] = {
        0x6969,     /* NFS */
        0xFF534D42, /* CIFS */
        0xFE534D42, /* SMB2 */
        0x01021997, /* 9P */
        0x65735546, /* FUSE, virtiofs */
        0x00C36400, /* Ceph */
        0x5346414F, /* AFS */
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i] == kind)
            return 1;
    }
    return 0;
}

static const char *spot_name(const struct svc__file_spot *spot)
{
    return spot->path + spot->folder_size + 1;
}

/* Whether a named event concerns a spot; an empty name there stands for all
 * the manifests of a folder. */
static int concerns(const struct svc__file_spot *spot, const char *name)
{
    const char *own = spot_name(spot);

    if (spot->role == SVC__FILE_SELF)
        return 0;
    return own[0] == '\0' ? svc__file_is_manifest(name)
                          : strcmp(own, name) == 0;
}

static int is_known(const struct svc__file_trail *t, int wd,
                    enum svc__file_role role, const char *name)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct svc__file_spot *spot = &t->spots[i];

        if (spot->wd != wd || spot->role < role)
            continue;
        if (role == SVC__FILE_SELF || strcmp(spot_name(spot), name) == 0 ||
            (name[0] != '\0' && concerns(spot, name)))
            return 1;
    }
    return 0;
}

static int add_spot(struct svc__file_trail *t, int wd, enum svc__file_role role,
                    const char *name)
{
    const size_t folder_size = strlen(t->here);
    const size_t name_size = strlen(name);
    struct svc__file_spot *more;
    char *path;

    if (is_known(t, wd, role, name))
        return 0;
    if (t->count == SVC__FILE_TRAIL_MAX) {
        t->blind = 1;
        return 0;
    }
    if (t->count == t->capacity) {
        size_t capacity = t->capacity == 0 ? 8 : t->capacity * 2;

        more = svc__realloc(t->spots, capacity, sizeof(*more));
        if (more == NULL)
            return SVC_ENOMEM;
        t->spots = more;
        t->capacity = capacity;
    }
    path = svc__alloc(folder_size + 1 + name_size + 1);
    if (path == NULL)
        return SVC_ENOMEM;
    memcpy(path, t->here, folder_size);
    path[folder_size] = '/';
    memcpy(path + folder_size + 1, name, name_size + 1);
    t->spots[t->count++] = (struct svc__file_spot){
        .wd = wd, .role = role, .path = path, .folder_size = folder_size};
    return 0;
}

/* Watches the folder t->here for a name in it. */
static int arm(struct svc__file_trail *t, enum svc__file_role role,
               const char *name)
{
    static const uint32_t masks[] = {
        [SVC__FILE_SELF] = SELF_MASK,
        [SVC__FILE_NAMES] = NAMES_MASK,
        [SVC__FILE_CONTENT] = CONTENT_MASK,
    };
    struct statfs fs;
    int wd;

    if (t->fd < 0) {
        t->blind = 1;
        return 0;
    }
    if (role == SVC__FILE_CONTENT && statfs(t->here, &fs) == 0 &&
        svc__file_trail_is_remote((uint32_t)fs.f_type))
        t->blind = 1;
    wd = inotify_add_watch(t->fd, t->here,
                           masks[role] | IN_MASK_ADD | IN_ONLYDIR);
    if (wd >= 0)
        return add_spot(t, wd, role, name);
    if (errno == ENOENT || errno == ENOTDIR)
        t->missing = 1;
    else if (errno != EACCES || role != SVC__FILE_SELF)
        /* A folder above that may be passed but not read is nothing odd. */
        t->blind = 1;
    return 0;
}

/* Puts a path together from a folder and what is below it. 0 when it does not
 * fit. */
static int join(char to[PATH_MAX], const char *folder, const char *below)
{
    const size_t size = strlen(folder);
    const size_t below_size = strlen(below);
    const size_t slash = size > 0 && folder[size - 1] != '/' ? 1 : 0;

    if (size + slash + below_size >= PATH_MAX)
        return 0;
    memcpy(to, folder, size);
    to[size] = '/';
    memcpy(to + size + slash, below, below_size + 1);
    return 1;
}

/* Cuts the first name off t->rest and returns it; *ret_after is what comes
 * after it. NULL at the end. */
static char *cut_name(struct svc__file_trail *t, char **ret_after)
{
    char *name = t->rest;
    char *end;

    if (*name == '/')
        memcpy(t->here, "/", 2);
    name += strspn(name, "/");
    if (*name == '\0')
        return NULL;
    end = name + strcspn(name, "/");
    *ret_after = end + strspn(end, "/");
    *end = '\0';
    return name;
}

/* Puts the target of the link t->next before what is still to go. 0 when it
 * leads nowhere. */
static int follow_link(struct svc__file_trail *t, const char *after)
{
    ssize_t size = readlink(t->next, t->target, sizeof(t->target) - 1);

    if (size <= 0)
        return 0;
    t->target[size] = '\0';
    if (after[0] == '\0') {
        memcpy(t->rest, t->target, (size_t)size + 1);
        return 1;
    }
    if (!join(t->next, t->target, after))
        return 0;
    memcpy(t->rest, t->next, strlen(t->next) + 1);
    return 1;
}

/* Watches t->here for the name, then looks what t->next is, until both agree:
 * the role depends on the kind. */
static int arm_and_look(struct svc__file_trail *t, const char *name,
                        const char *after, enum kind *ret)
{
    enum kind seen = look(t->next);
    enum kind kind;
    int tries = 4;

    do {
        enum svc__file_role role = SVC__FILE_NAMES;
        int err;

        kind = seen;
        if (kind == FOLDER)
            role = SVC__FILE_SELF;
        if ((kind == OTHER || kind == MISSING) && after[0] == '\0')
            role = SVC__FILE_CONTENT;
        err = arm(t, role, name);
        if (err != 0)
            return err;
        seen = look(t->next);
    } while (seen != kind && --tries > 0);
    *ret = seen;
    return 0;
}

/* One step along the path. *ret_go: there is more to go. */
static int step(struct svc__file_trail *t, int *links, int *ret_go)
{
    enum kind kind = MISSING;
    char *after = NULL;
    char *name = cut_name(t, &after);
    int err;

    *ret_go = 0;
    if (name == NULL || !join(t->next, t->here, name)) {
        t->missing = 1;
        return 0;
    }
    err = arm_and_look(t, name, after, &kind);
    if (err != 0)
        return err;
    switch (kind) {
    case FOLDER:
        memcpy(t->here, t->next, strlen(t->next) + 1);
        memmove(t->rest, after, strlen(after) + 1);
        *ret_go = 1;
        break;
    case LINK:
        *ret_go = (*links)++ < LINKS_MAX && follow_link(t, after);
        t->missing |= !*ret_go;
        break;
    case HIDDEN:
        t->blind = 1;
        break;
    case MISSING:
        t->missing = 1;
        break;
    case OTHER:
        t->missing |= after[0] != '\0';
        break;
    }
    return 0;
}

/* Walks one path. *ret_folder: t->here is the folder it ended in. */
static int walk_path(struct svc__file_trail *t, const char *path,
                     int *ret_folder)
{
    int links = 0;
    int go = 1;
    int err = 0;

    *ret_folder = 0;
    if (path[0] == '\0' || strlen(path) >= sizeof(t->rest)) {
        t->missing = 1;
        return 0;
    }
    memcpy(t->rest, path, strlen(path) + 1);
    memcpy(t->here, ".", 2);
    while (err == 0 && go && t->rest[strspn(t->rest, "/")] != '\0')
        err = step(t, &links, &go);
    if (t->rest[0] == '/' && go)
        memcpy(t->here, "/", 2);
    *ret_folder = go;
    return err;
}

/* The files of a folder may be links to other folders (always, below the mount
 * point of a ConfigMap). */
static int walk_links(struct svc__file_trail *t)
{
    char **paths = NULL;
    int folder;
    int err = svc__file_list(t->here, &paths, NULL);

    if (err == SVC_ENOMEM)
        return err;
    if (err != 0) {
        t->blind = 1;
        return 0;
    }
    t->missing |= paths[0] == NULL;
    for (size_t i = 0; paths[i] != NULL && err == 0; i++) {
        if (look(paths[i]) == LINK)
            err = walk_path(t, paths[i], &folder);
    }
    svc__free_texts(paths);
    return err;
}

static int walk_all(struct svc__file_trail *t, const char *const *paths)
{
    int folder = 0;
    int err = 0;

    for (size_t i = 0; paths[i] != NULL && err == 0; i++) {
        err = walk_path(t, paths[i], &folder);
        if (err == 0 && folder)
            err = arm(t, SVC__FILE_CONTENT, "");
        if (err == 0 && folder)
            err = walk_links(t);
    }
    return err;
}

static int has_wd(const struct svc__file_spot *spots, size_t count, int wd)
{
    for (size_t i = 0; i < count; i++) {
        if (spots[i].wd == wd)
            return 1;
    }
    return 0;
}

static int is_same(const struct svc__file_spot *a,
                   const struct svc__file_spot *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (a[i].wd != b[i].wd || a[i].role != b[i].role ||
            strcmp(a[i].path, b[i].path) != 0)
            return 0;
    }
    return 1;
}

static void free_spots(struct svc__file_spot *spots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        svc__free(spots[i].path);
    svc__free(spots);
}

int svc__file_trail_walk(struct svc__file_trail *t, const char *const *paths,
                         int *ret_moved)
{
    struct svc__file_spot *old = t->spots;
    const size_t old_count = t->count;
    const size_t old_capacity = t->capacity;
    int err;

    t->spots = NULL;
    t->count = 0;
    t->capacity = 0;
    t->missing = 0;
    t->blind = 0;
    err = walk_all(t, paths);
    if (err != 0) {
        free_spots(t->spots, t->count);
        t->spots = old;
        t->count = old_count;
        t->capacity = old_capacity;
        t->blind = 1;
        return err;
    }
    for (size_t i = 0; i < old_count; i++) {
        if (!has_wd(t->spots, t->count, old[i].wd))
            (void)inotify_rm_watch(t->fd, old[i].wd);
    }
    *ret_moved = t->count != old_count || !is_same(t->spots, old, old_count);
    free_spots(old, old_count);
    return 0;
}

/* A writer that keeps its file open has cut it to nothing: "kubectl get … >
 * file" does so long before it writes. */
static int is_cut(struct svc__file_trail *t, const struct svc__file_spot *spot,
                  const char *name)
{
    struct stat st;

    memcpy(t->here, spot->path, spot->folder_size);
    t->here[spot->folder_size] = '\0';
    return join(t->next, t->here, name) && stat(t->next, &st) == 0 &&
           S_ISREG(st.st_mode) && st.st_size == 0;
}

static unsigned modified(struct svc__file_trail *t,
                         const struct svc__file_spot *spot, const char *name)
{
    if (!is_cut(t, spot, name))
        return SVC__FILE_LATER;
    if (strlen(name) < sizeof(t->cut)) {
        t->cut_wd = spot->wd;
        memcpy(t->cut, name, strlen(name) + 1);
    }
    return SVC__FILE_EMPTY;
}

static unsigned named_event(struct svc__file_trail *t,
                            const struct svc__file_spot *spot, uint32_t mask,
                            const char *name)
{
    if (t->cut_wd == spot->wd && strcmp(t->cut, name) == 0)
        t->cut[0] = '\0';
    if ((mask & IN_CLOSE_WRITE) != 0)
        return SVC__FILE_NOW;
    if ((mask & IN_MODIFY) != 0)
        return modified(t, spot, name);
    if ((mask & (IN_MOVED_TO | IN_ATTRIB)) != 0)
        return SVC__FILE_NOW | SVC__FILE_MOVED;
    /* Created, so something is about to be written there; or gone, which is
     * how some editors begin to replace a file. */
    return SVC__FILE_LATER | SVC__FILE_MOVED;
}

/* What one event says; name is NULL for one of the folder itself. */
static unsigned weigh(struct svc__file_trail *t, int wd, uint32_t mask,
                      const char *name)
{
    if ((mask & IN_Q_OVERFLOW) != 0)
        return SVC__FILE_NOW | SVC__FILE_MOVED;
    for (size_t i = 0; i < t->count; i++) {
        if (t->spots[i].wd != wd)
            continue;
        if (name == NULL)
            return SVC__FILE_LATER | SVC__FILE_MOVED;
        if (concerns(&t->spots[i], name))
            return named_event(t, &t->spots[i], mask, name);
    }
    return 0;
}

/* Adds what a buffer of events says to what the ones before it said. */
static unsigned weigh_all(struct svc__file_trail *t, size_t size, unsigned what)
{
    struct inotify_event event;

    for (size_t at = 0; at < size; at += sizeof(event) + event.len) {
        const char *name = t->events + at + sizeof(event);
        unsigned one;

        memcpy(&event, t->events + at, sizeof(event));
        one = weigh(t, event.wd, event.mask, event.len == 0 ? NULL : name);
        if ((one & (SVC__FILE_LATER | SVC__FILE_EMPTY)) != 0)
            what &= ~(unsigned)(SVC__FILE_LATER | SVC__FILE_EMPTY);
        what |= one;
    }
    return what;
}

unsigned svc__file_trail_read(struct svc__file_trail *t)
{
    unsigned what = 0;
    ssize_t size = 1;

    for (int i = 0; i < READS && size > 0; i++) {
        size = read(t->fd, t->events, sizeof(t->events));
        if (size > 0)
            what = weigh_all(t, (size_t)size, what);
    }
    return what;
}

void svc__file_trail_open(struct svc__file_trail *t)
{
    t->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

void svc__file_trail_close(struct svc__file_trail *t)
{
    free_spots(t->spots, t->count);
    t->spots = NULL;
    t->count = 0;
    t->capacity = 0;
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}
