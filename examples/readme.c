/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <svc/svc.h>
int main(int argc, char **argv)
{
    static svc_resolver *r;
    static svc_endpoints *eps;
    svc_endpoint_info ep = SVC_ENDPOINT_INFO_INIT;
    svc_error error = {0, "usage: readme NAME", ""};
    if (argc != 2 || svc_resolver_new(NULL, &r, &error) != 0 ||
        svc_resolver_resolve(r, argv[1], NULL, 5000, &eps, &error) != 0)
        return fprintf(stderr, "%s\n", error.message) > 0;
    for (size_t i = 0; i < svc_endpoints_count(eps); i++)
        if (svc_endpoint_describe(svc_endpoints_at(eps, i), &ep) == 0)
            printf("%s %d\n", ep.address, ep.port);
}
