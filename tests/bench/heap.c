/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The most heap that is used at one time, for each byte of hostile input. What
 * is kept of the input itself is not counted: a slice that is refused leaves
 * nothing.
 */
#include "base/buf.h"
#include "bench.h"
#include "generate.h"
#include "kube/frame.h"
#include "kube/slice.h"

#include <json.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void read_ours(const struct svc__buf *text)
{
    struct svc__frame *f = svc__frame_new(SVC__FRAME_ITEM_MAX, SVC_EFILE);
    struct svc__slice *slice;
    struct svc__frame_item item;

    for (size_t at = 0; at < text->size; at += 4096) {
        size_t left = text->size - at;

        svc__frame_feed(f, text->data + at, left < 4096 ? left : 4096);
        while (svc__frame_next(f, &item, NULL) == 1) {
            if (svc__slice_decode(item.text, item.size, &slice, NULL) == 0)
                svc__slice_unref(slice);
        }
    }
    svc__frame_free(f);
}

static void read_json_c(const struct svc__buf *text)
{
    struct json_tokener *tok = json_tokener_new();

    json_object_put(json_tokener_parse_ex(tok, text->data, (int)text->size));
    json_tokener_free(tok);
}

static double heap_of(void (*read)(const struct svc__buf *text),
                      const struct svc__buf *text)
{
    size_t live = memory_live();

    memory_reset_peak();
    read(text);
    return (double)(memory_peak() - live) / (double)text->size;
}

static void compare(const char *name, const char *before, const char *part,
                    const char *after)
{
    char title[80];
    struct svc__buf text;

    svc__buf_init(&text, (size_t)1 << 28);
    svc__buf_add_text(&text, before);
    while (text.size < 1400000) {
        svc__buf_add_text(&text, part);
        svc__buf_add_byte(&text, ',');
    }
    svc__buf_add_text(&text, part);
    svc__buf_add_text(&text, after);
    bench_must(text.err == 0, "allocating");
    for (int i = 0; i < 2; i++) {
        strcpy(title, name);
        strcat(title, i == 0 ? ", json-c" : ", libsvc");
        bench_value("heap", title,
                    heap_of(i == 0 ? read_json_c : read_ours, &text),
                    "bytes for a byte");
    }
    svc__buf_fini(&text);
}

#define SLICE "{\"metadata\":{\"name\":\"w\"},\"addressType\":\"IPv4\","

void bench_heap(void)
{
    if (!bench_settings.json)
        printf("Heap at most, for each byte of an object of 1.4 MB\n");
    compare("array of {}", "{\"x\":[", "{}", "]}");
    compare("ports of {}", SLICE "\"ports\":[", "{}", "]}");
    compare("smallest endpoints", SLICE "\"endpoints\":[",
            "{\"addresses\":[\"1.1.1.1\"]}", "]}");
    compare("addresses", SLICE "\"endpoints\":[{\"addresses\":[",
            "\"10.0.0.1\"", "]}]}");
    compare("list of small objects", "{\"items\":[", "{\"a\":1}", "]}");
}
