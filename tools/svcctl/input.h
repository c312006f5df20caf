/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard input as one manifest.
 */
#ifndef SVCCTL_INPUT_H
#define SVCCTL_INPUT_H

#include <stddef.h>
#include <svc/svc.h>

/* Most bytes that are read. */
#define INPUT_MOST ((size_t)256 << 20)

/* Reads all of standard input. 0, SVC_EFILE when it cannot be read,
 * SVC_ETOOBIG when it is too long. *ret is owned, free with free(). */
int input_read(char **ret, size_t *ret_size, svc_error *reterr);

#endif
