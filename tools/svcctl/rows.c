/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints as rows of a table. */
#include "rows.h"

#include "text.h"

#include <stddef.h>
#include <stdio.h>

/* Room for a text that has to be put together. */
#define SCRATCH_SIZE 512

/* Each of these gives the text of one cell, perhaps written into scratch,
 * which has SCRATCH_SIZE bytes; NULL for unknown. */

static const char *cell_address(const svc_endpoint_info *info, char *scratch)
{
    (void)scratch;
    return info->address;
}

static const char *cell_port(const svc_endpoint_info *info, char *scratch)
{
    if (info->port == 0)
        return NULL;
    snprintf(scratch, SCRATCH_SIZE, "%d", info->port);
    return scratch;
}

static const char *cell_proto(const svc_endpoint_info *info, char *scratch)
{
    (void)scratch;
    return info->protocol;
}

static const char *condition(int value)
{
    if (value < 0)
        return NULL;
    return value ? "yes" : "no";
}

static const char *cell_ready(const svc_endpoint_info *info, char *scratch)
{
    (void)scratch;
    return condition(info->ready);
}

static const char *cell_serving(const svc_endpoint_info *info, char *scratch)
{
    (void)scratch;
    return condition(info->serving);
}

static const char *cell_terminating(const svc_endpoint_info *info,
                                    char *scratch)
{
    (void)scratch;
    return condition(info->terminating);
}

static const char *cell_pod(const svc_endpoint_info *info, char *scratch)
{
    if (!info->pod || !info->pod_namespace)
        return info->pod;
    snprintf(scratch, SCRATCH_SIZE, "%s/%s", info->pod_namespace, info->pod);
    return scratch;
}

static const char *cell_node(const svc_endpoint_info *info, char *scratch)
{
    (void)scratch;
    return info->node;
}

static const char *cell_zone(const svc_endpoint_info *info, char *scratch)
{
    (void)scratch;
    return info->zone;
}

static const char *cell_hostname(const svc_endpoint_info *info, char *scratch)
{
    (void)scratch;
    return info->hostname;
}

static const char *cell_app(const svc_endpoint_info *info, char *scratch)
{
    (void)scratch;
    return info->app_protocol;
}

static const char *cell_weight(const svc_endpoint_info *info, char *scratch)
{
    snprintf(scratch, SCRATCH_SIZE, "%u", (unsigned)info->weight);
    return scratch;
}

static const char *cell_uid(const svc_endpoint_info *info, char *scratch)
{
    (void)scratch;
    return info->uid;
}

static const char *cell_why(const svc_endpoint_info *info, char *scratch)
{
    rows_why(info->why, scratch, SCRATCH_SIZE);
    return scratch;
}

/* The same of what is common to the rows of a set. */

static const char *set_type(const svc_endpoints_info *set, char *scratch)
{
    (void)scratch;
    return set->type;
}

static const char *set_source(const svc_endpoints_info *set, char *scratch)
{
    (void)scratch;
    return set->source;
}

static const char *set_ttl(const svc_endpoints_info *set, char *scratch)
{
    if (set->ttl_ms < 0)
        return NULL;
    snprintf(scratch, SCRATCH_SIZE, "%.*fs", set->ttl_ms % 1000 == 0 ? 0 : 1,
             (double)set->ttl_ms / 1000);
    return scratch;
}

enum column_use {
    USE_ALWAYS,
    USE_SET,
    USE_SET_WIDE,
    USE_WIDE,
    USE_WHY
};

static const struct column {
    const char *title;
    const char *(*cell)(const svc_endpoint_info *info, char *scratch);
    enum column_use use;
    const char *(*set)(const svc_endpoints_info *set, char *scratch);
} columns[] = {
    {"ADDRESS", cell_address, USE_ALWAYS, NULL},
    {"PORT", cell_port, USE_ALWAYS, NULL},
    {"PROTO", cell_proto, USE_ALWAYS, NULL},
    {"TYPE", NULL, USE_SET, set_type},
    {"SOURCE", NULL, USE_SET_WIDE, set_source},
    {"TTL", NULL, USE_SET, set_ttl},
    {"READY", cell_ready, USE_ALWAYS, NULL},
    {"POD", cell_pod, USE_ALWAYS, NULL},
    {"NODE", cell_node, USE_ALWAYS, NULL},
    {"ZONE", cell_zone, USE_ALWAYS, NULL},
    {"HOSTNAME", cell_hostname, USE_WIDE, NULL},
    {"SERVING", cell_serving, USE_WIDE, NULL},
    {"TERMINATING", cell_terminating, USE_WIDE, NULL},
    {"WEIGHT", cell_weight, USE_WIDE, NULL},
    {"APP-PROTOCOL", cell_app, USE_WIDE, NULL},
    {"POD-UID", cell_uid, USE_WIDE, NULL},
    {"WHY-NOT", cell_why, USE_WHY, NULL},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static int is_used(const struct rows *rows, const struct column *column)
{
    switch (column->use) {
    case USE_ALWAYS:
        return 1;
    case USE_SET:
        return rows->set;
    case USE_SET_WIDE:
        return rows->set && rows->wide;
    case USE_WIDE:
        return rows->wide;
    case USE_WHY:
        return rows->why;
    }
    return 0;
}

void rows_init(const struct rows *rows, struct table *ret)
{
    size_t count = rows->lead != NULL;
    size_t i;

    for (i = 0; i < COLUMNS; i++)
        count += (size_t)is_used(rows, &columns[i]);
    table_init(ret, count);
    if (rows->lead)
        table_add(ret, rows->lead, TINT_BOLD);
    for (i = 0; i < COLUMNS; i++) {
        if (is_used(rows, &columns[i]))
            table_add(ret, columns[i].title, TINT_BOLD);
    }
}

/* What a row is about. */
struct row {
    const char *lead;
    const svc_endpoint *ep;
    const svc_endpoints_info *set;
};

static void add(const struct rows *rows, struct table *t, const struct row *row)
{
    svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;
    char scratch[SCRATCH_SIZE];
    enum tint tint;
    size_t i;

    svc_endpoint_describe(row->ep, &info);
    tint = info.usable ? rows->tint : TINT_DIM;
    if (rows->lead)
        table_add(t, row->lead, tint);
    for (i = 0; i < COLUMNS; i++) {
        if (is_used(rows, &columns[i]))
            table_add(t,
                      columns[i].set ? columns[i].set(row->set, scratch)
                                     : columns[i].cell(&info, scratch),
                      tint);
    }
}

void rows_add(const struct rows *rows, struct table *t, const char *lead,
              const svc_endpoint *ep)
{
    const svc_endpoints_info unknown = SVC_ENDPOINTS_INFO_INIT;

    add(rows, t, &(struct row){lead, ep, &unknown});
}

void rows_add_set(const struct rows *rows, struct table *t, const char *lead,
                  const svc_endpoints *eps, size_t count)
{
    svc_endpoints_info set = SVC_ENDPOINTS_INFO_INIT;
    size_t i;

    svc_endpoints_describe(eps, &set);
    for (i = 0; i < count; i++)
        add(rows, t, &(struct row){lead, svc_endpoints_at(eps, i), &set});
}

void rows_print_names(const svc_endpoints *eps, size_t count)
{
    char target[TEXT_TARGET_SIZE];
    size_t i;

    for (i = 0; i < count; i++) {
        svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

        svc_endpoint_describe(svc_endpoints_at(eps, i), &info);
        text_target(info.address, info.port, target);
        puts(target);
    }
}

void rows_why(uint32_t why, char *ret, size_t size)
{
    size_t used = 0;
    uint32_t bit;

    ret[0] = '\0';
    for (bit = 1; bit != 0 && used < size; bit <<= 1) {
        const char *word = svc_why_name(why & bit);

        if (word)
            used += (size_t)snprintf(ret + used, size - used, "%s%s",
                                     used ? "," : "", word);
    }
}
