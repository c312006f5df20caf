/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole path from bytes to endpoints gives the same with either version of
 * the walk: this program links its own choice.
 */
#include "base/buf.h"
#include "base/rng.h"
#include "base/scan.h"
#include "base/scan_avx2.h"
#include "generate.h"
#include "kube/frame.h"
#include "slice_dump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int portable;

const struct svc__scan_ops *svc__scan_ops(void)
{
    const struct svc__scan_ops *fast = svc__scan_ops_avx2();

    return portable || fast == NULL ? svc__scan_ops_portable() : fast;
}

static void dump_list(struct svc__buf *b, const struct svc__buf *text)
{
    struct svc__frame *f = svc__frame_new(SVC__FRAME_ITEM_MAX, SVC_EFILE);
    struct svc__frame_item item;
    svc_error error;
    int more;

    svc__frame_feed(f, text->data, text->size);
    while ((more = svc__frame_next(f, &item, &error)) == 1)
        slice_dump_text(b, item.text, item.size);
    if (more != 0)
        svc__buf_add_text(b, error.message);
    svc__frame_free(f);
}

static void both_versions_agree(void **state)
{
    struct generate_options options = {
        .slices = 3, .endpoints = 12, .managed_fields = 1};
    struct svc__rng rng;
    (void)state;

    svc__rng_seed(&rng, 31);
    for (int run = 0; run < 400; run++) {
        struct svc__buf text;
        struct svc__buf dumps[2];

        svc__buf_init(&text, (size_t)1 << 24);
        options.seed = (uint64_t)run;
        options.style = run % 2 ? GENERATE_COMPACT : GENERATE_INDENTED;
        generate_list(&text, &options);
        if (run % 4 >= 2)
            text.data[svc__rng_below(&rng, (uint32_t)text.size)] =
                "{}[]\"\\\x80,:x"[svc__rng_below(&rng, 10)];
        for (portable = 0; portable < 2; portable++) {
            svc__buf_init(&dumps[portable], (size_t)1 << 24);
            dump_list(&dumps[portable], &text);
        }
        assert_int_equal(dumps[0].size, dumps[1].size);
        assert_memory_equal(dumps[0].data, dumps[1].data, dumps[0].size);
        svc__buf_fini(&text);
        svc__buf_fini(&dumps[0]);
        svc__buf_fini(&dumps[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
