/* SPDX-License-Identifier: Apache-2.0 */
/* What a graph shows, collected from a set. */
#include "drawing.h"

#include "memory.h"
#include "rows.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* As strcmp; NULL comes first. */
static int compare_texts(const char *a, const char *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    int order = compare_texts(a->node, b->node);

    return order ? order : compare_texts(a->zone, b->zone);
}

void drawing_init(struct drawing *ret, const svc_endpoints *eps, size_t count)
{
    const svc_endpoints_info init = SVC_ENDPOINTS_INFO_INIT;
    size_t kept = 0;
    size_t used = 0;
    size_t i;

    ret->eps = eps;
    ret->info = init;
    ret->count = count;
    ret->places = memory_new(count, sizeof(*ret->places));
    svc_endpoints_describe(eps, &ret->info);
    for (i = 0; i < count; i++) {
        svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

        svc_endpoint_describe(svc_endpoints_at(eps, i), &info);
        ret->places[used].node = info.node;
        ret->places[used].zone = info.zone;
        used += info.node || info.zone;
    }
    qsort(ret->places, used, sizeof(*ret->places), compare_places);
    for (i = 0; i < used; i++) {
        if (i == 0 || compare_places(&ret->places[i], &ret->places[i - 1]))
            ret->places[kept++] = ret->places[i];
    }
    ret->places_count = kept;
}

void drawing_fini(struct drawing *d)
{
    free(d->places);
}

int drawing_place(const struct drawing *d, const svc_endpoint_info *info,
                  size_t *ret)
{
    const struct place key = {.node = info->node, .zone = info->zone};
    const struct place *found = bsearch(&key, d->places, d->places_count,
                                        sizeof(*d->places), compare_places);

    if (!found)
        return SVC_ENOENDPOINTS;
    *ret = (size_t)(found - d->places);
    return 0;
}

void drawing_name_service(FILE *out, const struct drawing *d,
                          const char *between)
{
    if (d->info.namespace_) {
        text_print(out, d->info.namespace_);
        fputc('/', out);
    }
    /* An address or outside name has no Service: it stands for itself. */
    if (d->info.service)
        text_print(out, d->info.service);
    else if (d->info.canonical)
        text_print(out, d->info.canonical);
    fprintf(out, "%s%s", between, d->info.type ? d->info.type : "Unknown");
}

void drawing_name_port(FILE *out, const struct drawing *d)
{
    svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

    if (d->count > 0)
        svc_endpoint_describe(svc_endpoints_at(d->eps, 0), &info);
    fputs("port", out);
    if (d->info.port_name && d->info.port_name[0]) {
        fputc(' ', out);
        text_print(out, d->info.port_name);
    }
    if (d->info.port != 0)
        fprintf(out, " %d", d->info.port);
    if (info.protocol)
        fprintf(out, "%s%s", d->info.port ? "/" : " ", info.protocol);
}

void drawing_name_endpoint(FILE *out, const svc_endpoint_info *info,
                           const char *between)
{
    char target[TEXT_TARGET_SIZE];
    char why[256];

    text_target(info->address, info->port, target);
    fputs(target, out);
    if (info->pod) {
        fprintf(out, "%spod ", between);
        if (info->pod_namespace) {
            text_print(out, info->pod_namespace);
            fputc('/', out);
        }
        text_print(out, info->pod);
    }
    if (!info->usable) {
        rows_why(info->why, why, sizeof(why));
        fprintf(out, "%snot used: %s", between, why);
    }
}
