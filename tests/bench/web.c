/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the manifest.
 */
#include "web.h"

#include "bench.h"

#include <stdio.h>
#include <unistd.h>

#define NAME_SIZE 24

/* "web", "web1", "web2". */
static void write_name(char name[NAME_SIZE], unsigned number)
{
    if (number == 0)
        (void)snprintf(name, NAME_SIZE, "web");
    else
        (void)snprintf(name, NAME_SIZE, "web%u", number);
}

static void add_service(struct svc__buf *b, unsigned number, unsigned endpoints)
{
    char name[NAME_SIZE];

    write_name(name, number);
    svc__buf_printf(
        b,
        "%s{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{"
        "\"name\":\"%s\",\"namespace\":\"shop\"},\"spec\":{\"clusterIP\":"
        "\"10.96.%u.%u\",\"ports\":[{\"port\":80}]}},{\"kind\":"
        "\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\","
        "\"metadata\":{\"name\":\"%s-1\",\"namespace\":\"shop\",\"labels\":{"
        "\"kubernetes.io/service-name\":\"%s\"}},\"addressType\":\"IPv4\","
        "\"ports\":[{\"port\":8080}],\"endpoints\":[",
        number > 0 ? "," : "", name, number / 250, 1 + number % 250, name,
        name);
    for (unsigned i = 0; i < endpoints; i++)
        svc__buf_printf(b, "%s{\"addresses\":[\"10.1.%u.%u\"]}",
                        i > 0 ? "," : "", i / 250, 1 + i % 250);
    svc__buf_add_text(b, "]}");
}

static void write_manifest(struct svc__buf *b, unsigned services,
                           unsigned endpoints)
{
    svc__buf_add_text(b,
                      "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[");
    for (unsigned i = 0; i < services; i++)
        add_service(b, i, endpoints);
    svc__buf_add_text(b, "]}");
}

void web_manifest(struct svc__buf *b, unsigned endpoints)
{
    write_manifest(b, 1, endpoints);
}

static int open_manifest(struct svc__buf *text, int external_loop,
                         svc_resolver **ret, svc_error *reterr)
{
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    int err = text->err;

    options.manifest = text->data;
    options.manifest_size = text->size;
    options.external_loop = external_loop;
    if (err == 0)
        err = svc_resolver_new(&options, ret, reterr);
    svc__buf_fini(text);
    return err;
}

int web_open(unsigned endpoints, int external_loop, svc_resolver **ret,
             svc_error *reterr)
{
    struct svc__buf text;

    svc__buf_init(&text, (size_t)1 << 20);
    web_manifest(&text, endpoints);
    return open_manifest(&text, external_loop, ret, reterr);
}

int web_open_many(unsigned services, unsigned endpoints, svc_resolver **ret,
                  svc_error *reterr)
{
    struct svc__buf text;

    svc__buf_init(&text, (size_t)1 << 26);
    write_manifest(&text, services, endpoints);
    return open_manifest(&text, 0, ret, reterr);
}

static int open_service(svc_resolver *r, unsigned number,
                        const svc_service_options *options, svc_service **ret,
                        svc_error *reterr)
{
    char name[NAME_SIZE];
    char text[NAME_SIZE + 16];
    int err;

    write_name(name, number);
    (void)snprintf(text, sizeof(text), "%s.shop:80", name);
    err = svc_service_new(r, text, options, ret, reterr);
    return err != 0 ? err : svc_service_wait(*ret, 5000, reterr);
}

int web_service(svc_resolver *r, const char *policy, int track,
                svc_service **ret, svc_error *reterr)
{
    svc_service_options options = SVC_SERVICE_OPTIONS_INIT;

    options.policy = policy;
    options.track = track;
    options.view = "pods";
    return open_service(r, 0, &options, ret, reterr);
}

int web_service_at(svc_resolver *r, unsigned number, const char *policy,
                   svc_service **ret, svc_error *reterr)
{
    svc_service_options options = SVC_SERVICE_OPTIONS_INIT;

    options.policy = policy;
    options.view = "pods";
    return open_service(r, number, &options, ret, reterr);
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
