/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation of UTF-8, against a plain loop over bytes and against memchr,
 * which does less.
 */
#include "base/utf8.h"

#include "base/buf.h"
#include "bench.h"

#include <string.h>

struct text {
    struct svc__buf text;
    int valid;
};

static void run_ours(void *arg)
{
    struct text *t = arg;

    t->valid = svc__utf8_is_valid(t->text.data, t->text.size);
}

/* Byte by byte: the state is the number of bytes that are missing. Not
 * strict. */
static void run_plain(void *arg)
{
    struct text *t = arg;
    int missing = 0;
    int bad = 0;

    for (size_t i = 0; i < t->text.size; i++) {
        unsigned char c = (unsigned char)t->text.data[i];

        if (c < 0x80)
            bad |= missing;
        else if (c < 0xC0)
            bad |= missing-- == 0;
        else
            missing = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    }
    t->valid = bad == 0 && missing == 0;
}

static void run_memchr(void *arg)
{
    struct text *t = arg;

    t->valid = memchr(t->text.data, 0xFF, t->text.size) == NULL;
}

static uint64_t after(void *arg)
{
    return (uint64_t)((struct text *)arg)->valid;
}

static void run_text(const char *title, const char *part)
{
    struct text t = {.valid = 0};
    struct bench_peer peers[] = {
        {"byte by byte, not strict", &t, NULL, run_plain, after, {0}, 0, 0},
        {"libsvc", &t, NULL, run_ours, after, {0}, 0, 0},
        {"memchr over it", &t, NULL, run_memchr, after, {0}, 0, 0},
    };
    struct bench_group group = {title, 0, 0, "byte", peers, 3, 0};

    svc__buf_init(&t.text, (size_t)1 << 28);
    while (t.text.size < (bench_settings.quick ? 1u << 20 : 1u << 24))
        svc__buf_add_text(&t.text, part);
    bench_must(t.text.err == 0, "allocating");
    group.bytes = (double)t.text.size;
    group.operations = group.bytes;
    bench_run(&group);
    svc__buf_fini(&t.text);
}

void bench_utf8(void)
{
    run_text(
        "UTF-8, all ASCII",
        "{\"name\":\"checkout-api-6d8f9c7b5d-x7k2p\",\"uid\":\"5b2c8a4e\"}");
    run_text("UTF-8, a word in ten not ASCII",
             "ein Satz mit etwas Text und darin auch einmal Größe genannt. ");
    run_text("UTF-8, Cyrillic", "Служба отвечает на запросы ");
}
