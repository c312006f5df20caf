/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the port of a name: a number or a port name, in front ("_http._tcp.")
 * or behind (":http"). Written twice, both must be the same port.
 *
 * Digits are always a number, even where a Service has a port so named
 * (semantics 2.11 rule 1).
 */
#include "base/alloc.h"
#include "base/err.h"
#include "model/name_reader.h"

#include <string.h>

static int is_digits(struct svc__name_span span)
{
    for (size_t i = 0; i < span.size; i++) {
        if (span.ptr[i] < '0' || span.ptr[i] > '9')
            return 0;
    }
    return span.size > 0;
}

/* Never the later of the two: either may be the mistake. */
static int refuse_second_port(struct svc__name_reader *r,
                              struct svc__name_span port)
{
    svc__err_set(&r->error, SVC_ENAME,
                 "port \"%.*s\" behind the name contradicts the one in front",
                 port.size > 64 ? 64 : (int)port.size, port.ptr);
    return svc__err_hint(&r->error, "name the port once: "
                                    "\"_http._tcp.web.shop\" or "
                                    "\"web.shop:http\"");
}

/* Leading zeros are harmless; a long row of digits must not overflow. */
static int read_port_number(struct svc__name_reader *r,
                            struct svc__name_span port)
{
    unsigned number = 0;

    for (size_t i = 0; i < port.size && number <= 65535; i++)
        number = number * 10 + (unsigned)(port.ptr[i] - '0');
    if (number == 0) {
        svc__err_set(&r->error, SVC_ENAME, "port 0 is no port");
        return svc__err_hint(&r->error, "ports are 1 to 65535; leave :0 "
                                        "away to take the Service's only "
                                        "port: \"web.shop\"");
    }
    if (number > 65535) {
        svc__err_set(&r->error, SVC_ENAME, "port %.*s is above 65535",
                     port.size > 64 ? 64 : (int)port.size, port.ptr);
        return svc__err_hint(&r->error,
                             "ports are 1 to 65535: \"web.shop:8080\"");
    }
    if (r->name.port_name != NULL ||
        (r->name.port != 0 && r->name.port != number))
        return refuse_second_port(r, port);
    r->name.port = (uint16_t)number;
    return 0;
}

/* A port name is an RFC 1123 label (semantics 2.1 rule 2). */
static int check_port_name(struct svc__name_reader *r,
                           struct svc__name_span port)
{
    for (size_t i = 0; i < port.size; i++) {
        char c = port.ptr[i];

        if (!svc__name_is_letter_digit(c) && c != '-')
            return svc__name_bad_char(r, port.ptr + i);
    }
    if (port.size > 63) {
        svc__err_set(&r->error, SVC_ENAME,
                     "the port name has %zu characters, 63 are allowed",
                     port.size);
        return svc__err_hint(&r->error, "use the name in the Service's ports: "
                                        "\"web.shop:http\"");
    }
    if (port.ptr[0] == '-' || port.ptr[port.size - 1] == '-') {
        svc__err_set(&r->error, SVC_ENAME,
                     "port name \"%.*s\" begins or ends with '-'",
                     (int)port.size, port.ptr);
        return svc__err_hint(&r->error, "a port name is such as \"http\" or "
                                        "\"grpc-web\": \"web.shop:grpc-web\"");
    }
    return 0;
}

int svc__name_read_port(struct svc__name_reader *r, struct svc__name_span port)
{
    char *copy;
    int err;

    if (is_digits(port))
        return read_port_number(r, port);
    err = check_port_name(r, port);
    if (err != 0)
        return err;
    err = svc__name_copy(r, port, &copy);
    if (err != 0)
        return err;
    for (size_t i = 0; i < port.size; i++)
        copy[i] = svc__name_lower(copy[i]);
    if (r->name.port != 0 ||
        (r->name.port_name != NULL && strcmp(r->name.port_name, copy) != 0))
        err = refuse_second_port(r, port);
    svc__free(r->name.port_name);
    r->name.port_name = copy;
    return err;
}
