/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the headers of a response say that we use, line by line as they come:
 * of interim responses (1xx) nothing but their bytes, of trailers likewise.
 * Pure; one thread at a time.
 */
#ifndef SVC_IO_HTTP_HEAD_H
#define SVC_IO_HTTP_HEAD_H

#include <stddef.h>
#include <stdint.h>

struct svc__http_head {
    size_t size;  /* bytes of all lines so far, interim ones too */
    int is_whole; /* the last line of the final response's headers has come */
    int status;
    int is_encoded;        /* the body is compressed (faults A24) */
    int is_packed;         /* likewise, in a way that curl would undo unasked */
    int64_t date_s;        /* Date; -1: none */
    int64_t retry_after_s; /* Retry-After as a number; -1: none, or junk */
    int64_t retry_at_s;    /* as a date; -1: likewise */
    char content_type[64]; /* without parameters */
};

/* Zeroed is no state: begin with this. */
void svc__http_head_init(struct svc__http_head *head);

/* Takes one line with its end. 0, or SVC_ETOOBIG (faults A23). */
int svc__http_head_line(struct svc__http_head *head, const char *line,
                        size_t size);

/* How long to wait, told from the response's own Date where it has one, else
 * from now_s; -1: not said (faults A12). */
int64_t svc__http_head_retry_ms(const struct svc__http_head *head,
                                int64_t now_s);

#endif
