/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds a program as Go's os/exec does, and so kubectl: a name with a slash as
 * it is, another one in the folders of PATH that are absolute, so that what
 * lies in the current folder is never run by accident. Looks at files; any
 * thread.
 */
#ifndef SVC_IO_PROC_PATH_H
#define SVC_IO_PROC_PATH_H

#include <svc/svc.h>

/* *ret is owned. path may be NULL. 0, SVC_EAUTH: not there, or nothing that may
 * be run; SVC_ENOMEM. */
int svc__proc_path_find(const char *name, const char *path, char **ret,
                        svc_error *reterr);

#endif
