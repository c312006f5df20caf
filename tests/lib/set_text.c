/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of endpoints.
 */
#include "set_text.h"

#include "model/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static size_t count_words(const char *line)
{
    size_t count = line[0] != '\0';

    for (; *line != '\0'; line++)
        count += *line == ' ';
    return count;
}

/* The word at *line, without its protocol; *line goes behind it. */
static void read_endpoint(const char **line, struct svc__endpoint *ep,
                          struct svc__candidate *c)
{
    char where[80];
    const size_t size = strcspn(*line, "/");
    const char *word = *line + size + 1;
    const size_t word_size = strcspn(word, " ");
    enum svc__proto proto = SVC__PROTO_ANY;

    (void)snprintf(where, sizeof(where), "%.*s", (int)size, *line);
    assert_int_equal(svc__address_parse_port(where, 0, &ep->address, &c->port),
                     0);
    assert_int_equal(svc__proto_parse(word, word_size, &proto), 0);
    c->proto = (uint8_t)proto;
    ep->weight = 1;
    *line = word + word_size;
    *line += **line == ' ';
}

struct svc__view *view_text(const char *line, svc__clock_fn trace)
{
    const uint32_t count = (uint32_t)count_words(line);
    struct svc__block *block = svc__block_new(count, 1);
    struct svc__view *v = svc__view_new("test", trace);
    struct svc__candidate c = {.block = block};

    assert_true(block != NULL && v != NULL);
    assert_int_equal(svc__view_hold(v, block), 0);
    for (; c.index < count; c.index++) {
        read_endpoint(&line, &block->endpoints[c.index], &c);
        assert_int_equal(svc__view_add(v, &c), 0);
    }
    svc__block_unref(block);
    return v;
}

struct svc_endpoints *set_text(const char *line)
{
    struct svc__freshness *f = svc__freshness_new();
    struct svc_endpoints *set;

    assert_non_null(f);
    set = svc__endpoints_new(view_text(line, NULL), f, "test", 1);
    assert_non_null(set);
    svc__freshness_unref(f);
    return set;
}
