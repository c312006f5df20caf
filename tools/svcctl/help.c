/* SPDX-License-Identifier: Apache-2.0 */
/* Help, written from the tables of commands and options. */
#include "help.h"

#include "commands.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH   79
#define INDENT  30 /* of what an option means */
#define COMMAND 14 /* of what a command does */

static const char general_examples[] =
    "  # The endpoints of Service web in namespace shop, port http\n"
    "  @ resolve -f cluster.yaml web.shop:http\n"
    "\n"
    "  # The same as the cluster's DNS server knows it\n"
    "  @ resolve web.shop:http --dns-server 10.96.0.10\n"
    "\n"
    "  # How evenly 1,000 requests would be spread over them\n"
    "  @ pick -f cluster.yaml web.shop:http -c 1000\n"
    "\n"
    "  # Why it is these\n"
    "  @ explain -f cluster.yaml web.shop:http\n";

static const char exit_text[] =
    "Exit status:\n"
    "  0  at least one usable endpoint\n"
    "  1  internal or unexpected error\n"
    "  2  wrong usage, a view that cannot be given, a bad input file\n"
    "  3  no such Service, port or endpoint hostname\n"
    "  4  the Service is there, but has no usable endpoint\n"
    "  5  source unreachable, or time-out\n"
    "  6  not allowed\n"
    "  7  answered from stale data (with --fail-stale)\n";

/* Writes text with the program's name for each '@'. */
static void print_for(FILE *out, const char *program, const char *text)
{
    for (; *text; text++) {
        if (*text == '@')
            fputs(program, out);
        else
            fputc(*text, out);
    }
}

/* Writes words broken at WIDTH, with lines after the first indented; at is the
 * column where the first word goes. */
static void print_words(FILE *out, const char *words, size_t indent)
{
    size_t at = indent;

    while (*words) {
        size_t size = strcspn(words, " ");

        if (at > indent && at + 1 + size > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        fwrite(words, 1, size, out);
        at += size;
        words += size;
        words += strspn(words, " ");
    }
    fputc('\n', out);
}

/* The words of an option when they are few, else what its value is. */
static void value_of(const struct option_spec *spec, char *ret, size_t size)
{
    char *list = spec->words ? words_join(spec->words, "|") : NULL;

    snprintf(ret, size, "%s", list ? list : spec->metavar ? spec->metavar : "");
    free(list);
}

static void print_option(FILE *out, const struct option_spec *spec)
{
    char value[256];
    char left[320];
    char letter[8] = "    ";

    value_of(spec, value, sizeof(value));
    if (spec->letter)
        snprintf(letter, sizeof(letter), "-%c, ", spec->letter);
    snprintf(left, sizeof(left), "  %s--%s%s%s", letter, spec->name,
             value[0] ? " " : "", value);
    if (strlen(left) + 2 > INDENT)
        fprintf(out, "%s\n%*s", left, INDENT, "");
    else
        fprintf(out, "%-*s", INDENT, left);
    print_words(out, spec->help, INDENT);
}

/* The options of some group that are of use to some of the commands. */
static void print_group(FILE *out, unsigned ids, enum option_group group)
{
    static const char *const titles[] = {
        [GROUP_SOURCE] = "Where the answer comes from",
        [GROUP_QUESTION] = "What is asked",
        [GROUP_OUTPUT] = "Output",
        [GROUP_OTHER] = "Other",
    };
    const struct option_spec *spec;
    int any = 0;

    for (spec = option_specs; spec->name; spec++) {
        if (spec->group != group || !(spec->helpful & ids))
            continue;
        if (!any)
            fprintf(out, "\n%s:\n", titles[group]);
        any = 1;
        print_option(out, spec);
    }
}

static void print_options(FILE *out, unsigned ids)
{
    print_group(out, ids, GROUP_SOURCE);
    print_group(out, ids, GROUP_QUESTION);
    print_group(out, ids, GROUP_OUTPUT);
    print_group(out, ids, GROUP_OTHER);
}

static void print_commands(FILE *out)
{
    const struct command *c;

    fputs("\nCommands:\n", out);
    for (c = commands; c->name; c++)
        fprintf(out, "  %-*s%s\n", COMMAND - 2, c->name, c->summary);
}

static void print_command(FILE *out, const struct options *opt)
{
    const struct command *c = opt->command;

    fprintf(out, "%s %s: %s\n\nExamples:\n", opt->program, c->name, c->summary);
    print_for(out, opt->program, c->examples);
    fprintf(out, "\nUsage:\n  %s %s %s%s[options]\n", opt->program, c->name,
            c->arguments, c->arguments[0] ? " " : "");
    if (c->about) {
        fputc('\n', out);
        print_words(out, c->about, 0);
    }
    print_options(out, 1u << c->id);
    if (c->id <= COMMAND_DOCTOR)
        fprintf(out, "\n%s", exit_text);
}

void help_print(FILE *out, const struct options *opt)
{
    if (opt->command) {
        print_command(out, opt);
        return;
    }
    fprintf(out,
            "%s: from a Kubernetes Service name to its endpoints\n\n"
            "Examples:\n",
            opt->program);
    print_for(out, opt->program, general_examples);
    fprintf(out, "\nUsage:\n  %s COMMAND [NAME...] [options]\n", opt->program);
    print_commands(out);
    print_options(out, ~0u);
    fprintf(out, "\n%s\n'%s COMMAND --help' tells more about a command.\n",
            exit_text, opt->program);
}

void help_brief(FILE *out, const struct options *opt)
{
    fprintf(out, "Usage: %s COMMAND [NAME...] [options]\n", opt->program);
    print_commands(out);
    fputc('\n', out);
}
