/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: read one whole within a bound; list a folder. Telling when something
 * in them may have changed is io/file_watch. Knows nothing of what is written
 * in a manifest. No state; any thread, but a slow file system holds it up.
 */
#ifndef SVC_IO_FILE_H
#define SVC_IO_FILE_H

#include "base/buf.h"
#include "base/log.h"

#include <svc/svc.h>

/* The most manifests that a folder may hold. */
#define SVC__FILE_LIST_MAX 10000

/* Appends the content of a regular file to b (b's maximum bounds it), in steps
 * of at most 64 KiB. Neither waits for nor opens a FIFO or device (faults F5).
 * 0; SVC_EFILE naming the file and the reason; SVC_ETOOBIG; SVC_ENOMEM (also
 * out of descriptors). On failure b holds what it held before. */
int svc__file_read(const char *path, struct svc__buf *b, svc_error *reterr);

/* The same of a file that need not be there: why it is not used goes to the
 * log, as a warning where it is too big. 0 or SVC_ENOMEM. */
int svc__file_read_if_any(const struct svc__log *log, const char *path,
                          struct svc__buf *b);

/* The end of a path that is too long for a message which must also hold the
 * reason; a shorter path itself. Part of path. */
const char *svc__file_shown(const char *path);

/* Whether something is at path now (symbolic links followed). */
int svc__file_is_there(const char *path);

/* Whether others than the owner may write a file: its group, or everybody. */
int svc__file_is_writable_by_others(const char *path);

/* Whether path is a folder now (symbolic links followed). */
int svc__file_is_folder(const char *path);

/* Whether a manifest of a folder may have this name: *.yaml, *.yml, *.json,
 * not hidden. */
int svc__file_is_manifest(const char *name);

/* Sorted paths of the manifests in a folder, not recursive, whatever kind of
 * file they are. *ret_paths is owned, NULL-terminated: free it with
 * svc__free_texts. 0, SVC_EFILE, SVC_ETOOBIG (over SVC__FILE_LIST_MAX),
 * SVC_ENOMEM (also out of descriptors). */
int svc__file_list(const char *path, char ***ret_paths, svc_error *reterr);

#endif
