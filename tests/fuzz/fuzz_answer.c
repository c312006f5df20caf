/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the answer to their own question: nothing crashes, what is read
 * keeps its order and bounds, and reading it again gives the same.
 */
#include "dns/answer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

static void check(const struct svc__dns_answer *a,
                  const struct svc__wire_message *m)
{
    for (uint32_t i = 1; a->block != NULL && i < a->block->count; i++)
        must(svc__address_compare(&a->block->endpoints[i - 1].address,
                                  &a->block->endpoints[i].address) < 0);
    for (size_t i = 1; i < a->glue_count; i++)
        must(a->glue[i - 1].service <= a->glue[i].service);
    for (size_t i = 0; i < a->glue_count; i++)
        must(a->glue[i].service < a->service_count);
    for (size_t i = 0; i < a->service_count; i++)
        must(a->services[i].port != 0 &&
             (a->services[i].size == 0 ||
              memcmp(a->services[i].target, a->names + a->services[i].at,
                     a->services[i].size) == 0));
    must(a->service_count + (a->block == NULL ? 0 : a->block->count) <=
         m->counts[SVC__WIRE_ANSWER]);
    must((a->kind == SVC__DNS_HAVE) ==
         (a->service_count > 0 || a->block != NULL));
    must((a->kind == SVC__DNS_BROKEN) == (a->chain != NULL));
    must(a->aliases <= SVC__DNS_ALIASES_MAX);
}

static void compare(const struct svc__dns_answer *a,
                    const struct svc__dns_answer *b)
{
    must(a->kind == b->kind && a->ttl_ms == b->ttl_ms &&
         a->aliases == b->aliases && a->service_count == b->service_count &&
         a->glue_count == b->glue_count && a->duplicates == b->duplicates);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct svc__wire_message m;
    struct svc__wire_question q;
    struct svc__dns_reading how = {.question = &q, .hostname = "10-0-0-1"};
    struct svc__dns_answer a[2];

    if (svc__wire_parse(data, size, &m) != 0 || m.tc)
        return 0;
    svc__wire_message_question(&m, &q);
    if (q.type != SVC__WIRE_A && q.type != SVC__WIRE_AAAA &&
        q.type != SVC__WIRE_SRV)
        return 0;
    for (int mode = 0; mode < 4; mode++) {
        how.follow = mode & 1;
        how.domain = (mode & 2) != 0 ? &q.name : NULL;
        for (int i = 0; i < 2; i++) {
            must(svc__dns_answer_read(&m, &how, &a[i]) == 0);
            check(&a[i], &m);
        }
        compare(&a[0], &a[1]);
        for (int i = 0; i < 2; i++)
            svc__dns_answer_fini(&a[i]);
    }
    return 0;
}
