/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns commas and line breaks.
 */
#include "json_writer.h"

#include <string.h>

static void line(struct json_writer *w)
{
    if (!w->indented)
        return;
    svc__buf_add_byte(w->b, '\n');
    for (int i = 0; i < w->depth; i++)
        svc__buf_add_text(w->b, "    ");
}

/* Before an element, or a member's key. */
void json_separate(struct json_writer *w)
{
    if (!w->first)
        svc__buf_add_byte(w->b, ',');
    w->first = 0;
    line(w);
}

void json_open(struct json_writer *w, char bracket)
{
    svc__buf_add_byte(w->b, bracket);
    w->depth++;
    w->first = 1;
}

void json_close(struct json_writer *w, char bracket)
{
    w->depth--;
    if (!w->first)
        line(w);
    svc__buf_add_byte(w->b, bracket);
    w->first = 0;
}

void json_key(struct json_writer *w, const char *name)
{
    json_separate(w);
    svc__buf_add_json(w->b, name, strlen(name));
    svc__buf_add_text(w->b, w->indented ? ": " : ":");
}

void json_text(struct json_writer *w, const char *value)
{
    svc__buf_add_json(w->b, value, strlen(value));
}

void json_member(struct json_writer *w, const char *name, const char *value)
{
    json_key(w, name);
    json_text(w, value);
}

void json_plain(struct json_writer *w, const char *name, const char *value)
{
    json_key(w, name);
    svc__buf_add_text(w->b, value);
}

void json_empty(struct json_writer *w, const char *name)
{
    json_key(w, name);
    svc__buf_add_text(w->b, "{}");
}
