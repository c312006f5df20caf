/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replaces libsvc/base/scan_ops.c in this program.
 */
#include "scan_choice.h"

#include "base/scan.h"
#include "base/scan_avx2.h"

#include <stddef.h>

static int portable;

void scan_choose_portable(int on)
{
    portable = on;
}

const struct svc__scan_ops *svc__scan_ops(void)
{
    const struct svc__scan_ops *fast = svc__scan_ops_avx2();

    return portable || fast == NULL ? svc__scan_ops_portable() : fast;
}
