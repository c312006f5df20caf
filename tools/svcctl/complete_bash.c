/* SPDX-License-Identifier: Apache-2.0 */
/* The completion script for bash. */
#include "commands.h"
#include "completion.h"
#include "words.h"

#include <stdio.h>

/* Bash cuts words at '=' too, so a value may stand two words behind its
 * option. */
static const char head[] =
    "# bash completion for svcctl, made by 'svcctl completion bash'\n"
    "_svcctl()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]}\n"
    "    local prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local command= words= i\n"
    "\n"
    "    COMPREPLY=()\n"
    "    if [[ $cur == '=' ]]; then\n"
    "        cur=\n"
    "    elif [[ $prev == '=' ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    fi\n"
    "    case $prev in\n";

static const char find_command[] =
    "    esac\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        case ${COMP_WORDS[i]} in\n";

static const char after_options[] =
    "            -*) ;;\n"
    "            *) command=${COMP_WORDS[i]}; break ;;\n"
    "        esac\n"
    "    done\n"
    "    case $command in\n";

static const char tail[] =
    "    esac\n"
    "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
    "}\n"
    "complete -F _svcctl svcctl kubectl-svc\n";

/* "-n|--namespace" */
static void write_pattern(const struct option_spec *spec)
{
    if (spec->letter)
        printf("-%c|", spec->letter);
    printf("--%s", spec->name);
}

/* What may follow an option that has a value. */
static void write_values(void)
{
    const struct option_spec *spec;

    for (spec = option_specs; spec->name; spec++) {
        if (!option_has_value(spec))
            continue;
        fputs("        ", stdout);
        write_pattern(spec);
        fputs(")\n            ", stdout);
        if (spec->is_path) {
            fputs("compopt -o filenames 2>/dev/null\n            "
                  "COMPREPLY=($(compgen -f -- \"$cur\"))\n            ",
                  stdout);
        } else if (spec->words) {
            fputs("COMPREPLY=($(compgen -W '", stdout);
            words_print(spec->words);
            fputs("' -- \"$cur\"))\n            ", stdout);
        }
        fputs("return ;;\n", stdout);
    }
}

/* Options whose value is the next word, to be stepped over. */
static void write_skips(void)
{
    const struct option_spec *spec;
    const char *between = "            ";

    for (spec = option_specs; spec->name; spec++) {
        if (!option_has_value(spec))
            continue;
        fputs(between, stdout);
        write_pattern(spec);
        between = "|";
    }
    puts(")\n"
         "                i=$((i + 1))\n"
         "                [[ ${COMP_WORDS[i]} == '=' ]] && i=$((i + 1)) ;;");
}

static void write_options(unsigned ids)
{
    const struct option_spec *spec;

    for (spec = option_specs; spec->name; spec++) {
        if (!(spec->helpful & ids))
            continue;
        if (spec->letter)
            printf(" -%c", spec->letter);
        printf(" --%s", spec->name);
    }
}

/* What may follow a command: its words, and its options behind a dash. */
static void write_command(const struct command *c)
{
    printf("        %s)\n            words='", c->name);
    if (c->words)
        words_print(c->words);
    fputs("'\n            [[ $cur == -* ]] && words='", stdout);
    write_options(1u << c->id);
    puts("' ;;");
}

void completion_bash(void)
{
    const struct command *c;

    fputs(head, stdout);
    write_values();
    fputs(find_command, stdout);
    write_skips();
    fputs(after_options, stdout);
    for (c = commands; c->name; c++)
        write_command(c);
    fputs("        '')\n            words='", stdout);
    for (c = commands; c->name; c++)
        printf("%s%s", c->name, c[1].name ? " " : "");
    fputs("'\n            [[ $cur == -* ]] && words='", stdout);
    write_options(~0u);
    puts("' ;;");
    fputs(tail, stdout);
}
