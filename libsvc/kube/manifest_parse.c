/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a document, a list and a kind are. All text goes through
 * kube/frame, YAML by way of kube/yaml, so that memory depends on the largest
 * object and on what is kept.
 */
#include "kube/manifest.h"

#include "base/alloc.h"
#include "base/err.h"
#include "kube/frame.h"
#include "kube/json.h"
#include "kube/manifest_fill.h"
#include "kube/yaml.h"

#include <string.h>

/* Larger texts that begin as JSON are not tried as YAML: those that are large
 * were written by programs, and are cut JSON. */
#define FLOW_MAX ((size_t)1 << 20)

struct reader {
    struct svc__manifest *m;
    const struct svc__manifest_text *in;
    struct svc__frame *frame;
    struct svc__slice_decoder *slices;
    struct svc__manifest_place place; /* in hand */
    /* The id of the list in hand where it comes behind the items. */
    struct svc__frame_id list;
    size_t list_document;
    struct svc__yaml *ahead; /* YAML: reads ahead for it */
    size_t ahead_document;
    svc_error *reterr;
};

/* ---- kinds ---- */

static const struct used {
    const char *name;
    const char *api_version;
    size_t group_size; /* of api_version: the group with its slash */
    enum svc__kind kind;
} kinds[] = {
    {"Service", "v1", 0, SVC__KIND_SERVICE},
    {"EndpointSlice", "discovery.k8s.io/v1", 17, SVC__KIND_SLICE},
    {"Node", "v1", 0, SVC__KIND_NODE},
};

/* NULL for a kind that is not used. */
static const struct used *find_kind(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strlen(kinds[i].name) == size &&
            memcmp(kinds[i].name, name, size) == 0)
            return &kinds[i];
    }
    return NULL;
}

/* The size of X in "XList", which is 0 for "List"; SIZE_MAX for no list. */
static size_t element_kind_size(const char *kind)
{
    size_t size = strlen(kind);

    if (size < 4 || strcmp(kind + size - 4, "List") != 0)
        return SIZE_MAX;
    return size - 4;
}

/* A List, or a list of a used kind. */
static int is_used_list(const char *kind)
{
    size_t size = element_kind_size(kind);

    return size == 0 || (size != SIZE_MAX && find_kind(kind, size) != NULL);
}

/* Whether an apiVersion is of the same group as the one used: another group
 * has other kinds, whatever their names. */
static int is_same_group(const struct used *used, const char *api_version)
{
    if (used->group_size == 0)
        return strchr(api_version, '/') == NULL;
    return strncmp(api_version, used->api_version, used->group_size) == 0;
}

/* ---- items ---- */

static int refuse_document(struct reader *r, const char *reason)
{
    if (svc__manifest_refuse_document(r->m, &r->place, reason) != 0)
        return svc__err_nomem(r->reterr);
    return 0;
}

/* error has a message when it has a code. */
static int refuse_object(struct reader *r, enum svc__kind kind,
                         svc_error *error)
{
    int err = svc__manifest_refuse_object(r->m, &r->place, kind, error);

    if (err != 0 && r->reterr != NULL)
        *r->reterr = *error;
    return err;
}

static int count_ignored(struct reader *r, const struct used *used,
                         const char *api_version)
{
    svc_error error;

    r->m->ignored++;
    if (used == NULL || !is_same_group(used, api_version))
        return 0;
    svc__err_set(&error, SVC_EFILE, "%s in version %s is left out: %s is read",
                 used->name, api_version, used->api_version);
    if (svc__manifest_leave_out(r->m, &r->place, error.message) != 0)
        return svc__err_nomem(r->reterr);
    return 0;
}

static int decode(struct reader *r, struct svc__manifest_object *object,
                  svc_error *reterr)
{
    const struct svc__frame_item *item = r->place.item;

    if (object->kind == SVC__KIND_SERVICE)
        return svc__decode_service(item->text, item->size, &object->service,
                                   reterr);
    if (object->kind == SVC__KIND_SLICE)
        return svc__slice_decoder_item(r->slices, item, &object->slice, reterr);
    return svc__decode_node(item->text, item->size, &object->node, reterr);
}

static int take_object(struct reader *r, const struct used *used,
                       const char *api_version)
{
    const struct svc__frame_item *item = r->place.item;
    struct svc__manifest_object *object;
    svc_error error;
    int err;

    if (item->reason != NULL || api_version[0] == '\0') {
        svc__err_set(&error, SVC_EFILE, "%s: %s", used->name,
                     item->reason != NULL ? item->reason
                                          : "apiVersion: missing");
        return refuse_object(r, used->kind, &error);
    }
    object = svc__manifest_add(r->m, used->kind, r->place.document);
    if (object == NULL)
        return svc__err_nomem(r->reterr);
    err = decode(r, object, &error);
    if (err == 0)
        return 0;
    r->m->count--;
    if (err == SVC_ENOMEM)
        return svc__err_nomem(r->reterr);
    return refuse_object(r, used->kind, &error);
}

/* Moves the second reader of the YAML text behind the document in hand. */
static int read_ahead(struct reader *r)
{
    const char *text;
    size_t size;
    int part = 0;

    if (r->ahead == NULL)
        part = svc__yaml_new(r->in->text, r->in->size, &r->ahead, r->reterr);
    while (part >= 0 && r->ahead_document < r->place.document) {
        part = svc__yaml_read(r->ahead, &text, &size, r->reterr);
        if (part == SVC__YAML_DOCUMENT || part == SVC_EINVAL) {
            r->ahead_document++;
            part = 0;
        }
    }
    if (part < 0)
        return part;
    r->list = *svc__yaml_id(r->ahead);
    return 0;
}

/* Puts the id of the item's list into r->list. kubectl sorts keys: kind comes
 * behind items. It is looked for once a list. */
static int find_list(struct reader *r)
{
    const struct svc__frame_item *item = r->place.item;
    size_t offset = (size_t)item->document_offset;

    if (item->list->kind[0] != '\0' && item->list->api_version[0] != '\0') {
        r->list = *item->list;
        return 0;
    }
    if (r->list_document == r->place.document)
        return 0;
    r->list_document = r->place.document;
    if (r->place.line > 0)
        return read_ahead(r);
    if (svc__frame_find_id(r->in->text + offset, r->in->size - offset,
                           &r->list) != 0)
        return svc__err_set(r->reterr, SVC_EFILE,
                            "document %zu: the text is cut or malformed",
                            r->place.document);
    return 0;
}

/* Fills the gaps of an item's id from its list. */
static int inherit(struct reader *r, struct svc__frame_id *id)
{
    size_t size;
    int err;

    if (r->place.item->list == NULL || id->kind[0] != '\0')
        return 0;
    err = find_list(r);
    if (err != 0)
        return err;
    size = element_kind_size(r->list.kind);
    if (size == SIZE_MAX)
        return 0;
    memcpy(id->kind, r->list.kind, size);
    id->kind[size] = '\0';
    if (id->api_version[0] == '\0')
        memcpy(id->api_version, r->list.api_version, sizeof(id->api_version));
    return 0;
}

/* A list that the frame did not walk through: items is absent or null, which
 * is an empty list, or something else. */
static int take_list(struct reader *r)
{
    struct svc__json_str key;
    struct svc__json j;
    int err = 0;

    if (r->place.item->list != NULL)
        return refuse_document(r, "a list inside a list is not read");
    svc__json_init(&j, r->place.item->text, r->place.item->size);
    svc__json_enter_object(&j);
    while (err == 0 && svc__json_next_member(&j, &key) == 1) {
        if (svc__json_str_is(&key, "items") && !svc__json_take_null(&j)) {
            err = refuse_document(r, "items: expected a list");
            svc__json_skip(&j, NULL);
        } else if (!svc__json_str_is(&key, "items")) {
            svc__json_skip(&j, NULL);
        }
    }
    return err;
}

static int take_item(struct reader *r)
{
    const struct svc__frame_item *item = r->place.item;
    struct svc__frame_id id = *item->id;
    const struct used *used;
    int err = inherit(r, &id);

    if (err != 0)
        return err;
    used = find_kind(id.kind, strlen(id.kind));
    if (used != NULL && (id.api_version[0] == '\0' ||
                         strcmp(id.api_version, used->api_version) == 0))
        return take_object(r, used, id.api_version);
    if (item->reason != NULL)
        return refuse_document(r, item->reason);
    if (id.kind[0] == '\0')
        return refuse_document(r, "kind: missing");
    if (is_used_list(id.kind))
        return take_list(r);
    return count_ignored(r, used, id.api_version);
}

/* ---- texts ---- */

/* The frame says "document 1: REASON (byte N)", where document and byte mean
 * nothing in YAML. */
static void locate_yaml(const struct reader *r)
{
    svc_error *error = r->reterr;
    const char *reason;
    char *byte;

    if (error == NULL || error->code == SVC_ENOMEM)
        return;
    reason = strstr(error->message, ": ");
    byte = strstr(error->message, " (byte ");
    if (reason != NULL && byte != NULL && reason < byte) {
        *byte = '\0';
        memmove(error->message, reason + 2, strlen(reason + 2) + 1);
    }
    svc__manifest_locate(&r->place, error);
}

/* A large text takes longer than a caller who frees its resolver may wait. */
static int is_stopped(const struct reader *r)
{
    return r->in->stop != NULL && *r->in->stop != 0;
}

/* Feeds a piece to the frame and takes what comes out. */
static int feed(struct reader *r, const char *text, size_t size)
{
    struct svc__frame_item item;
    int more;

    svc__frame_feed(r->frame, text, size);
    while ((more = svc__frame_next(r->frame, &item, r->reterr)) == 1) {
        int err;

        if (is_stopped(r))
            return svc__err_set(r->reterr, SVC_ECLOSED, "given up");
        if (r->place.line == 0)
            r->place.document = item.document;
        r->place.item = &item;
        err = take_item(r);
        r->place.item = NULL;
        if (err != 0)
            return err;
    }
    if (more < 0 && r->place.line > 0)
        locate_yaml(r);
    return more;
}

static int new_frame(struct reader *r)
{
    svc__frame_free(r->frame);
    r->frame = svc__frame_new(SVC__FRAME_ITEM_MAX, SVC_EFILE);
    return r->frame == NULL ? svc__err_nomem(r->reterr) : 0;
}

static int read_json(struct reader *r)
{
    int err = new_frame(r);

    if (err == 0)
        err = feed(r, r->in->text, r->in->size);
    return err == 0 ? svc__frame_finish(r->frame, r->reterr) : err;
}

/* The pieces of a document. Returns as svc__yaml_read, but never
 * SVC__YAML_PIECE; or why the text is refused. */
static int read_pieces(struct reader *r, struct svc__yaml *y, svc_error *error)
{
    const char *text;
    size_t size;
    int is_first = 1;
    int is_object = 1;
    int part = SVC__YAML_PIECE;

    while (part == SVC__YAML_PIECE) {
        int err = 0;

        part = svc__yaml_read(y, &text, &size, error);
        r->place.line = svc__yaml_line(y);
        if (part <= 0 || size == 0)
            continue;
        if (is_first && text[0] != '{') {
            is_object = 0;
            err = refuse_document(r, "not an object");
        }
        is_first = 0;
        if (err == 0 && is_object)
            err = feed(r, text, size);
        if (err != 0) {
            if (r->reterr != NULL)
                *error = *r->reterr;
            return err;
        }
    }
    return part;
}

/* One document of y. 1, 0 at the end, or why the text is refused. */
static int read_document(struct reader *r, struct svc__yaml *y)
{
    struct svc__manifest_mark mark = svc__manifest_mark(r->m);
    svc_error error;
    int part;
    int err;

    r->place.document++;
    part = read_pieces(r, y, &error);
    if (part == SVC_EINVAL) {
        svc__manifest_reset(r->m, &mark);
        err = refuse_document(r, error.message);
        if (err == 0)
            err = new_frame(r);
        return err == 0 ? 1 : err;
    }
    if (part < 0 && r->reterr != NULL)
        *r->reterr = error;
    return part < 0 ? part : part == SVC__YAML_DOCUMENT;
}

static int read_yaml(struct reader *r)
{
    struct svc__yaml *y;
    int err = svc__yaml_new(r->in->text, r->in->size, &y, r->reterr);

    if (err != 0)
        return err;
    err = new_frame(r);
    if (err == 0) {
        do
            err = read_document(r, y);
        while (err == 1);
    }
    svc__yaml_free(y);
    svc__yaml_free(r->ahead);
    return err;
}

/* Finishes the error of a text that is refused as a whole. To a file a bound
 * is a reason as any other (semantics 2.11, 13). */
static int refuse_text(svc_error *reterr)
{
    if (reterr == NULL)
        return SVC_EFILE;
    reterr->code = SVC_EFILE;
    if (reterr->hint[0] == '\0')
        svc__err_hint(reterr,
                      "see that the file is complete (write it elsewhere and "
                      "rename it into place) and that kubectl reads it: "
                      "kubectl create --dry-run=client -f FILE");
    return SVC_EFILE;
}

static int read_text(const struct svc__manifest_text *in, int is_json,
                     struct svc__manifest **ret, svc_error *reterr)
{
    struct reader r;
    int err = SVC_ENOMEM;

    memset(&r, 0, sizeof(r));
    r.in = in;
    r.reterr = reterr;
    r.m = svc__calloc(1, sizeof(*r.m));
    r.slices = svc__slice_decoder_new();
    if (r.m == NULL || r.slices == NULL)
        svc__err_nomem(reterr);
    else
        err = is_json ? read_json(&r) : read_yaml(&r);
    svc__frame_free(r.frame);
    svc__slice_decoder_free(r.slices);
    if (err == 0)
        *ret = r.m;
    else
        svc__manifest_free(r.m);
    if (err == 0 || err == SVC_ENOMEM || err == SVC_ECLOSED)
        return err;
    return refuse_text(reterr);
}

/* Whether text begins as JSON does. */
static int looks_like_json(const char *text, size_t size)
{
    size_t i = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (i < size && strchr(" \t\r\n", text[i]) != NULL)
        i++;
    return i < size && (text[i] == '{' || text[i] == '[');
}

static size_t count_refused(const struct svc__manifest *m)
{
    return m->refused + m->document_refused_count;
}

/* Reads text as JSON and, when something of it is refused, as YAML too: in
 * flow style YAML looks like JSON. What refuses less counts. Never holds two
 * manifests; reads again instead. */
static int read_either(const struct svc__manifest_text *in,
                       struct svc__manifest **ret, svc_error *reterr)
{
    struct svc__manifest *m = NULL;
    size_t refused = SIZE_MAX;
    int err = read_text(in, 1, &m, reterr);
    int again;

    if (err == 0)
        refused = count_refused(m);
    if (refused == 0)
        *ret = m;
    if (refused == 0 || err == SVC_ENOMEM || err == SVC_ECLOSED)
        return err;
    svc__manifest_free(m);
    again = read_text(in, 0, &m, NULL);
    if (again == 0 && count_refused(m) < refused) {
        *ret = m;
        return 0;
    }
    if (again == 0)
        svc__manifest_free(m);
    if (again == SVC_ENOMEM)
        return svc__err_nomem(reterr);
    return err == 0 ? read_text(in, 1, ret, reterr) : err;
}

int svc__manifest_parse(const struct svc__manifest_text *in,
                        struct svc__manifest **ret, svc_error *reterr)
{
    int is_json = in->format == SVC__MANIFEST_JSON;

    if (in->format == SVC__MANIFEST_SNIFF &&
        looks_like_json(in->text, in->size)) {
        if (in->size <= FLOW_MAX)
            return read_either(in, ret, reterr);
        is_json = 1;
    }
    return read_text(in, is_json, ret, reterr);
}
