/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns how objects are written. An event is an HTTP chunk of its own, as the
 * API server sends it.
 */
#include "world.h"

#include "../dns/client.h"
#include "base/rng.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX      ((size_t)1 << 31)
#define VERSION_FIRST UINT64_C(1000000000)
#define VERSION_SIZE  10
#define SENT_SIZE     16
#define ADDRESS_SIZE  14
#define CHUNK_SIZE    10 /* "00000000\r\n" */

static const char *const zones[] = {"eu-central-1a", "eu-central-1b",
                                    "eu-central-1c"};

struct writer {
    struct svc__buf *b;
    struct svc__rng rng;
    struct world_place *place;
};

/* ---- texts -------------------------------------------------------------- */

static uint32_t here(const struct writer *w)
{
    return (uint32_t)(w->b->size - w->place->offset);
}

static void uid(struct writer *w)
{
    uint64_t high = svc__rng_next(&w->rng);
    uint64_t low = svc__rng_next(&w->rng);

    svc__buf_printf(
        w->b, "\"uid\":\"%08" PRIx64 "-%04x-4%03x-a%03x-%012" PRIx64 "\"",
        high >> 32, (unsigned)(high >> 16 & 0xFFFF), (unsigned)(high & 0xFFF),
        (unsigned)(low >> 48 & 0xFFF), low & UINT64_C(0xFFFFFFFFFFFF));
}

/* Five characters as the API server appends them to generated names; of two
 * numbers below 14 million they are not the same. */
static void suffix(size_t number, char ret[6])
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    const size_t base = sizeof(letters) - 1;

    number = (number + 1) * 1000003;
    for (int i = 0; i < 5; i++, number /= base)
        ret[i] = letters[number % base];
    ret[5] = '\0';
}

static void write_address(char *ret, size_t first, size_t number)
{
    static const size_t at[] = {3, 7, 11};
    size_t part[] = {number / 10000 % 100, number / 100 % 100, number % 100};

    ret[0] = (char)('0' + first / 10);
    ret[1] = (char)('0' + first % 10);
    for (int i = 0; i < 3; i++) {
        ret[at[i] - 1] = '.';
        ret[at[i]] = '1';
        ret[at[i] + 1] = (char)('0' + part[i] / 10);
        ret[at[i] + 2] = (char)('0' + part[i] % 10);
    }
}

static void write_digits(char *ret, uint64_t number, int count)
{
    while (count-- > 0) {
        ret[count] = (char)('0' + number % 10);
        number /= 10;
    }
}

/* ---- a slice ------------------------------------------------------------ */

static void managed_fields(struct writer *w)
{
    svc__buf_add_text(
        w->b,
        "\"managedFields\":[{\"manager\":\"kube-controller-manager\","
        "\"operation\":\"Update\",\"apiVersion\":\"discovery.k8s.io/v1\","
        "\"time\":\"2025-03-12T10:01:38Z\",\"fieldsType\":\"FieldsV1\","
        "\"fieldsV1\":{\"f:addressType\":{},\"f:endpoints\":{},\"f:metadata\":{"
        "\"f:annotations\":{\".\":{},"
        "\"f:endpoints.kubernetes.io/last-change-trigger-time\":{}},"
        "\"f:generateName\":{},\"f:labels\":{\".\":{},"
        "\"f:app.kubernetes.io/name\":{},"
        "\"f:endpointslice.kubernetes.io/managed-by\":{},"
        "\"f:kubernetes.io/service-name\":{}},\"f:ownerReferences\":{\".\":{},"
        "\"k:{\\\"uid\\\":\\\"0f3bca51-7a4a-4c6e-9a53-6d3a2f1f8f6e\\\"}\":{}}},"
        "\"f:ports\":{}}}]");
}

static void slice_metadata(struct writer *w, size_t index, size_t service)
{
    char end[6];

    suffix(index, end);
    svc__buf_printf(w->b,
                    "\"metadata\":{\"name\":\"svc-%05zu-%s\","
                    "\"generateName\":\"svc-%05zu-\","
                    "\"namespace\":\"" WORLD_NAMESPACE "\",",
                    service, end, service);
    uid(w);
    svc__buf_add_text(w->b, ",\"resourceVersion\":\"");
    w->place->version = here(w);
    svc__buf_printf(w->b,
                    "%0*" PRIu64 "\",\"generation\":17,"
                    "\"creationTimestamp\":\"2025-03-11T08:15:42Z\","
                    "\"labels\":{\"app.kubernetes.io/name\":\"checkout\","
                    "\"endpointslice.kubernetes.io/managed-by\":"
                    "\"endpointslice-controller.k8s.io\","
                    "\"kubernetes.io/service-name\":\"svc-%05zu\"},"
                    "\"annotations\":{\"bench/sent\":\"",
                    VERSION_SIZE, VERSION_FIRST + index, service);
    w->place->sent = here(w);
    svc__buf_printf(w->b,
                    "%0*d\",\"endpoints.kubernetes.io/last-change-trigger-"
                    "time\":\"2025-03-12T10:01:37Z\"},"
                    "\"ownerReferences\":[{\"apiVersion\":\"v1\","
                    "\"blockOwnerDeletion\":true,\"controller\":true,"
                    "\"kind\":\"Service\",\"name\":\"svc-%05zu\",",
                    SENT_SIZE, 0, service);
    uid(w);
    svc__buf_add_text(w->b, "}],");
    managed_fields(w);
    svc__buf_add_byte(w->b, '}');
}

static void endpoint(struct writer *w, size_t number, size_t service)
{
    unsigned node = svc__rng_below(&w->rng, 1000);
    const char *zone = zones[node % 3];
    char address[ADDRESS_SIZE + 1] = "";
    char end[6];

    write_address(address, 10, number);
    suffix(number, end);
    svc__buf_printf(w->b,
                    "{\"addresses\":[\"%s\"],\"conditions\":{\"ready\":true,"
                    "\"serving\":true,\"terminating\":false},"
                    "\"targetRef\":{\"kind\":\"Pod\","
                    "\"namespace\":\"" WORLD_NAMESPACE
                    "\",\"name\":\"svc-%05zu-6d8f9c7b5d-%s\",",
                    address, service, end);
    uid(w);
    svc__buf_printf(w->b, "},\"nodeName\":\"worker-eu1-%04u\",\"zone\":\"%s\"",
                    node, zone);
    /* Only some Services ask for traffic to stay in its zone. */
    if (service % 4 == 3)
        svc__buf_printf(w->b, ",\"hints\":{\"forZones\":[{\"name\":\"%s\"}]}",
                        zone);
    svc__buf_add_byte(w->b, '}');
}

static void slice(struct writer *w, const struct world *world, size_t index,
                  size_t first)
{
    size_t service = world_service_of(world, index);
    size_t count = world->settings.endpoints;

    if (world->settings.sizes[0] > 0)
        count = world->settings.sizes[index];
    slice_metadata(w, index, service);
    svc__buf_add_text(w->b, ",\"addressType\":\"IPv4\",\"endpoints\":[");
    w->place->address = here(w) + (uint32_t)strlen("{\"addresses\":[\"");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            svc__buf_add_byte(w->b, ',');
        endpoint(w, first + i, service);
    }
    svc__buf_add_text(w->b, "],\"ports\":[{\"name\":\"http\","
                            "\"protocol\":\"TCP\",\"port\":8080}]}");
}

/* ---- a Service ---------------------------------------------------------- */

static void service(struct writer *w, size_t index)
{
    svc__buf_printf(w->b,
                    "\"metadata\":{\"name\":\"svc-%05zu\","
                    "\"namespace\":\"" WORLD_NAMESPACE "\",",
                    index);
    uid(w);
    svc__buf_printf(w->b,
                    ",\"resourceVersion\":\"%" PRIu64 "\","
                    "\"creationTimestamp\":\"2025-03-11T08:15:42Z\"},"
                    "\"spec\":{\"ports\":[{\"name\":\"http\","
                    "\"protocol\":\"TCP\",\"port\":80,"
                    "\"targetPort\":\"http\"}],"
                    "\"selector\":{\"app\":\"svc-%05zu\"},",
                    VERSION_FIRST, index);
    svc__buf_printf(
        w->b,
        "\"clusterIP\":\"10.96.%zu.%zu\",\"clusterIPs\":[\"10.96.%zu.%zu\"],"
        "\"type\":\"ClusterIP\",\"sessionAffinity\":\"None\","
        "\"ipFamilies\":[\"IPv4\"],\"ipFamilyPolicy\":\"SingleStack\","
        "\"internalTrafficPolicy\":\"Cluster\"},"
        "\"status\":{\"loadBalancer\":{}}}",
        index / 250 % 250, index % 250 + 1, index / 250 % 250, index % 250 + 1);
}

/* ---- forms -------------------------------------------------------------- */

static const char *const types[] = {NULL, "ADDED", "MODIFIED"};

static void begin(struct writer *w, enum world_form form, const char *kind)
{
    w->place->offset = w->b->size;
    if (form == WORLD_ITEM) {
        svc__buf_add_text(w->b, ",{");
        return;
    }
    svc__buf_printf(w->b, "%08x\r\n{\"type\":\"%s\",\"object\":{\"kind\":%s,",
                    0u, types[form], kind);
}

static void end(struct writer *w, enum world_form form)
{
    char size[CHUNK_SIZE + 1];

    if (form != WORLD_ITEM) {
        svc__buf_add_text(w->b, "}\n");
        if (w->b->err == 0) {
            (void)snprintf(size, sizeof(size), "%08x\r\n",
                           here(w) - CHUNK_SIZE);
            memcpy(w->b->data + w->place->offset, size, CHUNK_SIZE);
        }
        svc__buf_add_text(w->b, "\r\n");
    }
    w->place->size = here(w);
}

static struct writer writer_of(struct world_text *text, size_t count)
{
    struct writer w = {.b = &text->text};

    svc__buf_init(&text->text, TEXT_MAX);
    text->places = calloc(count + 1, sizeof(struct world_place));
    client_must(text->places != NULL, "allocating");
    w.place = text->places;
    return w;
}

static void fill_services(struct world *world, enum world_form form)
{
    size_t count = world->settings.services;
    struct writer w = writer_of(&world->services[form], count);

    for (size_t i = 0; i < count; i++) {
        svc__rng_seed(&w.rng, i);
        w.place = &world->services[form].places[i];
        begin(&w, form, "\"Service\",\"apiVersion\":\"v1\"");
        service(&w, i);
        end(&w, form);
    }
    client_must(w.b->err == 0, "writing Services");
}

static void fill_slices(struct world *world, enum world_form form)
{
    size_t count = world->settings.slices;
    struct writer w = writer_of(&world->slices[form], count);
    size_t first = 0;

    for (size_t i = 0; i < count; i++) {
        svc__rng_seed(&w.rng, 1000003 + i);
        w.place = &world->slices[form].places[i];
        begin(&w, form,
              "\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\"");
        slice(&w, world, i, first);
        end(&w, form);
        first += world->settings.sizes[0] > 0 ? world->settings.sizes[i]
                                              : world->settings.endpoints;
    }
    client_must(w.b->err == 0 && first <= WORLD_ENDPOINTS, "writing slices");
}

void world_init(struct world *w, const struct world_settings *settings)
{
    memset(w, 0, sizeof(*w));
    w->settings = *settings;
    w->version = VERSION_FIRST + settings->slices;
    for (int form = 0; form < WORLD_MODIFIED; form++)
        fill_services(w, (enum world_form)form);
    for (int form = 0; form < WORLD_FORMS; form++)
        fill_slices(w, (enum world_form)form);
}

void world_fini(struct world *w)
{
    for (int form = 0; form < WORLD_MODIFIED; form++) {
        svc__buf_fini(&w->services[form].text);
        free(w->services[form].places);
    }
    for (int form = 0; form < WORLD_FORMS; form++) {
        svc__buf_fini(&w->slices[form].text);
        free(w->slices[form].places);
    }
}

void world_change(struct world *w, size_t slice, size_t e, uint64_t now_ns)
{
    w->version++;
    for (int form = 0; form < WORLD_FORMS; form++) {
        const struct world_place *place = &w->slices[form].places[slice];
        char *text = w->slices[form].text.data + place->offset;

        write_digits(text + place->version, w->version, VERSION_SIZE);
        write_digits(text + place->sent, now_ns, SENT_SIZE);
        write_address(text + place->address, 11 + e / WORLD_ENDPOINTS,
                      e % WORLD_ENDPOINTS);
    }
}

size_t world_service_of(const struct world *w, size_t slice)
{
    return slice % w->settings.services;
}
