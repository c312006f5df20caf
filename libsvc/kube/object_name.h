/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who an object is, whatever else is wrong with it: for one that is deleted,
 * and for one that is refused. Pure; does not allocate.
 */
#ifndef SVC_KUBE_OBJECT_NAME_H
#define SVC_KUBE_OBJECT_NAME_H

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* Longest name of an object (RFC 1123 subdomain), with its NUL. */
#define SVC__OBJECT_NAME_SIZE 254

struct svc__object_name {
    char namespace_[SVC__OBJECT_NAME_SIZE]; /* "" where absent */
    char name[SVC__OBJECT_NAME_SIZE];
    char service[SVC__OBJECT_NAME_SIZE]; /* label kubernetes.io/service-name */
    uint64_t version; /* resourceVersion; 0: absent or not a number */
};

/* Reads metadata as far as it can be read; what is absent or cannot be a name
 * is "". 0, or SVC_EFILE when there is no name. */
int svc__object_name_read(const char *text, size_t size,
                          struct svc__object_name *ret);

#endif
