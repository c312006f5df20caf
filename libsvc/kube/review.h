/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the API server about ourselves, and what it says: a
 * SelfSubjectAccessReview (authorization.k8s.io/v1), its version, the end of a
 * token. Pure.
 */
#ifndef SVC_KUBE_REVIEW_H
#define SVC_KUBE_REVIEW_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

#define SVC__REVIEW_PATH                                                       \
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

/* Bytes of an answer that are read. */
#define SVC__REVIEW_MAX ((size_t)64 * 1024)

/* Bytes of a version with its NUL. */
#define SVC__REVIEW_VERSION_SIZE 64

/* Whether we may do that. */
struct svc__review {
    const char *verb;
    const char *group; /* "" is the core group */
    const char *resource;
    const char *namespace_; /* NULL: of no namespace */
    const char *name;       /* NULL: all of them */
};

/* Appends the object to be posted. Returns b->err. */
int svc__review_write(const struct svc__review *q, struct svc__buf *b);

/* Reads status.allowed of the answer. 0, or SVC_EPROTO when there is none. */
int svc__review_read(const char *text, size_t size, int *ret_allowed,
                     svc_error *reterr);

/* Reads gitVersion of the answer to /version. 0, or SVC_EPROTO. */
int svc__review_read_version(const char *text, size_t size,
                             char ret[SVC__REVIEW_VERSION_SIZE],
                             svc_error *reterr);

/* Reads the time at which a token that is a JWT ends (RFC 7519 4.1.4), in
 * seconds of the epoch. Its signature is not looked at. 0; SVC_ENOTSUP: no JWT,
 * or it does not say; SVC_ENOMEM. */
int svc__review_token_end(const char *token, size_t size, int64_t *ret_s);

#endif
