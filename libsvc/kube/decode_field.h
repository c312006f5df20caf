/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON objects by a table of the fields that are used, for the
 * kube/decode_*.c files only. Scalars become a json-c tree that nobody else
 * sees; containers become bookmarks, read in their turn. Strict: types, ranges,
 * repeated keys among the used fields, UTF-8. A field that is null is absent.
 */
#ifndef SVC_KUBE_DECODE_FIELD_H
#define SVC_KUBE_DECODE_FIELD_H

#include "base/buf.h"
#include "kube/json.h"
#include "model/address.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* Bounds, far above what the API server lets through or anybody writes. */
#define SVC__DECODE_FIELDS_MAX     12
#define SVC__DECODE_CONTAINERS_MAX 5
#define SVC__DECODE_TEXT_MAX       1024u  /* as written, with escapes */
#define SVC__DECODE_LIST_MAX       20000u /* elements */

enum svc__decode_type {
    SVC__DECODE_TEXT,
    SVC__DECODE_INTEGER, /* 0 … 65535 */
    SVC__DECODE_OBJECT,
    SVC__DECODE_LIST,
    SVC__DECODE_ANY /* an object, but that is checked when it is read: by then
                       messages can name the one around it */
};

/* Containers come first in a table. */
struct svc__decode_field {
    const char *key; /* NULL behind the last field of a table */
    enum svc__decode_type type;
};

/* One object, taken apart. */
struct svc__decode_object {
    const struct svc__decode_field *fields;
    struct json_object *scalars; /* an array, in the order of the text; NULL:
                                    none is there */
    unsigned char slot[SVC__DECODE_FIELDS_MAX]; /* place in it + 1 */
    uint16_t size[SVC__DECODE_FIELDS_MAX];      /* of a text, in bytes */
    struct svc__decode_mark {
        int is_set;
        struct svc__json j; /* before the value */
    } at[SVC__DECODE_CONTAINERS_MAX];
};

/* What a decoder carries: json-c's parser, and where it is, for messages. */
struct svc__decode {
    svc_error *reterr;
    struct json_tokener *tokener;
    struct svc__buf text;
    char id[352];  /* Service "shop/web", as far as known */
    char path[64]; /* of the object that is read: "spec.ports[1]." */
};

/* kind is static. 0, or SVC_ENOMEM with d as after fini. */
int svc__decode_init(struct svc__decode *d, const char *kind,
                     svc_error *reterr);
void svc__decode_fini(struct svc__decode *d);

/* Sets the path for the messages that follow: to path, or to list[i]rest. */
void svc__decode_path_set(struct svc__decode *d, const char *path);
void svc__decode_path(struct svc__decode *d, const char *list, size_t i,
                      const char *rest);

/* SVC_EFILE with a message: id, path and key, what, and value (may be NULL) in
 * quotes. */
int svc__decode_refuse(const struct svc__decode *d, const char *key,
                       const char *what, const char *value);

/* Takes the object apart that text holds, and nothing else but white space. */
int svc__decode_top(struct svc__decode *d, const char *text, size_t size,
                    const struct svc__decode_field *fields,
                    struct svc__decode_object *ret);

/* Takes the object before j apart. *ret is to be given to
 * svc__decode_object_fini; it is untouched on failure. 0, SVC_EFILE or
 * SVC_ENOMEM, as all functions here. */
int svc__decode_object(struct svc__decode *d, struct svc__json *j,
                       const struct svc__decode_field *fields,
                       struct svc__decode_object *ret);

/* The same for an object inside, whose path is path (with its dot). An
 * absent one has nothing in it. */
int svc__decode_inner(struct svc__decode *d, const char *path,
                      const struct svc__decode_mark *mark,
                      const struct svc__decode_field *fields,
                      struct svc__decode_object *ret);
void svc__decode_object_fini(struct svc__decode_object *o);

/* Goes into a list, whose path is path (no dot), and counts it: so
 * many calls of svc__json_next_element(ret) will announce one. An absent list
 * is empty. */
int svc__decode_list(struct svc__decode *d, const char *path,
                     const struct svc__decode_mark *mark, struct svc__json *ret,
                     size_t *ret_count);

/* Takes a string of at most size - 1 bytes out of a list, as a C string. */
int svc__decode_element(struct svc__decode *d, struct svc__json *j, char *ret,
                        size_t size);

/* What metadata says. Strings are borrowed until its object's fini. */
struct svc__decode_meta {
    struct svc__decode_object o;
    struct svc__decode_mark labels;
    const char *namespace_; /* "default" when absent; "" of a Node */
    const char *name;
    uint64_t resource_version; /* 0: absent or not a number */
};

/* Reads metadata; from then on the messages name the object. The name must be
 * one label where is_namespaced, else a DNS subdomain. */
int svc__decode_metadata(struct svc__decode *d,
                         const struct svc__decode_mark *mark, int is_namespaced,
                         struct svc__decode_meta *ret);

/* The text of a field, "" when absent, borrowed until fini of o; and the
 * number, 0 when absent. */
const char *svc__decode_text(const struct svc__decode_object *o,
                             const char *key);
uint16_t svc__decode_number(const struct svc__decode_object *o,
                            const char *key);

/* Copies a text, owned; NULL for "". */
int svc__decode_copy(const struct svc__decode *d, const char *text, char **ret);

/* Which of words, which are set apart by ", ", the text of a field is; 0 when
 * absent. */
int svc__decode_word(const struct svc__decode *d,
                     const struct svc__decode_object *o, const char *key,
                     const char *words, int *ret);

/* What ports have in common: the number in "port", which must be there, and
 * the protocol in "protocol", TCP when absent. */
int svc__decode_port(const struct svc__decode *d,
                     const struct svc__decode_object *o, uint16_t *ret);
int svc__decode_proto(const struct svc__decode *d,
                      const struct svc__decode_object *o, uint8_t *ret);

/* The address in a field; *ret is untouched when absent. */
int svc__decode_address(const struct svc__decode *d,
                        const struct svc__decode_object *o, const char *key,
                        struct svc__address *ret);

#endif
