/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From paths to what inotify has to look at: the folders on the way to each
 * file, through every symbolic link, and the names in them that matter. Used
 * by io/file_watch only, on the thread that dispatches.
 */
#ifndef SVC_IO_FILE_TRAIL_H
#define SVC_IO_FILE_TRAIL_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/* The most places that are watched; beyond, the trail is blind. */
#define SVC__FILE_TRAIL_MAX 4096

/* Why a folder is watched, from little to much. */
enum svc__file_role {
    SVC__FILE_SELF,   /* it may go away; what is in it does not matter */
    SVC__FILE_NAMES,  /* a name in it may come, go or lead elsewhere */
    SVC__FILE_CONTENT /* and what is written there matters */
};

/* A name in a watched folder. */
struct svc__file_spot {
    int wd; /* of inotify */
    enum svc__file_role role;
    char *path;         /* owned: folder and name */
    size_t folder_size; /* of path, the slash after the folder not counted */
};

struct svc__file_trail {
    int fd; /* of inotify; -1: there is none */
    size_t count;
    size_t capacity;
    struct svc__file_spot *spots;
    int missing; /* a path leads nowhere for now, or to an empty folder */
    int blind;   /* something that matters could not be watched */
    /* The file that was cut to nothing last, while its writer goes on and
     * nothing else was said of it: folder and name, "" for none. */
    int cut_wd;
    char cut[NAME_MAX + 1];
    /* Room for a walk: folder so far, still to go, next, target of a link. */
    char here[PATH_MAX];
    char rest[PATH_MAX];
    char next[PATH_MAX];
    char target[PATH_MAX];
    _Alignas(8) char events[4096];
};

/* What events of inotify say about the files that matter. */
enum {
    SVC__FILE_NOW = 1,   /* something is complete: read it */
    SVC__FILE_LATER = 2, /* something is under way: wait until it is quiet */
    SVC__FILE_EMPTY = 4, /* a file was cut to nothing: its writer goes on */
    SVC__FILE_MOVED = 8  /* the trail may lead elsewhere: walk it again */
};

/* t is zeroed. Opens the descriptor of inotify, or leaves it at -1: then the
 * trail is blind. May be called again. */
void svc__file_trail_open(struct svc__file_trail *t);

/* Closes it and frees the spots. */
void svc__file_trail_close(struct svc__file_trail *t);

/* Walks every path (NULL-terminated) and watches what it meets. *ret_moved: it
 * leads elsewhere than before. 0; or SVC_ENOMEM: the trail is as it was, and
 * blind. */
int svc__file_trail_walk(struct svc__file_trail *t, const char *const *paths,
                         int *ret_moved);

/* Reads events, a bounded number. Bits of the enumeration above: of LATER and
 * EMPTY the one that was said last. */
unsigned svc__file_trail_read(struct svc__file_trail *t);

/* Whether changes made by others on a file system of this kind (statfs(2),
 * f_type) come without an event, because it is on another machine. */
int svc__file_trail_is_remote(uint32_t kind);

#endif
