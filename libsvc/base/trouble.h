/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trouble that is kept: as much memory as its texts need, none while there
 * is none. An svc_error has room for the longest, a kilobyte of it.
 */
#ifndef SVC_BASE_TROUBLE_H
#define SVC_BASE_TROUBLE_H

#include <svc/svc.h>

/* Zeroed: none. */
struct svc__trouble {
    int code;    /* 0: none */
    char *texts; /* the message, and the hint behind its NUL; NULL where there
                    was no memory for them */
};

/* Keeps a copy of error (NULL or code 0: nothing) in *ret, which holds none.
 * Without memory the code alone is kept. */
void svc__trouble_init(struct svc__trouble *ret, const svc_error *error);
void svc__trouble_fini(struct svc__trouble *t);

/* As init, in the place of what *t holds. */
void svc__trouble_set(struct svc__trouble *t, const svc_error *error);

/* Writes it out; reterr may be NULL. Returns the code. */
int svc__trouble_fill(const struct svc__trouble *t, svc_error *reterr);

/* Whether it says what error (NULL: nothing) says; hints do not count. */
int svc__trouble_equal(const struct svc__trouble *t, const svc_error *error);

#endif
