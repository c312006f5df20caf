/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the commands, the clocks and the answers.
 */
#include "client.h"

#include "../bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

const char *client_server;
const char *client_port;

static int members; /* written of the present answer */

void client_must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s failed\n", what);
    exit(1);
}

size_t client_number(const char *word)
{
    char *end;
    unsigned long number = strtoul(word, &end, 10);

    client_must(end != word && *end == '\0', "reading a number");
    return number;
}

/* By hand: it is within what is measured, and snprintf would show. */
void client_name(char kind, size_t i, const char *domain,
                 char ret[CLIENT_NAME_SIZE])
{
    size_t size = strlen(domain) + 1;

    client_must(size <= CLIENT_NAME_SIZE - 7, "writing a name");
    ret[0] = kind;
    for (int at = 5; at > 0; at--, i /= 10)
        ret[at] = (char)('0' + i % 10);
    ret[6] = '.';
    memcpy(ret + 7, domain, size);
}

size_t client_random(uint64_t *state, size_t count)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(((*state >> 32) * count) >> 32);
}

/* ---- clocks ---------------------------------------------------------------
 */

static double seconds_of(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double system_seconds(void)
{
    struct rusage use;

    (void)getrusage(RUSAGE_SELF, &use);
    return (double)use.ru_stime.tv_sec + (double)use.ru_stime.tv_usec * 1e-6;
}

double client_seconds(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

void client_start(struct client_clock *c)
{
    c->allocations = memory_allocations();
    c->system = system_seconds();
    c->cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    c->wall = client_seconds();
}

void client_stop(struct client_clock *c)
{
    c->wall = client_seconds() - c->wall;
    c->cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - c->cpu;
    c->system = system_seconds() - c->system;
    c->allocations = memory_allocations() - c->allocations;
}

/* ---- answers --------------------------------------------------------------
 */

static void begin_member(const char *member)
{
    printf("%s\"%s\": ", members++ == 0 ? "{" : ", ", member);
}

void client_tell(const char *member, double value)
{
    begin_member(member);
    printf("%.9g", value);
}

void client_tell_text(const char *member, const char *value)
{
    begin_member(member);
    printf("\"%s\"", value);
}

void client_tell_clock(const struct client_clock *c, size_t operations)
{
    client_tell("operations", (double)operations);
    client_tell("wall", c->wall);
    client_tell("cpu", c->cpu);
    client_tell("system", c->system);
    client_tell("allocations", (double)c->allocations);
}

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

void client_sort(double *times, size_t count)
{
    qsort(times, count, sizeof(times[0]), compare);
}

void client_tell_times(double *times, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += times[i];
    client_sort(times, count);
    client_tell("median", times[count / 2]);
    client_tell("least", times[0]);
    client_tell("mean", sum / (double)count);
}

uint64_t client_sum(int family, const void *address)
{
    const unsigned char *bytes = address;
    uint64_t sum = (uint64_t)family;

    for (size_t i = 0; i < (family == AF_INET ? 4u : 16u); i++)
        sum = (sum ^ bytes[i]) * 0x100000001B3u;
    return sum;
}

void client_tell_sum(uint64_t sum)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%016" PRIx64, sum);
    client_tell_text("sum", text);
}

/* ---- commands -------------------------------------------------------------
 */

static void answer(char *line, const struct client_command *commands)
{
    const char *words[CLIENT_WORDS_MAX] = {"", "", "", "", "", "", "", ""};
    char *rest = NULL;
    char *word = strtok_r(line, " \n", &rest);

    for (size_t i = 0; i < CLIENT_WORDS_MAX && word != NULL; i++) {
        words[i] = word;
        word = strtok_r(NULL, " \n", &rest);
    }
    while (commands->name != NULL && strcmp(commands->name, words[0]) != 0)
        commands++;
    client_must(commands->name != NULL, "finding the command");
    members = 0;
    commands->run(words);
    printf("%s}\n", members == 0 ? "{" : "");
    fflush(stdout);
}

int client_main(int argc, char **argv, const struct client_command *commands)
{
    char line[256];

    if (argc != 3) {
        fprintf(stderr, "usage: %s ADDRESS PORT\ncommands:", argv[0]);
        for (; commands->name != NULL; commands++)
            fprintf(stderr, " %s", commands->name);
        fprintf(stderr, "\n");
        return 2;
    }
    client_server = argv[1];
    client_port = argv[2];
    while (fgets(line, sizeof(line), stdin) != NULL)
        answer(line, commands);
    return 0;
}
