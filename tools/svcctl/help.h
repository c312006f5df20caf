/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help, written from the tables of commands and options.
 */
#ifndef SVCCTL_HELP_H
#define SVCCTL_HELP_H

#include "options.h"

#include <stdio.h>

/* The help of the command in opt, or of the program: examples first. */
void help_print(FILE *out, const struct options *opt);

/* The commands in a few lines, for a call without any. */
void help_brief(FILE *out, const struct options *opt);

#endif
