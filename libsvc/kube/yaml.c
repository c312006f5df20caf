/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns libyaml's parser and turns its events into JSON text. A document is
 * refused at the event that it is refused for; its other events are read and
 * dropped, since the rest of the text must still be sound. What a plain scalar
 * means is yaml_scalar's.
 */
#include "kube/yaml.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "base/wipe.h"
#include "kube/yaml_scalar.h"

#include <string.h>
#include <yaml.h>

#define PIECE       ((size_t)65536)
#define STRING_PART ((size_t)4096)

/* libyaml clears its buffer for a run of blanks or line breaks, which keeps
 * the size of the longest one, after every run in a scalar. The bound on the
 * bytes cleared: so many for each byte of text, and a few always. */
#define CLEARED_PER_BYTE ((size_t)512)
#define CLEARED_FREE     ((size_t)64 << 20)

struct level {
    int is_mapping;
    size_t nodes; /* in a mapping, keys are the even ones */
};

struct svc__yaml {
    const char *text; /* behind a byte order mark */
    size_t size;
    yaml_parser_t parser;
    int has_parser;
    struct svc__buf piece;
    yaml_event_t event; /* a string that is not yet wholly written */
    int has_event;
    size_t written; /* of the string */
    size_t line;
    struct svc__frame_id id;
    char *id_part; /* of id: where the next value goes, or NULL */
    size_t id_part_size;
    size_t depth;
    struct level levels[SVC__YAML_DEPTH_MAX];
    svc_error refused; /* of the document; code 0: it is good */
};

/* ---- the text as a whole ---- */

/* The size of a line break as libyaml knows them: also NEL, LS and PS. */
static size_t break_size(const char *text, size_t size)
{
    if (text[0] == '\n' || text[0] == '\r')
        return 1;
    if (size >= 2 && memcmp(text, "\xc2\x85", 2) == 0)
        return 2;
    if (size >= 3 && (memcmp(text, "\xe2\x80\xa8", 3) == 0 ||
                      memcmp(text, "\xe2\x80\xa9", 3) == 0))
        return 3;
    return 0;
}

/* Lines and columns, in characters, as libyaml counts them. */
static void locate(const char *text, size_t offset, size_t *ret_line,
                   size_t *ret_column)
{
    size_t line = 1;
    size_t column = 1;

    for (size_t i = 0; i < offset; i++) {
        size_t step = break_size(text + i, offset - i);

        if (step > 0 && !(text[i] == '\r' && text[i + 1] == '\n')) {
            line++;
            column = 1;
            i += step - 1;
        } else if (step == 0) {
            column += ((unsigned char)text[i] & 0xc0) != 0x80;
        }
    }
    *ret_line = line;
    *ret_column = column;
}

static int refuse_text(const struct svc__yaml *y, size_t offset,
                       const char *what, svc_error *reterr)
{
    size_t line;
    size_t column;

    locate(y->text, offset < y->size ? offset : y->size, &line, &column);
    return svc__err_set(reterr, SVC_EFILE, "line %zu, column %zu: %s", line,
                        column, what);
}

/* Refuses what libyaml would not read in linear time: directives, of which
 * each is compared with all others, and runs as told at CLEARED_PER_BYTE. */
static int check_cost(const struct svc__yaml *y, svc_error *reterr)
{
    size_t runs = 0;
    size_t run = 0;
    size_t longest = 0;
    size_t longest_end = 0;
    int line_start = 1;

    for (size_t i = 0; i < y->size;) {
        const unsigned char c = (unsigned char)y->text[i];
        size_t step;

        if (c > '%' && c < 0x80) { /* nearly all of a text */
            line_start = 0;
            run = 0;
            i++;
            continue;
        }
        step = break_size(y->text + i, y->size - i);
        if (line_start && c == '%') {
            refuse_text(y, i, "a line that begins with '%'", reterr);
            svc__err_hint(reterr, "take out the directive, or indent the text");
            return SVC_EFILE;
        }
        line_start = step > 0;
        if (step == 0 && (c == ' ' || c == '\t'))
            step = 1;
        runs += step > 0 && run == 0;
        run = step > 0 ? run + step : 0;
        i += step > 0 ? step : 1;
        if (run > longest) {
            longest = run;
            longest_end = i;
        }
    }
    if (runs > 0 &&
        longest > (CLEARED_FREE + y->size * CLEARED_PER_BYTE) / runs)
        return refuse_text(y, longest_end - longest,
                           "too many blanks or line breaks in a row", reterr);
    return 0;
}

static int check_utf8(const struct svc__yaml *y, svc_error *reterr)
{
    size_t i = 0;

    if (svc__utf8_is_valid(y->text, y->size))
        return 0;
    /* Sequence by sequence to the first bad one. */
    while (i < y->size) {
        unsigned char lead = (unsigned char)y->text[i];
        size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

        if (n > y->size - i || !svc__utf8_is_valid(y->text + i, n))
            break;
        i += n;
    }
    return refuse_text(y, i, "the text is not UTF-8", reterr);
}

int svc__yaml_new(const char *text, size_t size, struct svc__yaml **ret,
                  svc_error *reterr)
{
    struct svc__yaml *y = svc__calloc(1, sizeof(*y));
    size_t mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    int err;

    if (y == NULL)
        return svc__err_nomem(reterr);
    y->text = text + mark;
    y->size = size - mark;
    svc__buf_init(&y->piece, 2 * PIECE);
    err = check_utf8(y, reterr);
    if (err == 0)
        err = check_cost(y, reterr);
    /* At once: a buffer that moves leaves copies behind. */
    if (err == 0 && svc__buf_reserve(&y->piece, y->piece.max) == NULL)
        err = svc__err_nomem(reterr);
    if (err == 0 && !yaml_parser_initialize(&y->parser))
        err = svc__err_nomem(reterr);
    if (err != 0) {
        svc__yaml_free(y);
        return err;
    }
    y->has_parser = 1;
    yaml_parser_set_encoding(&y->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(
        &y->parser, (const unsigned char *)(const void *)y->text, y->size);
    *ret = y;
    return 0;
}

static void free_event(yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        svc__wipe(event->data.scalar.value, event->data.scalar.length);
    yaml_event_delete(event);
}

/* A kubeconfig has secrets in it. What libyaml frees by itself, such as a
 * scalar that grew, stays as it was (faults 3.4). */
static void free_parser(yaml_parser_t *parser)
{
    svc__wipe(parser->raw_buffer.start,
              (size_t)(parser->raw_buffer.end - parser->raw_buffer.start));
    svc__wipe(parser->buffer.start,
              (size_t)(parser->buffer.end - parser->buffer.start));
    yaml_parser_delete(parser);
}

void svc__yaml_free(struct svc__yaml *y)
{
    if (y == NULL)
        return;
    if (y->has_event)
        free_event(&y->event);
    if (y->has_parser)
        free_parser(&y->parser);
    svc__wipe(y->piece.data, y->piece.cap);
    svc__buf_fini(&y->piece);
    svc__wipe(y, sizeof(*y));
    svc__free(y);
}

size_t svc__yaml_line(const struct svc__yaml *y)
{
    return y->line;
}

const struct svc__frame_id *svc__yaml_id(const struct svc__yaml *y)
{
    return &y->id;
}

/* ---- nodes ---- */

static int refuse(struct svc__yaml *y, const yaml_event_t *event,
                  const char *what, const char *detail)
{
    if (y->refused.code == 0)
        svc__err_set(&y->refused, SVC_EINVAL, "line %zu, column %zu: %s%s",
                     event->start_mark.line + 1, event->start_mark.column + 1,
                     what, detail);
    return 0;
}

static int is_key(const struct svc__yaml *y)
{
    return y->depth > 0 && y->levels[y->depth - 1].is_mapping &&
           y->levels[y->depth - 1].nodes % 2 == 0;
}

static void begin_node(struct svc__yaml *y)
{
    const struct level *level;

    if (y->depth == 0)
        return;
    level = &y->levels[y->depth - 1];
    if (level->nodes > 0 && (!level->is_mapping || level->nodes % 2 == 0))
        svc__buf_add_byte(&y->piece, ',');
}

static void end_node(struct svc__yaml *y)
{
    if (is_key(y))
        svc__buf_add_byte(&y->piece, ':');
    if (y->depth > 0)
        y->levels[y->depth - 1].nodes++;
}

static int is_tag(const yaml_char_t *tag, const char *name)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    const char *text = (const char *)(const void *)tag;

    return strncmp(text, prefix, sizeof(prefix) - 1) == 0 &&
           strcmp(text + sizeof(prefix) - 1, name) == 0;
}

/* "!": what the node is by its style alone (YAML 1.2.2 section 6.9.1). */
static int is_unspecific(const yaml_char_t *tag)
{
    return tag[0] == '!' && tag[1] == '\0';
}

static void check_node(struct svc__yaml *y, const yaml_event_t *event,
                       const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL)
        refuse(y, event, "anchors are not read: &",
               (const char *)(const void *)anchor);
    if (tag != NULL)
        refuse(y, event, "a tag that does not fit or is not known: ",
               (const char *)(const void *)tag);
}

/* Clears *tag when it names what the scalar is. */
static enum svc__yaml_class classify(const yaml_event_t *event,
                                     const yaml_char_t **tag)
{
    const char *text = (const char *)(const void *)event->data.scalar.value;
    enum svc__yaml_class class_ =
        svc__yaml_scalar_class(text, event->data.scalar.length);

    if (*tag == NULL)
        return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
                   ? class_
                   : SVC__YAML_STRING;
    if (is_tag(*tag, "str") || is_unspecific(*tag))
        class_ = SVC__YAML_STRING;
    else if (!(is_tag(*tag, "null") && class_ == SVC__YAML_NULL) &&
             !(is_tag(*tag, "bool") && class_ == SVC__YAML_BOOL) &&
             !(is_tag(*tag, "int") && class_ == SVC__YAML_INT) &&
             !(is_tag(*tag, "float") &&
               (class_ == SVC__YAML_INT || class_ == SVC__YAML_FLOAT)))
        return class_;
    *tag = NULL;
    return class_;
}

/* Keeps the values of kind and apiVersion, cut where longer than any used. */
static void note_id(struct svc__yaml *y, const char *text, size_t size)
{
    if (y->depth != 1)
        return;
    if (y->id_part != NULL) {
        if (size >= y->id_part_size)
            size = y->id_part_size - 1;
        memcpy(y->id_part, text, size);
        y->id_part[size] = '\0';
        y->id_part = NULL;
    } else if (is_key(y) && strcmp(text, "kind") == 0) {
        y->id_part = y->id.kind;
        y->id_part_size = sizeof(y->id.kind);
    } else if (is_key(y) && strcmp(text, "apiVersion") == 0) {
        y->id_part = y->id.api_version;
        y->id_part_size = sizeof(y->id.api_version);
    }
}

/* A string is left to write_string: *event is then taken. */
static int on_scalar(struct svc__yaml *y, yaml_event_t *event)
{
    const yaml_char_t *tag = event->data.scalar.tag;
    const char *text = (const char *)(const void *)event->data.scalar.value;
    enum svc__yaml_class class_ = classify(event, &tag);

    check_node(y, event, event->data.scalar.anchor, tag);
    if (class_ == SVC__YAML_SPECIAL)
        refuse(y, event, "JSON has no such number: ", text);
    note_id(y, text, event->data.scalar.length);
    begin_node(y);
    if (class_ == SVC__YAML_STRING || is_key(y)) {
        svc__buf_add_byte(&y->piece, '"');
        y->event = *event;
        y->has_event = 1;
        y->written = 0;
        return 1;
    }
    if (y->depth > 0 || class_ != SVC__YAML_NULL)
        svc__yaml_scalar_add(&y->piece, text, event->data.scalar.length,
                             class_);
    end_node(y);
    return 0;
}

/* Continues the string of y->event. */
static void write_string(struct svc__yaml *y)
{
    size_t left = y->event.data.scalar.length - y->written;
    size_t part = left < STRING_PART ? left : STRING_PART;

    svc__buf_add_json_part(
        &y->piece,
        (const char *)(const void *)y->event.data.scalar.value + y->written,
        part);
    y->written += part;
    if (part < left)
        return;
    svc__buf_add_byte(&y->piece, '"');
    end_node(y);
    free_event(&y->event);
    y->has_event = 0;
}

static int on_start(struct svc__yaml *y, const yaml_event_t *event,
                    svc_error *reterr)
{
    int is_mapping = event->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *tag = is_mapping ? event->data.mapping_start.tag
                                        : event->data.sequence_start.tag;

    if (y->depth == SVC__YAML_DEPTH_MAX)
        return svc__err_set(reterr, SVC_EFILE,
                            "line %zu, column %zu: nested deeper than %d",
                            event->start_mark.line + 1,
                            event->start_mark.column + 1, SVC__YAML_DEPTH_MAX);
    if (tag != NULL &&
        (is_tag(tag, is_mapping ? "map" : "seq") || is_unspecific(tag)))
        tag = NULL;
    check_node(y, event,
               is_mapping ? event->data.mapping_start.anchor
                          : event->data.sequence_start.anchor,
               tag);
    if (is_key(y))
        refuse(y, event, "a key that is not a scalar", "");
    y->id_part = NULL;
    begin_node(y);
    svc__buf_add_byte(&y->piece, is_mapping ? '{' : '[');
    y->levels[y->depth].is_mapping = is_mapping;
    y->levels[y->depth].nodes = 0;
    y->depth++;
    return 0;
}

static void on_end(struct svc__yaml *y, const yaml_event_t *event)
{
    svc__buf_add_byte(&y->piece,
                      event->type == YAML_MAPPING_END_EVENT ? '}' : ']');
    y->depth--;
    end_node(y);
}

/* ---- events ---- */

static int refuse_rest(const struct svc__yaml *y, svc_error *reterr)
{
    const yaml_parser_t *p = &y->parser;

    if (p->error == YAML_MEMORY_ERROR)
        return svc__err_nomem(reterr);
    if (p->error == YAML_READER_ERROR)
        return refuse_text(y, p->problem_offset, p->problem, reterr);
    svc__err_set(reterr, SVC_EFILE, "line %zu, column %zu: %s%s%s",
                 p->problem_mark.line + 1, p->problem_mark.column + 1,
                 p->problem, p->context == NULL ? "" : " ",
                 p->context == NULL ? "" : p->context);
    return SVC_EFILE;
}

static int end_document(const struct svc__yaml *y, svc_error *reterr)
{
    if (y->refused.code == 0)
        return SVC__YAML_DOCUMENT;
    if (reterr != NULL)
        *reterr = y->refused;
    return SVC_EINVAL;
}

/* One event. Returns SVC__YAML_PIECE when there is more to read. */
static int on_event(struct svc__yaml *y, yaml_event_t *event, svc_error *reterr)
{
    switch (event->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_END_EVENT:
        return SVC__YAML_END;
    case YAML_DOCUMENT_START_EVENT:
        y->line = event->start_mark.line + 1;
        y->refused.code = 0;
        memset(&y->id, 0, sizeof(y->id));
        y->id_part = NULL;
        return SVC__YAML_PIECE;
    case YAML_DOCUMENT_END_EVENT:
        return end_document(y, reterr);
    case YAML_ALIAS_EVENT:
        refuse(y, event, "aliases are not read: *",
               (const char *)(const void *)event->data.alias.anchor);
        end_node(y);
        return SVC__YAML_PIECE;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return on_start(y, event, reterr) == 0 ? SVC__YAML_PIECE : SVC_EFILE;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_end(y, event);
        return SVC__YAML_PIECE;
    default:
        return SVC__YAML_PIECE;
    }
}

static int next(struct svc__yaml *y, svc_error *reterr)
{
    yaml_event_t event;
    int part = SVC__YAML_PIECE;

    if (y->has_event) {
        write_string(y);
        return part;
    }
    if (!yaml_parser_parse(&y->parser, &event))
        return refuse_rest(y, reterr);
    if (event.type != YAML_SCALAR_EVENT)
        part = on_event(y, &event, reterr);
    else if (on_scalar(y, &event))
        return part;
    free_event(&event);
    return part;
}

int svc__yaml_read(struct svc__yaml *y, const char **ret_text, size_t *ret_size,
                   svc_error *reterr)
{
    int part = SVC__YAML_PIECE;

    svc__buf_clear(&y->piece);
    while (part == SVC__YAML_PIECE && y->piece.size < PIECE &&
           y->piece.err == 0) {
        part = next(y, reterr);
        /* Nobody will use it. */
        if (y->refused.code != 0)
            svc__buf_clear(&y->piece);
    }
    if (part < 0)
        return part;
    if (y->piece.err != 0)
        return svc__err_nomem(reterr);
    *ret_text = y->piece.data == NULL ? "" : y->piece.data;
    *ret_size = y->piece.size;
    return part;
}
