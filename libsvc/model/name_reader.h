/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files name_*.c share while one name is read: the text in pieces,
 * and the name and the error being filled. Nobody else includes this. Pure.
 */
#ifndef SVC_MODEL_NAME_READER_H
#define SVC_MODEL_NAME_READER_H

#include "model/name.h"

#include <stddef.h>
#include <svc/svc.h>

#define SVC__NAME_DOMAIN_MAX 253
#define SVC__NAME_LABELS_MAX ((SVC__NAME_DOMAIN_MAX + 1) / 2)

/* Bytes of somebody else's text. */
struct svc__name_span {
    const char *ptr;
    size_t size;
};

/* One reading. All spans are borrowed until svc__name_parse returns. */
struct svc__name_reader {
    const char *text;       /* the whole, which positions count from */
    const char *namespace_; /* the caller's */
    const char *zone;
    struct svc__name name; /* owned, also when reading fails */
    size_t label_count;
    int final_dot;
    /* What follows is large, and not zeroed at first but for the code. */
    svc_error error;
    /* The dotted part: lower case, without port, without final dot. */
    char domain[SVC__NAME_DOMAIN_MAX + 1];
    struct svc__name_span labels[SVC__NAME_LABELS_MAX];
};

/* Whether a span is exactly this text. */
int svc__name_span_is(struct svc__name_span span, const char *text);

/* An ASCII letter of either case, or a digit. */
static inline int svc__name_is_letter_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

/* The place of a byte of the text as people count, from 1. */
size_t svc__name_position(const struct svc__name_reader *r, const char *at);

/* ASCII, whatever the locale. */
static inline char svc__name_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Sets *ret to an owned copy. 0, or SVC_ENOMEM with the error filled. */
int svc__name_copy(struct svc__name_reader *r, struct svc__name_span span,
                   char **ret);

/* Fills the error for a character that cannot stand where it does. Returns
 * SVC_ENAME. */
int svc__name_bad_char(struct svc__name_reader *r, const char *at);

/* Reads a port, a number or a name, wherever it was written; a second one
 * must equal the first. 0, or SVC_ENAME or SVC_ENOMEM with the error filled. */
int svc__name_read_port(struct svc__name_reader *r, struct svc__name_span port);

/* Reads "key=value&…", what follows '?'. 0, or SVC_EINVAL or SVC_ENOMEM with
 * the error filled. */
int svc__name_read_options(struct svc__name_reader *r,
                           struct svc__name_span rest);

/* Splits the dotted part into labels and takes "_port._proto." off. 0, or
 * SVC_ENAME or SVC_ENOMEM with the error filled. */
int svc__name_read_labels(struct svc__name_reader *r,
                          struct svc__name_span domain);

/* Finds the form that the labels have and fills the name from them; a
 * namespace that is there already was read from the scheme. 0, or
 * SVC_ENAME, SVC_EINVAL or SVC_ENOMEM with the error filled. */
int svc__name_read_form(struct svc__name_reader *r);

/* Refuses an address that nothing can be sent to (semantics 2.11 rule 5). 0,
 * or SVC_EINVAL with the error filled. */
int svc__name_check_address(struct svc__name_reader *r,
                            const struct svc__address *a);

#endif
