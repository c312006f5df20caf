/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a name and the options beside it say of a service: the name's words come
 * first.
 */
#include "core/settings.h"

#include "base/err.h"

#include <string.h>

#define SUBSET_MAX        1000000
#define SLOW_START_MAX_MS (60 * 60 * 1000)
#define BALANCE_MAX       100000

/* A number that a name and the options may say. */
struct number {
    const char *key;
    const char *in_name; /* up to nine digits; or NULL */
    int option;
    int max;
};

/* The name's comes before the option's. */
static int read_number(const struct number *n, int *ret, svc_error *reterr)
{
    int value = n->in_name != NULL ? 0 : n->option;

    for (const char *p = n->in_name; p != NULL && *p != '\0'; p++)
        value = value * 10 + (*p - '0');
    if (value < 0 || value > n->max)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option %s is %d; valid: 0 to %d", n->key, value,
                            n->max);
    *ret = value;
    return 0;
}

static int read_balancing(const svc_service_options *o,
                          const struct svc__name *name,
                          struct svc__service_settings *ret, svc_error *reterr)
{
    const struct number numbers[] = {
        {"track", name->track, o->track, 1},
        {"subset", name->subset, o->subset, SUBSET_MAX},
        {"slow_start_ms", name->slow_start_ms, o->slow_start_ms,
         SLOW_START_MAX_MS},
        {"hash_balance_factor", name->hash_balance_factor,
         o->hash_balance_factor, BALANCE_MAX}};
    int *const to[] = {&ret->track, &ret->subset, &ret->slow_start_ms,
                       &ret->hash_balance_factor};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int err = read_number(&numbers[i], to[i], reterr);

        if (err != 0)
            return err;
    }
    if (ret->hash_balance_factor > 0 && ret->hash_balance_factor < 100)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option hash_balance_factor is %d percent of the "
                            "mean; valid: 0 (no bound), or from 100",
                            ret->hash_balance_factor);
    return 0;
}

/* The name's word, else the option's, else NULL. */
static const char *word_of(const char *in_name, const char *option)
{
    const char *word = in_name != NULL ? in_name : option;

    return word == NULL || word[0] == '\0' ? NULL : word;
}

int svc__settings_read_service(const svc_service_options *options,
                               const struct svc__name *name,
                               struct svc__service_settings *ret,
                               svc_error *reterr)
{
    svc_service_options o = SVC_SERVICE_OPTIONS_INIT;
    const char *view;
    const char *family;
    int err;

    memset(ret, 0, sizeof(*ret));
    err = svc__settings_copy(&o, sizeof(o), options, reterr);
    if (err != 0)
        return err;
    view = word_of(name->view, o.view);
    if (view != NULL && svc__view_kind_parse(view, &ret->view) != 0)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option view is \"%.80s\"; valid: auto, pods, vip, "
                            "node, lb",
                            view);
    family = word_of(name->family, o.family);
    if (family != NULL && svc__family_parse(family, &ret->family) != 0)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option family is \"%.80s\"; valid: any, ipv4, "
                            "ipv6",
                            family);
    ret->proto = name->proto;
    if (ret->proto == SVC__PROTO_ANY && word_of(NULL, o.proto) != NULL &&
        svc__proto_parse(o.proto, strlen(o.proto), &ret->proto) != 0)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option proto is \"%.80s\"; valid: tcp, udp, sctp",
                            o.proto);
    err =
        svc__policy_find(word_of(name->policy, o.policy), &ret->policy, reterr);
    return err != 0 ? err : read_balancing(&o, name, ret, reterr);
}
