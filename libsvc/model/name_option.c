/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what may stand behind '?' in a name, and which values it may have: the
 * words of the options of a service. A policy is only a word here, since the
 * policies of this build are not known to the model; the core looks it up.
 *
 * Nothing is decoded: no valid value has a sign that an escape would hide.
 * Keys and values keep their case, protocols excepted, which Kubernetes writes
 * in capitals and DNS in small letters.
 */
#include "base/err.h"
#include "model/name_reader.h"

#include <string.h>

#define VALUES_MAX 5

enum option {
    VIEW,
    FAMILY,
    PROTO,
    POLICY,
    TRACK,
    SUBSET,
    SLOW_START,
    BALANCE
};

/* values is empty for a free word, and has an empty word for a number. */
static const struct {
    const char *key;
    const char *values[VALUES_MAX + 1];
    const char *list; /* the same values for messages */
} options[] = {
    [VIEW] = {"view",
              {"auto", "pods", "vip", "node", "lb"},
              "auto, pods, vip, node, lb"},
    [FAMILY] = {"family", {"any", "ipv4", "ipv6"}, "any, ipv4, ipv6"},
    [PROTO] = {"proto", {"tcp", "udp", "sctp"}, "tcp, udp, sctp"},
    [POLICY] = {"policy", {NULL}, "a word such as rr"},
    [TRACK] = {"track", {"0", "1"}, "0, 1"},
    [SUBSET] = {"subset", {""}, "a number of endpoints, 0 for all"},
    [SLOW_START] = {"slow_start_ms", {""}, "milliseconds, 0 for none"},
    [BALANCE] = {"hash_balance_factor",
                 {""},
                 "percent of the mean, from 100, or 0 for no bound"},
};

#define NAMES                                                                  \
    "view, family, proto, policy, track, subset, slow_start_ms, "              \
    "hash_balance_factor"

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

/* Index into options, or -1. */
static int find_option(struct svc__name_span key)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (svc__name_span_is(key, options[i].key))
            return (int)i;
    }
    return -1;
}

static int is_word(struct svc__name_span value)
{
    for (size_t i = 0; i < value.size; i++) {
        if (!svc__name_is_letter_digit(value.ptr[i]) && value.ptr[i] != '-' &&
            value.ptr[i] != '_')
            return 0;
    }
    return value.size <= 63;
}

/* Up to 999,999,999; which numbers make sense is the core's business. */
static int is_number(struct svc__name_span value)
{
    for (size_t i = 0; i < value.size; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return 0;
    }
    return value.size <= 9;
}

static int is_value(int option, struct svc__name_span value)
{
    const char *const *values = options[option].values;

    if (option == PROTO) {
        enum svc__proto proto;

        return svc__proto_parse(value.ptr, value.size, &proto) == 0;
    }
    if (values[0] == NULL)
        return is_word(value);
    if (values[0][0] == '\0')
        return is_number(value);
    while (*values != NULL && !svc__name_span_is(value, *values))
        values++;
    return *values != NULL;
}

/* The protocol may stand in front too, as "_proto.", and must be the same. */
static int set_proto(struct svc__name_reader *r, struct svc__name_span value)
{
    enum svc__proto proto = SVC__PROTO_ANY;

    (void)svc__proto_parse(value.ptr, value.size, &proto);
    if (r->name.proto != SVC__PROTO_ANY && r->name.proto != proto) {
        svc__err_set(&r->error, SVC_EINVAL,
                     "option proto=%.*s contradicts the protocol %s in front",
                     (int)value.size, value.ptr,
                     svc__proto_name(r->name.proto));
        return svc__err_hint(&r->error, "say the protocol once: "
                                        "\"_dns._udp.web.shop\" or "
                                        "\"web.shop:dns?proto=udp\"");
    }
    r->name.proto = proto;
    return 0;
}

static int set_option(struct svc__name_reader *r, int option,
                      struct svc__name_span value)
{
    char **fields[] = {[VIEW] = &r->name.view,
                       [FAMILY] = &r->name.family,
                       [POLICY] = &r->name.policy,
                       [TRACK] = &r->name.track,
                       [SUBSET] = &r->name.subset,
                       [SLOW_START] = &r->name.slow_start_ms,
                       [BALANCE] = &r->name.hash_balance_factor};

    if (option == PROTO)
        return set_proto(r, value);
    return svc__name_copy(r, value, fields[option]);
}

/* Reads one "key=value". The checks go from what is wrong with the key to what
 * is wrong with the value, so that a misspelt key is named first. seen has a
 * bit for each option that was there. */
static int read_option(struct svc__name_reader *r, struct svc__name_span pair,
                       unsigned *seen)
{
    const char *sign = memchr(pair.ptr, '=', pair.size);
    struct svc__name_span key = pair;
    struct svc__name_span value = {NULL, 0};
    int option;

    if (sign != NULL) {
        key.size = (size_t)(sign - pair.ptr);
        value.ptr = sign + 1;
        value.size = pair.size - key.size - 1;
    }
    option = find_option(key);
    if (option < 0)
        return svc__err_set(&r->error, SVC_EINVAL,
                            "unknown option \"%.*s\"; the options are " NAMES,
                            key.size > 32 ? 32 : (int)key.size, key.ptr);
    if (value.size == 0)
        return svc__err_set(&r->error, SVC_EINVAL,
                            "option %s has no value; it takes %s",
                            options[option].key, options[option].list);
    if (*seen & 1u << option)
        return svc__err_set(&r->error, SVC_EINVAL,
                            "option %s is given more than once",
                            options[option].key);
    if (!is_value(option, value))
        return svc__err_set(
            &r->error, SVC_EINVAL, "option %s is \"%.*s\"; it takes %s",
            options[option].key, value.size > 64 ? 64 : (int)value.size,
            value.ptr, options[option].list);
    *seen |= 1u << option;
    return set_option(r, option, value);
}

int svc__name_read_options(struct svc__name_reader *r,
                           struct svc__name_span rest)
{
    unsigned seen = 0;

    for (;;) {
        const char *sign = memchr(rest.ptr, '&', rest.size);
        struct svc__name_span pair = rest;
        int err;

        if (sign != NULL)
            pair.size = (size_t)(sign - rest.ptr);
        if (pair.size == 0) {
            svc__err_set(
                &r->error, SVC_EINVAL,
                "no option stands at position %zu; the options are " NAMES,
                svc__name_position(r, pair.ptr));
            return SVC_EINVAL;
        }
        err = read_option(r, pair, &seen);
        if (err != 0 || sign == NULL)
            return err;
        rest.ptr = sign + 1;
        rest.size -= pair.size + 1;
    }
}
