/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads objects by tables of the fields that are used. What holds for every
 * field is here once: null is as if it were absent, a repeated key refuses the
 * object (semantics 2.11, 15), other keys are skipped, and an error knows the
 * path to its field. Texts that are kept are collected in one piece, equal
 * ones once. Pure; one thread at a time.
 *
 * Every reading function is given where the value begins, p, and returns where
 * it ends, or NULL with the cursor's error latched. Text that is written the
 * usual way is read at once; everything else goes through kube/json, which
 * decides what is malformed. Handing p on in a register, and guessing the next
 * key from the last object of the same table, is what makes this fast: memory
 * is not on the way from one token to the next.
 */
#ifndef SVC_KUBE_FIELDS_H
#define SVC_KUBE_FIELDS_H

#include "base/buf.h"
#include "base/scan_text.h"
#include "kube/json.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* Steps of the longest path, such as endpoints[3].hints.forZones[0].name. */
#define SVC__FIELDS_PATH_MAX 8

/* Tables of one reader, fields of a table, texts that are remembered. */
#define SVC__FIELDS_TABLES     16
#define SVC__FIELDS_MAX        15
#define SVC__FIELDS_KNOWN_BITS 5

struct svc__fields {
    struct svc__json j;
    struct svc__buf text; /* kept texts, each with its NUL; byte 0 is a NUL */
    struct {
        uint32_t offset; /* in text */
        uint32_t rule_and_size;
    } known[1 << SVC__FIELDS_KNOWN_BITS];
    /* What followed each field of a table the last time, 0 for the end of the
     * object; fields count from 1 here, and entry 0 is what came first. */
    uint8_t next[SVC__FIELDS_TABLES][SVC__FIELDS_MAX + 1];
    /* The path of an error, innermost step first: a name, or an index. */
    struct {
        const char *name;
        size_t name_size;
        size_t index;
    } path[SVC__FIELDS_PATH_MAX];
    size_t path_size;
    struct svc__json_str refused; /* the text that a rule refused */
    int no_memory;
};

typedef const char *svc__read_fn(struct svc__fields *f, const char *p,
                                 void *target);

/* One field of an object: read takes the value, which is not null. */
struct svc__field {
    char literal[32]; /* how it is written behind another: ,"name": */
    uint32_t mask;    /* a bit for each of its characters */
    uint8_t size;     /* of it */
    uint8_t ignored;  /* a field that often comes and that nobody uses */
    uint8_t ahead;    /* bytes that it takes to compare with it, and one */
    uint8_t unused;
    svc__read_fn *read;
    uint64_t spare[2]; /* the size is a power of two: found by a shift */
};

#define SVC__FIELD_OF(name, ignored, read)                                     \
    {                                                                          \
        ",\"" name "\":",                                                      \
            (uint32_t)(((uint64_t)16 << (sizeof(name) - 1)) - 1),              \
            sizeof(name) + 3, ignored, sizeof(name) + 3 > 16 ? 33 : 17, 0,     \
            read,                                                              \
        {                                                                      \
            0, 0                                                               \
        }                                                                      \
    }
#define SVC__FIELD(name, read)   SVC__FIELD_OF(name, 0, read)
#define SVC__FIELD_IGNORED(name) SVC__FIELD_OF(name, 1, svc__fields_skip)

struct svc__table {
    unsigned id; /* its own among the tables of one reader */
    unsigned count;
    const struct svc__field *fields;
};

/* What a text must be, as the API validates it. */
enum svc__rule {
    SVC__RULE_LABEL = 1, /* RFC 1123 label, lower case */
    SVC__RULE_SUBDOMAIN, /* RFC 1123 subdomain, lower case */
    SVC__RULE_VALUE,     /* value of a label: letters, digits, '-', '_', '.' */
    SVC__RULE_QUALIFIED, /* optional subdomain and '/', then as a value */
    SVC__RULE_LIST       /* of texts that were kept one after the other */
};

/* Begins to read text, borrowed as long as f is used. A zeroed struct is
 * ready for its first init; one that was used keeps its memory. */
void svc__fields_init(struct svc__fields *f, const char *text, size_t size);
void svc__fields_fini(struct svc__fields *f);

/* An object. */
const char *svc__fields_object(struct svc__fields *f, const char *p,
                               const struct svc__table *table, void *target);

/* An array: read takes each element. SVC_ETOOBIG for more than max. */
const char *svc__fields_array(struct svc__fields *f, const char *p, size_t max,
                              svc__read_fn *read, void *target);

/* One value as this field, without its key. */
const char *svc__fields_one(struct svc__fields *f, const char *p,
                            const struct svc__field *field, void *target);

/* Any value, which is not looked at. */
const char *svc__fields_skip(struct svc__fields *f, const char *p,
                             void *target);

/* true (1) or false (0). */
const char *svc__fields_bool(struct svc__fields *f, const char *p, int *ret);

/* A string without a NUL, as it is written. */
const char *svc__fields_text(struct svc__fields *f, const char *p,
                             struct svc__json_str *ret);

/* A string that obeys a rule or is empty; it is kept. *ret is its offset in
 * f->text, 0 for an empty one. */
const char *svc__fields_name(struct svc__fields *f, const char *p,
                             enum svc__rule rule, uint32_t *ret);

/* The same for a text that is likely to come again: equal ones that came
 * lately under the same rule share one place. */
const char *svc__fields_shared(struct svc__fields *f, const char *p,
                               enum svc__rule rule, uint32_t *ret);

/* The size of the string at p (at its quote), if it consists of at most 63
 * name characters, without escapes, and obeys a rule; else 0. */
size_t svc__fields_run(const struct svc__fields *f, const char *p,
                       enum svc__rule rule);

/* Keep a run of this text that was found before: as svc__fields_name, as
 * svc__fields_shared, and as a list with one name. */
uint32_t svc__fields_keep_run(struct svc__fields *f, const char *run,
                              size_t size);
uint32_t svc__fields_share_run(struct svc__fields *f, enum svc__rule rule,
                               const char *run, size_t size);
uint32_t svc__fields_list_run(struct svc__fields *f, const char *run,
                              size_t size);

/* What a text that was taken means, without escapes. Borrowed until the next
 * text is kept. 0 or the error. */
int svc__fields_plain(struct svc__fields *f, const struct svc__json_str *str,
                      struct svc__json_str *ret);

/* Whether a text that was taken obeys a rule, or is empty. 0 or the error. */
int svc__fields_check(struct svc__fields *f, enum svc__rule rule,
                      const struct svc__json_str *str);

/* Checks a text that was taken, and keeps what it means. 0 or the error. */
int svc__fields_keep(struct svc__fields *f, enum svc__rule rule,
                     const struct svc__json_str *str, uint32_t *ret);

/* Makes a list of the texts that were kept since f->text had start bytes, ends
 * it with an empty one and lets it share the place of an equal one. *ret is
 * its offset. 0 or the error. */
int svc__fields_list(struct svc__fields *f, size_t start, uint32_t *ret);

/* Refuses a text that was taken, for reason (static words). NULL. */
const char *svc__fields_refuse(struct svc__fields *f,
                               const struct svc__json_str *str,
                               const char *reason);

/* Latches that memory ran out; svc__fields_error then says so. NULL. */
const char *svc__fields_no_memory(struct svc__fields *f);

/* Describes the latched error with path, reason, text and offset:
 * "EndpointSlice shop/web: endpoints[3].hostname: …" for object. Returns its
 * code. */
int svc__fields_error(const struct svc__fields *f, const char *object,
                      svc_error *reterr);

#endif
