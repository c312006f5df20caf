/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error codes in words, and the filling of a svc_error. Texts are UTF-8, cut
 * at a character; what else comes from outside becomes '?'. Any thread.
 */
#ifndef SVC_BASE_ERR_H
#define SVC_BASE_ERR_H

#include <stddef.h>
#include <svc/svc.h>

/* Fills *reterr (may be NULL) with code and message, and clears the hint.
 * Returns code, so that "return svc__err_set(...)" reads well. */
__attribute__((format(printf, 3, 4))) int svc__err_set(svc_error *reterr,
                                                       int code,
                                                       const char *format, ...);

/* Adds the hint to an error that svc__err_set filled. Returns its code, or 0
 * when reterr is NULL. */
__attribute__((format(printf, 2, 3))) int svc__err_hint(svc_error *reterr,
                                                        const char *format,
                                                        ...);

/* Puts "text: " before the message. Returns as svc__err_hint. */
__attribute__((format(printf, 2, 3))) int svc__err_wrap(svc_error *reterr,
                                                        const char *format,
                                                        ...);

/* Fills *reterr (may be NULL) with texts that are tidy already: copied where
 * they fit, and cut as all others are where they do not. NULL for message: what
 * the code says; for hint: there is none. Returns code. */
int svc__err_tell(svc_error *reterr, int code, const char *message,
                  const char *hint);

/* SVC_ENOMEM with a standard text. */
int svc__err_nomem(svc_error *reterr);

/* The code for an errno: ENOMEM, EMFILE, ENFILE and EAGAIN are SVC_ENOMEM
 * (the reason is in the message, faults P4), else SVC_EUNREACH. Message
 * "what: reason". */
int svc__err_errno(svc_error *reterr, int error, const char *what);

/* Makes text that was printed into size bytes fit to be shown: cut back to
 * whole UTF-8 characters where it fills them; control characters and what is
 * no UTF-8 as '?', since messages quote what came from outside. */
void svc__err_tidy(char *text, size_t size);

#endif
