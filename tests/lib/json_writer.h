/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON text piece by piece, compact or indented as kubectl prints.
 */
#ifndef SVC_TEST_JSON_WRITER_H
#define SVC_TEST_JSON_WRITER_H

#include "base/buf.h"

struct json_writer {
    struct svc__buf *b;
    int indented;
    int depth;
    int first; /* nothing came yet in the container in hand; begins as 1 */
};

/* Before an element of an array. */
void json_separate(struct json_writer *w);

/* The bracket that opens or closes a container. */
void json_open(struct json_writer *w, char bracket);
void json_close(struct json_writer *w, char bracket);

/* The key of a member; then a whole member: a string, a value as it is, {}. */
void json_key(struct json_writer *w, const char *name);
void json_member(struct json_writer *w, const char *name, const char *value);
void json_plain(struct json_writer *w, const char *name, const char *value);
void json_empty(struct json_writer *w, const char *name);

/* A string. */
void json_text(struct json_writer *w, const char *value);

#endif
