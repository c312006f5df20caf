/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of each format: an error has words, an object is either
 * good or refused, and the counters agree. */
#include "kube/manifest.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct svc__manifest *m)
{
    size_t refused = 0;

    for (size_t i = 0; i < m->count; i++) {
        const struct svc__manifest_object *o = &m->objects[i];

        if ((o->service != NULL) + (o->slice != NULL) + (o->node != NULL) +
                (o->refusal != NULL) !=
            1)
            abort();
        if (o->document == 0 ||
            (o->refusal != NULL && o->refusal->reason[0] == '\0'))
            abort();
        refused += o->refusal != NULL;
    }
    if (refused != m->refused || m->old_versions > m->ignored ||
        (m->old_versions > 0) != (m->first_old_version != NULL) ||
        (m->document_refused_count > 0) != (m->first_document_refused != NULL))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int format = SVC__MANIFEST_SNIFF; format <= SVC__MANIFEST_YAML;
         format++) {
        struct svc__manifest *m = NULL;
        svc_error error = {0, "", ""};
        int err = svc__manifest_parse(
            &(struct svc__manifest_text){(const char *)(const void *)data, size,
                                         (enum svc__manifest_format)format,
                                         NULL},
            &m, &error);

        if ((err == 0) != (m != NULL))
            abort();
        if (err != 0 && (err != SVC_EFILE || error.message[0] == '\0'))
            abort();
        if (err == 0)
            check(m);
        svc__manifest_free(m);
    }
    return 0;
}
