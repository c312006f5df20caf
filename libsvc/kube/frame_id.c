/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the look ahead of kube/frame: what a document is, when the whole text is
 * in memory. Knows no state.
 */
#include "kube/frame.h"

#include "base/scan.h"
#include "kube/level.h"

/* Depth of a document's brackets, and what is left for its elements. */
#define DOCUMENT_DEPTH 1
#define ELEMENT_DEPTH  3

int svc__frame_find_id(const char *text, size_t size, struct svc__frame_id *ret)
{
    const struct svc__scan_ops *ops = svc__scan_ops();
    struct svc__scan scan;
    struct svc__level level;
    const char *mark = text;
    enum svc__scan_stop stop;

    svc__level_init(&level);
    svc__scan_init(&scan, 0, SVC__FRAME_DEPTH_MAX + ELEMENT_DEPTH - 1);
    svc__scan_feed(&scan, text, size);
    while ((stop = ops->walk(&scan)) == SVC__SCAN_OPEN ||
           stop == SVC__SCAN_CLOSE) {
        const char *at = text + scan.pos;

        if (scan.floor == 0) {
            scan.floor = DOCUMENT_DEPTH;
            mark = at + 1;
        } else if (stop == SVC__SCAN_CLOSE && scan.depth == DOCUMENT_DEPTH) {
            mark = at + 1;
        } else {
            int closes = scan.depth < DOCUMENT_DEPTH;

            svc__level_read(&level, mark, (size_t)(at + 1 - mark));
            if (level.reason != NULL)
                break;
            if (closes) {
                *ret = level.id;
                return 0;
            }
        }
    }
    return SVC_EFILE;
}
