/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion scripts, written from the tables of commands and options.
 */
#ifndef SVCCTL_COMPLETION_H
#define SVCCTL_COMPLETION_H

/* Each writes a script on standard output. */
void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);

#endif
