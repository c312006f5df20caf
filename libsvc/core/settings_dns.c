/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the words of the options about DNS. Knows nothing of how it is asked.
 */
#include "core/settings_dns.h"

#include "base/err.h"
#include "model/address.h"

#include <string.h>

#define SERVERS_MAX 8
#define PORT        53
#define TTL_MIN_MS  1000
#define TTL_MAX_MS  3600000
#define KEEP_MAX_MS ((int64_t)365 * 24 * 3600 * 1000)

static int read_servers(const svc_resolver_options *o, svc_error *reterr)
{
    const char *const *servers = o->dns_servers;

    for (size_t i = 0; servers != NULL && servers[i] != NULL; i++) {
        struct svc__address address;
        uint16_t port;

        if (i == SERVERS_MAX)
            return svc__err_set(reterr, SVC_EINVAL,
                                "option dns_servers lists more than %d servers",
                                SERVERS_MAX);
        if (svc__address_parse_port(servers[i], PORT, &address, &port) != 0)
            return svc__err_set(reterr, SVC_EINVAL,
                                "option dns_servers has \"%.80s\", which is no "
                                "address; write 10.96.0.10, 10.96.0.10:53 or "
                                "[fd00::a]:53",
                                servers[i]);
    }
    return 0;
}

/* Milliseconds of a unit, 0 for what is none. */
static int64_t unit_ms(const char *text)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text, units[i].unit) == 0)
            return units[i].ms;
    }
    return 0;
}

/* "30s" and the like, at most a year. 0 or SVC_EINVAL. */
static int parse_duration(const char *text, int64_t *ret)
{
    int64_t n = 0;
    size_t i = 0;

    for (; text[i] >= '0' && text[i] <= '9'; i++) {
        n = n * 10 + (text[i] - '0');
        if (n > KEEP_MAX_MS)
            return SVC_EINVAL;
    }
    if (i == 0 || unit_ms(text + i) == 0 || n > KEEP_MAX_MS / unit_ms(text + i))
        return SVC_EINVAL;
    *ret = n * unit_ms(text + i);
    return 0;
}

/* For how long a set is kept; *ret holds the default. */
static int read_keep(const char *option, const char *word, int64_t *ret,
                     svc_error *reterr)
{
    if (word == NULL || word[0] == '\0')
        return 0;
    if (strcmp(word, "drop") == 0)
        *ret = 0;
    else if (strcmp(word, "keep") == 0)
        *ret = -1;
    else if (parse_duration(word, ret) != 0)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option %s is \"%.80s\"; valid: drop, keep, or for "
                            "how long to keep, such as 500ms, 30s, 5m or 1h",
                            option, word);
    return 0;
}

static int check_ms(const char *option, int value, svc_error *reterr)
{
    if (value >= 0)
        return 0;
    return svc__err_set(reterr, SVC_EINVAL,
                        "option %s is %d; valid: 0 (the default), or "
                        "milliseconds",
                        option, value);
}

static int read_times(const svc_resolver_options *o,
                      struct svc__backend_dns *ret, svc_error *reterr)
{
    int err = check_ms("max_stale_ms", o->max_stale_ms, reterr);

    if (err == 0)
        err = check_ms("ttl_min_ms", o->ttl_min_ms, reterr);
    if (err == 0)
        err = check_ms("ttl_max_ms", o->ttl_max_ms, reterr);
    if (err != 0)
        return err;
    ret->max_stale_ms = o->max_stale_ms == 0 ? -1 : o->max_stale_ms;
    ret->ttl_min_ms = o->ttl_min_ms == 0 ? TTL_MIN_MS : o->ttl_min_ms;
    ret->ttl_max_ms = o->ttl_max_ms == 0 ? TTL_MAX_MS : o->ttl_max_ms;
    if (ret->ttl_min_ms > ret->ttl_max_ms)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option ttl_min_ms (%lld) is above ttl_max_ms "
                            "(%lld)",
                            (long long)ret->ttl_min_ms,
                            (long long)ret->ttl_max_ms);
    return 0;
}

int svc__settings_dns_read(const svc_resolver_options *o,
                           struct svc__backend_dns *ret, svc_error *reterr)
{
    int err = read_servers(o, reterr);

    ret->tcp = o->dns_tcp != 0;
    ret->nxdomain_keep_ms = 0;
    ret->nodata_keep_ms = 0;
    ret->error_keep_ms = -1;
    if (err == 0)
        err = read_keep("on_nxdomain", o->on_nxdomain, &ret->nxdomain_keep_ms,
                        reterr);
    if (err == 0)
        err =
            read_keep("on_nodata", o->on_nodata, &ret->nodata_keep_ms, reterr);
    if (err == 0)
        err = read_keep("on_error", o->on_error, &ret->error_keep_ms, reterr);
    return err != 0 ? err : read_times(o, ret, reterr);
}
