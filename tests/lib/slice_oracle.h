/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second reading of EndpointSlices, by json-c and with rules of its own, to
 * compare kube/slice with.
 */
#ifndef SVC_TEST_SLICE_ORACLE_H
#define SVC_TEST_SLICE_ORACLE_H

#include <stddef.h>

enum oracle_demand {
    ORACLE_AGREE,  /* both accept, with equal results, or both refuse */
    ORACLE_IF_BOTH /* where both accept, the results are equal */
};

/* Reads text both ways and fails the test when they differ. Whether both
 * accepted it. */
int oracle_compare(const char *text, size_t size, enum oracle_demand demand);

#endif
