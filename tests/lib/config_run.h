/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfigs for tests: read, and shown as text. */
#ifndef SVC_TESTS_LIB_CONFIG_RUN_H
#define SVC_TESTS_LIB_CONFIG_RUN_H

#include "base/buf.h"
#include "kube/config.h"

/* Appends a line for each field that is given: "server=https://h\n". */
void config_dump(struct svc__buf *b, const struct svc__config *c);

/* What one file, or several, say: the dump, or "SVC_EFILE: message | hint".
 * Borrowed until the next call. A NULL path ends the files. */
const char *config_say(const char *text, const char *context);
const char *config_say_files(const struct svc__config_file *files,
                             const char *context);

/* The same for a kubeconfig "/k/config" of one context with this cluster and
 * this user, in flow style and without the braces around it. */
const char *config_say_parts(const char *cluster, const char *user);

#endif
