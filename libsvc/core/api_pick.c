/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every public function of picks: check, enter, call, leave. The contracts
 * stand in svc.h.
 */
#include "core/api.h"
#include "core/pick.h"
#include "core/service.h"

#include <svc/svc.h>

_Static_assert(sizeof(svc_pick) == 128, "svc_pick is frozen");

int svc_service_pick(svc_service *s, const svc_pick_options *options,
                     svc_pick *ret)
{
    svc_pick_options o = SVC_PICK_OPTIONS_INIT;
    int err = svc__api_check_service(s, NULL);

    if (err != 0)
        return err;
    if (ret == NULL)
        return SVC_EINVAL;
    if (options != NULL) {
        err = svc__settings_copy(&o, sizeof(o), options, NULL);
        if (err != 0)
            return err;
    }
    if (o.key == NULL && o.key_size > 0)
        return SVC_EINVAL;
    return svc__pick(s, &o, ret);
}

void svc_pick_done(svc_pick *pick, int outcome)
{
    if (pick != NULL)
        svc__pick_done(pick, outcome, -1);
}

void svc_pick_done_after(svc_pick *pick, int outcome, int64_t latency_us)
{
    if (pick != NULL)
        svc__pick_done(pick, outcome, latency_us);
}

int svc_pick_next(svc_pick *pick, int outcome)
{
    return pick == NULL ? SVC_EINVAL : svc__pick_next(pick, outcome);
}

const struct sockaddr *svc_pick_sockaddr(const svc_pick *pick)
{
    return (const struct sockaddr *)&pick->sockaddr;
}
