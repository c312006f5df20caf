/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run of the simulator is told.
 */
#ifndef SVC_LBSIM_SETTINGS_H
#define SVC_LBSIM_SETTINGS_H

#include "draw.h"
#include "peer.h"
#include "scenario.h"

#include <stddef.h>
#include <stdint.h>

#define SETTINGS_LIST 32

enum settings_format {
    FORMAT_TABLE,
    FORMAT_CSV,
    FORMAT_JSON
};

struct settings {
    unsigned clients;
    unsigned servers;
    unsigned workers; /* of a server */
    double load;      /* share of the capacity */
    double mean_ms;   /* of the work of a request */
    double seconds;   /* that are measured */
    double warm_up;   /* seconds before, which are not */
    uint64_t seed;
    enum draw_kind work;
    enum settings_format format;
    struct peer peers[SETTINGS_LIST]; /* none: all there are */
    size_t peer_count;
    const struct scenario *scenarios[SETTINGS_LIST]; /* the same */
    size_t scenario_count;
};

/* Reads the command line, filling lists that were left empty. -1: go on; else
 * what the program ends with. */
int settings_read(struct settings *s, int argc, char **argv);

const char *settings_work_name(enum draw_kind kind);

#endif
