/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges PEM text before a TLS library sees it: that there is something of the
 * wanted kind, whole, and that no pass phrase is needed, for which OpenSSL
 * would ask at the terminal. Pure; any thread.
 */
#ifndef SVC_IO_HTTP_PEM_H
#define SVC_IO_HTTP_PEM_H

#include <stddef.h>
#include <svc/svc.h>

/* 0, or SVC_EAUTH with the reason and no text of it. what names it, such as
 * "the CA certificate". kind ends the label: "CERTIFICATE", "PRIVATE KEY". */
int svc__http_pem_check(const char *text, size_t size, const char *what,
                        const char *kind, svc_error *reterr);

#endif
