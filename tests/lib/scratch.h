/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of its own for a test, with helpers that change it the ways that
 * writers of manifests do. Every helper asserts that it worked.
 */
#ifndef TESTS_LIB_SCRATCH_H
#define TESTS_LIB_SCRATCH_H

#include <stddef.h>

struct scratch {
    char path[48];
};

/* A new empty folder under TMPDIR, /dev/shm (in memory: fast) or /tmp. */
void scratch_make(struct scratch *s);
/* Removes it with everything in it. */
void scratch_remove(struct scratch *s);

/* "folder/name"; valid until the eighth call after it. */
const char *scratch_path(const struct scratch *s, const char *name);

/* Opens for writing (truncates), writes, closes: what "cat >" does. */
void scratch_write(const struct scratch *s, const char *name, const char *text);
void scratch_write_bytes(const struct scratch *s, const char *name,
                         const void *data, size_t size);
/* Writes beside it, then renames over it: how editors and tools replace. */
void scratch_replace(const struct scratch *s, const char *name,
                     const char *text);
void scratch_mkdir(const struct scratch *s, const char *name);
void scratch_link(const struct scratch *s, const char *target,
                  const char *name);
void scratch_rename(const struct scratch *s, const char *from, const char *to);
/* Removes a file or a whole folder; nothing when it is not there. */
void scratch_delete(const struct scratch *s, const char *name);

/* One swap as the kubelet does it for ConfigMaps: a new folder "..N" with the
 * file in it, "..data" renamed over to lead there, the folder before removed,
 * and the visible name a link through "..data". */
void scratch_swap(const struct scratch *s, const char *name, unsigned n,
                  const char *text);

#endif
