/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs share that look names up for the comparison: each is a
 * process of its own, so that two versions of one library can stand beside
 * each other. It reads a command a line from standard input and answers each
 * with one JSON object a line; who calls it (compare.py) takes the programs in
 * turn. The names are those of the zone that zone.py writes. The programs of
 * ../api speak so too.
 */
#ifndef SVC_BENCH_DNS_CLIENT_H
#define SVC_BENCH_DNS_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define CLIENT_NAME_SIZE 64
#define CLIENT_WORDS_MAX 8
#define CLIENT_DOMAIN    "bench.svc.cluster.local"

/* Where the server is: argv[1], an address, and argv[2], a port. */
extern const char *client_server;
extern const char *client_port;

/* One command: words[0] is its name, absent words are "". */
struct client_command {
    const char *name;
    void (*run)(const char *const words[CLIENT_WORDS_MAX]);
};

/* Answers commands, up to one with no name in the table, until input ends. */
int client_main(int argc, char **argv, const struct client_command *commands);

/* Ends the program with a message when a call that must not fail did. */
void client_must(int good, const char *what);

size_t client_number(const char *word);

/* "h00042", or "n00042", of which the zone has none, with the domain behind it
 * or without. */
void client_name(char kind, size_t i, const char *domain,
                 char ret[CLIENT_NAME_SIZE]);

/* Numbers below count, in no order, the same in every program. */
size_t client_random(uint64_t *state, size_t count);

/* ---- what is measured -----------------------------------------------------
 */

struct client_clock {
    double wall;   /* seconds */
    double cpu;    /* of all threads */
    double system; /* of it, in the kernel */
    long allocations;
};

double client_seconds(void);
void client_start(struct client_clock *c);
/* From here on what passed since the start is kept in c. */
void client_stop(struct client_clock *c);

/* ---- the answer -----------------------------------------------------------
 */

/* Adds a member to the answer that is written when the command returns. */
void client_tell(const char *member, double value);
void client_tell_text(const char *member, const char *value);

/* Wall time, CPU time and allocations, all in one. */
void client_tell_clock(const struct client_clock *c, size_t operations);

void client_sort(double *times, size_t count);

/* Median, least and mean of times in seconds, which are sorted. */
void client_tell_times(double *times, size_t count);

/* Addresses that were found; their sum does not depend on their order. */
uint64_t client_sum(int family, const void *address);
void client_tell_sum(uint64_t sum);

#endif
