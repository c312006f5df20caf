/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of one file, YAML or JSON, to typed objects: what is good is
 * kept, what is malformed is listed with its reason, what nobody uses is
 * counted (semantics 2.11, 13 to 15). Pure.
 */
#ifndef SVC_KUBE_MANIFEST_H
#define SVC_KUBE_MANIFEST_H

#include "kube/decode.h"
#include "kube/slice.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* A text with more refused objects than this is refused as a whole, so that
 * what is kept of them is bounded. */
#define SVC__MANIFEST_REFUSED_MAX 1000

enum svc__kind {
    SVC__KIND_SERVICE,
    SVC__KIND_SLICE,
    SVC__KIND_NODE
};

/* Why an object was refused, and what could still be read of it ("" if
 * nothing; the namespace is "default" where none is written). Strings point
 * into text. */
struct svc__refusal {
    const char *namespace_;
    const char *name;   /* NULL: not refused itself, but kept of an older text
                           because this one refuses something unnamed */
    const char *owner;  /* slices: the service-name label, "" if unknown */
    const char *reason; /* document, object and field named */
    char text[];
};

/* One object of a file, good or refused; small, since a text may hold one in
 * twenty bytes. */
struct svc__manifest_object {
    uint32_t kind;     /* enum svc__kind */
    uint32_t document; /* from 1 */
    /* Exactly one of these is set when the object is good (one reference),
     * none when it was refused. */
    struct svc__service_object *service;
    struct svc__slice *slice;
    struct svc__node_object *node;
    struct svc__refusal *refusal; /* owned; NULL of a good one */
};

struct svc__manifest {
    size_t count;
    size_t capacity;
    struct svc__manifest_object *objects; /* in the order of the file */
    size_t refused;                       /* of them, refused */
    uint64_t ignored;                     /* objects of kinds not used */
    uint64_t old_versions; /* of them, a used kind in another version */
    /* Refused whole: documents that are no object, that have no kind or an
     * anchor; items of lists that are no object or have no kind; lists inside
     * lists, which kubectl never prints. */
    size_t document_refused_count;
    char *first_document_refused; /* why, or NULL */
    char *first_old_version;      /* which, or NULL */
};

/* How the text is written. */
enum svc__manifest_format {
    SVC__MANIFEST_SNIFF, /* JSON when it begins with '{' or '['; but YAML when
                            less of it is refused so (flow style), if not over
                            1 MiB */
    SVC__MANIFEST_JSON,
    SVC__MANIFEST_YAML
};

/* What is to be read. Borrowed for the call. */
struct svc__manifest_text {
    const char *text;
    size_t size;
    enum svc__manifest_format format;
    const _Atomic int *stop; /* NULL, or: not 0 once reading is to be given
                                up; set by another thread */
};

/* Reads a whole text. *ret is owned (svc__manifest_free). 0, also with
 * refused objects or with none at all; SVC_EFILE with line or offset when the
 * text is refused as a whole (cut, unbalanced, not UTF-8, over a bound);
 * SVC_ECLOSED when it was given up, soon after stop; SVC_ENOMEM. */
int svc__manifest_parse(const struct svc__manifest_text *in,
                        struct svc__manifest **ret, svc_error *reterr);
void svc__manifest_free(struct svc__manifest *m);

#endif
