/* SPDX-License-Identifier: Apache-2.0 */
/* The completion script for fish. */
#include "commands.h"
#include "completion.h"
#include "words.h"

#include <stdio.h>

/* Text inside '…' of fish. */
static void write_escaped(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
}

/* The condition under which an option is offered. */
static void write_condition(const struct option_spec *spec)
{
    const struct command *c;
    unsigned all = 0;

    for (c = commands; c->name; c++)
        all |= 1u << c->id;
    if ((spec->helpful & all) == all)
        return;
    fputs(" -n '__fish_seen_subcommand_from", stdout);
    for (c = commands; c->name; c++) {
        if (spec->helpful & (1u << c->id))
            printf(" %s", c->name);
    }
    putchar('\'');
}

static void write_option(const struct option_spec *spec)
{
    fputs("complete -c svcctl", stdout);
    write_condition(spec);
    if (spec->letter)
        printf(" -s %c", spec->letter);
    printf(" -l %s", spec->name);
    if (spec->is_path)
        fputs(" -r -F", stdout);
    else if (option_has_value(spec))
        fputs(" -x", stdout);
    if (spec->words) {
        fputs(" -a '", stdout);
        words_print(spec->words);
        putchar('\'');
    }
    fputs(" -d '", stdout);
    write_escaped(spec->help);
    fputs("'\n", stdout);
}

static void write_command(const struct command *c)
{
    const char *const *word = c->words;

    printf("complete -c svcctl -n __fish_use_subcommand -a %s -d '", c->name);
    write_escaped(c->summary);
    fputs("'\n", stdout);
    for (; word && *word; word++)
        printf("complete -c svcctl -n '__fish_seen_subcommand_from %s' -a "
               "%s\n",
               c->name, *word);
}

void completion_fish(void)
{
    const struct option_spec *spec;
    const struct command *c;

    puts("# fish completion for svcctl, made by 'svcctl completion fish'\n"
         "complete -c svcctl -f\n"
         "complete -c kubectl-svc -w svcctl");
    for (c = commands; c->name; c++)
        write_command(c);
    for (spec = option_specs; spec->name; spec++) {
        if (spec->helpful)
            write_option(spec);
    }
}
