/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often each endpoint was picked: a list in the order of sets, found by
 * address and port. Nothing of a set is kept.
 */
#ifndef SVCCTL_COUNTS_H
#define SVCCTL_COUNTS_H

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* Family, address and port as bytes that sort as sets do. */
#define COUNTS_KEY_SIZE 19

struct count {
    unsigned char key[COUNTS_KEY_SIZE];
    char address[SVC_ADDRESS_TEXT_SIZE];
    int port;
    uint64_t picks;
};

/* Begin with zeroes; to be given to counts_fini. */
struct counts {
    struct count *list; /* owned, sorted by key */
    size_t used;
    size_t room;
};

/* Adds the usable endpoints that are not there yet, with no picks. */
void counts_add_set(struct counts *counts, const svc_endpoints *eps);

/* The count for a picked address, or NULL. Borrowed until the next add. */
struct count *counts_find(const struct counts *counts, const svc_pick *pick);

void counts_fini(struct counts *counts);

#endif
