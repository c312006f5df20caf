/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a stream: the same items and the same end, whether it comes
 * whole or in pieces, whose sizes the first byte chooses.
 */
#include "kube/frame.h"

#include <stdint.h>
#include <stdlib.h>
#include <svc/svc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came out, in one number. */
static uint64_t run(const char *text, size_t size, size_t piece)
{
    struct svc__frame *f = svc__frame_new(2000, SVC_EFILE);
    struct svc__frame_item item;
    uint64_t sum = 0;
    int more = 0;

    for (size_t at = 0; at < size && more == 0; at += piece) {
        svc__frame_feed(f, text + at, size - at < piece ? size - at : piece);
        while ((more = svc__frame_next(f, &item, NULL)) == 1) {
            sum = sum * 31 + item.offset + item.document + item.tokens +
                  (item.reason != NULL);
            for (size_t i = 0; i < item.size; i++)
                sum = sum * 31 + (unsigned char)item.text[i];
            for (const char *p = item.id->kind; *p != '\0'; p++)
                sum = sum * 31 + (unsigned char)*p;
        }
    }
    if (more == 0)
        more = svc__frame_finish(f, NULL);
    sum = sum * 31 + (uint64_t)(int64_t)more + svc__frame_offset(f);
    svc__frame_free(f);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct svc__frame_id id;

    if (size == 0)
        return 0;
    if (run(text + 1, size - 1, size) !=
        run(text + 1, size - 1, (size_t)data[0] + 1))
        abort();
    (void)svc__frame_find_id(text + 1, size - 1, &id);
    return 0;
}
