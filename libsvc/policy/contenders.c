/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the building of the table of those that compete.
 */
#include "policy/contenders.h"

#include "base/alloc.h"

int svc__contenders_build(const struct svc__policy_input *in,
                          const struct svc__policy_params *params,
                          void **ret_state)
{
    const uint32_t count = svc__policy_count(in);
    const int is_plain =
        count == 1 || (in->slots == NULL && !svc__policy_is_weighted(in));
    struct svc__contenders *st =
        svc__alloc(sizeof(*st) + (is_plain ? 0 : count * sizeof(st->all[0])));

    (void)params;
    if (st == NULL)
        return SVC_ENOMEM;
    st->set = in->set;
    st->count = count;
    st->is_tracked = in->slots != NULL && !is_plain;
    st->is_plain = is_plain;
    for (uint32_t i = 0; !is_plain && i < count; i++) {
        struct svc__contender *one = &st->all[i];

        one->slot = in->slots != NULL ? in->slots[i] : NULL;
        one->weight = in->weights != NULL ? in->weights[i] : 1;
        one->inverse = 1.0F / (float)one->weight;
    }
    *ret_state = st;
    return 0;
}
