/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns where one object of a stream ends and the next begins. Knows of
 * Kubernetes only what a list looks like.
 *
 * The walk of base/scan stops at the brackets that matter: those from and to
 * the top level of the object in hand. Between two stops lies a segment: some
 * whole members with plain values and perhaps the key of the container that
 * follows. Each segment is read once, when it is complete, so time is linear.
 * What must be in one piece until then begins at keep; only when a chunk ends
 * before it is complete does it go to buf. All offsets are of the stream, so
 * nothing depends on how it was cut.
 */
#include "kube/frame.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/scan.h"
#include "kube/json.h"
#include "kube/level.h"
#include "kube/meta.h"

/* Where the walk is. */
enum mode {
    BETWEEN_DOCUMENTS,
    DOCUMENT, /* in a document that is no list as far as seen */
    BETWEEN_ELEMENTS,
    ELEMENT,
    LIST_REST /* in a list, behind its items */
};

/* Depth of the brackets of a document, and of an element's. */
#define DOCUMENT_DEPTH 1
#define ELEMENT_DEPTH  3

struct svc__frame {
    const struct svc__scan_ops *ops;
    struct svc__scan scan;
    size_t item_max;
    int malformed;

    enum mode mode;
    struct svc__level document;
    struct svc__level element;
    size_t documents;
    size_t index;
    uint64_t document_at;
    uint64_t start;  /* of the item in hand */
    uint64_t before; /* tokens before it, less the bracket that ends it */

    uint64_t inner_at; /* the last container of the document's top level */
    uint64_t inner_end;
    size_t inner_count;
    uint64_t meta_at; /* the document's metadata, which came so often */
    uint64_t meta_end;
    size_t meta_count;
    int is_list; /* the last document was one, and came whole */
    struct svc__frame_list list;
    struct svc__buf more;

    uint64_t chunk_at; /* where the chunk begins */
    uint64_t mark;     /* where the segment in hand begins */
    uint64_t keep;     /* from here on the text is kept in one piece */
    int keeping;
    struct svc__buf buf; /* what is kept of earlier chunks */
    size_t copied;       /* bytes of the chunk that buf has too */

    enum svc__scan_stop pending; /* OPEN, CLOSE: elements that are plain
                                    values are being handed out first */
    uint64_t pending_at;
    struct svc__json gap;

    int err;
    const char *reason;
    uint64_t wrong;
};

struct svc__frame *svc__frame_new(size_t item_max, int malformed)
{
    struct svc__frame *f = svc__calloc(1, sizeof(*f));

    if (f == NULL)
        return NULL;
    f->ops = svc__scan_ops();
    f->item_max = item_max;
    f->malformed = malformed;
    svc__scan_init(&f->scan, 0, SVC__FRAME_DEPTH_MAX);
    svc__buf_init(&f->buf, item_max);
    svc__buf_init(&f->more, SVC__META_MORE_MAX);
    return f;
}

void svc__frame_expect_events(struct svc__frame *f)
{
    f->scan.noted = 2;
}

void svc__frame_free(struct svc__frame *f)
{
    if (f == NULL)
        return;
    svc__buf_fini(&f->buf);
    svc__buf_fini(&f->more);
    svc__free(f);
}

const struct svc__frame_list *svc__frame_list(const struct svc__frame *f)
{
    return f->is_list ? &f->list : NULL;
}

size_t svc__frame_inside(const struct svc__frame *f)
{
    return f->mode == BETWEEN_DOCUMENTS ? 0 : f->documents;
}

uint64_t svc__frame_offset(const struct svc__frame *f)
{
    return f->err != 0 ? f->wrong : f->chunk_at + f->scan.pos;
}

static int fail(struct svc__frame *f, int err, uint64_t at, const char *reason)
{
    f->err = err;
    f->wrong = at;
    f->reason = reason;
    return err;
}

static int report(const struct svc__frame *f, svc_error *reterr)
{
    if (f->err == SVC_ENOMEM)
        return svc__err_nomem(reterr);
    return svc__err_set(reterr, f->err, "document %zu: %s (byte %llu)",
                        f->documents + (f->mode == BETWEEN_DOCUMENTS),
                        f->reason, (unsigned long long)f->wrong);
}

/* ---- the text in one piece ---------------------------------------------- */

void svc__frame_feed(struct svc__frame *f, const char *chunk, size_t size)
{
    f->chunk_at += f->scan.size;
    f->copied = 0;
    svc__scan_feed(&f->scan, chunk, size);
}

/* Text is kept from at on, which is in the chunk. */
static void keep_from(struct svc__frame *f, uint64_t at)
{
    f->keep = at;
    f->mark = at;
    f->keeping = 1;
}

/* Puts what is kept of this chunk before to, and not yet there, into buf. */
static int copy(struct svc__frame *f, uint64_t to)
{
    size_t end = (size_t)(to - f->chunk_at);

    svc__buf_add(&f->buf, f->scan.text + f->copied, end - f->copied);
    f->copied = end;
    if (f->buf.err == SVC_ENOMEM)
        return fail(f, SVC_ENOMEM, to, "");
    return 0;
}

/* Whether what is kept is within the bound when it reaches to to. */
static int check_size(struct svc__frame *f, uint64_t to)
{
    if (f->keeping && to - f->keep > f->item_max)
        return fail(f, SVC_ETOOBIG, f->keep,
                    "an object is larger than the bound");
    return 0;
}

/* The kept text from from, in one piece up to to. NULL with the error set. */
static const char *kept(struct svc__frame *f, uint64_t from, uint64_t to)
{
    if (check_size(f, to) != 0)
        return NULL;
    if (f->keep >= f->chunk_at)
        return f->scan.text + (from - f->chunk_at);
    if (copy(f, to) != 0)
        return NULL;
    return f->buf.data + (from - f->keep);
}

/* The chunk is used up: what is kept goes to buf, since it will be gone. */
static int keep_rest(struct svc__frame *f)
{
    uint64_t end = f->chunk_at + f->scan.size;

    if (!f->keeping)
        return 0;
    if (check_size(f, end) != 0)
        return f->err;
    if (f->keep >= f->chunk_at) {
        svc__buf_clear(&f->buf);
        f->copied = (size_t)(f->keep - f->chunk_at);
    }
    return copy(f, end);
}

/* ---- items -------------------------------------------------------------- */

/* Reads the segment that ends at the bracket at at. 0 or the error. */
static int segment(struct svc__frame *f, struct svc__level *level, uint64_t at)
{
    const char *text = kept(f, f->mark, at + 1);

    if (text == NULL)
        return f->err;
    svc__level_read(level, text, (size_t)(at + 1 - f->mark));
    return 0;
}

/* Whether the ends that the walk noted are those of the item in hand: it lies
 * in the chunk, whose offsets fit. */
static int knows_ends(const struct svc__frame *f)
{
    return f->keep >= f->chunk_at && f->scan.size <= UINT32_MAX;
}

/* Hands out the item from f->start to to. 1 or the error. */
static int emit(struct svc__frame *f, uint64_t to,
                const struct svc__level *level, struct svc__frame_item *ret)
{
    const char *text = kept(f, f->start, to);
    uint64_t count = svc__scan_tokens(&f->scan) - f->before;

    if (text == NULL)
        return f->err;
    if (count > SVC__FRAME_TOKENS_MAX)
        return fail(f, SVC_ETOOBIG, f->start, "an object has too many values");
    ret->inner_count = 0;
    ret->text = text;
    ret->size = (size_t)(to - f->start);
    ret->tokens = (uint32_t)count;
    ret->id = &level->id;
    ret->reason = level->reason;
    ret->ends.base = f->scan.text;
    ret->ends.offsets = f->scan.ends;
    ret->ends.count = knows_ends(f) ? f->scan.end_count : 0;
    ret->ends_are_inner = f->scan.noted == 2;
    ret->document = f->documents;
    ret->offset = f->start;
    ret->document_offset = f->document_at;
    ret->list = level == &f->element ? &f->document.id : NULL;
    ret->index = level == &f->element ? f->index++ : 0;
    return 1;
}

/* An object or array begins at at. */
static void begin(struct svc__frame *f, struct svc__level *level, uint64_t at)
{
    svc__level_init(level);
    keep_from(f, at);
    f->mark = at + 1;
    f->start = at;
    f->before = svc__scan_tokens(&f->scan) - 1;
    f->scan.end_count = 0;
}

/* ---- the top level of a document ---------------------------------------- */

/* A container on the top level of a document begins at at. */
static void begin_inner(struct svc__frame *f, uint64_t at)
{
    f->inner_at = at;
    f->inner_count++;
    if (f->document.metadata) {
        f->meta_at = at;
        f->meta_count++;
    }
}

/* It ends before to. */
static void end_inner(struct svc__frame *f, uint64_t to)
{
    f->inner_end = to;
    if (f->meta_at == f->inner_at)
        f->meta_end = to;
}

/* Reads the metadata of a list; at is behind it, and kept. 0 or the error. */
static int read_metadata(struct svc__frame *f, uint64_t at)
{
    const char *text = kept(f, f->meta_at, at + 1);

    if (text == NULL)
        return f->err;
    f->list.reason = svc__meta_read_list(
        text, (size_t)(f->meta_end - f->meta_at), f->list.version, &f->more);
    if (f->more.err == SVC_ENOMEM)
        return fail(f, SVC_ENOMEM, at, "");
    if (f->more.size > 0)
        f->list.more = f->more.data;
    return 0;
}

/* ---- stops, by mode ----------------------------------------------------- */

/* Checks that there is only white space from mark on, up to to. A byte order
 * mark may begin the stream. */
static int check_space(struct svc__frame *f, uint64_t to)
{
    static const char mark[] = "\xEF\xBB\xBF";

    for (; f->mark < to; f->mark++) {
        char c = f->scan.text[f->mark - f->chunk_at];

        if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
            continue;
        if (f->mark < 3 && c == mark[f->mark])
            continue;
        return fail(f, f->malformed, f->mark, "expected an object");
    }
    return 0;
}

static int stop_between_documents(struct svc__frame *f, uint64_t at)
{
    if (check_space(f, at) != 0)
        return f->err;
    if (f->scan.text[f->scan.pos] != '{')
        return fail(f, f->malformed, at, "expected an object");
    f->documents++;
    f->document_at = at;
    f->inner_count = 0;
    f->meta_count = 0;
    f->is_list = 0;
    f->mode = DOCUMENT;
    f->scan.floor = DOCUMENT_DEPTH;
    begin(f, &f->document, at);
    return 0;
}

static void end_document(struct svc__frame *f, uint64_t to)
{
    f->mode = BETWEEN_DOCUMENTS;
    f->scan.floor = 0;
    f->mark = to;
    f->keeping = 0;
}

/* The items begin at at. */
static int begin_list(struct svc__frame *f, uint64_t at)
{
    f->list = (struct svc__frame_list){.more = ""};
    svc__buf_clear(&f->more);
    if (f->meta_count > 0 && read_metadata(f, at) != 0)
        return f->err;
    f->mode = BETWEEN_ELEMENTS;
    f->index = 0;
    f->scan.floor = ELEMENT_DEPTH - 1;
    f->scan.limit = ELEMENT_DEPTH - 1 + SVC__FRAME_DEPTH_MAX;
    keep_from(f, at + 1);
    return 0;
}

static int stop_document(struct svc__frame *f, enum svc__scan_stop stop,
                         uint64_t at, struct svc__frame_item *ret)
{
    int closes = f->scan.depth < DOCUMENT_DEPTH;
    int result;

    if (stop == SVC__SCAN_CLOSE && !closes) {
        f->mark = at + 1;
        end_inner(f, at + 1);
        return 0;
    }
    if (segment(f, &f->document, at) != 0)
        return f->err;
    if (!closes) {
        if (f->document.items && f->scan.text[f->scan.pos] == '[' &&
            svc__level_may_be_list(&f->document))
            return begin_list(f, at);
        begin_inner(f, at);
        return 0;
    }
    result = emit(f, at + 1, &f->document, ret);
    if (result == 1 && f->inner_count > 0) {
        ret->inner = ret->text + (f->inner_at - f->start);
        ret->inner_size = (size_t)(f->inner_end - f->inner_at);
        ret->inner_count = f->inner_count;
    }
    end_document(f, at + 1);
    return result;
}

/* The bracket behind a gap between elements: an element, or the end. */
static void end_gap(struct svc__frame *f)
{
    if (f->pending == SVC__SCAN_OPEN) {
        f->mode = ELEMENT;
        begin(f, &f->element, f->pending_at);
        f->scan.closes_only = 1;
        if (f->scan.text[f->scan.pos] == '{')
            f->scan.floor = ELEMENT_DEPTH;
        else
            f->element.reason = "an element of items is no object";
    } else {
        f->mode = LIST_REST;
        f->scan.floor = DOCUMENT_DEPTH;
        f->scan.limit = SVC__FRAME_DEPTH_MAX;
        keep_from(f, f->pending_at + 1);
    }
    f->pending = SVC__SCAN_END;
}

/* Goes on in the gap before f->pending_at: commas, and elements that are
 * plain values, each handed out. 1; 0 when the gap is used up; the error. */
static int step_gap(struct svc__frame *f, struct svc__frame_item *ret)
{
    struct svc__json *j = &f->gap;
    struct svc__json_str str = {0};
    int more = svc__json_next_element(j);

    if (more == 1) {
        enum svc__json_type type = svc__json_peek(j);

        if (type == SVC__JSON_OBJECT || type == SVC__JSON_ARRAY)
            more = 0;
        else
            svc__json_skip(j, &str);
    }
    if (j->err != 0)
        return fail(f, f->malformed, f->mark + (uint64_t)(j->wrong - j->start),
                    j->reason);
    if (more == 0) {
        end_gap(f);
        return 0;
    }
    svc__level_init(&f->element);
    f->element.reason = "an element of items is no object";
    f->start = f->mark + (uint64_t)(str.text - j->start);
    f->before = svc__scan_tokens(&f->scan);
    return emit(f, f->start + str.size, &f->element, ret);
}

static int stop_between_elements(struct svc__frame *f, enum svc__scan_stop stop,
                                 uint64_t at)
{
    const char *text = kept(f, f->mark, at + 1);

    if (text == NULL)
        return f->err;
    f->pending = stop;
    f->pending_at = at;
    /* Nearly always there is a comma alone. */
    if (at == f->mark + 1 && text[0] == ',' && f->index > 0 &&
        stop == SVC__SCAN_OPEN) {
        end_gap(f);
        return 0;
    }
    svc__json_init(&f->gap, text, (size_t)(at - f->mark) + 1);
    f->gap.depth = 1;
    f->gap.fresh = f->index == 0;
    return 0;
}

/* Only closing brackets stop here: a segment is read when the container at its
 * end is whole, too. */
static int stop_element(struct svc__frame *f, uint64_t at,
                        struct svc__frame_item *ret)
{
    int result;

    if (segment(f, &f->element, at) != 0)
        return f->err;
    if (f->scan.depth >= ELEMENT_DEPTH) {
        f->mark = at + 1;
        return 0;
    }
    f->scan.closes_only = 0;
    result = emit(f, at + 1, &f->element, ret);
    f->mode = BETWEEN_ELEMENTS;
    f->scan.floor = ELEMENT_DEPTH - 1;
    keep_from(f, at + 1);
    return result;
}

static int stop_list_rest(struct svc__frame *f, enum svc__scan_stop stop,
                          uint64_t at)
{
    int closes = f->scan.depth < DOCUMENT_DEPTH;
    struct svc__level *list = &f->document;

    if (stop == SVC__SCAN_CLOSE && !closes) {
        end_inner(f, at + 1);
        if (f->meta_at == f->inner_at && read_metadata(f, at) != 0)
            return f->err;
        keep_from(f, at + 1);
        return 0;
    }
    if (segment(f, list, at) != 0)
        return f->err;
    if (list->reason != NULL)
        return fail(f, f->malformed, f->mark + list->wrong, list->reason);
    if (list->items)
        return fail(f, f->malformed, at, "items is there twice");
    if (!closes) {
        begin_inner(f, at);
        /* What nobody asks for need not fit in memory. */
        f->keeping = list->metadata;
        return 0;
    }
    if (f->meta_count > 1)
        f->list.reason = "metadata is there twice";
    f->is_list = 1;
    end_document(f, at + 1);
    return 0;
}

/* A stop at a bracket. 1 with an item; 0; the error. */
static int stop_bracket(struct svc__frame *f, enum svc__scan_stop stop,
                        struct svc__frame_item *ret)
{
    uint64_t at = f->chunk_at + f->scan.pos;

    switch (f->mode) {
    case BETWEEN_DOCUMENTS:
        return stop_between_documents(f, at);
    case DOCUMENT:
        return stop_document(f, stop, at, ret);
    case BETWEEN_ELEMENTS:
        return stop_between_elements(f, stop, at);
    case ELEMENT:
        return stop_element(f, at, ret);
    default:
        return stop_list_rest(f, stop, at);
    }
}

/* A stop that ends the reading; what is wrong before it goes first. */
static int stop_wrong(struct svc__frame *f, enum svc__scan_stop stop)
{
    uint64_t at = f->chunk_at + f->scan.pos;

    if (f->mode == BETWEEN_DOCUMENTS && check_space(f, at) != 0)
        return f->err;
    if (check_size(f, at) != 0)
        return f->err;
    switch (stop) {
    case SVC__SCAN_MISMATCH:
        return fail(f, f->malformed, at, "mismatched bracket");
    case SVC__SCAN_DEEP:
        return fail(f, SVC_ETOOBIG, at, "nested too deep");
    case SVC__SCAN_STRAY:
        return fail(f, f->malformed, at, "backslash outside a string");
    default:
        return fail(f, f->malformed, at, "not UTF-8");
    }
}

int svc__frame_next(struct svc__frame *f, struct svc__frame_item *ret,
                    svc_error *reterr)
{
    int result = 0;

    while (f->err == 0 && result == 0) {
        enum svc__scan_stop stop;

        if (f->pending != SVC__SCAN_END) {
            result = step_gap(f, ret);
            continue;
        }
        stop = f->ops->walk(&f->scan);
        if (stop == SVC__SCAN_OPEN || stop == SVC__SCAN_CLOSE) {
            result = stop_bracket(f, stop, ret);
        } else if (stop != SVC__SCAN_END) {
            result = stop_wrong(f, stop);
        } else {
            if (f->mode == BETWEEN_DOCUMENTS)
                check_space(f, f->chunk_at + f->scan.size);
            if (f->err == 0)
                keep_rest(f);
            break;
        }
    }
    return f->err != 0 ? report(f, reterr) : result;
}

int svc__frame_finish(struct svc__frame *f, svc_error *reterr)
{
    if (f->err == 0 && (f->mode != BETWEEN_DOCUMENTS || f->scan.utf8 != 0))
        fail(f, f->malformed, svc__frame_offset(f), "the text is cut");
    return f->err != 0 ? report(f, reterr) : 0;
}
