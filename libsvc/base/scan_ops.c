/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses the version of the walk. What the C runtime knows of the CPU is
 * asked each time, so there is no state. Alone in its file, so that a test can
 * link a choice of its own.
 */
#include "base/scan.h"
#include "base/scan_avx2.h"

#include <stddef.h>

const struct svc__scan_ops *svc__scan_ops(void)
{
    const struct svc__scan_ops *ops = svc__scan_ops_avx2();

    return ops != NULL ? ops : svc__scan_ops_portable();
}
