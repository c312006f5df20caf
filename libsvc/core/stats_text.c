/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the tables of what is told, one line for each number, and the two
 * formats, which are written from them: JSON (RFC 8259), and the text format of
 * Prometheus, version 0.0.4. Names are in that one's conventions: a prefix,
 * base units, "_total" for a counter. A service's label is "name", since
 * "service" and "namespace" are what a scraper calls the target.
 */
#include "base/buf.h"
#include "base/err.h"
#include "core/stats.h"

#include <stddef.h>
#include <string.h>

/* Of what is listed at most: the names, each of whose bytes may take two, in a
 * line for each number, and the rest of those lines: 15 MB. */
#define TEXT_MAX ((size_t)16 * 1024 * 1024)

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- tables -------------------------------------------------------------- */

#define NUMBER(field, kind, metric, help)                                      \
    {                                                                          \
#field, metric, help, kind, offsetof(svc_stats, field)                 \
    }
#define COUNTER(field, help)                                                   \
    NUMBER(field, SVC__STAT_COUNTER, "svc_" #field "_total", help)
#define GAUGE(field, help) NUMBER(field, SVC__STAT_GAUGE, "svc_" #field, help)

static const struct svc__stat of_resolver[] = {
    GAUGE(services_open, "Services that are open, those included that "
                         "svc_resolver_resolve keeps."),
    GAUGE(watches_open, "Watches that are open."),
    GAUGE(sources_open, "Sources that are open: a backend and its settings."),
    COUNTER(resolves, "Calls of svc_resolver_resolve."),
    COUNTER(updates, "Answers that sources delivered."),
    COUNTER(updates_unchanged, "Answers that were equal to the one before."),
    COUNTER(publishes, "Sets that were published."),
    COUNTER(publishes_empty, "Sets published without a usable endpoint."),
    COUNTER(troubles, "Troubles that sources reported."),
    COUNTER(recoveries, "Troubles that ended."),
    COUNTER(dispatches, "Rounds of the loop."),
    COUNTER(files_read, "Files of manifests that were read whole."),
    COUNTER(files_refused, "Files that were unreadable or malformed."),
    NUMBER(bytes_read, SVC__STAT_COUNTER, "svc_read_bytes_total",
           "Bytes of manifests that were read."),
    GAUGE(objects_services, "Services known to the sources."),
    GAUGE(objects_slices, "EndpointSlices known to the sources."),
    GAUGE(objects_nodes, "Nodes known to the sources."),
    COUNTER(objects_refused, "Objects that were refused as malformed."),
    COUNTER(objects_ignored, "Objects of kinds that are not used."),
    GAUGE(slices_fqdn, "EndpointSlices ignored for their type, FQDN."),
    COUNTER(addresses_refused, "Endpoints that the address filter stopped."),
    COUNTER(endpoints_duplicate, "Endpoints that another one replaced."),
    COUNTER(endpoints_published, "Usable endpoints of all sets published."),
    COUNTER(dns_queries, "DNS packets sent."),
    COUNTER(dns_queries_tcp, "DNS packets sent by TCP."),
    COUNTER(dns_answers, "DNS packets taken."),
    COUNTER(dns_unwanted, "DNS packets thrown away: broken, forged or late."),
    COUNTER(dns_timeouts, "DNS packets that were not answered in time."),
    COUNTER(dns_failures, "DNS questions that were not answered."),
    GAUGE(cache_names, "Names that the DNS cache knows."),
    GAUGE(cache_negative, "Negative answers in the DNS cache."),
    COUNTER(cache_hits, "Names that were fresh in the DNS cache."),
    COUNTER(cache_misses, "Names that the DNS cache had to ask for."),
    COUNTER(cache_joined, "Names wanted while they were asked for already."),
    COUNTER(cache_stale, "Names answered after their time to live."),
    COUNTER(cache_refreshes, "Names asked for again ahead of their end."),
    COUNTER(cache_confirmations, "Empty answers asked for a second time."),
    COUNTER(cache_refuted, "Empty answers that were not confirmed."),
    COUNTER(cache_evicted, "Names that made room for others."),
    COUNTER(api_lists, "Lists asked of the API server."),
    COUNTER(api_watches, "Watches asked of the API server."),
    COUNTER(api_events, "Changes that the API server told."),
    COUNTER(api_bookmarks, "Positions that the API server told by bookmarks."),
    COUNTER(api_expired, "Positions that the API server had forgotten."),
    COUNTER(api_failures, "Requests to the API server that failed."),
    COUNTER(api_bytes, "Bytes of the API server's responses."),
    COUNTER(picks_late, "Tracked picks that were closed too late."),
    COUNTER(picks_twice, "Tracked picks that were closed more than once."),
    COUNTER(picks_leaked, "Tracked picks that nobody closed."),
    COUNTER(retries, "Other endpoints given for requests that failed."),
    COUNTER(retries_refused, "Retries refused, as too many."),
    COUNTER(ejections, "Endpoints ejected because their picks failed."),
    GAUGE(endpoints_ejected, "Endpoints left out because their picks failed."),
};

_Static_assert(sizeof(of_resolver) / sizeof(of_resolver[0]) *
                       sizeof(uint64_t) ==
                   sizeof(svc_stats) - offsetof(svc_stats, services_open),
               "each number of svc_stats has its line in the table");

#define OF_SERVICE(field, kind, metric, help)                                  \
    {                                                                          \
#field, metric, help, kind, offsetof(struct svc__stats_service, field) \
    }

static const struct svc__stat of_service[] = {
    OF_SERVICE(answered, SVC__STAT_FLAG, "svc_service_answered",
               "Whether there is an answer, which may be empty."),
    OF_SERVICE(stale, SVC__STAT_FLAG, "svc_service_stale",
               "Whether the answer may be out of date, by trouble of its "
               "source."),
    OF_SERVICE(endpoints, SVC__STAT_GAUGE, "svc_service_endpoints",
               "Endpoints that are usable."),
    OF_SERVICE(endpoints_unusable, SVC__STAT_GAUGE,
               "svc_service_endpoints_unusable",
               "Endpoints that are not usable, such as those not ready."),
    OF_SERVICE(age_ms, SVC__STAT_MS, "svc_service_age_seconds",
               "Time since the source last confirmed the answer."),
};

static const struct svc__stat of_list = {
    "unlisted", "svc_services_unlisted",
    "Services that are open and left out here.", SVC__STAT_GAUGE,
    offsetof(struct svc__stats_services, unlisted)};

const struct svc__stat *svc__stats_at(size_t i)
{
    return i < COUNT(of_resolver) ? &of_resolver[i] : NULL;
}

static unsigned long long value_of(const struct svc__stat *stat,
                                   const void *numbers)
{
    return *(const uint64_t *)(const void *)((const char *)numbers +
                                             stat->offset);
}

/* ---- JSON ---------------------------------------------------------------- */

static void write_member(struct svc__buf *b, const struct svc__stat *stat,
                         const void *numbers)
{
    unsigned long long value = value_of(stat, numbers);

    if (stat->kind == SVC__STAT_FLAG)
        svc__buf_printf(b, "\"%s\":%s", stat->name, value ? "true" : "false");
    else
        svc__buf_printf(b, "\"%s\":%llu", stat->name, value);
}

static void write_service(struct svc__buf *b,
                          const struct svc__stats_service *row)
{
    svc__buf_add_text(b, "{\"name\":");
    svc__buf_add_json(b, row->s->text, strlen(row->s->text));
    for (size_t i = 0; i < COUNT(of_service); i++) {
        svc__buf_add_byte(b, ',');
        write_member(b, &of_service[i], row);
    }
    svc__buf_add_byte(b, '}');
}

static void write_json(struct svc__buf *b, const svc_stats *stats,
                       const struct svc__stats_services *services)
{
    svc__buf_add_text(b, "{\"schema\":\"svc.stats/1\",\"resolver\":{");
    for (size_t i = 0; i < COUNT(of_resolver); i++) {
        if (i > 0)
            svc__buf_add_byte(b, ',');
        write_member(b, &of_resolver[i], stats);
    }
    svc__buf_add_text(b, "},\"services\":[");
    for (size_t i = 0; i < services->count; i++) {
        if (i > 0)
            svc__buf_add_byte(b, ',');
        write_service(b, &services->rows[i]);
    }
    svc__buf_add_text(b, "],");
    write_member(b, &of_list, services);
    svc__buf_add_byte(b, '}');
}

/* ---- Prometheus ---------------------------------------------------------- */

static void write_head(struct svc__buf *b, const struct svc__stat *stat)
{
    svc__buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", stat->metric, stat->help,
                    stat->metric,
                    stat->kind == SVC__STAT_COUNTER ? "counter" : "gauge");
}

static void write_value(struct svc__buf *b, const struct svc__stat *stat,
                        const void *numbers)
{
    unsigned long long value = value_of(stat, numbers);

    if (stat->kind == SVC__STAT_MS)
        svc__buf_printf(b, " %llu.%03llu\n", value / 1000, value % 1000);
    else
        svc__buf_printf(b, " %llu\n", value);
}

static void write_alone(struct svc__buf *b, const struct svc__stat *stat,
                        const void *numbers)
{
    write_head(b, stat);
    svc__buf_add_text(b, stat->metric);
    write_value(b, stat, numbers);
}

/* A label's value, in which three signs are escaped. */
static void write_label(struct svc__buf *b, const char *text)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "\\\"\n");

        svc__buf_add(b, text, plain);
        text += plain;
        if (*text == '\0')
            return;
        svc__buf_add_byte(b, '\\');
        svc__buf_add_byte(b, *text == '\n' ? 'n' : *text);
        text++;
    }
}

static void write_services(struct svc__buf *b, const struct svc__stat *stat,
                           const struct svc__stats_services *services)
{
    write_head(b, stat);
    for (size_t i = 0; i < services->count; i++) {
        svc__buf_add_text(b, stat->metric);
        svc__buf_add_text(b, "{name=\"");
        write_label(b, services->rows[i].s->text);
        svc__buf_add_text(b, "\"}");
        write_value(b, stat, &services->rows[i]);
    }
}

static void write_prometheus(struct svc__buf *b, const svc_stats *stats,
                             const struct svc__stats_services *services)
{
    for (size_t i = 0; i < COUNT(of_resolver); i++)
        write_alone(b, &of_resolver[i], stats);
    for (size_t i = 0; i < COUNT(of_service); i++)
        write_services(b, &of_service[i], services);
    write_alone(b, &of_list, services);
}

/* ---- the formats --------------------------------------------------------- */

typedef void (*write_fn)(struct svc__buf *b, const svc_stats *stats,
                         const struct svc__stats_services *services);

static const struct {
    const char *name;
    write_fn write;
} formats[] = {{"json", write_json}, {"prometheus", write_prometheus}};

/* NULL for an unknown name. */
static write_fn find_format(const char *name)
{
    for (size_t i = 0; i < COUNT(formats); i++) {
        if (strcmp(formats[i].name, name) == 0)
            return formats[i].write;
    }
    return NULL;
}

int svc__stats_text(svc_resolver *r, const char *format, char **ret_text,
                    svc_error *reterr)
{
    write_fn write = find_format(format);
    struct svc__stats_services services;
    svc_stats stats;
    struct svc__buf b;
    char *text;

    if (write == NULL)
        return svc__err_set(reterr, SVC_EINVAL,
                            "no format \"%.80s\"; valid: json, prometheus",
                            format);
    if (svc__stats_services(r, &services) != 0)
        return svc__err_nomem(reterr);
    svc__stats_read(r, &stats);
    svc__buf_init(&b, TEXT_MAX);
    write(&b, &stats, &services);
    svc__stats_services_fini(&services);
    text = svc__buf_take(&b);
    if (text == NULL) {
        svc__buf_fini(&b);
        return svc__err_nomem(reterr);
    }
    *ret_text = text;
    return 0;
}
