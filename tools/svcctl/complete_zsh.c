/* SPDX-License-Identifier: Apache-2.0 */
/* The completion script for zsh. */
#include "commands.h"
#include "completion.h"
#include "words.h"

#include <stdio.h>

static const char head[] =
    "#compdef svcctl kubectl-svc\n"
    "# zsh completion for svcctl, made by 'svcctl completion zsh'\n"
    "_svcctl() {\n"
    "  local command word skip=\n"
    "  local -a names specs\n";

/* $words[CURRENT] is being completed; the command stands before it. */
static const char find_command[] =
    "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
    "    if [[ -n $skip ]]; then\n"
    "      skip=\n"
    "      continue\n"
    "    fi\n"
    "    case $word in\n";

static const char after_options[] = "      -*) ;;\n"
                                    "      *) command=$word; break ;;\n"
                                    "    esac\n"
                                    "  done\n"
                                    "  case $command in\n";

static const char tail[] = "  esac\n"
                           "  _arguments -s -S $specs\n"
                           "}\n"
                           "if [[ $funcstack[1] == _svcctl ]]; then\n"
                           "  _svcctl \"$@\"\n"
                           "else\n"
                           "  compdef _svcctl svcctl kubectl-svc\n"
                           "fi\n";

/* Text inside '...[...]': brackets, colons and quotes are not plain. */
static void write_escaped(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (*text == '[' || *text == ']' || *text == ':')
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

/* ":metavar:(a b c)" */
static void write_value(const struct option_spec *spec)
{
    if (!option_has_value(spec))
        return;
    putchar(':');
    write_escaped(spec->metavar);
    putchar(':');
    if (spec->is_path)
        fputs("_files", stdout);
    if (!spec->words) {
        if (!spec->is_path)
            putchar(' ');
        return;
    }
    putchar('(');
    words_print(spec->words);
    putchar(')');
}

/* "'*-n+[help]:NS: ' '*--namespace=[help]:NS: '". Every option may be given
 * again: the last one counts. */
static void write_spec(const struct option_spec *spec)
{
    if (spec->letter) {
        printf("    '*-%c%s[", spec->letter, option_has_value(spec) ? "+" : "");
        write_escaped(spec->help);
        putchar(']');
        write_value(spec);
        fputs("'\n", stdout);
    }
    printf("    '*--%s%s[", spec->name, option_has_value(spec) ? "=" : "");
    write_escaped(spec->help);
    putchar(']');
    write_value(spec);
    fputs("'\n", stdout);
}

static void write_specs(unsigned ids)
{
    const struct option_spec *spec;

    for (spec = option_specs; spec->name; spec++) {
        if (spec->helpful & ids)
            write_spec(spec);
    }
}

/* Options whose value is the next word. */
static void write_skips(void)
{
    const struct option_spec *spec;
    const char *between = "      ";

    for (spec = option_specs; spec->name; spec++) {
        if (!option_has_value(spec))
            continue;
        fputs(between, stdout);
        if (spec->letter)
            printf("-%c|", spec->letter);
        printf("--%s", spec->name);
        between = "|";
    }
    puts(") skip=1 ;;");
}

static void write_command(const struct command *c)
{
    printf("  %s) specs=(\n    '1: :(%s)'\n    '*:%s:", c->name, c->name,
           c->words ? "argument" : "name");
    if (c->words) {
        putchar('(');
        words_print(c->words);
        putchar(')');
    } else {
        putchar(' ');
    }
    fputs("'\n", stdout);
    write_specs(1u << c->id);
    fputs("    ) ;;\n", stdout);
}

void completion_zsh(void)
{
    const struct command *c;

    fputs(head, stdout);
    fputs("  names=(\n", stdout);
    for (c = commands; c->name; c++) {
        printf("    '%s:", c->name);
        write_escaped(c->summary);
        fputs("'\n", stdout);
    }
    fputs("  )\n", stdout);
    fputs(find_command, stdout);
    write_skips();
    fputs(after_options, stdout);
    for (c = commands; c->name; c++)
        write_command(c);
    fputs("  *) specs=(\n"
          "    '1:command:{_describe command names}'\n",
          stdout);
    write_specs(~0u);
    fputs("    ) ;;\n", stdout);
    fputs(tail, stdout);
}
