/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A read-only cursor over the text of one JSON value (RFC 8259), strict and
 * without a tree: members, elements, strings, integers, skipping. Shared by
 * whatever reads used fields, so that all are equally strict. The first error
 * is latched with its offset: every later call fails with the same code, so a
 * caller may look once, at the end of a group. Pure; does not allocate, does
 * not recurse; one thread at a time.
 *
 * How an object is read:
 *
 *     svc__json_init(&j, text, size);
 *     svc__json_enter_object(&j);
 *     while (svc__json_next_member(&j, &key) == 1) {
 *         if (svc__json_str_is(&key, "port"))
 *             svc__json_integer(&j, 1, 65535, &port);
 *         else
 *             svc__json_skip(&j, NULL);
 *     }
 *     err = svc__json_finish(&j);
 *
 * After a member or element was announced exactly one of the reading functions
 * (string, text, integer, bool, skip, enter_…) takes its value.
 */
#ifndef SVC_KUBE_JSON_H
#define SVC_KUBE_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* Containers inside each other, the outermost counted (faults J6). */
#define SVC__JSON_DEPTH_MAX 32

enum svc__json_type {
    SVC__JSON_NONE, /* the text ends here, or no value begins so */
    SVC__JSON_NULL,
    SVC__JSON_BOOL,
    SVC__JSON_NUMBER,
    SVC__JSON_STRING,
    SVC__JSON_ARRAY,
    SVC__JSON_OBJECT
};

/* A piece of the text. Of a string: what is between its quotes. */
struct svc__json_str {
    const char *text; /* borrowed: lives as long as the cursor's text */
    size_t size;
    int escaped; /* a string with at least one backslash */
};

/* Where containers two levels below the value end, from a walk that found the
 * whole text balanced and UTF-8: offsets of their closing brackets, the first
 * of those that there are. */
struct svc__json_ends {
    const char *base;
    const uint32_t *offsets;
    size_t count;
};

/* The fields are the cursor's own. A copy of the struct is a bookmark. */
struct svc__json {
    const char *start;
    const char *at;
    const char *end;
    unsigned depth;
    int fresh;          /* just inside a container: no comma comes */
    int err;            /* latched: 0, SVC_EFILE, or SVC_ETOOBIG */
    const char *reason; /* static words for err */
    const char *wrong;  /* where err is */
    const struct svc__json_ends *ends; /* may be NULL */
    size_t next_end;                   /* in ends */
};

/* Puts the cursor before the value; text is borrowed as long as it is used. */
static inline void svc__json_init(struct svc__json *j, const char *text,
                                  size_t size)
{
    j->start = text;
    j->at = text;
    j->end = text + size;
    j->depth = 0;
    j->fresh = 0;
    j->err = 0;
    j->reason = NULL;
    j->wrong = NULL;
    j->ends = NULL;
    j->next_end = 0;
}

/* Tells where containers end, so that svc__json_skip need not look for it.
 * Borrowed as long as the text is read. */
static inline void svc__json_use_ends(struct svc__json *j,
                                      const struct svc__json_ends *ends)
{
    j->ends = ends;
}

/* The type of the value that comes, told by its first byte. Takes nothing. */
enum svc__json_type svc__json_peek(struct svc__json *j);

/* Goes into the container that comes. 0; SVC_EFILE when another type comes;
 * SVC_ETOOBIG when it is too deep. */
int svc__json_enter_object(struct svc__json *j);
int svc__json_enter_array(struct svc__json *j);

/* Announces the next member and takes its key. 1; 0 when the object ended
 * (the cursor is behind it); SVC_EFILE. */
int svc__json_next_member(struct svc__json *j, struct svc__json_str *ret_key);

/* Goes into the object that comes, to its first member of that key. 1: its
 * value comes; 0 when there is none (the cursor is behind the object);
 * SVC_EFILE, SVC_ETOOBIG. */
int svc__json_find(struct svc__json *j, const char *key);

/* Announces the next element. 1; 0 when the array ended; SVC_EFILE. */
int svc__json_next_element(struct svc__json *j);

/* Takes a string. Control characters, escapes that do not exist, surrogates
 * without their other half and text that is not UTF-8 are refused. 0 or
 * SVC_EFILE. */
int svc__json_string(struct svc__json *j, struct svc__json_str *ret);

/* As svc__json_string, and \u0000 is refused: it can become a C string. */
int svc__json_text(struct svc__json *j, struct svc__json_str *ret);

/* Takes a number that is written as an integer (no fraction, no exponent) and
 * lies in min … max (faults J10). 0 or SVC_EFILE. */
int svc__json_integer(struct svc__json *j, int64_t min, int64_t max,
                      int64_t *ret);

/* Takes true (1) or false (0). 0 or SVC_EFILE. */
int svc__json_bool(struct svc__json *j, int *ret);

/* Takes a null if one comes, and tells whether it did. */
int svc__json_take_null(struct svc__json *j);

/* Takes any value. Its text, from first to last byte, goes to *ret (may be
 * NULL), for another cursor or another reader. Where strings end, brackets and
 * depth are checked; what is in strings and the grammar within containers is
 * not. 0, SVC_EFILE or SVC_ETOOBIG (too deep). */
int svc__json_skip(struct svc__json *j, struct svc__json_str *ret);

/* Checks that nothing but white space is left. Returns the latched error. */
int svc__json_finish(struct svc__json *j);

/* Latches an error of the caller's: reason (static words) about the value
 * that begins at (NULL: at the cursor). Returns the latched code: SVC_EFILE,
 * or SVC_ETOOBIG for over_bound. */
int svc__json_fail(struct svc__json *j, const char *at, const char *reason);
int svc__json_over_bound(struct svc__json *j, const char *at,
                         const char *reason);

/* Fills reterr with "reason (byte N)"; returns the latched code. */
int svc__json_error(const struct svc__json *j, svc_error *reterr);

/* Whether a string means word, escapes resolved. */
int svc__json_str_is(const struct svc__json_str *str, const char *word);

/* Writes what a string means, without a NUL, to ret, which holds at least
 * str->size bytes. Returns the bytes written, never more than str->size. */
size_t svc__json_str_copy(const struct svc__json_str *str, char *ret);

#endif
