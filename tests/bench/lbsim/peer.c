/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the list of those that choose.
 */
#include "peer.h"

#include <string.h>

int peer_at(size_t i, struct peer *ret)
{
    const struct svc__policy_ops *ops;

    if (i == 0) {
        *ret = (struct peer){.name = "oracle"};
        return 0;
    }
    if (i == 1) {
        *ret = (struct peer){
            .name = "static", .ops = &svc__policy_wrr, .has_weights = 1};
        return 0;
    }
    ops = svc__policy_at(i - 2);
    if (ops == NULL)
        return -1;
    *ret = (struct peer){.name = ops->name, .ops = ops};
    return 0;
}

int peer_find(const char *name, struct peer *ret)
{
    struct peer p;

    for (size_t i = 0; peer_at(i, &p) == 0; i++) {
        if (strcmp(p.name, name) == 0) {
            *ret = p;
            return 0;
        }
    }
    return -1;
}
