/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the command line by the table. The first mistake is kept and
 * reading goes on, so that the error can be given in the form asked for.
 */
#include "options.h"

#include "commands.h"
#include "memory.h"
#include "suggest.h"
#include "values.h"
#include "words.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MOST 1000000000L

/* A command line that is being read. */
struct parser {
    struct options *opt;
    svc_error *error;
    char *const *next; /* what comes after the present argument; NULL ends */
    uint64_t given;    /* bits: places in option_specs */
    int has_command;   /* the word for it was seen */
};

/* Notes the first mistake. 1, or 0 when there was one before. */
__attribute__((format(printf, 2, 3))) static int wrong(struct parser *p,
                                                       const char *format, ...)
{
    va_list args;

    if (p->error->code != 0)
        return 0;
    p->error->code = SVC_EINVAL;
    va_start(args, format);
    vsnprintf(p->error->message, sizeof(p->error->message), format, args);
    va_end(args);
    return 1;
}

/* The hint to a mistake just noted; nothing when word is NULL. */
static void did_you_mean(struct parser *p, const char *before, const char *word)
{
    if (word)
        snprintf(p->error->hint, sizeof(p->error->hint), "did you mean '%s%s'?",
                 before, word);
}

static void apply_word(struct parser *p, const struct option_spec *spec,
                       const char *value, int *ret)
{
    char *list;

    if (values_word(value, spec->words, ret) == 0)
        return;
    list = words_join(spec->words, ", ");
    if (wrong(p, "--%s: '%s' is not one of: %s", spec->name, value, list))
        did_you_mean(p, "", suggest_word(value, spec->words));
    free(list);
}

static void apply_list(const char **list, const char *value)
{
    while (*list)
        list++;
    /* There is room for as many as there are arguments. */
    *list = value;
}

/* Puts a value, NULL for a flag, where the table says. */
static void apply(struct parser *p, const struct option_spec *spec,
                  const char *value)
{
    void *field = (char *)p->opt + spec->offset;

    p->given |= (uint64_t)1 << (spec - option_specs);
    switch (spec->kind) {
    case OPTION_FLAG:
        *(int *)field = 1;
        break;
    case OPTION_COUNT:
        ++*(int *)field;
        break;
    case OPTION_TEXT:
        *(const char **)field = value;
        break;
    case OPTION_LIST:
        apply_list(*(const char ***)field, value);
        break;
    case OPTION_WORD:
        apply_word(p, spec, value, field);
        break;
    case OPTION_DURATION:
        if (values_duration(value, field) != 0)
            wrong(p, "--%s: '%s' is not a duration such as 500ms, 5s or 1m",
                  spec->name, value);
        break;
    case OPTION_NUMBER:
        if (values_number(value, COUNT_MOST, field) != 0)
            wrong(p, "--%s: '%s' is not a number from 1 to %ld", spec->name,
                  value, COUNT_MOST);
        break;
    }
}

static void lack_value(struct parser *p, const struct option_spec *spec)
{
    char *list = spec->words ? words_join(spec->words, ", ") : NULL;

    wrong(p, "--%s needs a value%s%s", spec->name, list ? ": " : "",
          list ? list : "");
    free(list);
}

/* Applies an option whose value, if it stands in the same argument, is value;
 * else it is the next argument. */
static void take(struct parser *p, const struct option_spec *spec,
                 const char *value)
{
    if (!option_has_value(spec) && value) {
        wrong(p, "--%s takes no value", spec->name);
        return;
    }
    if (option_has_value(spec) && !value) {
        value = *p->next;
        if (value) {
            p->next++;
        } else {
            lack_value(p, spec);
            return;
        }
    }
    apply(p, spec, value);
}

static const char *nearest_option(const char *typed)
{
    struct suggest search = {.typed = typed};
    const struct option_spec *spec;

    for (spec = option_specs; spec->name; spec++)
        suggest_try(&search, spec->name);
    return search.best;
}

/* "--name" or "--name=value"; text is behind the dashes. */
static void take_long(struct parser *p, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t size = equals ? (size_t)(equals - text) : strlen(text);
    const struct option_spec *spec;
    char name[64];

    for (spec = option_specs; spec->name; spec++) {
        if (strlen(spec->name) == size && !strncmp(spec->name, text, size)) {
            take(p, spec, equals ? equals + 1 : NULL);
            return;
        }
    }
    snprintf(name, sizeof(name), "%.*s", (int)(size < 60 ? size : 60), text);
    if (wrong(p, "unknown option '--%s'", name))
        did_you_mean(p, "--", nearest_option(name));
}

/* "-x", "-xyz", "-xVALUE", "-x=VALUE"; text is behind the dash. */
static void take_letters(struct parser *p, const char *text)
{
    const struct option_spec *spec;

    for (; *text; text++) {
        for (spec = option_specs; spec->name && spec->letter != *text; spec++)
            continue;
        if (!spec->name) {
            wrong(p, "unknown option '-%c'", *text);
            return;
        }
        if (option_has_value(spec)) {
            text += text[1] == '=' ? 2 : 1;
            take(p, spec, *text || text[-1] == '=' ? text : NULL);
            return;
        }
        apply(p, spec, NULL);
    }
}

static void take_command(struct parser *p, const char *name)
{
    struct suggest search = {.typed = name};
    const struct command *c;

    p->has_command = 1;
    p->opt->command = command_find(name);
    if (p->opt->command)
        return;
    for (c = commands; c->name; c++)
        suggest_try(&search, c->name);
    if (wrong(p, "unknown command '%s'", name))
        did_you_mean(p, "", search.best);
}

/* The first argument is the command, "help" before it the same as --help. */
static void take_argument(struct parser *p, const char *text)
{
    if (p->has_command)
        p->opt->arguments[p->opt->arguments_count++] = text;
    else if (strcmp(text, "help") == 0)
        p->opt->help = 1;
    else
        take_command(p, text);
}

static void read_arguments(struct parser *p)
{
    int only_arguments = 0;

    while (*p->next) {
        const char *text = *p->next++;

        if (only_arguments || text[0] != '-' || text[1] == '\0')
            take_argument(p, text);
        else if (text[1] != '-')
            take_letters(p, text + 1);
        else if (text[2] == '\0')
            only_arguments = 1;
        else
            take_long(p, text + 2);
    }
}

/* Options that the command does not take. */
static void check_taken(struct parser *p)
{
    const struct command *command = p->opt->command;
    size_t i;

    for (i = 0; option_specs[i].name; i++) {
        if (p->given & ((uint64_t)1 << i) && option_specs[i].taken != 0 &&
            !(option_specs[i].taken & (1u << command->id)))
            wrong(p, "'%s' has no option --%s", command->name,
                  option_specs[i].name);
    }
}

static void check_arguments(struct parser *p)
{
    const struct command *command = p->opt->command;
    size_t count = p->opt->arguments_count;

    if (count < command->least)
        wrong(p, "'%s' needs %s", command->name, command->arguments);
    else if (count > command->most && command->most == 0)
        wrong(p, "'%s' takes no argument", command->name);
    else if (count > command->most)
        wrong(p, "'%s' takes one %s, not %zu", command->name,
              command->arguments, count);
}

/* Standard input is one manifest, which stands alone. */
static void check_files(struct parser *p)
{
    const char *const *file = p->opt->files;

    for (; *file; file++) {
        if (strcmp(*file, "-") == 0 && p->opt->files[1])
            wrong(p, "--file - cannot be given with another --file");
    }
}

static void check(struct parser *p)
{
    if (p->opt->version && !p->opt->command)
        p->opt->command = command_find("version");
    if (!p->opt->command) {
        if (!p->opt->help)
            wrong(p, "no command was given");
        return;
    }
    check_taken(p);
    check_files(p);
    if (!p->opt->help)
        check_arguments(p);
}

int options_parse(int argc, char *const *argv, struct options *ret,
                  svc_error *reterr)
{
    struct parser p = {.opt = ret, .error = reterr, .next = argv};
    size_t room = (size_t)argc + 1;

    memset(ret, 0, sizeof(*ret));
    memset(reterr, 0, sizeof(*reterr));
    ret->program = "svcctl";
    ret->timeout_ms = -1;
    ret->count = 1;
    ret->arguments = memory_new(room, sizeof(*ret->arguments));
    ret->files = memory_new(room, sizeof(*ret->files));
    ret->dns_servers = memory_new(room, sizeof(*ret->dns_servers));
    ret->allow = memory_new(room, sizeof(*ret->allow));
    if (*p.next) {
        const char *slash = strrchr(*p.next, '/');

        if (strcmp(slash ? slash + 1 : *p.next, "kubectl-svc") == 0)
            ret->program = "kubectl svc";
        p.next++;
    }
    read_arguments(&p);
    check(&p);
    return reterr->code;
}

void options_fini(struct options *opt)
{
    free(opt->arguments);
    free(opt->files);
    free(opt->dns_servers);
    free(opt->allow);
}
