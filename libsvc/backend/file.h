/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file backend: Kubernetes objects in files, in folders, or in memory
 * (docs/manifests.md). Thread that dispatches.
 */
#ifndef SVC_BACKEND_FILE_H
#define SVC_BACKEND_FILE_H

#include "backend/backend.h"

/* Its table. A path that cannot be read, or holds nothing good, is trouble of
 * the subscriptions that it leaves without an answer, and no failure of init;
 * a text in memory, which cannot get better, is: SVC_EFILE. Without files and
 * text init returns SVC_EINVAL. */
extern const struct svc__backend_ops svc__backend_file;

#endif
