/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps SIGPIPE from the host while a library writes to sockets in its own way
 * (OpenSSL has no MSG_NOSIGNAL: faults P10). Touches the mask of the calling
 * thread only, never a disposition. Any thread; not nested.
 */
#ifndef SVC_IO_HTTP_GUARD_H
#define SVC_IO_HTTP_GUARD_H

struct svc__http_guard {
    int was_blocked; /* SIGPIPE, in the mask of before */
    int was_pending; /* one that is the host's */
};

/* Between the two calls a SIGPIPE that this thread raises goes nowhere; one
 * that was pending before stays so. */
void svc__http_guard_enter(struct svc__http_guard *g);
void svc__http_guard_leave(const struct svc__http_guard *g);

#endif
