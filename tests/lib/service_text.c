/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns nothing.
 */
#include "service_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct text {
    char *at;
    size_t size;
    size_t used;
};

static void add(struct text *t, const char *word)
{
    int n = snprintf(t->at + t->used, t->size - t->used, "%s%s",
                     t->used == 0 ? "" : " ", word);

    assert_true(n >= 0);
    t->used +=
        (size_t)n < t->size - t->used ? (size_t)n : t->size - t->used - 1;
}

static void add_set(struct text *t, const svc_endpoints *eps)
{
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;
    char word[SVC_ADDRESS_TEXT_SIZE + 32];

    assert_int_equal(svc_endpoints_describe(eps, &info), 0);
    if (info.code != 0)
        add(t, svc_err_name(info.code));
    for (size_t i = 0; i < svc_endpoints_count(eps); i++) {
        svc_endpoint_info ep = SVC_ENDPOINT_INFO_INIT;

        assert_int_equal(svc_endpoint_describe(svc_endpoints_at(eps, i), &ep),
                         0);
        snprintf(word, sizeof(word),
                 ep.family == AF_INET6 ? "[%s]:%d" : "%s:%d", ep.address,
                 ep.port);
        add(t, word);
    }
    if (svc_endpoints_is_stale(eps))
        add(t, "stale");
}

void service_text(svc_service *s, char *ret, size_t size)
{
    struct text t = {ret, size, 0};
    svc_endpoints *eps = svc_service_endpoints(s);
    int trouble = svc_service_status(s, NULL);

    ret[0] = '\0';
    if (eps == NULL)
        add(&t, "-");
    else
        add_set(&t, eps);
    svc_endpoints_unref(eps);
    if (trouble != 0 && trouble != SVC_EAGAIN)
        add(&t, svc_err_name(trouble));
}
