/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens, certificates and keys as they stand in a configuration or in a file
 * of their own. What could not be used is not given out (faults A4, A5), and no
 * text of it is in a message. Any thread.
 */
#ifndef SVC_BACKEND_APISERVER_SECRET_H
#define SVC_BACKEND_APISERVER_SECRET_H

#include "kube/config.h"

#include <svc/svc.h>

/* A copy of data, or what the file at path holds, which must be PEM text with a
 * block of that kind ("CERTIFICATE"); no bytes where both are NULL. *ret is
 * owned, with a NUL behind it. 0; SVC_EAUTH with the file's name and the
 * reason; SVC_ENOMEM. */
int svc__apiserver_secret_pem(const struct svc__config_data *data,
                              const char *path, const char *kind,
                              struct svc__config_data *ret, svc_error *reterr);

/* The token that is in the file at path, or with NULL that of the
 * configuration, without the white space around it, and nothing that could be
 * more than one header; no bytes where there is none. Else as
 * svc__apiserver_secret_pem. */
int svc__apiserver_secret_token(const struct svc__config *c, const char *path,
                                struct svc__config_data *ret,
                                svc_error *reterr);

#endif
