/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One manifest of the file backend: what it last held that was good, and what
 * is wrong with it now. Knows no other manifest. Thread that dispatches.
 */
#ifndef SVC_BACKEND_FILE_SOURCE_H
#define SVC_BACKEND_FILE_SOURCE_H

#include "backend/backend.h"
#include "base/list.h"
#include "kube/manifest.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* The most bytes of a file (faults 3.6). */
#define SVC__FILE_SOURCE_MAX ((size_t)256 * 1024 * 1024)

struct svc__file_source {
    struct svc__list link; /* its owner's */
    size_t given;          /* its owner's: which of the paths it came from */
    char *path;            /* NULL: the text in memory */

    /* The last good manifest, or NULL. Of an object that is refused now it has
     * the last good version, if there was one: such an object has both its
     * value and a reason. */
    struct svc__manifest *good;
    /* Why what is missing in good may not be missing in truth: a document or
     * an object without name was refused. NULL: good is the whole of it. Part
     * of good. */
    const char *unknown;

    /* What is wrong with the whole now: code 0, nothing. */
    svc_error trouble;
    const svc_error *above; /* the trouble of its folder, borrowed, or NULL */

    /* The text that was parsed last: its size and keyed hash stand for it. A
     * change is missed once in 2^64, whoever chooses the texts. */
    enum svc__file_text {
        SVC__FILE_TEXT_NONE, /* nothing, or not to its end */
        SVC__FILE_TEXT_GOOD,
        SVC__FILE_TEXT_BAD
    } text;
    size_t size;
    uint64_t hash;
};

/* Owned; path is copied. NULL when out of memory. */
struct svc__file_source *svc__file_source_new(const char *path, size_t given);
void svc__file_source_free(struct svc__file_source *src);

/* How it is called in messages. */
const char *svc__file_source_name(const struct svc__file_source *src);

/* Looks at the file, and reads what it holds when that has changed (faults F9:
 * the content decides). With is_cut a writer is known to have cut some file to
 * nothing and to go on: one that was good and is empty now stays as it was
 * (faults F1). 1 when good or trouble changed, else 0. Writes log and
 * statistics. */
int svc__file_source_read(struct svc__file_source *src,
                          const struct svc__backend_env *env, int is_cut);

/* The same for a text in memory. */
int svc__file_source_take(struct svc__file_source *src,
                          const struct svc__backend_env *env, const char *text,
                          size_t size);

/* What is wrong with it or with its folder, or NULL. */
const svc_error *svc__file_source_trouble(const struct svc__file_source *src);

/* Why a name that nothing else answers may be in here all the same; NULL when
 * it is not. Borrowed until the next read. */
const char *svc__file_source_gap(const struct svc__file_source *src);

#endif
