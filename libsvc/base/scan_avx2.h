/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The version of the walk for AVX2, between base/scan.c and base/scan_avx2.c.
 */
#ifndef SVC_BASE_SCAN_AVX2_H
#define SVC_BASE_SCAN_AVX2_H

#include "base/scan.h"

/* NULL where this machine, or the one it was built for, cannot run it. */
const struct svc__scan_ops *svc__scan_ops_avx2(void);

#endif
