/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as the user sees them: text on standard error, with -o json an
 * object on standard output too, and the exit status.
 */
#ifndef SVCCTL_REPORT_H
#define SVCCTL_REPORT_H

#include "options.h"

#include <svc/svc.h>

#define EXIT_USAGE 2
#define EXIT_EMPTY 4
#define EXIT_STALE 7

/* The exit status for a code of the library (semantics 2.11). */
int report_exit(int code);

/* "svcctl: message" and "hint: …" on standard error. Wrong usage without a
 * hint is sent to the help. */
void report_text(const struct options *opt, const svc_error *error);

/* With -o json, the error as an object on standard output. name may be NULL.
 * Nothing in the other forms. */
void report_object(const struct options *opt, const char *name,
                   const svc_error *error);

/* Both. Returns the exit status. */
int report_error(const struct options *opt, const char *name,
                 const svc_error *error);

/* Flushes standard output. exit_status, or 1 when something could not be
 * written; a reader that went away is no reason for a message. */
int report_flush(int exit_status);

#endif
