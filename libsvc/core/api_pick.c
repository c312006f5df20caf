/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every public function of picks, and svc_service_connect: check, enter, call,
 * leave. The contracts stand in svc.h.
 */
#include "core/api.h"

#include "base/err.h"
#include "core/connect.h"
#include "core/pick.h"
#include "core/service.h"

#include <svc/svc.h>

_Static_assert(sizeof(svc_pick) == 128, "svc_pick is frozen");

/* A caller's options, which may be NULL, over the defaults. */
static int read_options(const svc_pick_options *options, svc_pick_options *ret,
                        svc_error *reterr)
{
    int err = svc__settings_copy(ret, sizeof(*ret), options, reterr);

    if (err == 0 && ret->key == NULL && ret->key_size > 0)
        err =
            svc__err_set(reterr, SVC_EINVAL, "the key has a size and no bytes");
    return err;
}

/* Most picks have none, or those of this version. */
static int pick_with(svc_service *s, const svc_pick_options *options,
                     svc_pick *ret)
{
    svc_pick_options o = SVC_PICK_OPTIONS_INIT;
    int err;

    if (options->size == sizeof(o) &&
        (options->key != NULL || options->key_size == 0))
        return svc__pick(s, options, ret);
    err = read_options(options, &o, NULL);
    return err != 0 ? err : svc__pick(s, &o, ret);
}

/* Looks by itself, for what is called most. */
int svc_service_pick(svc_service *s, const svc_pick_options *options,
                     svc_pick *ret)
{
    if (s == NULL || ret == NULL)
        return SVC_EINVAL;
    if (svc__resolver_is_foreign(s->r))
        return SVC_ESTATE;
    return options == NULL ? svc__pick_plain(s, ret)
                           : pick_with(s, options, ret);
}

int svc_service_connect(svc_service *s, const svc_pick_options *options,
                        int timeout_ms, svc_pick *ret_pick, svc_error *reterr)
{
    svc_pick_options o = SVC_PICK_OPTIONS_INIT;
    int err = svc__api_check_service(s, reterr);

    if (err == 0)
        err = read_options(options, &o, reterr);
    if (err != 0)
        return err;
    /* Somebody has to close it. */
    if (ret_pick == NULL && o.track)
        return svc__api_missing(reterr);
    return svc__connect(s, &o, timeout_ms, ret_pick, reterr);
}

void svc_pick_done(svc_pick *pick, int outcome)
{
    if (pick != NULL)
        svc__pick_done(pick, outcome, SVC__PICK_MEASURE);
}

void svc_pick_done_after(svc_pick *pick, int outcome, int64_t latency_us)
{
    if (pick != NULL)
        svc__pick_done(pick, outcome, latency_us < 0 ? -1 : latency_us);
}

int svc_pick_next(svc_pick *pick, int outcome)
{
    return pick == NULL ? SVC_EINVAL : svc__pick_next(pick, outcome);
}

const struct sockaddr *svc_pick_sockaddr(const svc_pick *pick)
{
    return (const struct sockaddr *)&pick->sockaddr;
}
