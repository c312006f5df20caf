/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svc-bench [--json] [--quick] [--fresh] [--rounds=N] [GROUP...]: runs the
 * groups that are named, or all, and prints a table, or a JSON object a row.
 */
#include "bench.h"

#include "base/scan.h"

#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
    {"slices", bench_slices},     {"utf8", bench_utf8},
    {"heap", bench_heap},         {"load", bench_load},
    {"picks", bench_picks},       {"readers", bench_readers},
    {"policies", bench_policies}, {"names", bench_names},
    {"resolve", bench_resolve},
};

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

/* The first line of /proc/cpuinfo that names the processor. */
static void read_processor(char *ret, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");

    snprintf(ret, size, "unknown processor");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        char *value = strstr(line, ": ");

        if (strncmp(line, "model name", 10) == 0 && value != NULL) {
            value[strcspn(value, "\n")] = '\0';
            snprintf(ret, size, "%s", value + 2);
            break;
        }
    }
    if (file != NULL)
        fclose(file);
}

static void print_machine(void)
{
    char processor[256];
    struct utsname host;

    read_processor(processor, sizeof(processor));
    uname(&host);
    printf(bench_settings.json
               ? "{\"machine\":\"%s, %s %s, %s\",\"walk\":\"%s\","
                 "\"json_c\":\"%s\"}\n"
               : "%s, %s %s, %s; walk %s; json-c %s\n"
                 "CPU time; MB are 10^6 bytes; allocations are of one run\n",
           processor, host.sysname, host.release, host.machine,
           svc__scan_ops()->name, json_c_version());
}

static int is_named(int argc, char **argv, const char *name)
{
    int any = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return 1;
        any |= argv[i][0] != '-';
    }
    return !any;
}

static int read_option(const char *arg)
{
    if (strcmp(arg, "--json") == 0) {
        bench_settings.json = 1;
    } else if (strcmp(arg, "--fresh") == 0) {
        bench_settings.fresh = 1;
    } else if (strcmp(arg, "--quick") == 0) {
        bench_settings.quick = 1;
        bench_settings.rounds = 3;
    } else if (strncmp(arg, "--rounds=", 9) == 0) {
        bench_settings.rounds = (int)strtol(arg + 9, NULL, 10);
        return bench_settings.rounds >= 1 &&
               bench_settings.rounds <= BENCH_ROUNDS_MAX;
    } else {
        for (size_t i = 0; i < GROUPS; i++) {
            if (strcmp(arg, groups[i].name) == 0)
                return 1;
        }
        return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (read_option(argv[i]))
            continue;
        fprintf(stderr,
                "usage: svc-bench [--json] [--quick] [--fresh] [--rounds=1…%d] "
                "[slices|utf8|heap|load|picks|readers|policies|names|resolve]"
                "...\n",
                BENCH_ROUNDS_MAX);
        return 2;
    }
    bench_prepare();
    print_machine();
    for (size_t i = 0; i < GROUPS; i++) {
        if (is_named(argc, argv, groups[i].name))
            groups[i].run();
    }
    return 0;
}
