/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a stream of bytes to one JSON object at a time: documents that follow
 * each other (watch lines, files), and the items of lists, so that a list of
 * any length needs the memory of its largest item. Bounds size, depth and
 * tokens; rejects text that is cut, unbalanced or not UTF-8, also in fields
 * that nobody uses. The result does not depend on how the stream was cut into
 * chunks. Pure; one thread at a time.
 *
 *     f = svc__frame_new(SVC__FRAME_ITEM_MAX, SVC_EFILE);
 *     while (there is a chunk) {
 *         svc__frame_feed(f, chunk, size);
 *         while ((err = svc__frame_next(f, &item, reterr)) == 1)
 *             use(&item);
 *     }
 *     err = svc__frame_finish(f, reterr);
 *     svc__frame_free(f);
 *
 * A document is a list when it has an array called items and its kind is not
 * known yet or ends in "List"; any other document is one item. kubectl sorts
 * keys, so the list's kind may come after its items: then item.list->kind is
 * "", and svc__frame_find_id looks ahead where the whole text is in memory.
 */
#ifndef SVC_KUBE_FRAME_H
#define SVC_KUBE_FRAME_H

#include "kube/json.h"
#include "kube/meta.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* Bounds of one item (faults J8, 3.6). */
#define SVC__FRAME_ITEM_MAX   ((size_t)1536 * 1024)
#define SVC__FRAME_DEPTH_MAX  32
#define SVC__FRAME_TOKENS_MAX ((uint32_t)1 << 18)

/* The top-level kind and apiVersion of an object: NUL-terminated, "" where
 * absent or no string, cut where longer than any that is used. */
struct svc__frame_id {
    char kind[64];
    char api_version[128];
};

/* All pointers: borrowed until the next call for the same frame. */
struct svc__frame_item {
    const char *text; /* a whole JSON value, an object unless reason is set */
    size_t size;
    uint32_t tokens;                  /* brackets and commas in it: never less
                                         than the number of its values */
    const struct svc__frame_id *id;   /* its own */
    const struct svc__frame_id *list; /* its list's, as far as seen; NULL: it
                                         is a document of its own */
    struct svc__json_ends ends;       /* for svc__json_use_ends; count is 0
                                         where nothing is known */
    const char *reason;               /* NULL, or why it is to be refused: an
                                         element that is no object, malformed
                                         at its top level; id may lack then */
    const char *inner;  /* of a document: the last container on its top level,
                           such as the object of a watch event, */
    size_t inner_size;  /* if there are any; */
    size_t inner_count; /* of so many. In a list: 0 */
    int ends_are_inner; /* ends are those of inner, as of an item of its own */
    size_t index;       /* in its list, from 0 */
    size_t document;    /* number of its document, from 1 */
    uint64_t offset;    /* of text in the stream */
    uint64_t document_offset; /* of its document's '{' */
};

/* What a list says of itself in its metadata, before or behind its items. */
struct svc__frame_list {
    char version[SVC__VERSION_SIZE]; /* resourceVersion, "" where absent or not
                                        well-formed */
    const char *more;   /* continue: "" when this is all. Borrowed as below */
    const char *reason; /* NULL, or why it cannot be used: then there may be
                           more that cannot be asked for */
};

struct svc__frame;

/* A frame at the beginning of a stream, owned; NULL when out of memory.
 * item_max bounds one item, and what stands before a list's items. malformed
 * is the code for refused text: SVC_EFILE or SVC_EPROTO. */
struct svc__frame *svc__frame_new(size_t item_max, int malformed);
void svc__frame_free(struct svc__frame *f);

/* Its documents are watch events: their ends are those of the object in them.
 * Before the first feed. */
void svc__frame_expect_events(struct svc__frame *f);

/* Gives the next bytes; borrowed until next has returned something else than
 * 1, which must have happened before the next feed. */
void svc__frame_feed(struct svc__frame *f, const char *chunk, size_t size);

/* The next whole item. 1; 0 when the chunk is used up; the malformed code with
 * the byte offset in the message; SVC_ETOOBIG over a bound; SVC_ENOMEM. An
 * error is latched: the rest of the stream cannot be read. */
int svc__frame_next(struct svc__frame *f, struct svc__frame_item *ret,
                    svc_error *reterr);

/* The stream ended. 0; the malformed code when a document is not complete;
 * else the latched error. */
int svc__frame_finish(struct svc__frame *f, svc_error *reterr);

/* The list that the last document was, once it came whole, items or none; NULL
 * as long as it did not, and when it was none. Borrowed until the next call of
 * feed or next. */
const struct svc__frame_list *svc__frame_list(const struct svc__frame *f);

/* Number of the document that what came so far ends in, from 1; 0: in none. */
size_t svc__frame_inside(const struct svc__frame *f);

/* Bytes looked at so far: behind the last item, or where an error is. */
uint64_t svc__frame_offset(const struct svc__frame *f);

/* Finds the kind and apiVersion of the document that text begins with, also
 * behind its items. *ret has "" for what is not there. 0, or SVC_EFILE when
 * the document is not whole. */
int svc__frame_find_id(const char *text, size_t size,
                       struct svc__frame_id *ret);

#endif
