/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process of a test has at this moment, by /proc/self. Also for a
 * child of fork: where nothing can be counted, the program ends.
 */
#ifndef TESTS_LIB_PROC_SELF_H
#define TESTS_LIB_PROC_SELF_H

/* Open descriptors, and the one that it takes to count them. */
int proc_self_descriptors(void);

int proc_self_threads(void);

#endif
