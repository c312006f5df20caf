/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the manifest.
 */
#include "web.h"

#include "bench.h"

#include <unistd.h>

void web_manifest(struct svc__buf *b, unsigned endpoints)
{
    svc__buf_add_text(
        b, "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[{\"kind\":"
           "\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web\","
           "\"namespace\":\"shop\"},\"spec\":{\"clusterIP\":\"10.96.0.1\","
           "\"ports\":[{\"port\":80}]}},{\"kind\":\"EndpointSlice\","
           "\"apiVersion\":\"discovery.k8s.io/v1\",\"metadata\":{\"name\":"
           "\"web-1\",\"namespace\":\"shop\",\"labels\":{"
           "\"kubernetes.io/service-name\":\"web\"}},\"addressType\":\"IPv4\","
           "\"ports\":[{\"port\":8080}],\"endpoints\":[");
    for (unsigned i = 0; i < endpoints; i++)
        svc__buf_printf(b, "%s{\"addresses\":[\"10.1.%u.%u\"]}",
                        i > 0 ? "," : "", i / 250, 1 + i % 250);
    svc__buf_add_text(b, "]}]}");
}

int web_open(unsigned endpoints, int external_loop, svc_resolver **ret,
             svc_error *reterr)
{
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    struct svc__buf text;
    int err;

    svc__buf_init(&text, (size_t)1 << 20);
    web_manifest(&text, endpoints);
    options.manifest = text.data;
    options.manifest_size = text.size;
    options.external_loop = external_loop;
    err = text.err != 0 ? text.err : svc_resolver_new(&options, ret, reterr);
    svc__buf_fini(&text);
    return err;
}

int web_service(svc_resolver *r, const char *policy, int track,
                svc_service **ret, svc_error *reterr)
{
    svc_service_options options = SVC_SERVICE_OPTIONS_INIT;
    int err;

    options.policy = policy;
    options.track = track;
    options.view = "pods";
    err = svc_service_new(r, "web.shop:80", &options, ret, reterr);
    return err != 0 ? err : svc_service_wait(*ret, 5000, reterr);
}

struct child {
    const char *policy;
    unsigned endpoints;
    size_t count;
};

/* Ends the process when a pick fails: that is no count. */
static void pick_in_child(void *arg)
{
    const struct child *c = arg;
    svc_resolver *r;
    svc_service *s;
    svc_error error;
    svc_pick pick;

    if (web_open(c->endpoints, 1, &r, &error) != 0 ||
        web_service(r, c->policy, 0, &s, &error) != 0)
        _exit(1);
    for (size_t i = 0; i < c->count; i++) {
        if (svc_service_pick(s, NULL, &pick) != 0)
            _exit(1);
    }
}

long web_calls(const char *policy, unsigned endpoints, size_t count)
{
    struct child c = {policy, endpoints, 1};
    long calls;
    long before = syscalls_of(pick_in_child, &c);

    c.count += count;
    calls = syscalls_of(pick_in_child, &c);
    return before < 0 || calls < 0 ? -1 : calls - before;
}
