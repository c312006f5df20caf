/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All manifests of a file backend: the paths that were given, the files that
 * they stand for now, and the text in memory. Thread that dispatches.
 */
#ifndef SVC_BACKEND_FILE_SET_H
#define SVC_BACKEND_FILE_SET_H

#include "backend/backend.h"
#include "backend/file_source.h"
#include "base/list.h"

#include <stddef.h>
#include <svc/svc.h>

/* A path as it was given. */
struct svc__file_given {
    const char *path;
    int is_folder;     /* it was once listed as a folder: it stays one */
    svc_error trouble; /* of the folder as such; code 0: none */
};

struct svc__file_set {
    const struct svc__backend_env *env;
    struct svc__list sources; /* svc__file_source, in order, the text last */
    size_t given_count;
    struct svc__file_given *givens;
};

/* set is zeroed. Reads the text in memory, but no file yet. 0; SVC_EINVAL
 * without paths and text; SVC_EFILE for a text that is refused; SVC_ENOMEM.
 * After a failure fini follows. */
int svc__file_set_init(struct svc__file_set *set,
                       const struct svc__backend_env *env, svc_error *reterr);
void svc__file_set_fini(struct svc__file_set *set);

/* Lists every folder and reads every file, as svc__file_source_read. 1 when a
 * manifest came, went or changed, or a trouble began or ended; else 0. */
int svc__file_set_look(struct svc__file_set *set, int is_cut);

/* The first manifest or folder that may hold what no other has: 1, and why.
 * Else 0. */
int svc__file_set_gap(const struct svc__file_set *set, svc_error *ret);

/* Whether descriptors or memory were short somewhere: look again soon, nothing
 * else will tell. */
int svc__file_set_is_short(const struct svc__file_set *set);

#endif
