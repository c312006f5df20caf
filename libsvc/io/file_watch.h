/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells when the content of files or folders may have changed, by inotify on
 * the folders that hold them, links included (faults F1 to F6). It may tell
 * too often, so its owner compares contents. Thread that dispatches only.
 */
#ifndef SVC_IO_FILE_WATCH_H
#define SVC_IO_FILE_WATCH_H

#include "io/loop.h"

#include <svc/svc.h>

/* Quiet time after a mere modification; how long a file that was cut to
 * nothing may stay so; and how often to look where no event will come. */
#define SVC__FILE_WATCH_QUIET_MS 100
#define SVC__FILE_WATCH_EMPTY_MS 10000
#define SVC__FILE_WATCH_SLOW_MS  10000

struct svc__file_watch;

/* Called on the loop; may free the watch. */
struct svc__file_listener {
    void (*changed)(void *arg);
    void *arg;
};

/* Watches paths (borrowed until free), which need not exist yet; relative ones
 * are taken from the working directory at each look. changed is
 * called
 * - in the round that sees a writer close its file, or a file or link renamed
 *   into its place, or events lost;
 * - SVC__FILE_WATCH_QUIET_MS after the last of other events: a modification
 *   by a writer who goes on, something created, removed or moved away (editors
 *   and tools remove before they replace). A file that its writer has cut to
 *   nothing gets SVC__FILE_WATCH_EMPTY_MS instead;
 * - every SVC__FILE_WATCH_SLOW_MS where events are not to be had (see
 *   is_polling), or when that finds that a path which led nowhere leads
 *   somewhere now.
 * What changes after this returns is told: read the files after it. Owned.
 * 0 or SVC_ENOMEM. */
int svc__file_watch_new(struct svc__loop *l, const char *const *paths,
                        struct svc__file_listener listener,
                        struct svc__file_watch **ret, svc_error *reterr);

/* No call of changed after it. NULL is allowed. In a child of a fork it leaves
 * the parent's watch alone. */
void svc__file_watch_free(struct svc__file_watch *w);

/* Whether something has to be looked at by the clock now: limits of inotify
 * (/proc/sys/fs/inotify), a folder that may not be read, a network file
 * system. */
int svc__file_watch_is_polling(const struct svc__file_watch *w);

/* Whether a file was cut to nothing and its writer has not gone on yet: what
 * is found empty now, because of news of another file, may be that one. Of
 * several such files the last one counts. */
int svc__file_watch_is_cut(const struct svc__file_watch *w);

#endif
