/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EndpointSlices from bytes to endpoints: json-c against kube/frame and
 * kube/slice, on a list as an API server sends it and as kubectl prints it.
 */
#include "base/buf.h"
#include "bench.h"
#include "checksum.h"
#include "generate.h"
#include "kube/frame.h"
#include "kube/slice.h"
#include "peer_json_c.h"
#include "scan_choice.h"
#ifdef SVC_BENCH_SIMDJSON
#include "slices_simdjson.h"
#endif

#include <stdio.h>
#include <stdlib.h>

/* Our way, with its variants. */
struct ours {
    const struct svc__buf *text;
    size_t slices;  /* in it */
    size_t piece;   /* bytes fed at a time */
    int portable;   /* the portable walk */
    int frame_only; /* no endpoints */
    int drop;       /* every slice is given up at once */
    struct svc__slice **kept;
    size_t count;
    uint64_t sum;
};

static void use(struct ours *o, struct svc__slice_decoder *d,
                const struct svc__frame_item *item)
{
    svc_error error;
    struct svc__slice *slice;

    if (o->frame_only) {
        o->sum += item->size;
        return;
    }
    bench_must(svc__slice_decoder_item(d, item, &slice, &error) == 0,
               "decoding a slice");
    if (o->drop) {
        o->sum += slice->block->count;
        svc__slice_unref(slice);
    } else {
        o->kept[o->count++] = slice;
    }
}

static void before(void *arg)
{
    struct ours *o = arg;

    scan_choose_portable(o->portable);
    o->sum = 0;
    o->count = 0;
    o->kept = malloc(o->slices * sizeof(struct svc__slice *));
    bench_must(o->kept != NULL, "allocating");
}

static void run(void *arg)
{
    struct ours *o = arg;
    struct svc__frame *f = svc__frame_new(SVC__FRAME_ITEM_MAX, SVC_EFILE);
    struct svc__slice_decoder *d = svc__slice_decoder_new();
    struct svc__frame_item item;
    int more = 0;

    for (size_t at = 0; at < o->text->size && more == 0; at += o->piece) {
        size_t left = o->text->size - at;

        svc__frame_feed(f, o->text->data + at,
                        left < o->piece ? left : o->piece);
        while ((more = svc__frame_next(f, &item, NULL)) == 1)
            use(o, d, &item);
    }
    bench_must(more == 0 && svc__frame_finish(f, NULL) == 0, "the frame");
    svc__slice_decoder_free(d);
    svc__frame_free(f);
}

static uint64_t after(void *arg)
{
    struct ours *o = arg;
    uint64_t sum = 0;

    scan_choose_portable(0);
    for (size_t i = 0; i < o->count; i++) {
        const struct svc__block *block = o->kept[i]->block;

        for (uint32_t k = 0; k < block->count; k++)
            sum = checksum_endpoint(sum, &block->endpoints[k], block->text);
        svc__slice_unref(o->kept[i]);
    }
    free(o->kept);
    return sum != 0 ? sum : o->sum;
}

/* What stays of the slices, in bytes for an endpoint. */
static void print_kept(struct ours *o, const char *title, double endpoints)
{
    size_t live;

    before(o);
    live = memory_live();
    memory_reset_peak();
    run(o);
    bench_value(title, "kept of an endpoint",
                (double)(memory_live() - live) / endpoints, "bytes");
    bench_value(title, "heap at most, above that",
                (double)(memory_peak() - memory_live()) / 1e6, "MB");
    after(o);
}

#define OURS(title, variant)                                                   \
    {                                                                          \
        .name = title, .arg = &(variant), .before = before, .run = run,        \
        .after = after                                                         \
    }

static void run_list(const char *title, enum generate_style style,
                     size_t slices, size_t endpoints)
{
    const struct generate_options options = {.seed = 1,
                                             .style = style,
                                             .slices = slices,
                                             .endpoints = endpoints,
                                             .managed_fields = 1};
    struct svc__buf text;
    struct peer_json_c theirs = {.text = &text};
    struct ours whole = {.text = &text, .slices = slices};
    struct ours pieces;
    struct ours portable;
    struct ours frame;
    struct ours drop;
#ifdef SVC_BENCH_SIMDJSON
    struct slices_simdjson ondemand = {.text = &text};
#endif
    struct bench_peer peers[] = {
        {.name = "json-c parse + extract",
         .arg = &theirs,
         .run = peer_json_c_run,
         .after = peer_json_c_after},
        {.name = "json-c parse + extract + free",
         .arg = &theirs,
         .run = peer_json_c_run_and_free,
         .after = peer_json_c_after},
        OURS("libsvc", whole),
        OURS("libsvc, fed 64 KiB at a time", pieces),
        OURS("libsvc, portable walk", portable),
#ifdef SVC_BENCH_SIMDJSON
        {.name = "simdjson On-Demand",
         .arg = &ondemand,
         .before = slices_simdjson_before,
         .run = slices_simdjson_run,
         .after = slices_simdjson_after},
#endif
    };
    struct bench_peer parts[] = {
        OURS("libsvc, each slice dropped", drop),
        OURS("frame alone", frame),
    };
    struct bench_group group = {
        title,      0,     (double)(slices * endpoints),
        "endpoint", peers, sizeof(peers) / sizeof(peers[0]),
        0};

    svc__buf_init(&text, (size_t)1 << 31);
    generate_list(&text, &options);
    bench_must(text.err == 0, "generating");
    group.bytes = (double)text.size;
    whole.piece = text.size;
    pieces = portable = frame = drop = whole;
    pieces.piece = (size_t)64 << 10;
    portable.portable = 1;
    frame.frame_only = 1;
    drop.drop = 1;
    bench_run(&group);
    group.title = "  the same, in parts";
    group.peers = parts;
    group.count = 2;
    group.different = 1;
    bench_run(&group);
    print_kept(&whole, title, (double)(slices * endpoints));
    svc__buf_fini(&text);
}

void bench_slices(void)
{
    size_t slices = bench_settings.quick ? 500 : 10000;

    run_list("slices x 10 endpoints, compact, with managedFields",
             GENERATE_COMPACT, slices, 10);
    run_list("slices x 10 endpoints, indented, with managedFields",
             GENERATE_INDENTED, slices, 10);
    run_list("slices x 100 endpoints, compact, with managedFields",
             GENERATE_COMPACT, slices / 10, 100);
}
