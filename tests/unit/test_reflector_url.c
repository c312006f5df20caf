/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/reflector_url: every request of every resource, as it goes on the wire.
 */
#include "base/buf.h"
#include "kube/reflector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct svc__reflector_action step(struct svc__reflector *rf,
                                         struct svc__reflector_event event)
{
    struct svc__reflector_action action;

    event.now_ms = 1000;
    svc__reflector_step(rf, &event, &action);
    return action;
}

/* The request that runs; the random end of a watch is checked and cut out. */
static void expect(const struct svc__reflector *rf, const char *url)
{
    static const char name[] = "&timeoutSeconds=";
    struct svc__buf b;
    char *at;

    svc__buf_init(&b, 8192);
    svc__buf_add_text(&b, "https://a.b");
    assert_int_equal(svc__reflector_url(rf, &b), 0);
    at = strstr(b.data, name);
    assert_int_equal(at != NULL, svc__reflector_is_watch(rf));
    if (at != NULL) {
        char *end;
        long n = strtol(at + sizeof(name) - 1, &end, 10);

        assert_in_range(n, SVC__REFLECTOR_WATCH_MIN_S,
                        SVC__REFLECTOR_WATCH_MAX_S);
        memmove(at, end, strlen(end) + 1);
    }
    assert_string_equal(b.data + strlen("https://a.b"), url);
    svc__buf_fini(&b);
}

#define WATCH_LIST                                                             \
    "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"        \
    "&allowWatchBookmarks=true"

static void first_requests(void **state)
{
    static const struct {
        struct svc__reflector_scope scope;
        const char *path;
        const char *selector;
    } rows[] = {
        {{SVC__RESOURCE_SERVICES, "shop", NULL},
         "/api/v1/namespaces/shop/services",
         ""},
        {{SVC__RESOURCE_SERVICES, "shop", "web"},
         "/api/v1/namespaces/shop/services",
         "fieldSelector=metadata.name%3Dweb"},
        {{SVC__RESOURCE_SLICES, "shop", NULL},
         "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
         ""},
        {{SVC__RESOURCE_SLICES, "shop", "web"},
         "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
         "labelSelector=kubernetes.io%2Fservice-name%3Dweb"},
        {{SVC__RESOURCE_NODES, NULL, NULL}, "/api/v1/nodes", ""},
        {{SVC__RESOURCE_NODES, NULL, "n1.example"},
         "/api/v1/nodes",
         "fieldSelector=metadata.name%3Dn1.example"},
        {{SVC__RESOURCE_SLICES, "a/../&?%", "b=c d#"},
         "/apis/discovery.k8s.io/v1/namespaces/a%2F..%2F%26%3F%25"
         "/endpointslices",
         "labelSelector=kubernetes.io%2Fservice-name%3Db%3Dc%20d%23"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__reflector *rf = svc__reflector_new(&rows[i].scope, i);
        const char *selector = rows[i].selector;
        struct svc__buf url;

        svc__buf_init(&url, 4096);
        svc__buf_printf(&url, "%s" WATCH_LIST "%s%s", rows[i].path,
                        *selector != '\0' ? "&" : "", selector);
        step(rf, (struct svc__reflector_event){.kind = SVC__REFLECTOR_START});
        expect(rf, url.data);
        step(rf, (struct svc__reflector_event){.kind = SVC__REFLECTOR_ENDED,
                                               .http_status = 400});
        svc__buf_clear(&url);
        svc__buf_printf(&url, "%s%s%s", rows[i].path,
                        *selector != '\0' ? "?" : "", selector);
        expect(rf, url.data);
        svc__buf_fini(&url);
        svc__reflector_free(rf);
    }
}

static void list(struct svc__reflector *rf, const char *version,
                 const char *more)
{
    step(rf, (struct svc__reflector_event){.kind = SVC__REFLECTOR_LISTED,
                                           .version = version,
                                           .more = more});
    step(rf, (struct svc__reflector_event){.kind = SVC__REFLECTOR_ENDED,
                                           .http_status = 200});
}

#define SLICES   "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
#define SELECTOR "labelSelector=kubernetes.io%2Fservice-name%3Dweb"

static void later_requests(void **state)
{
    static const struct svc__reflector_scope scope = {SVC__RESOURCE_SLICES,
                                                      "shop", "web"};
    struct svc__reflector *rf = svc__reflector_new(&scope, 1);

    (void)state;
    step(rf, (struct svc__reflector_event){.kind = SVC__REFLECTOR_START});
    step(rf, (struct svc__reflector_event){.kind = SVC__REFLECTOR_ENDED,
                                           .http_status = 405});
    expect(rf, SLICES "?" SELECTOR);
    list(rf, "9", "ey J+/=");
    expect(rf, SLICES "?continue=ey%20J%2B%2F%3D&" SELECTOR);
    list(rf, "9", "");
    expect(rf, SLICES "?watch=1&resourceVersion=9&allowWatchBookmarks=true"
                      "&" SELECTOR);
    step(rf, (struct svc__reflector_event){.kind = SVC__REFLECTOR_ENDED,
                                           .http_status = 410});
    expect(rf, SLICES "?" SELECTOR);
    list(rf, "8", "");
    expect(rf, SLICES "?resourceVersion=9&resourceVersionMatch=NotOlderThan"
                      "&" SELECTOR);
    list(rf, "7", "");
    expect(rf, SLICES "?" SELECTOR);
    svc__reflector_free(rf);
}

static void no_room(void **state)
{
    static const struct svc__reflector_scope scope = {SVC__RESOURCE_NODES, NULL,
                                                      NULL};
    struct svc__reflector *rf = svc__reflector_new(&scope, 1);

    (void)state;
    step(rf, (struct svc__reflector_event){.kind = SVC__REFLECTOR_START});
    for (size_t max = 0; max < 120; max++) {
        struct svc__buf b;

        svc__buf_init(&b, max);
        assert_int_equal(svc__reflector_url(rf, &b), SVC_ETOOBIG);
        svc__buf_fini(&b);
    }
    svc__reflector_free(rf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_requests),
        cmocka_unit_test(later_requests),
        cmocka_unit_test(no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
