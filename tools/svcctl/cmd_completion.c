/* SPDX-License-Identifier: Apache-2.0 */
/* svcctl completion: a script for the shell named. */
#include "commands.h"
#include "completion.h"
#include "report.h"
#include "suggest.h"
#include "values.h"

#include <stdio.h>

int cmd_completion(const struct options *opt)
{
    /* In the order of the words of the command. */
    static void (*const write[])(void) = {completion_bash, completion_zsh,
                                          completion_fish};
    const char *shell = opt->arguments[0];
    const char *nearest;
    svc_error error = {.code = SVC_EINVAL};
    int place;

    if (values_word(shell, opt->command->words, &place) == 0) {
        write[place]();
        return 0;
    }
    snprintf(error.message, sizeof(error.message),
             "'%s' is not one of: bash, zsh, fish", shell);
    nearest = suggest_word(shell, opt->command->words);
    if (nearest)
        snprintf(error.hint, sizeof(error.hint), "did you mean '%s'?", nearest);
    return report_error(opt, NULL, &error);
}
