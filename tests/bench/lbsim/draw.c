/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Draws by inversion, and by the transform of Box and Muller (1958).
 */
#include "draw.h"

#include <math.h>

#define TURN  6.283185307179586 /* 2 pi */
#define SIGMA 1.0               /* of the logarithm of a lognormal draw */

double draw_unit(struct svc__rng *rng)
{
    return ((double)(svc__rng_next(rng) >> 11) + 1.0) * 0x1p-53;
}

double draw_exponential(struct svc__rng *rng)
{
    return -log(draw_unit(rng));
}

double draw_work(struct svc__rng *rng, enum draw_kind kind)
{
    const double first = draw_unit(rng);
    const double second = draw_unit(rng);

    switch (kind) {
    case DRAW_LOGNORMAL:
        return exp(SIGMA * sqrt(-2.0 * log(first)) * cos(TURN * second) -
                   SIGMA * SIGMA / 2.0);
    case DRAW_FIXED:
        return 1.0;
    default:
        return -log(first);
    }
}
