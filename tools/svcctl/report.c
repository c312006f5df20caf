/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as the user sees them. */
#include "report.h"

#include "commands.h"
#include "json.h"
#include "text.h"

#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int report_exit(int code)
{
    static const struct {
        int code;
        int exit;
    } exits[] = {
        {SVC_OK, 0},
        {SVC_EINVAL, EXIT_USAGE},
        {SVC_ENAME, EXIT_USAGE},
        {SVC_ENOTSUP, EXIT_USAGE},
        {SVC_EFILE, EXIT_USAGE},
        {SVC_ENOSERVICE, 3},
        {SVC_ENOPORT, 3},
        {SVC_ENOENDPOINTS, EXIT_EMPTY},
        {SVC_EPENDING, EXIT_EMPTY},
        {SVC_EALIAS, EXIT_EMPTY},
        {SVC_EUNREACH, 5},
        {SVC_ETIMEDOUT, 5},
        {SVC_EPROTO, 5},
        {SVC_ETOOBIG, 5},
        {SVC_EAUTH, 6},
    };
    size_t i;

    for (i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
        if (exits[i].code == code)
            return exits[i].exit;
    }
    return 1;
}

static const char *message_of(const svc_error *error)
{
    return error->message[0] ? error->message : svc_err_text(error->code);
}

/* Writes the hint, or where to read on after wrong usage. */
static void hint_of(const struct options *opt, const svc_error *error,
                    char *ret, size_t size)
{
    const char *command = opt->command ? opt->command->name : "";

    if (error->hint[0] || error->code != SVC_EINVAL)
        snprintf(ret, size, "%s", error->hint);
    else
        snprintf(ret, size, "see '%s%s%s --help'", opt->program,
                 opt->command ? " " : "", command);
}

void report_text(const struct options *opt, const svc_error *error)
{
    char hint[SVC_ERROR_HINT_SIZE];
    char *message = text_safe(message_of(error));
    char *safe;

    hint_of(opt, error, hint, sizeof(hint));
    safe = text_safe(hint);
    /* In one piece: the library's thread may log meanwhile. */
    fprintf(stderr, "svcctl: %s%s%s\n", message, safe[0] ? "\nhint: " : "",
            safe);
    free(safe);
    free(message);
}

void report_object(const struct options *opt, const char *name,
                   const svc_error *error)
{
    char hint[SVC_ERROR_HINT_SIZE];
    struct json_object *object;

    if (opt->output != OUTPUT_JSON)
        return;
    hint_of(opt, error, hint, sizeof(hint));
    object = json_new("svcctl.error/1");
    json_add_text(object, "name", name);
    json_add_text(object, "code", svc_err_name(error->code));
    json_add_number(object, "exit", report_exit(error->code));
    json_add_text(object, "message", message_of(error));
    json_add_text(object, "hint", hint);
    json_write(object);
}

int report_error(const struct options *opt, const char *name,
                 const svc_error *error)
{
    report_object(opt, name, error);
    report_text(opt, error);
    return report_exit(error->code);
}

/* Whether standard output is a pipe or socket that nobody reads any more. */
static int reader_is_gone(void)
{
    struct pollfd fd = {.fd = STDOUT_FILENO};

    return poll(&fd, 1, 0) > 0 && fd.revents & POLLERR;
}

int report_flush(int exit_status)
{
    int had_failed = ferror(stdout);
    int failed = fflush(stdout) != 0;

    if (!failed && !had_failed)
        return exit_status;
    if (reader_is_gone())
        return 1;
    if (failed)
        fprintf(stderr, "svcctl: cannot write to standard output: %m\n");
    else
        fputs("svcctl: cannot write to standard output\n", stderr);
    return 1;
}
