/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes YAML by hand: what kubectl would print of such objects, shortened.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char service[] = "apiVersion: v1\n"
                              "kind: Service\n"
                              "metadata: {name: %s, namespace: dev}\n"
                              "spec:\n"
                              "  type: ClusterIP\n"
                              "  clusterIP: 10.96.0.1\n"
                              "  clusterIPs: [10.96.0.1]\n"
                              "  ports:\n"
                              "  - {name: http, port: 80, targetPort: 8080}\n"
                              "---\n";

static const char slice[] = "apiVersion: discovery.k8s.io/v1\n"
                            "kind: EndpointSlice\n"
                            "metadata:\n"
                            "  name: %s-1\n"
                            "  namespace: dev\n"
                            "  labels: {kubernetes.io/service-name: %s}\n"
                            "addressType: IPv4\n"
                            "ports:\n"
                            "- {name: http, port: 8080, protocol: TCP}\n"
                            "endpoints:\n";

char *world_service(const char *name, const char *addresses)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    char *copy = strdup(addresses);
    char *save = NULL;

    assert_non_null(out);
    assert_true(fprintf(out, service, name) > 0);
    assert_true(fprintf(out, slice, name, name) > 0);
    for (char *word = strtok_r(copy, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        char *mark = strchr(word, '!');

        if (mark != NULL)
            *mark = '\0';
        fprintf(out, "- {addresses: [%s], conditions: {ready: %s}}\n", word,
                mark == NULL ? "true" : "false");
    }
    if (copy[0] == '\0')
        fprintf(out, "  []\n");
    assert_int_equal(fclose(out), 0);
    free(copy);
    return text;
}

char *world_join(char *first, ...)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    va_list args;

    assert_non_null(out);
    va_start(args, first);
    for (char *part = first; part != NULL; part = va_arg(args, char *)) {
        fprintf(out, "%s\n---\n", part);
        free(part);
    }
    va_end(args);
    assert_int_equal(fclose(out), 0);
    return text;
}

static svc_resolver *make(const svc_resolver_options *o)
{
    svc_resolver *r = NULL;
    svc_error error;

    if (svc_resolver_new(o, &r, &error) != 0)
        fail_msg("%s", error.message);
    return r;
}

svc_resolver *world_memory(const char *manifest, int external_loop)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;

    o.namespace_ = "dev";
    o.manifest = manifest;
    o.manifest_size = strlen(manifest);
    o.external_loop = external_loop;
    return make(&o);
}

svc_resolver *world_file(const char *path, int external_loop)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    const char *files[] = {path, NULL};

    o.namespace_ = "dev";
    o.files = files;
    o.external_loop = external_loop;
    return make(&o);
}

svc_service *world_open(svc_resolver *r, const char *name, int code)
{
    svc_service *s = NULL;
    svc_error error = {0};

    if (svc_service_new(r, name, NULL, &s, &error) != 0)
        fail_msg("%s", error.message);
    if (svc_service_wait(s, WORLD_MS, &error) != code)
        fail_msg("%s", error.message);
    return s;
}

const char *world_text(const svc_endpoints *eps)
{
    static _Thread_local char text[4096];
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < svc_endpoints_count(eps); i++) {
        svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

        assert_int_equal(svc_endpoint_describe(svc_endpoints_at(eps, i), &info),
                         0);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
                                 used > 0 ? " " : "", info.address);
        assert_true(used < sizeof(text));
    }
    return text;
}

void world_expect(svc_watch *w, const char *addresses)
{
    char last[4096] = "nothing";

    for (;;) {
        svc_endpoints *eps = NULL;
        int same;

        switch (svc_watch_next(w, WORLD_MS, &eps, NULL)) {
        case 0:
            (void)snprintf(last, sizeof(last), "%s", world_text(eps));
            same = strcmp(last, addresses) == 0;
            svc_endpoints_unref(eps);
            if (same)
                return;
            break;
        case SVC_EAGAIN:
        case SVC_ECLOSED:
            fail_msg("waited for \"%s\", had \"%s\"", addresses, last);
            return;
        default:
            break;
        }
    }
}

void world_expect_trouble(svc_watch *w, int code, svc_error *ret)
{
    int found;

    do {
        svc_endpoints *eps = NULL;

        found = svc_watch_next(w, WORLD_MS, &eps, ret);
        svc_endpoints_unref(eps);
        if (found == SVC_EAGAIN || found == SVC_ECLOSED)
            fail_msg("waited for trouble %s", svc_err_name(code));
    } while (found != code);
}

void world_check_at(int holds, const char *what, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
    abort();
}
