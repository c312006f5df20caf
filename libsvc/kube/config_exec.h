/* SPDX-License-Identifier: Apache-2.0 */
/*
 * users[].user.exec of a kubeconfig, for kube/config only. Pure.
 */
#ifndef SVC_KUBE_CONFIG_EXEC_H
#define SVC_KUBE_CONFIG_EXEC_H

#include "kube/config_text.h"

/* Reads exec, and for the plugin the extension of its name among those of the
 * cluster. command is as written. *ret is owned. 0; SVC_EFILE; SVC_ENOTSUP for
 * a plugin that wants a terminal or an old version; SVC_ENOMEM. */
int svc__config_exec_read(const struct svc__config_place *p,
                          const struct svc__config_mark *exec,
                          const struct svc__config_mark *extensions,
                          struct svc__config_exec **ret);
void svc__config_exec_free(struct svc__config_exec *e);

#endif
