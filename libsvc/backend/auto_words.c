/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the rules of who is believed. A negative answer of DNS is no proof as
 * long as the API server may still answer: it may know a Service that DNS has
 * not heard of, and the DNS server of a caller outside knows no Service at all.
 */
#include "backend/auto_words.h"

#include "base/err.h"

int svc__auto_is_denied(int code)
{
    return code == SVC_EAUTH || code == SVC_ENOTSUP || code == SVC_EFILE ||
           code == SVC_EINVAL;
}

enum svc__auto_verdict svc__auto_judge(const struct svc__auto_state *s,
                                       const struct svc__view *v)
{
    /* Of a Service of which DNS publishes the VIP it knows no pods. */
    if (v->code == SVC_ENOTSUP)
        return SVC__AUTO_UNFIT;
    if (v->code == 0 || s->answered == SVC__AUTO_DNS ||
        svc__auto_is_denied(s->api->code))
        return SVC__AUTO_COUNTS;
    return SVC__AUTO_HELD;
}

/* Both are named, the API server first, and so is what to do. */
static int tell_both(const svc_error *api, const svc_error *dns, svc_error *ret)
{
    svc__err_set(ret, api->code, "API server: %.240s; DNS: %.220s",
                 api->message, dns->message);
    if (api->hint[0] != '\0' && dns->hint[0] != '\0')
        svc__err_hint(ret, "%.260s; or for DNS: %.220s", api->hint, dns->hint);
    else
        svc__err_hint(ret, "%s%s", api->hint, dns->hint);
    return ret->code;
}

/* The API server's alone, with what it means for the answers. */
static int tell_api(const svc_error *api, const char *behind, svc_error *ret)
{
    svc__err_set(ret, api->code, "API server: %.440s%s", api->message, behind);
    svc__err_hint(ret, "%s", api->hint);
    return ret->code;
}

/* Nobody has answered yet. What will not get better by itself ends the wait of
 * callers, so the other is given its time first. */
static int tell_unanswered(const struct svc__auto_state *s,
                           const svc_error *api, const svc_error *dns,
                           svc_error *ret)
{
    svc_error silent;

    if (s->api->code != 0 && s->dns->code != 0)
        return tell_both(api, dns, ret);
    if (s->api->code != 0 && (s->is_late || svc_err_is_transient(s->api->code)))
        return tell_api(api, "; DNS has not answered yet", ret);
    if (s->dns->code == 0 || !s->is_late)
        return 0;
    svc__err_set(&silent, SVC_ETIMEDOUT, "no answer yet");
    return tell_both(&silent, dns, ret);
}

int svc__auto_trouble(const struct svc__auto_state *s, svc_error *ret,
                      int *ret_covered)
{
    svc_error api = {0};
    svc_error dns = {0};

    *ret_covered = 0;
    (void)svc__trouble_fill(s->api, &api);
    (void)svc__trouble_fill(s->dns, &dns);
    if (s->answered == SVC__AUTO_NOBODY)
        return tell_unanswered(s, &api, &dns, ret);
    if (s->answered == SVC__AUTO_API)
        *ret = api;
    else if (api.code != 0 && dns.code != 0)
        return tell_both(&api, &dns, ret);
    else if (dns.code != 0)
        *ret = dns;
    else if (api.code != 0) {
        *ret_covered = 1;
        return tell_api(&api, "; DNS answers meanwhile", ret);
    } else {
        return 0;
    }
    return ret->code;
}

void svc__auto_tell(const struct svc__auto_state *s, struct svc__view *v)
{
    svc_error api = {0};
    svc_error dns;
    svc_error both;

    (void)svc__trouble_fill(s->api, &api);
    svc__err_tell(&dns, v->code, v->message, v->hint);
    (void)tell_both(&api, &dns, &both);
    if (svc__view_fail(v, v->code, "%s", both.message) == 0)
        (void)svc__view_hint(v, "%s", both.hint);
}

int svc__auto_step(const struct svc__auto_state *s, struct svc__view *v)
{
    svc_error other = {0};

    if (v->trace == NULL)
        return 0;
    (void)svc__trouble_fill(s->answered == SVC__AUTO_API ? s->dns : s->api,
                            &other);
    if (s->answered == SVC__AUTO_API)
        return svc__view_step(v, "source", "auto: the API server answers%s%s",
                              other.code != 0 ? ", and DNS does not: " : "",
                              other.message);
    return svc__view_step(
        v, "source", "auto: DNS answers, and the API server %s%s",
        other.code != 0 ? "does not: " : "has not yet", other.message);
}
