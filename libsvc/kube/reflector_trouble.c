/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the words for what goes wrong: which right is missing on what, what the
 * server said (faults A8, A9, A13). Knows no time.
 */
#include "kube/reflector_own.h"

#include "base/err.h"

#include <stdio.h>

static const struct {
    int status;
    int code;
    const char *phrase;
} phrases[] = {
    {400, SVC_EPROTO, "Bad Request"},
    {401, SVC_EAUTH, "Unauthorized"},
    {403, SVC_EAUTH, "Forbidden"},
    {404, SVC_ENOTSUP, "Not Found"},
    {405, SVC_EPROTO, "Method Not Allowed"},
    {408, SVC_EUNREACH, "Request Timeout"},
    {410, SVC_EUNREACH, "Gone"},
    {422, SVC_EPROTO, "Unprocessable Entity"},
    {429, SVC_EUNREACH, "Too Many Requests"},
    {500, SVC_EUNREACH, "Internal Server Error"},
    {501, SVC_EPROTO, "Not Implemented"},
    {502, SVC_EUNREACH, "Bad Gateway"},
    {503, SVC_EUNREACH, "Service Unavailable"},
    {504, SVC_EUNREACH, "Gateway Timeout"},
};

/* "list services in "shop"", room for the longest namespace. A watch that
 * begins with a list needs the right to watch. */
static void print_what(const struct svc__reflector *rf, char *ret, size_t size)
{
    const char *verb = rf->request == SVC__REFLECTOR_LIST ? "list" : "watch";
    const char *resource = svc__reflector_url_resource(rf);

    if (rf->scope.resource == SVC__RESOURCE_NODES)
        (void)snprintf(ret, size, "%s %s", verb, resource);
    else
        (void)snprintf(ret, size, "%s %s in \"%s\"", verb, resource,
                       rf->scope.namespace_);
}

static void hint_rights(struct svc__reflector *rf)
{
    const char *group = svc__reflector_url_group(rf);
    const char *resource = svc__reflector_url_resource(rf);
    const char *slash = *group != '\0' ? "/" : "";

    if (rf->scope.resource == SVC__RESOURCE_NODES)
        svc__err_hint(&rf->trouble,
                      "grant list,watch on %s, see docs/rbac.yaml", resource);
    else
        svc__err_hint(
            &rf->trouble,
            "grant list,watch on %s%s%s in \"%s\", see docs/rbac.yaml", group,
            slash, resource, rf->scope.namespace_);
}

static void hint(struct svc__reflector *rf, int status)
{
    if (status == 401)
        svc__err_hint(&rf->trouble,
                      "the server does not accept the credentials: has the "
                      "token expired?");
    else if (status == 403)
        hint_rights(rf);
    else if (status == 404 && rf->scope.resource == SVC__RESOURCE_SLICES)
        svc__err_hint(&rf->trouble,
                      "the server has no API group discovery.k8s.io/v1: it "
                      "needs Kubernetes 1.21 or later");
    else if (status == 404)
        svc__err_hint(&rf->trouble,
                      "the server has no API v1: is it an API server?");
    else if (status >= 300 && status < 400)
        svc__err_hint(&rf->trouble,
                      "redirects are not followed: name the server itself");
}

void svc__reflector_trouble_status(struct svc__reflector *rf, int status,
                                   const struct svc__status *body)
{
    const char *phrase = "";
    const char *said = body != NULL ? body->message : "";
    int code = status >= 500 ? SVC_EUNREACH : SVC_EPROTO;
    char what[400];

    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (phrases[i].status == status) {
            phrase = phrases[i].phrase;
            code = phrases[i].code;
        }
    }
    rf->is_denied = status == 403;
    print_what(rf, what, sizeof(what));
    svc__err_set(&rf->trouble, code, "%s: %d%s%s%s%s", what, status,
                 *phrase != '\0' ? " " : "", phrase, *said != '\0' ? ": " : "",
                 said);
    hint(rf, status);
}

void svc__reflector_trouble_code(struct svc__reflector *rf, int code,
                                 const svc_error *error, const char *words)
{
    char what[400];

    rf->is_denied = 0;
    print_what(rf, what, sizeof(what));
    if (error != NULL && error->message[0] != '\0') {
        rf->trouble = *error;
        rf->trouble.code = code;
        svc__err_wrap(&rf->trouble, "%s", what);
    } else {
        svc__err_set(&rf->trouble, code, "%s: %s", what, words);
    }
}

int svc__reflector_trouble(const struct svc__reflector *rf, svc_error *reterr)
{
    if (rf->trouble.code != 0 && reterr != NULL)
        *reterr = rf->trouble;
    return rf->trouble.code;
}
