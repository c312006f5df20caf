/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph as boxes and arrows, in the languages of Mermaid and of Graphviz.
 * Boxes have the ids s, p, e0…, n0…, z0….
 */
#include "drawing.h"

#include "memory.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* How a language writes things. */
struct language {
    const char *begin;
    const char *end;
    const char *before_label; /* between a box's id and its text */
    const char *after_label;
    const char *line_break; /* inside a label */
    const char *arrow;
    const char *dashed; /* to an endpoint that is not used */
    const char *after_arrow;
    const char *after_dashed;
    const char *(*escape)(char c); /* NULL: c as it stands */
};

static const char *mermaid_escape(char c)
{
    switch (c) {
    case '"':
        return "#quot;";
    case '#':
        return "#35;";
    case '&':
        return "#amp;";
    case '<':
        return "#lt;";
    case '>':
        return "#gt;";
    default:
        return NULL;
    }
}

static const char *dot_escape(char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    default:
        return NULL;
    }
}

static const struct language mermaid = {
    .begin = "graph LR\n",
    .end = "",
    .before_label = "[\"",
    .after_label = "\"]\n",
    .line_break = "<br/>",
    .arrow = " --> ",
    .dashed = " -.-> ",
    .after_arrow = "\n",
    .after_dashed = "\n",
    .escape = mermaid_escape,
};

static const struct language dot = {
    .begin = "digraph service {\n  rankdir=LR;\n  node [shape=box];\n",
    .end = "}\n",
    .before_label = " [label=\"",
    .after_label = "\"];\n",
    .line_break = "\\n",
    .arrow = " -> ",
    .dashed = " -> ",
    .after_arrow = ";\n",
    .after_dashed = " [style=dashed];\n",
    .escape = dot_escape,
};

/* A label that is being put together. */
struct label {
    FILE *out;
    char *text;
    size_t size;
};

static FILE *label_begin(struct label *label)
{
    label->text = NULL;
    label->out = memory_must(open_memstream(&label->text, &label->size));
    return label->out;
}

/* Writes the label behind the id of its box, and frees it. */
static void label_end(const struct language *l, struct label *label)
{
    const char *at;

    if (fclose(label->out) != 0)
        memory_must(NULL);
    fputs(l->before_label, stdout);
    for (at = label->text; *at; at++) {
        const char *escaped = l->escape(*at);

        if (*at == '\n')
            fputs(l->line_break, stdout);
        else if (escaped)
            fputs(escaped, stdout);
        else
            putchar(*at);
    }
    fputs(l->after_label, stdout);
    free(label->text);
}

static void write_box(const struct language *l, const char *kind,
                      const char *name)
{
    struct label label;
    FILE *out = label_begin(&label);

    fprintf(out, "%s ", kind);
    text_print(out, name);
    label_end(l, &label);
}

static void write_head(const struct language *l, const struct drawing *d)
{
    struct label label;

    fputs("  s", stdout);
    drawing_name_service(label_begin(&label), d, "\n");
    label_end(l, &label);
    fputs("  p", stdout);
    drawing_name_port(label_begin(&label), d);
    label_end(l, &label);
    printf("  s%sp%s", l->arrow, l->after_arrow);
}

/* The first place with the same node, and the first with the same zone: their
 * numbers are those of the boxes. */
static size_t node_number(const struct drawing *d, size_t place)
{
    while (place > 0 && d->places[place - 1].node &&
           strcmp(d->places[place - 1].node, d->places[place].node) == 0)
        place--;
    return place;
}

static size_t zone_number(const struct drawing *d, size_t place)
{
    size_t i;

    for (i = 0; i < place; i++) {
        if (d->places[i].zone &&
            strcmp(d->places[i].zone, d->places[place].zone) == 0)
            return i;
    }
    return place;
}

/* The boxes of a place that no earlier one has written, and their arrow. */
static void write_place(const struct language *l, const struct drawing *d,
                        size_t i)
{
    const struct place *place = &d->places[i];

    if (place->node && node_number(d, i) == i) {
        printf("  n%zu", i);
        write_box(l, "node", place->node);
    }
    if (place->zone && zone_number(d, i) == i) {
        printf("  z%zu", i);
        write_box(l, "zone", place->zone);
    }
    if (place->node && place->zone)
        printf("  n%zu%sz%zu%s", node_number(d, i), l->arrow, zone_number(d, i),
               l->after_arrow);
}

static void write_endpoint(const struct language *l, const struct drawing *d,
                           size_t i)
{
    svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;
    struct label label;
    size_t place;

    svc_endpoint_describe(svc_endpoints_at(d->eps, i), &info);
    printf("  e%zu", i);
    drawing_name_endpoint(label_begin(&label), &info, "\n");
    label_end(l, &label);
    printf("  p%se%zu%s", info.usable ? l->arrow : l->dashed, i,
           info.usable ? l->after_arrow : l->after_dashed);
    if (drawing_place(d, &info, &place) != 0)
        return;
    printf("  e%zu%s", i, l->arrow);
    if (info.node)
        printf("n%zu", node_number(d, place));
    else
        printf("z%zu", zone_number(d, place));
    fputs(l->after_arrow, stdout);
}

static void write_drawing(const struct language *l, const struct drawing *d)
{
    size_t i;

    fputs(l->begin, stdout);
    write_head(l, d);
    for (i = 0; i < d->count; i++)
        write_endpoint(l, d, i);
    for (i = 0; i < d->places_count; i++)
        write_place(l, d, i);
    fputs(l->end, stdout);
}

void drawing_write_mermaid(const struct drawing *d)
{
    write_drawing(&mermaid, d);
}

void drawing_write_dot(const struct drawing *d)
{
    write_drawing(&dot, d);
}
