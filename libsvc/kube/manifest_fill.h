/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling a manifest, for kube/manifest_parse only.
 */
#ifndef SVC_KUBE_MANIFEST_FILL_H
#define SVC_KUBE_MANIFEST_FILL_H

#include "kube/frame.h"
#include "kube/manifest.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* Where something stands, for messages. */
struct svc__manifest_place {
    size_t document;
    size_t line; /* YAML: on which the document begins; JSON: 0 */
    const struct svc__frame_item *item; /* or NULL */
};

/* Puts "document 2 (line 15), item 3: " before a message (error may be
 * NULL). */
void svc__manifest_locate(const struct svc__manifest_place *place,
                          svc_error *error);

/* What a manifest had at some moment, to go back to. */
struct svc__manifest_mark {
    size_t count;
    size_t refused;
    uint64_t ignored;
    uint64_t old_versions;
    size_t document_refused_count;
};
struct svc__manifest_mark svc__manifest_mark(const struct svc__manifest *m);

/* Forgets what came after mark. */
void svc__manifest_reset(struct svc__manifest *m,
                         const struct svc__manifest_mark *mark);

/* A new, zeroed object at the end, borrowed until the next one; NULL when out
 * of memory. */
struct svc__manifest_object *svc__manifest_add(struct svc__manifest *m,
                                               enum svc__kind kind,
                                               size_t document);

/* Lists place->item as refused, with what can be read of its names; *error
 * says why, and gets the place. 0; with *error filled, SVC_EFILE when there
 * are too many of them, and SVC_ENOMEM. */
int svc__manifest_refuse_object(struct svc__manifest *m,
                                const struct svc__manifest_place *place,
                                enum svc__kind kind, svc_error *error);

/* Counts a document, or an item of no known kind, that is refused; or an
 * object of another version. The first of each is noted. 0 or SVC_ENOMEM. */
int svc__manifest_refuse_document(struct svc__manifest *m,
                                  const struct svc__manifest_place *place,
                                  const char *reason);
int svc__manifest_leave_out(struct svc__manifest *m,
                            const struct svc__manifest_place *place,
                            const char *what);

#endif
