/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the command line.
 */
#include "settings.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const work_names[] = {"exponential", "lognormal", "fixed"};
static const char *const format_names[] = {"table", "csv", "json"};

/* Options that are numbers, with their least and most. */
enum number {
    NUMBER_CLIENTS,
    NUMBER_SERVERS,
    NUMBER_WORKERS,
    NUMBER_LOAD,
    NUMBER_MEAN,
    NUMBER_SECONDS,
    NUMBER_WARM_UP,
    NUMBER_SEED,
    NUMBERS,
    WORD_WORK = NUMBERS,
    WORD_FORMAT,
    WORD_POLICY,
    WORD_SCENARIO,
    WORD_HELP
};

static const struct {
    double least;
    double most;
    int is_whole;
} bounds[NUMBERS] = {
    {1, 1000, 1},      {2, 1000, 1},   {1, 1000, 1},  {0.001, 2, 0},
    {0.001, 10000, 0}, {1, 100000, 0}, {0, 10000, 0}, {0, 1e15, 1},
};

static const struct option options[] = {
    {"clients", required_argument, NULL, NUMBER_CLIENTS},
    {"servers", required_argument, NULL, NUMBER_SERVERS},
    {"workers", required_argument, NULL, NUMBER_WORKERS},
    {"load", required_argument, NULL, NUMBER_LOAD},
    {"mean", required_argument, NULL, NUMBER_MEAN},
    {"seconds", required_argument, NULL, NUMBER_SECONDS},
    {"warm-up", required_argument, NULL, NUMBER_WARM_UP},
    {"seed", required_argument, NULL, NUMBER_SEED},
    {"work", required_argument, NULL, WORD_WORK},
    {"format", required_argument, NULL, WORD_FORMAT},
    {"policy", required_argument, NULL, WORD_POLICY},
    {"scenario", required_argument, NULL, WORD_SCENARIO},
    {"help", no_argument, NULL, WORD_HELP},
    {NULL, 0, NULL, 0},
};

const char *settings_work_name(enum draw_kind kind)
{
    return work_names[kind];
}

static void print_help(void)
{
    struct peer peer;
    const struct scenario *s;

    printf(
        "usage: lbsim [OPTION]...\n"
        "How well the policies of libsvc balance: clients send requests to "
        "servers in\nvirtual time, open loop, and latency is told in multiples "
        "of an all-knowing\noracle's for the same requests.\n\n"
        "  --clients N    processes, each with what it learned itself (20)\n"
        "  --servers N    (20)\n"
        "  --workers N    requests that a server works on at once (4)\n"
        "  --load X       share of the capacity of all servers (0.7)\n"
        "  --work KIND    of a request: exponential, lognormal, fixed "
        "(exponential)\n"
        "  --mean MS      of it (10)\n"
        "  --seconds X    to measure (300)\n"
        "  --warm-up X    seconds before that (60)\n"
        "  --seed N       (1)\n"
        "  --policy NAME  may be given again, or as NAME,NAME (all)\n"
        "  --scenario NAME  the same (all)\n"
        "  --format KIND  table, csv, json (table)\n\n"
        "Policies:");
    for (size_t i = 0; peer_at(i, &peer) == 0; i++)
        printf(" %s", peer.name);
    printf("\n  oracle: least expected finish over all servers; always run\n"
           "  static: wrr by the true speeds\n\nScenarios:\n");
    for (size_t i = 0; (s = scenario_at(i)) != NULL; i++)
        printf("  %-10s %s\n", s->name, s->text);
    printf("\nExamples:\n"
           "  lbsim --scenario slow --policy rr --policy adaptive\n"
           "  lbsim --clients 100 --servers 100 --load 0.8 --seconds 60\n"
           "  lbsim --format csv | tests/bench/lbsim/plot.py --out "
           "docs/images\n");
}

static int fail(const char *option, const char *value)
{
    fprintf(stderr, "lbsim: --%s: \"%s\" is not valid; see lbsim --help\n",
            option, value);
    return 2;
}

static int read_number(struct settings *s, int which, const char *text)
{
    char *end;
    const double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= bounds[which].least) ||
        !(value <= bounds[which].most) ||
        (bounds[which].is_whole && value != floor(value)))
        return -1;
    switch (which) {
    case NUMBER_CLIENTS:
        s->clients = (unsigned)value;
        break;
    case NUMBER_SERVERS:
        s->servers = (unsigned)value;
        break;
    case NUMBER_WORKERS:
        s->workers = (unsigned)value;
        break;
    case NUMBER_LOAD:
        s->load = value;
        break;
    case NUMBER_MEAN:
        s->mean_ms = value;
        break;
    case NUMBER_SECONDS:
        s->seconds = value;
        break;
    case NUMBER_WARM_UP:
        s->warm_up = value;
        break;
    default:
        s->seed = (uint64_t)value;
        break;
    }
    return 0;
}

/* Index of a word in a list of three, or -1. */
static int find_word(const char *const *words, const char *word)
{
    for (int i = 0; i < 3; i++) {
        if (strcmp(words[i], word) == 0)
            return i;
    }
    return -1;
}

static int add_name(struct settings *s, int which, const char *name)
{
    if (s->peer_count == SETTINGS_LIST || s->scenario_count == SETTINGS_LIST)
        return -1;
    if (which == WORD_POLICY)
        return peer_find(name, &s->peers[s->peer_count++]);
    s->scenarios[s->scenario_count] = scenario_find(name);
    return s->scenarios[s->scenario_count++] == NULL ? -1 : 0;
}

/* Names, with commas between them. */
static int add_names(struct settings *s, int which, const char *list)
{
    for (;;) {
        char name[32];
        const size_t n = strcspn(list, ",");

        if (n >= sizeof(name))
            return -1;
        memcpy(name, list, n);
        name[n] = '\0';
        if (add_name(s, which, name) != 0)
            return -1;
        if (list[n] == '\0')
            return 0;
        list += n + 1;
    }
}

static int read_word(struct settings *s, int which, const char *word)
{
    int found;

    switch (which) {
    case WORD_WORK:
        found = find_word(work_names, word);
        s->work = found < 0 ? DRAW_EXPONENTIAL : (enum draw_kind)found;
        return found;
    case WORD_FORMAT:
        found = find_word(format_names, word);
        s->format = found < 0 ? FORMAT_TABLE : (enum settings_format)found;
        return found;
    default:
        return add_names(s, which, word);
    }
}

static void fill_lists(struct settings *s)
{
    const struct scenario *scenario;

    if (s->peer_count == 0) {
        while (s->peer_count < SETTINGS_LIST &&
               peer_at(s->peer_count, &s->peers[s->peer_count]) == 0)
            s->peer_count++;
    }
    if (s->scenario_count != 0)
        return;
    while (s->scenario_count < SETTINGS_LIST &&
           (scenario = scenario_at(s->scenario_count)) != NULL)
        s->scenarios[s->scenario_count++] = scenario;
}

int settings_read(struct settings *s, int argc, char **argv)
{
    int index = 0;
    int which;

    *s = (struct settings){.clients = 20,
                           .servers = 20,
                           .workers = 4,
                           .load = 0.7,
                           .mean_ms = 10.0,
                           .seconds = 300.0,
                           .warm_up = 60.0,
                           .seed = 1};
    while ((which = getopt_long(argc, argv, "", options, &index)) >= 0) {
        int err;

        if (which == '?')
            return 2;
        if (which == WORD_HELP) {
            print_help();
            return 0;
        }
        err = which < NUMBERS ? read_number(s, which, optarg)
                              : read_word(s, which, optarg);
        if (err < 0)
            return fail(options[index].name, optarg);
    }
    if (optind < argc) {
        fprintf(stderr, "lbsim: what is \"%s\"? See lbsim --help\n",
                argv[optind]);
        return 2;
    }
    fill_lists(s);
    return -1;
}
