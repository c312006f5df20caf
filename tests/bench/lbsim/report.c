/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the three formats. A number that makes no sense for a scenario is "-" in
 * the table, empty in csv and null in JSON.
 */
#include "report.h"

#include <math.h>
#include <stdio.h>

#define COLUMNS 13

static const struct column {
    const char *name;  /* csv and JSON */
    const char *title; /* of the table */
    int digits;        /* behind the point */
} columns[COLUMNS] = {
    {"requests", "requests", 0},
    {"p50_ms", "p50 ms", 2},
    {"p99_ms", "p99 ms", 2},
    {"p999_ms", "p99.9 ms", 2},
    {"p50_ratio", "p50 x", 2},
    {"p99_ratio", "p99 x", 2},
    {"p999_ratio", "p99.9 x", 2},
    {"share_max", "max/mean", 2},
    {"errors_percent", "errors %", 3},
    {"probes", "probes", 2},
    {"settle_s", "settle s", 2},
    {"settle_max_s", "at most", 2},
    {"rush", "rush x", 2},
};

/* The values of all columns. */
static void fill(double *ret, const struct settings *s,
                 const struct scenario *scenario, const struct measure *m,
                 const struct measure *oracle)
{
    static const double quantiles[] = {0.5, 0.99, 0.999};
    const struct fault *f = &scenario->fault;
    const double failing =
        f->kind != FAULT_FAIL
            ? 0.0
            : (double)fault_time(f, m->from, m->to) / (double)NS_PER_S;

    ret[0] = (double)m->picks;
    for (int i = 0; i < 3; i++) {
        const double ns = histogram_quantile(&m->good, quantiles[i]);

        ret[1 + i] = ns / (double)NS_PER_MS;
        ret[4 + i] = ns / histogram_quantile(&oracle->good, quantiles[i]);
    }
    ret[7] = m->share_max;
    ret[8] = 100.0 * (double)m->errors / (double)m->picks;
    ret[9] = failing > 0.0 ? (double)m->probes / s->clients / (failing / 5.0)
                           : (double)NAN;
    ret[10] = m->returns > 0 ? m->settle_sum / m->returns : (double)NAN;
    ret[11] = m->returns > 0 ? m->settle_max : (double)NAN;
    ret[12] = m->returns > 0 ? m->rush_max : (double)NAN;
}

void report_begin(const struct settings *s)
{
    if (s->format == FORMAT_TABLE) {
        printf("%u clients, %u servers with %u workers, load %g %%, %s work of "
               "%g ms, %g s after %g s, seed %llu\n"
               "x: multiples of the oracle; probes: requests to the failing "
               "server, of a client in 5 s;\nsettle: seconds until a server "
               "that returns has its share, mean and most; rush: its largest\n"
               "share of a second, in multiples of a fair one\n",
               s->clients, s->servers, s->workers, 100.0 * s->load,
               settings_work_name(s->work), s->mean_ms, s->seconds, s->warm_up,
               (unsigned long long)s->seed);
    } else if (s->format == FORMAT_CSV) {
        printf("scenario,policy,clients,servers,workers,load,work,mean_ms,"
               "seconds,warm_up,seed");
        for (int i = 0; i < COLUMNS; i++)
            printf(",%s", columns[i].name);
        printf("\n");
    }
}

static void print_table(const struct scenario *scenario,
                        const struct peer *peer, const double *values,
                        int is_first)
{
    if (is_first) {
        printf("\n%-10s", scenario->name);
        for (int i = 0; i < COLUMNS; i++)
            printf(" %9s", columns[i].title);
        printf("\n");
    }
    printf("%-10s", peer->name);
    for (int i = 0; i < COLUMNS; i++) {
        if (isnan(values[i]))
            printf(" %9s", "-");
        else
            printf(" %9.*f", columns[i].digits, values[i]);
    }
    printf("\n");
}

static void print_csv(const struct settings *s, const struct scenario *scenario,
                      const struct peer *peer, const double *values)
{
    printf("%s,%s,%u,%u,%u,%g,%s,%g,%g,%g,%llu", scenario->name, peer->name,
           s->clients, s->servers, s->workers, s->load,
           settings_work_name(s->work), s->mean_ms, s->seconds, s->warm_up,
           (unsigned long long)s->seed);
    for (int i = 0; i < COLUMNS; i++) {
        if (isnan(values[i]))
            printf(",");
        else
            printf(",%.*f", columns[i].digits + 2, values[i]);
    }
    printf("\n");
}

static void print_json(const struct settings *s,
                       const struct scenario *scenario, const struct peer *peer,
                       const double *values)
{
    printf("{\"scenario\":\"%s\",\"policy\":\"%s\",\"clients\":%u,"
           "\"servers\":%u,\"workers\":%u,\"load\":%g,\"work\":\"%s\","
           "\"mean_ms\":%g,\"seconds\":%g,\"warm_up\":%g,\"seed\":%llu",
           scenario->name, peer->name, s->clients, s->servers, s->workers,
           s->load, settings_work_name(s->work), s->mean_ms, s->seconds,
           s->warm_up, (unsigned long long)s->seed);
    for (int i = 0; i < COLUMNS; i++) {
        if (isnan(values[i]))
            printf(",\"%s\":null", columns[i].name);
        else
            printf(",\"%s\":%.*f", columns[i].name, columns[i].digits + 2,
                   values[i]);
    }
    printf("}\n");
}

void report_row(const struct settings *s, const struct scenario *scenario,
                const struct peer *peer, const struct measure *m,
                const struct measure *oracle)
{
    double values[COLUMNS];

    fill(values, s, scenario, m, oracle);
    if (s->format == FORMAT_TABLE)
        print_table(scenario, peer, values, m == oracle);
    else if (s->format == FORMAT_CSV)
        print_csv(s, scenario, peer, values);
    else
        print_json(s, scenario, peer, values);
    fflush(stdout);
}
