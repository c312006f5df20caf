/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an EndpointSlice: nothing crashes, and what is accepted reads
 * the same alone, again, and as the item of a frame.
 */
#include "kube/frame.h"
#include "slice_dump.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(struct svc__slice *slice, const struct svc__buf *want)
{
    struct svc__buf got;

    svc__buf_init(&got, SIZE_MAX / 2);
    slice_dump(&got, slice);
    if (got.size != want->size || memcmp(got.data, want->data, got.size) != 0)
        abort();
    svc__buf_fini(&got);
    svc__slice_unref(slice);
}

static void read_framed(struct svc__slice_decoder *d, const char *text,
                        size_t size, const struct svc__buf *want)
{
    struct svc__frame *f = svc__frame_new(SVC__FRAME_ITEM_MAX, SVC_EFILE);
    struct svc__frame_item item;
    struct svc__slice *slice;

    svc__frame_feed(f, text, size);
    if (svc__frame_next(f, &item, NULL) == 1 && item.size == size) {
        if (svc__slice_decoder_item(d, &item, &slice, NULL) == 0)
            compare(slice, want);
        else if (strncmp(want->data, "SVC_", 4) != 0)
            abort();
    }
    svc__frame_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct svc__slice_decoder *d = svc__slice_decoder_new();
    struct svc__slice *slice;
    struct svc__buf want;

    svc__buf_init(&want, SIZE_MAX / 2);
    slice_dump_text(&want, text, size);
    for (int i = 0; i < 2; i++) {
        if (svc__slice_decoder_decode(d, text, size, &slice, NULL) == 0)
            compare(slice, &want);
    }
    read_framed(d, text, size, &want);
    svc__buf_fini(&want);
    svc__slice_decoder_free(d);
    return 0;
}
