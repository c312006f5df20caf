/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns which queries share a lookup, and what each of them gets of its view.
 */
#include "dns/lookup.h"

#include "dns/wire_lower.h"

#include <stdint.h>
#include <string.h>

/* Texts, and what comes behind them. */
#define NUMBERS   7
#define TEXTS_MAX (SVC__LOOKUP_KEY_MAX - NUMBERS)

/* A text and a blank, which no name has; "-" when absent. Returns the end,
 * NULL when there is no room. */
static char *put_text(char *at, const char *end, const char *text)
{
    size_t size;

    if (text == NULL)
        text = "-";
    size = strlen(text);
    if (at == NULL || size >= (size_t)(end - at))
        return NULL;
    memcpy(at, text, size);
    at[size] = ' ';
    return at + size + 1;
}

int svc__lookup_key(const struct svc__query *q,
                    char ret[SVC__LOOKUP_KEY_MAX + 1])
{
    const char *const texts[] = {q->domain, q->cluster_id, q->topo_zone,
                                 q->host,   q->service,    q->namespace_,
                                 q->zone,   q->port_name};
    const int has_port = q->port_name == NULL && q->port != 0;
    const unsigned numbers[NUMBERS] = {(unsigned)q->kind,
                                       (unsigned)q->topo_prefer,
                                       q->port_name != NULL ? (unsigned)q->proto
                                                            : 0,
                                       (unsigned)has_port,
                                       (unsigned)q->view,
                                       (unsigned)q->family,
                                       q->allow};
    char *at = ret;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        at = put_text(at, ret + TEXTS_MAX, texts[i]);
    if (at == NULL)
        return SVC_ETOOBIG;
    svc__wire_lower((uint8_t *)ret, (size_t)(at - ret));
    /* Each is an octet, and none of them the one that ends a text. */
    for (size_t i = 0; i < NUMBERS; i++)
        *at++ = (char)(1 + numbers[i]);
    *at = '\0';
    return 0;
}

/* Numbers are taken as they are: DNS does not map them (semantics 2.3, 2.4). */
static void fill_port(struct svc__view *v, const struct svc__query *q)
{
    int is_number = q->port_name == NULL && q->port != 0;

    for (size_t i = 0; i < v->count; i++) {
        struct svc__candidate *c = &v->candidates[i];

        if (is_number && c->port == 0)
            c->port = q->port;
        if (c->proto == SVC__PROTO_ANY)
            c->proto = (uint8_t)q->proto;
    }
    if (!is_number)
        return;
    v->port = q->port;
    if (v->alias != NULL)
        v->alias_port = q->port;
}

struct svc__view *svc__lookup_deliver(const struct svc__view *v,
                                      const struct svc__query *q,
                                      svc__clock_fn trace)
{
    struct svc__view *copy = svc__view_copy(v, trace);

    if (copy != NULL)
        fill_port(copy, q);
    return copy;
}
