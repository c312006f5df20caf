/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON that scripts depend on: its fields and their order are fixed. Every
 * function ends the program when memory is out; unknown is null.
 */
#ifndef SVCCTL_JSON_H
#define SVCCTL_JSON_H

#include <json-c/json.h>
#include <stdint.h>
#include <svc/svc.h>

/* An object that begins with "schema". Owned, until json_write. */
struct json_object *json_new(const char *schema);

/* An empty object, to be put into another one. Owned, until it is. */
struct json_object *json_item(void);

/* An empty array. Owned, until it is added somewhere. */
struct json_object *json_list(void);

/* Each adds one field; text may be NULL for null. */
void json_add_text(struct json_object *object, const char *key,
                   const char *text);
void json_add_number(struct json_object *object, const char *key,
                     int64_t number);
void json_add_flag(struct json_object *object, const char *key, int flag);
/* value is taken. */
void json_add(struct json_object *object, const char *key,
              struct json_object *value);

/* "port", null when it is 0. */
void json_add_port(struct json_object *object, int port);

/* Puts one more at the end of an array; value is taken. */
void json_append(struct json_object *list, struct json_object *value);

/* What is known of one endpoint. Owned, until it is added somewhere. */
struct json_object *json_endpoint(const svc_endpoint *ep);

/* Writes an object as one line on standard output. object is taken. */
void json_write(struct json_object *object);

/* An object whose lists may be long is written in parts, so that memory holds
 * one item: its first fields, then lists, then its last fields. Objects are
 * taken. i is the place of an item in its list. */
void json_begin(struct json_object *head);
void json_begin_list(const char *key);
void json_write_item(size_t i, struct json_object *item);
void json_end_list(void);
void json_end(struct json_object *tail);

/* The first count endpoints of a set, as a list. */
void json_write_endpoints(const char *key, const svc_endpoints *eps,
                          size_t count);

#endif
