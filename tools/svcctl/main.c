/* SPDX-License-Identifier: Apache-2.0 */
/* svcctl: reads the command line, runs the command, tells the exit status. */
#include "commands.h"
#include "help.h"
#include "report.h"

#include <fcntl.h>
#include <stdio.h>

/* A standard descriptor that the caller closed would be given to the next
 * file that is opened, and be written into. In its place comes one that fails
 * when it is used; a lost error message has no reader anyway. */
static void keep_standard_open(void)
{
    static const int flags[] = {O_WRONLY, O_RDONLY, O_RDWR};
    int fd;

    for (fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags[fd]) != fd)
            return;
    }
}

static int run(const struct options *opt, const svc_error *error)
{
    if (error->code != 0) {
        if (!opt->command && opt->arguments_count == 0 && !error->hint[0])
            help_brief(stderr, opt);
        return report_error(opt, NULL, error);
    }
    if (opt->help) {
        help_print(stdout, opt);
        return 0;
    }
    return opt->command->run(opt);
}

int main(int argc, char **argv)
{
    struct options opt;
    svc_error error;
    int exit_status;

    keep_standard_open();
    options_parse(argc, argv, &opt, &error);
    exit_status = report_flush(run(&opt, &error));
    options_fini(&opt);
    return exit_status;
}
