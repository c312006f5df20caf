/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A query, then any events with any answers: nothing crashes, a lookup ends
 * once every question has its end, and what it gives out holds together. The
 * first byte chooses the query; each event is a byte of kind, time and question
 * and, for an answer, two of length, four of rcode and counts, and records.
 */
#include "lookup_play.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

static void check(const struct svc__lookup_action *a,
                  const struct svc__query *q)
{
    struct svc__view *copy;

    must(!a->is_done || a->view != NULL || a->error.code != 0);
    if (a->view == NULL)
        return;
    must(a->view->count == 0 || a->view->code == 0);
    must(a->view->count <= SVC__WIRE_RECORDS_MAX);
    must(a->found == SVC__LOOKUP_HAVE || a->view->code != 0);
    for (size_t i = 0; i < a->view->count; i++) {
        const struct svc__candidate *c = &a->view->candidates[i];

        must(svc__address_is_allowed(&svc__candidate_endpoint(c)->address,
                                     q->allow) ||
             c->why != 0);
        must(i == 0 ||
             svc__candidate_compare(&a->view->candidates[i - 1], c) < 0);
    }
    copy = svc__lookup_deliver(a->view, q, NULL);
    must(copy != NULL && copy->count == a->view->count);
    svc__view_free(copy);
    svc__view_free(a->view);
}

/* The answer: the head of one to the question, and the bytes behind it. */
static size_t build(const struct svc__wire_question *q, const uint8_t *data,
                    size_t size, uint8_t *ret)
{
    static const uint8_t head[12] = {0, 0, 0x80, 0, 0, 1};

    memcpy(ret, head, sizeof(head));
    memcpy(ret + 12, q->name.bytes, q->name.size);
    ret[12 + q->name.size] = 0;
    ret[13 + q->name.size] = (uint8_t)q->type;
    ret[14 + q->name.size] = 0;
    ret[15 + q->name.size] = 1;
    if (size < 4)
        return 16 + (size_t)q->name.size;
    ret[3] = data[0] & 3;
    ret[7] = data[1];
    ret[9] = data[2] & 7;
    ret[11] = data[3];
    memcpy(ret + 16 + q->name.size, data + 4, size - 4);
    return 12 + (size_t)q->name.size + size;
}

static void run(struct svc__lookup *l, const struct svc__query *q,
                const uint8_t *data, size_t size)
{
    static uint8_t bytes[SVC__WIRE_MESSAGE_MAX];
    struct svc__wire_message message;
    const svc_error error = {.code = SVC_ETIMEDOUT, .message = "late"};
    struct svc__lookup_event ev = {.kind = SVC__LOOKUP_START, .error = &error};
    struct svc__lookup_action a;
    size_t asked = 0;

    must(svc__lookup_step(l, &ev, &a) == 0);
    for (asked = a.ask_count; size > 0 && !a.is_done; asked += a.ask_count) {
        size_t used = 1;

        ev.now_ms += data[0] & 0x30;
        ev.question = data[0] & 15;
        ev.kind = (data[0] & 0xC0) == 0      ? SVC__LOOKUP_DUE
                  : (data[0] & 0xC0) == 0x40 ? SVC__LOOKUP_FAILED
                                             : SVC__LOOKUP_ANSWERED;
        if (ev.kind == SVC__LOOKUP_ANSWERED && size > 3 &&
            ev.question < asked) {
            size_t length = (size_t)(data[1] << 8 | data[2]) & 0x1FFF;

            length = length < size - 3 ? length : size - 3;
            used = 3 + length;
            length = build(svc__lookup_question(l, ev.question), data + 3,
                           length, bytes);
            ev.answer = &message;
            if (svc__wire_parse(bytes, length, &message) != 0)
                ev.kind = SVC__LOOKUP_FAILED;
        } else if (ev.kind == SVC__LOOKUP_ANSWERED) {
            ev.kind = SVC__LOOKUP_DUE;
        }
        data += used;
        size -= used;
        must(svc__lookup_step(l, &ev, &a) == 0);
        check(&a, q);
    }
    ev.kind = SVC__LOOKUP_FAILED;
    for (ev.question = 0; ev.question < asked && !a.is_done; ev.question++) {
        must(svc__lookup_step(l, &ev, &a) == 0);
        check(&a, q);
    }
    must(a.is_done && asked <= SVC__LOOKUP_QUESTIONS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const queries[] = {
        "shop/web port=80",
        "shop/web",
        "shop/web port=http",
        "shop/web port=http proto=udp family=6",
        "shop/web port=80 view=pods",
        "shop/web view=vip family=4",
        "shop/web host=a caller=a",
        "shop/web host=a port=http",
        "shop/web caller=z",
        "shop/web port=http caller=z",
        "shop/web topo=z pin",
        "shop/web cluster=c host=a",
        "external/a.b port=80",
        "external/a.b port=x",
        "external/a.b port=x proto=tcp family=4 allow=loopback",
        "shop/web allow=link-local allow=metadata"};
    static struct lookup_play p;

    if (size == 0 ||
        lookup_play_begin(&p, queries[data[0] & 15], NULL, NULL) != 0)
        return 0;
    run(p.lookup, &p.query.q, data + 1, size - 1);
    lookup_play_end(&p);
    return 0;
}
