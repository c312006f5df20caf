/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers from a manifest that the program holds itself: no file, no cluster.
 * This is how a test of a client can bring its own Services.
 */
#include <stdio.h>
#include <string.h>
#include <svc/svc.h>

static const char manifest[] = "apiVersion: v1\n"
                               "kind: Service\n"
                               "metadata: {name: web, namespace: shop}\n"
                               "spec:\n"
                               "  ports: [{name: http, port: 80}]\n"
                               "---\n"
                               "apiVersion: discovery.k8s.io/v1\n"
                               "kind: EndpointSlice\n"
                               "metadata:\n"
                               "  name: web-1\n"
                               "  namespace: shop\n"
                               "  labels: {kubernetes.io/service-name: web}\n"
                               "addressType: IPv4\n"
                               "endpoints:\n"
                               "- addresses: [10.0.0.7]\n"
                               "- addresses: [10.0.0.8]\n"
                               "  conditions: {ready: false}\n"
                               "ports: [{name: http, port: 8080}]\n";

/* The usable endpoints first, then the others with their reasons. */
static void print_all(const svc_endpoints *eps)
{
    for (size_t i = 0; i < svc_endpoints_total(eps); i++) {
        svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

        if (svc_endpoint_describe(svc_endpoints_at(eps, i), &info) != 0)
            continue;
        printf("%s port %d", info.address, info.port);
        for (uint32_t bit = 1; bit <= info.why; bit <<= 1) {
            if (info.why & bit)
                printf(" %s", svc_why_name(bit));
        }
        putchar('\n');
    }
}

int main(void)
{
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r = NULL;
    svc_endpoints *eps = NULL;
    svc_error error = {0};
    int err;

    options.manifest = manifest;
    options.manifest_size = strlen(manifest);
    err = svc_resolver_new(&options, &r, &error);
    if (err == 0)
        err =
            svc_resolver_resolve(r, "web.shop:http", NULL, 1000, &eps, &error);
    if (err == 0)
        print_all(eps);
    else
        fprintf(stderr, "%s\n%s\n", error.message, error.hint);
    svc_endpoints_unref(eps);
    svc_resolver_free(r);
    return err != 0;
}
