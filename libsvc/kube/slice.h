/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One framed EndpointSlice (discovery.k8s.io/v1) to typed endpoints, in one
 * validating pass; memory depends on what is kept. Pure.
 */
#ifndef SVC_KUBE_SLICE_H
#define SVC_KUBE_SLICE_H

#include "kube/frame.h"
#include "model/endpoint.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

enum svc__address_type {
    SVC__SLICE_IPV4 = 4,
    SVC__SLICE_IPV6 = 6,
    SVC__SLICE_FQDN = 1 /* kept without endpoints, to be counted */
};

/* Offsets point into block->text. */
struct svc__slice_port {
    uint32_t name;         /* 0: unnamed ("" and null are one) */
    uint32_t app_protocol; /* 0: absent */
    uint16_t number;       /* 0: null, "all ports" */
    uint8_t proto;         /* enum svc__proto; null is TCP */
};

/* Immutable once decoded; shared. Strings point into the same allocation. */
struct svc__slice {
    struct svc__refs refs;
    const char *namespace_; /* "default" when absent */
    const char *name;
    const char *service; /* label kubernetes.io/service-name, "" if absent */
    uint64_t resource_version; /* 0: absent or not a number */
    enum svc__address_type type;
    struct svc__block *block; /* its endpoints, one reference */
    uint32_t port_count;
    struct svc__slice_port *ports;
};

/* Bounds of one slice, as the API validates them. */
#define SVC__SLICE_ENDPOINTS_MAX 1000
#define SVC__SLICE_ADDRESSES_MAX 100
#define SVC__SLICE_PORTS_MAX     20000
#define SVC__SLICE_HINTS_MAX     8

/* Decodes the JSON text of one EndpointSlice. *ret is shared (unref).
 * 0; SVC_EFILE with object and field named for text that is malformed in a
 * field that is used (faults J3–J7, J10; a repeated key among them: semantics
 * 2.11, 15); SVC_ETOOBIG over a bound; SVC_ENOMEM. */
int svc__slice_decode(const char *text, size_t size, struct svc__slice **ret,
                      svc_error *reterr);

/* The same for many slices, one after the other, without temporary memory for
 * each. Owned; NULL when out of memory. One thread at a time. */
struct svc__slice_decoder;
struct svc__slice_decoder *svc__slice_decoder_new(void);
void svc__slice_decoder_free(struct svc__slice_decoder *d);
int svc__slice_decoder_decode(struct svc__slice_decoder *d, const char *text,
                              size_t size, struct svc__slice **ret,
                              svc_error *reterr);

/* The same for an item of a frame, whose knowledge of the text is used. */
int svc__slice_decoder_item(struct svc__slice_decoder *d,
                            const struct svc__frame_item *item,
                            struct svc__slice **ret, svc_error *reterr);

struct svc__slice *svc__slice_ref(struct svc__slice *slice);
void svc__slice_unref(struct svc__slice *slice);

#endif
