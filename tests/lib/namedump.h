/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name as one line of words, so that tables of tests can be read: absent
 * fields are left out, and two names are equal when their lines are.
 */
#ifndef SVC_TESTS_LIB_NAMEDUMP_H
#define SVC_TESTS_LIB_NAMEDUMP_H

#include "model/name.h"

#include <stddef.h>

/* Writes "service svc=web ns=shop port=80". Fails the test when it does not
 * fit. */
void namedump(const struct svc__name *name, char *ret, size_t size);

#endif
