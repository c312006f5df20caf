/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns chi-square.
 */
#include "chances.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What chi-square of k degrees of freedom exceeds at 5 sigma only (Wilson and
 * Hilferty: its cube root is nearly normal). */
static double bound(size_t k)
{
    const double part = 2.0 / (9.0 * (double)k);

    return (double)k * pow(1.0 - part + 5.0 * sqrt(part), 3);
}

static double chance_of(const double *chances, size_t i)
{
    return chances != NULL ? chances[i] : 1.0;
}

void assert_chances(const uint32_t *counts, const double *chances, size_t n)
{
    double total = 0;
    double sum = 0;
    double chi = 0;
    size_t possible = 0;

    for (size_t i = 0; i < n; i++) {
        total += counts[i];
        sum += chance_of(chances, i);
    }
    for (size_t i = 0; i < n; i++) {
        const double wanted = total * chance_of(chances, i) / sum;

        if (wanted > 0) {
            chi += (counts[i] - wanted) * (counts[i] - wanted) / wanted;
            possible++;
        } else {
            assert_int_equal(counts[i], 0);
        }
    }
    if (possible > 1 && !(chi < bound(possible - 1)))
        fail_msg("chi-square %f of %zu, at most %f", chi, possible,
                 bound(possible - 1));
}

void assert_even(const uint32_t *counts, size_t n)
{
    assert_chances(counts, NULL, n);
}
