/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a port of a Service is, and what ports must not share.
 */
#include "kube/decode_port.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

#define PATH "spec.ports"

typedef int (*compare_fn)(const void *, const void *);

static int fill_port(const struct svc__decode *d,
                     const struct svc__decode_object *o,
                     struct svc__service_port *port)
{
    const char *name = svc__decode_text(o, "name");
    int err;

    if (name[0] != '\0' && !svc__name_is_label(name, strlen(name)))
        return svc__decode_refuse(d, "name", "not a DNS label", name);
    err = svc__decode_port(d, o, &port->port);
    if (err == 0)
        err = svc__decode_proto(d, o, &port->proto);
    if (err == 0)
        err = svc__decode_copy(d, svc__decode_text(o, "appProtocol"),
                               &port->app_protocol);
    if (err != 0)
        return err;
    port->node_port = svc__decode_number(o, "nodePort");
    port->name = svc__strdup(name);
    return port->name == NULL ? svc__err_nomem(d->reterr) : 0;
}

static int compare_names(const void *a, const void *b)
{
    const struct svc__service_port *const *x = a;
    const struct svc__service_port *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static int compare_numbers(const void *a, const void *b)
{
    const struct svc__service_port *const *x = a;
    const struct svc__service_port *const *y = b;

    if ((*x)->port != (*y)->port)
        return (*x)->port < (*y)->port ? -1 : 1;
    return (int)(*x)->proto - (int)(*y)->proto;
}

/* Sorts and returns a port that has an equal one before it in the object, or
 * NULL. */
static const struct svc__service_port *find_equal(
    const struct svc__service_port **sorted, size_t count, compare_fn compare)
{
    qsort(sorted, count, sizeof(const struct svc__service_port *), compare);
    for (size_t i = 1; i < count; i++) {
        if (compare(&sorted[i - 1], &sorted[i]) == 0)
            return sorted[i - 1] > sorted[i] ? sorted[i - 1] : sorted[i];
    }
    return NULL;
}

static int refuse_equal(struct svc__decode *d,
                        const struct svc__service_object *service,
                        const struct svc__service_port **sorted)
{
    size_t count = service->port_count;
    const struct svc__service_port *port =
        find_equal(sorted, count, compare_names);

    if (port != NULL) {
        svc__decode_path(d, PATH, (size_t)(port - service->ports), ".");
        return svc__decode_refuse(d, "name", "another port has this name",
                                  port->name);
    }
    port = find_equal(sorted, count, compare_numbers);
    if (port == NULL)
        return 0;
    svc__decode_path(d, PATH, (size_t)(port - service->ports), ".");
    return svc__decode_refuse(
        d, "port", "another port has this number and protocol", NULL);
}

static int check_ports(struct svc__decode *d,
                       const struct svc__service_object *service)
{
    size_t count = service->port_count;
    const struct svc__service_port **sorted;
    int err;

    if (count < 2)
        return 0;
    for (size_t i = 0; i < count; i++) {
        svc__decode_path(d, PATH, i, ".");
        if (service->ports[i].name[0] == '\0')
            return svc__decode_refuse(
                d, "name", "missing, and there are several ports", NULL);
    }
    sorted = svc__calloc(count, sizeof(const struct svc__service_port *));
    if (sorted == NULL)
        return svc__err_nomem(d->reterr);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &service->ports[i];
    err = refuse_equal(d, service, sorted);
    svc__free(sorted);
    return err;
}

int svc__decode_ports(struct svc__decode *d,
                      const struct svc__decode_mark *mark,
                      struct svc__service_object *service)
{
    static const struct svc__decode_field fields[] = {
        {"name", SVC__DECODE_TEXT},        {"protocol", SVC__DECODE_TEXT},
        {"port", SVC__DECODE_INTEGER},     {"nodePort", SVC__DECODE_INTEGER},
        {"appProtocol", SVC__DECODE_TEXT}, {NULL, SVC__DECODE_TEXT}};
    struct svc__decode_object o;
    struct svc__json j;
    size_t count;
    int err = svc__decode_list(d, PATH, mark, &j, &count);

    if (err != 0 || count == 0)
        return err;
    service->ports = svc__calloc(count, sizeof(*service->ports));
    if (service->ports == NULL)
        return svc__err_nomem(d->reterr);
    service->port_count = count;
    for (size_t i = 0; i < count; i++) {
        svc__json_next_element(&j);
        svc__decode_path(d, PATH, i, ".");
        err = svc__decode_object(d, &j, fields, &o);
        if (err != 0)
            return err;
        err = fill_port(d, &o, &service->ports[i]);
        svc__decode_object_fini(&o);
        if (err != 0)
            return err;
    }
    return check_ports(d, service);
}
