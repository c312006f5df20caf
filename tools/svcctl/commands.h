/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands: one table that main, help and completion read.
 */
#ifndef SVCCTL_COMMANDS_H
#define SVCCTL_COMMANDS_H

#include "options.h"

enum command_id {
    COMMAND_RESOLVE,
    COMMAND_PICK,
    COMMAND_WATCH,
    COMMAND_EXPLAIN,
    COMMAND_GRAPH,
    COMMAND_DOCTOR,
    COMMAND_VERSION,
    COMMAND_COMPLETION
};

struct command {
    const char *name;
    const char *arguments;    /* as usage shows them: "NAME..." */
    const char *const *words; /* values of the argument, NULL: free text */
    const char *summary;      /* half a sentence */
    const char *about;        /* what to know about it */
    const char *examples;     /* lines, "@" standing for the program */
    size_t least;             /* number of arguments */
    size_t most;
    int (*run)(const struct options *opt); /* returns the exit status */
    enum command_id id;
};

/* The table, ending with a command whose name is NULL. */
extern const struct command commands[];

/* By name; NULL when there is none. */
const struct command *command_find(const char *name);

/* Each command, in its own file cmd_*.c. */
int cmd_resolve(const struct options *opt);
int cmd_pick(const struct options *opt);
int cmd_watch(const struct options *opt);
int cmd_explain(const struct options *opt);
int cmd_graph(const struct options *opt);
int cmd_doctor(const struct options *opt);
int cmd_version(const struct options *opt);
int cmd_completion(const struct options *opt);

#endif
