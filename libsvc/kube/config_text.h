/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a kubeconfig or an ExecCredential as JSON, and its objects read
 * by tables of the fields that are used, for the kube/config files only. Null
 * is as if it were absent, an empty text too; other keys are skipped, as by
 * kubectl. What is read may be secret: it is wiped before it is freed, and no
 * error quotes a value. Pure; one thread at a time.
 */
#ifndef SVC_KUBE_CONFIG_TEXT_H
#define SVC_KUBE_CONFIG_TEXT_H

#include "base/buf.h"
#include "kube/config.h"
#include "kube/frame.h"
#include "kube/json.h"

#include <stddef.h>
#include <svc/svc.h>

/* Elements of a list of texts (faults 3.6). */
#define SVC__CONFIG_LIST_MAX 1024u

/* Where something stands, for messages. */
struct svc__config_place {
    const char *source; /* a path, or what the text is */
    char object[160];   /* user "admin"; "" at the top */
    char path[24];      /* of what is read in it: "exec.env[1]."; or "" */
    int code;           /* of what is malformed: SVC_EFILE or SVC_EAUTH */
    svc_error *reterr;
};

struct svc__config_text {
    struct svc__buf json; /* an object, "{}" for an empty text */
    struct svc__frame_id id;
};

/* What a field is, and what its target holds. */
enum svc__config_type {
    SVC__CONFIG_TEXT, /* char *, owned; stays NULL for an empty text */
    SVC__CONFIG_DATA, /* struct svc__config_data, owned; written in base64 */
    SVC__CONFIG_BOOL, /* int */
    SVC__CONFIG_LIST, /* char **, owned, NULL-terminated; NULL when empty */
    SVC__CONFIG_NAME, /* struct svc__json_str, in the JSON text */
    SVC__CONFIG_ANY   /* struct svc__config_mark */
};

struct svc__config_field {
    const char *key; /* NULL behind the last field of a table */
    enum svc__config_type type;
    size_t offset; /* of its target in what is filled */
};

/* A value to be read in its turn. */
struct svc__config_mark {
    int is_set;
    struct svc__json j; /* before the value */
};

/* Reads the first document of a text, YAML or JSON, as kubectl does. 0; the
 * place's code; SVC_ENOMEM. Nothing is to be freed unless it is 0. */
int svc__config_text_init(struct svc__config_text *t, const char *text,
                          size_t size, const struct svc__config_place *p);
/* Wipes it. A zeroed struct is allowed. */
void svc__config_text_fini(struct svc__config_text *t);

/* Says what the object is that the next errors are about. */
void svc__config_text_object(struct svc__config_place *p, const char *kind,
                             const char *name);

/* Fills *reterr with "source: object: path.key: what"; key may be "", for all
 * that path names. Returns the code. */
int svc__config_text_refuse(const struct svc__config_place *p, const char *key,
                            const char *what);

/* The same with a code of its own, and what to do. */
int svc__config_text_refuse_as(const struct svc__config_place *p, int code,
                               const char *key, const char *what,
                               const char *hint);

/* Reads the object at j. target is zeroed before the first object is read into
 * it; what it owns is the caller's to free, after an error as well. 0; the
 * place's code, also for a key that is repeated; SVC_ENOMEM. */
int svc__config_text_read(const struct svc__config_place *p,
                          struct svc__json *j,
                          const struct svc__config_field *fields, void *target);

/* The same for a mark; one that is not set is an empty object. */
int svc__config_text_inner(const struct svc__config_place *p,
                           const struct svc__config_mark *mark,
                           const struct svc__config_field *fields,
                           void *target);

/* Finds the entry of that name in a list of {name: …, KEY: {…}}, and marks its
 * KEY. 1; 0 when there is none; the place's code, also for a name that stands
 * there twice; SVC_ENOMEM. */
int svc__config_text_find(const struct svc__config_place *p,
                          const struct svc__config_mark *list, const char *key,
                          const char *name, struct svc__config_mark *ret);

/* Makes *path, unless it is NULL or absolute, relative to where the place's
 * source is instead of to the folder of it, as kubectl does. 0 or SVC_ENOMEM
 * with *path as it was. */
int svc__config_text_path(const struct svc__config_place *p, char **path);

#endif
