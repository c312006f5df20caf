/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/reflector_trouble: what people read when a list or a watch fails (faults
 * A7 to A9, A13).
 */
#include "kube/reflector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct svc__reflector_scope services = {SVC__RESOURCE_SERVICES,
                                                     "shop", "web"};
static const struct svc__reflector_scope slices = {SVC__RESOURCE_SLICES, "shop",
                                                   NULL};
static const struct svc__reflector_scope nodes = {SVC__RESOURCE_NODES, NULL,
                                                  NULL};

static void step(struct svc__reflector *rf, struct svc__reflector_event event)
{
    struct svc__reflector_action action;

    event.now_ms = 1000;
    svc__reflector_step(rf, &event, &action);
}

static void end(struct svc__reflector *rf, int status, const char *said)
{
    struct svc__status body = {.retry_after_ms = -1};

    strncpy(body.message, said, sizeof(body.message) - 1);
    step(rf, (struct svc__reflector_event){.kind = SVC__REFLECTOR_ENDED,
                                           .http_status = status,
                                           .retry_after_ms = -1,
                                           .body = &body});
}

/* A reflector whose request runs; a list after a watch-list was refused. */
static struct svc__reflector *begun(const struct svc__reflector_scope *scope,
                                    int lists)
{
    struct svc__reflector *rf = svc__reflector_new(scope, 1);

    step(rf, (struct svc__reflector_event){.kind = SVC__REFLECTOR_START});
    assert_int_equal(svc__reflector_trouble(rf, NULL), 0);
    if (lists)
        end(rf, 422, "");
    return rf;
}

static void expect(struct svc__reflector *rf, int code, const char *message,
                   const char *hint)
{
    svc_error error;

    assert_int_equal(svc__reflector_trouble(rf, &error), code);
    assert_int_equal(error.code, code);
    assert_string_equal(error.message, message);
    assert_string_equal(error.hint, hint);
    assert_int_equal(svc__reflector_is_denied(rf),
                     strstr(message, ": 403") != NULL);
    svc__reflector_free(rf);
}

static void rights(void **state)
{
    struct svc__reflector *rf;

    (void)state;
    rf = begun(&slices, 1);
    end(rf, 403, "no, \"x\"");
    expect(rf, SVC_EAUTH,
           "list endpointslices in \"shop\": 403 Forbidden: no, \"x\"",
           "grant list,watch on discovery.k8s.io/endpointslices in "
           "\"shop\", see docs/rbac.yaml");
    /* A watch-list needs the right to watch. */
    rf = begun(&services, 0);
    end(rf, 403, "");
    expect(rf, SVC_EAUTH, "watch services in \"shop\": 403 Forbidden",
           "grant list,watch on services in \"shop\", see "
           "docs/rbac.yaml");
    rf = begun(&nodes, 1);
    end(rf, 403, "no");
    expect(rf, SVC_EAUTH, "list nodes: 403 Forbidden: no",
           "grant list,watch on nodes, see docs/rbac.yaml");
    rf = begun(&nodes, 0);
    end(rf, 401, "Unauthorized");
    assert_int_equal(svc__reflector_trouble(rf, NULL), 0);
    end(rf, 401, "no such token");
    expect(rf, SVC_EAUTH, "watch nodes: 401 Unauthorized: no such token",
           "the server does not accept the credentials: has the token "
           "expired?");
}

static void no_api(void **state)
{
    struct svc__reflector *rf;

    (void)state;
    rf = begun(&slices, 0);
    end(rf, 404, "page not found");
    expect(rf, SVC_ENOTSUP,
           "watch endpointslices in \"shop\": 404 Not Found: page not found",
           "the server has no API group discovery.k8s.io/v1: it needs "
           "Kubernetes 1.21 or later");
    rf = begun(&services, 1);
    end(rf, 404, "");
    expect(rf, SVC_ENOTSUP, "list services in \"shop\": 404 Not Found",
           "the server has no API v1: is it an API server?");
}

static void statuses(void **state)
{
    static const struct {
        int status;
        int code;
        const char *words;
        const char *hint;
    } rows[] = {
        {400, SVC_EPROTO, "400 Bad Request: x", ""},
        {429, SVC_EUNREACH, "429 Too Many Requests: x", ""},
        {500, SVC_EUNREACH, "500 Internal Server Error: x", ""},
        {502, SVC_EUNREACH, "502 Bad Gateway: x", ""},
        {503, SVC_EUNREACH, "503 Service Unavailable: x", ""},
        {504, SVC_EUNREACH, "504 Gateway Timeout: x", ""},
        {599, SVC_EUNREACH, "599: x", ""},
        {418, SVC_EPROTO, "418: x", ""},
        {302, SVC_EPROTO, "302: x",
         "redirects are not followed: name the server itself"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__reflector *rf = begun(&nodes, 1);
        char message[100] = "list nodes: ";

        end(rf, rows[i].status, "x");
        strcat(message, rows[i].words);
        expect(rf, rows[i].code, message, rows[i].hint);
    }
}

static void no_status(void **state)
{
    static const svc_error error = {SVC_EAUTH, "certificate has expired",
                                    "see openssl"};
    struct svc__reflector *rf;

    (void)state;
    rf = begun(&slices, 0);
    step(rf, (struct svc__reflector_event){.kind = SVC__REFLECTOR_ENDED,
                                           .err = SVC_EAUTH,
                                           .error = &error,
                                           .retry_after_ms = -1});
    expect(rf, SVC_EAUTH,
           "watch endpointslices in \"shop\": certificate has expired",
           "see openssl");
    rf = begun(&slices, 1);
    step(rf, (struct svc__reflector_event){.kind = SVC__REFLECTOR_ENDED,
                                           .http_status = 200,
                                           .retry_after_ms = -1});
    expect(rf, SVC_EPROTO,
           "list endpointslices in \"shop\": what came is no list", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rights),
        cmocka_unit_test(no_api),
        cmocka_unit_test(statuses),
        cmocka_unit_test(no_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
