/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Knows the little language of sets.h.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sets.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cuts text at the last mark; what is behind it, or NULL. */
static char *cut(char *text, char mark)
{
    char *at = strrchr(text, mark);

    if (at == NULL)
        return NULL;
    *at = '\0';
    return at + 1;
}

static void add(struct svc__view *v, char *word)
{
    const char *why = cut(word, '!');
    const char *pod = cut(word, '@');
    const char *port = cut(word, '/');
    size_t pod_size = pod == NULL ? 0 : strlen(pod) + 1;
    struct svc__block *block = svc__block_new(1, (uint32_t)pod_size + 1);
    struct svc__endpoint *e = &block->endpoints[0];
    struct svc__candidate c = {.block = block, .port = 80, .proto = 6};

    assert_int_equal(svc__address_parse(word, strlen(word), &e->address), 0);
    e->flags = SVC__EP_CONDITIONS | SVC__EP_READY | SVC__EP_SERVING;
    e->weight = 1;
    if (pod != NULL) {
        memcpy(block->text + 1, pod, pod_size);
        e->pod = 1;
    }
    if (port != NULL)
        c.port = (uint16_t)strtoul(port, NULL, 10);
    if (why != NULL)
        c.why = (uint16_t)strtoul(why, NULL, 10);
    assert_int_equal(svc__view_hold(v, block), 0);
    assert_int_equal(svc__view_add(v, &c), 0);
    svc__block_unref(block);
}

struct svc__view *sets_view(const char *words)
{
    struct svc__view *v = svc__view_new("test", NULL);
    char *copy = svc__strdup(words);
    char *save = NULL;

    assert_non_null(v);
    v->type = SVC__TYPE_CLUSTERIP;
    v->kind = SVC__VIEW_PODS;
    v->service = svc__strdup("web");
    v->namespace_ = svc__strdup("dev");
    for (char *word = strtok_r(copy, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save))
        add(v, word);
    svc__free(copy);
    return v;
}

struct svc_endpoints *sets_new(const char *words, uint64_t generation)
{
    struct svc__freshness *f = svc__freshness_new();
    struct svc_endpoints *eps =
        svc__endpoints_new(sets_view(words), f, "rr", generation);

    assert_non_null(eps);
    svc__freshness_unref(f);
    return eps;
}

const char *sets_text(const svc_endpoints *eps, size_t from, size_t to)
{
    static char text[4096];
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = from; i < to; i++) {
        svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;
        char port[16] = "";

        assert_int_equal(svc_endpoint_describe(svc_endpoints_at(eps, i), &info),
                         0);
        if (info.port != 80)
            (void)snprintf(port, sizeof(port), "/%d", info.port);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s%s%s",
                                 used > 0 ? " " : "", info.address, port,
                                 info.pod == NULL ? "" : "@",
                                 info.pod == NULL ? "" : info.pod);
        assert_true(used < sizeof(text));
    }
    return text;
}
