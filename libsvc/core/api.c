/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every public function of resolvers, services and watches: check, enter, call,
 * leave. The contracts stand in svc.h.
 */
#include "core/api.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/sized.h"
#include "core/check.h"
#include "core/explain.h"
#include "core/memo.h"
#include "core/stats.h"
#include "core/watch.h"

#include <svc/svc.h>

_Static_assert(sizeof(svc_error) == 1024, "svc_error is frozen");

int svc__api_missing(svc_error *reterr)
{
    return svc__err_set(reterr, SVC_EINVAL, "a required argument is NULL");
}

static int foreign(svc_error *reterr)
{
    svc__err_set(reterr, SVC_ESTATE,
                 "this object was made before fork(); it belongs to the "
                 "parent");
    svc__err_hint(reterr, "make a new resolver in the child");
    return SVC_ESTATE;
}

/* 0, or why a resolver may not be used here. */
static int check_resolver(const svc_resolver *r, svc_error *reterr)
{
    if (r == NULL)
        return svc__api_missing(reterr);
    return svc__resolver_is_foreign(r) ? foreign(reterr) : 0;
}

int svc__api_check_service(const svc_service *s, svc_error *reterr)
{
    if (s == NULL)
        return svc__api_missing(reterr);
    return check_resolver(s->r, reterr);
}

int svc_allocator_set(const svc_allocator *allocator)
{
    return svc__alloc_set(allocator);
}

void svc_text_free(char *text)
{
    svc__free(text);
}

int svc_resolver_new(const svc_resolver_options *options, svc_resolver **ret,
                     svc_error *reterr)
{
    if (ret == NULL)
        return svc__api_missing(reterr);
    return svc__resolver_new(options, ret, reterr);
}

void svc_resolver_free(svc_resolver *r)
{
    if (r != NULL)
        svc__resolver_free(r);
}

int svc_resolver_resolve(svc_resolver *r, const char *name,
                         const svc_service_options *options, int timeout_ms,
                         svc_endpoints **ret, svc_error *reterr)
{
    const struct svc__memo_question question = {name, options, timeout_ms};
    int err = check_resolver(r, reterr);

    if (err != 0)
        return err;
    if (name == NULL || ret == NULL)
        return svc__api_missing(reterr);
    return svc__memo_resolve(r, &question, ret, reterr);
}

int svc_resolver_stats(const svc_resolver *r, svc_stats *ret)
{
    svc_stats stats;
    int err = check_resolver(r, NULL);

    if (err != 0)
        return err;
    if (ret == NULL)
        return SVC_EINVAL;
    /* Reading takes the lock that guards the list of sources. */
    svc__stats_read((svc_resolver *)(uintptr_t)r, &stats);
    return svc__sized_write(ret, &stats, sizeof(stats));
}

int svc_resolver_stats_text(const svc_resolver *r, const char *format,
                            char **ret_text, svc_error *reterr)
{
    int err = check_resolver(r, reterr);

    if (err != 0)
        return err;
    if (format == NULL || ret_text == NULL)
        return svc__api_missing(reterr);
    return svc__stats_text((svc_resolver *)(uintptr_t)r, format, ret_text,
                           reterr);
}

int svc_resolver_check(svc_resolver *r, const char *name, char **ret_json,
                       svc_error *reterr)
{
    int err = check_resolver(r, reterr);

    if (err != 0)
        return err;
    if (ret_json == NULL)
        return svc__api_missing(reterr);
    return svc__check(r, name, ret_json, reterr);
}

/* 0, or why the caller may not run the loop. */
static int check_loop(const svc_resolver *r)
{
    int err = check_resolver(r, NULL);

    if (err == 0 && !r->settings.external_loop)
        err = SVC_ESTATE;
    return err;
}

int svc_resolver_fd(const svc_resolver *r)
{
    int err = check_loop(r);

    return err != 0 ? err : svc__loop_fd(r->loop);
}

int svc_resolver_timeout_ms(const svc_resolver *r)
{
    int err = check_loop(r);

    return err != 0 ? err : svc__loop_timeout_ms(r->loop);
}

int svc_resolver_dispatch(svc_resolver *r, int timeout_ms)
{
    int err = check_loop(r);

    return err != 0 ? err : svc__resolver_round(r, timeout_ms);
}

int svc_service_new(svc_resolver *r, const char *name,
                    const svc_service_options *options, svc_service **ret,
                    svc_error *reterr)
{
    const struct svc__request request = {
        .name = name, .options = options, .is_picked = 1};
    int err = check_resolver(r, reterr);

    if (err != 0)
        return err;
    if (name == NULL || ret == NULL)
        return svc__api_missing(reterr);
    return svc__service_new(r, &request, ret, reterr);
}

void svc_service_free(svc_service *s)
{
    if (s != NULL)
        svc__service_free(s);
}

int svc_service_wait(svc_service *s, int timeout_ms, svc_error *reterr)
{
    int err = svc__api_check_service(s, reterr);

    return err != 0 ? err : svc__service_wait(s, timeout_ms, reterr);
}

int svc_service_status(svc_service *s, svc_error *ret)
{
    int err = svc__api_check_service(s, ret);

    return err != 0 ? err : svc__publish_status(&s->publish, ret);
}

int svc_service_explain(svc_service *s, char **ret_json, svc_error *reterr)
{
    int err = svc__api_check_service(s, reterr);

    if (err != 0)
        return err;
    if (ret_json == NULL)
        return svc__api_missing(reterr);
    if (svc__publish_status(&s->publish, NULL) == SVC_ECLOSED)
        return svc__publish_status(&s->publish, reterr);
    return svc__explain(s, ret_json, reterr);
}

svc_endpoints *svc_service_endpoints(svc_service *s)
{
    if (s == NULL || svc__resolver_is_foreign(s->r))
        return NULL;
    return svc__publish_get(&s->publish);
}

int svc_service_weigh(svc_service *s, const svc_endpoint *ep, int weight)
{
    int err = svc__api_check_service(s, NULL);

    if (err != 0)
        return err;
    if (ep == NULL || weight < -1 || weight >= UINT16_MAX)
        return SVC_EINVAL;
    return svc__balance_weigh(s, &ep->c, weight);
}

int svc_watch_new(svc_service *s, svc_watch **ret)
{
    int err = svc__api_check_service(s, NULL);

    if (err != 0)
        return err;
    return ret == NULL ? SVC_EINVAL : svc__watch_new(s, ret);
}

void svc_watch_free(svc_watch *w)
{
    if (w != NULL)
        svc__watch_free(w);
}

int svc_watch_fd(const svc_watch *w)
{
    if (w == NULL)
        return SVC_EINVAL;
    return svc__resolver_is_foreign(w->s->r) ? SVC_ESTATE : w->listener.fd;
}

int svc_watch_next(svc_watch *w, int timeout_ms, svc_endpoints **ret,
                   svc_error *reterr)
{
    if (w == NULL || ret == NULL)
        return svc__api_missing(reterr);
    if (svc__resolver_is_foreign(w->s->r))
        return foreign(reterr);
    return svc__watch_next(w, timeout_ms, ret, reterr);
}
