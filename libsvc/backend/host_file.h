/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses of a name in a text as hosts(5) describes it, and lists of
 * addresses in the order in which they are to be tried. Pure; one thread at a
 * time.
 */
#ifndef SVC_BACKEND_HOST_FILE_H
#define SVC_BACKEND_HOST_FILE_H

#include "model/address.h"

#include <stddef.h>

#define SVC__HOST_ADDRESSES_MAX 16

/* The most bytes of a hosts file that are read. */
#define SVC__HOST_FILE_MAX ((size_t)1024 * 1024)

/* Twice as many are collected, so that one family cannot crowd out the other.
 */
struct svc__host_list {
    size_t count;
    struct svc__address items[2 * SVC__HOST_ADDRESSES_MAX];
};

/* Appends an address unless it is there, or its family has as many as are given
 * out. */
void svc__host_list_add(struct svc__host_list *list,
                        const struct svc__address *a);

/* Brings the families by turns, as RFC 8305 section 4 has it: first that of the
 * first address, each in its own order; SVC__HOST_ADDRESSES_MAX at most. */
void svc__host_list_interleave(struct svc__host_list *list);

/* Appends the addresses that the text gives a name, in the order of its lines.
 * Names are compared in any case, and without a final dot; a line that says
 * nothing is passed over: a comment, an address that is none or has a zone, no
 * name. */
void svc__host_file_find(const char *text, size_t size, const char *name,
                         struct svc__host_list *list);

#endif
