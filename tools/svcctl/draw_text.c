/* SPDX-License-Identifier: Apache-2.0 */
/* A graph as a tree for the terminal, one line an endpoint. */
#include "drawing.h"

#include "text.h"

static void write_place(const svc_endpoint_info *info)
{
    if (info->node) {
        fputs(" -> node ", stdout);
        text_print(stdout, info->node);
    }
    if (info->zone) {
        fputs(" -> zone ", stdout);
        text_print(stdout, info->zone);
    }
}

void drawing_write_text(const struct drawing *d)
{
    size_t i;

    fputs("Service ", stdout);
    drawing_name_service(stdout, d, ", ");
    fputs("\n`-- ", stdout);
    drawing_name_port(stdout, d);
    putchar('\n');
    for (i = 0; i < d->count; i++) {
        svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

        svc_endpoint_describe(svc_endpoints_at(d->eps, i), &info);
        fputs(i + 1 < d->count ? "    |-- " : "    `-- ", stdout);
        drawing_name_endpoint(stdout, &info, ", ");
        write_place(&info);
        putchar('\n');
    }
}
