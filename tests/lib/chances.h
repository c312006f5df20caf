/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether what was drawn is what chance would draw, for tests of policies.
 */
#ifndef SVC_TESTS_LIB_CHANCES_H
#define SVC_TESTS_LIB_CHANCES_H

#include <stddef.h>
#include <stdint.h>

/* Fails the test unless counts agree with chances, which may have any sum, by
 * chi-square at 5 sigma: one run of 3 million is refused wrongly, and always
 * the same ones, since seeds are fixed. What has no chance must not be there.
 */
void assert_chances(const uint32_t *counts, const double *chances, size_t n);

/* The same where all have the same chance. */
void assert_even(const uint32_t *counts, size_t n);

#endif
