/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options: one table that parsing, help and completion read, and the
 * struct that it fills. A wrong command line becomes an svc_error with code
 * SVC_EINVAL, so that it is reported like any other error.
 */
#ifndef SVCCTL_OPTIONS_H
#define SVCCTL_OPTIONS_H

#include <stddef.h>
#include <svc/svc.h>

struct command;

enum output {
    OUTPUT_TABLE,
    OUTPUT_WIDE,
    OUTPUT_JSON,
    OUTPUT_NAME
};

enum color {
    COLOR_AUTO,
    COLOR_ALWAYS,
    COLOR_NEVER
};

enum graph_format {
    GRAPH_TEXT,
    GRAPH_MERMAID,
    GRAPH_DOT
};

/* What the command line said. Strings are borrowed from argv; NULL, 0 and -1
 * mean "not given". */
struct options {
    const char *program; /* how the user calls it: "svcctl", "kubectl svc" */
    const struct command *command;
    const char **arguments; /* what stands behind the command; owned */
    size_t arguments_count;

    const char *backend;      /* where the answer comes from */
    const char **files;       /* owned, NULL-terminated */
    const char **dns_servers; /* owned, NULL-terminated */
    const char *kubeconfig;
    const char *context;
    const char *exec;
    const char *namespace_;
    const char *cluster_domain;
    const char *node;
    const char *zone;
    const char **allow; /* owned, NULL-terminated */
    const char *externalname;

    const char *view; /* what is asked */
    const char *family;
    const char *proto;
    const char *policy;
    const char *key;
    long count;
    int timeout_ms;
    int all;
    int fail_stale;

    int output; /* enum output */
    int format; /* enum graph_format */
    int color;  /* enum color */
    int no_headers;
    int verbose;
    int help;
    int version;
};

enum option_kind {
    OPTION_FLAG,     /* int, set to 1 */
    OPTION_COUNT,    /* int, one more each time */
    OPTION_TEXT,     /* const char * */
    OPTION_LIST,     /* const char **, one more each time */
    OPTION_WORD,     /* int, place in words */
    OPTION_DURATION, /* int, milliseconds */
    OPTION_NUMBER    /* long */
};

enum option_group {
    GROUP_SOURCE,
    GROUP_QUESTION,
    GROUP_OUTPUT,
    GROUP_OTHER
};

/* One option. */
struct option_spec {
    const char *name;         /* without "--" */
    const char *metavar;      /* of its value; NULL for a flag */
    const char *const *words; /* values (words.h); NULL: free text. Only an
                                 OPTION_WORD must be one of them, and lists them
                                 all, the others are judged by the library */
    const char *help;
    size_t offset;    /* in struct options */
    unsigned taken;   /* commands that take it: bits 1 << enum command_id */
    unsigned helpful; /* of them, those where it changes something */
    enum option_kind kind;
    enum option_group group;
    char letter;  /* short form, or 0 */
    char is_path; /* its value is a path */
};

/* The table, ending with a spec whose name is NULL. */
extern const struct option_spec option_specs[];

/* Whether an option has a value. */
int option_has_value(const struct option_spec *spec);

/* Reads a command line. 0, or SVC_EINVAL with *reterr filled; *ret is to be
 * given to options_fini in either case, and its output form is what the
 * command line asked for also when something else in it is wrong. */
int options_parse(int argc, char *const *argv, struct options *ret,
                  svc_error *reterr);

void options_fini(struct options *opt);

#endif
