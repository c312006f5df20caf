/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what one element of endpoints means (discovery.k8s.io/v1 Endpoint;
 * semantics 2.9 rules 5, 6, 10 to 13).
 */
#include "kube/slice_endpoint.h"

#include "base/alloc.h"
#include "kube/slice.h"

#include <string.h>

/* Where the members of one endpoint are collected. */
struct reading {
    struct svc__endpoint *ep;
    struct svc__slice_pattern *pattern; /* is learned on the way */
    enum svc__family family;
    size_t addresses;
    /* Of targetRef: which of them matter depends on its kind. */
    int is_pod; /* as far as it was read */
    struct svc__json_str namespace_;
    struct svc__json_str name;
    int has_uid;
    uint8_t uid[16];
};

/* ---- addresses, conditions ---------------------------------------------- */

/* All must be valid; the first one counts (semantics 2.9 rule 5). */
static const char *read_address(struct svc__fields *f, const char *p,
                                void *target)
{
    struct reading *r = target;
    struct svc__json_str str = {0};
    struct svc__json_str plain;
    struct svc__address address;

    p = svc__fields_text(f, p, &str);
    if (p == NULL)
        return NULL;
    plain = str;
    if (str.escaped && svc__fields_plain(f, &str, &plain) != 0)
        return NULL;
    if (svc__address_parse(plain.text, plain.size, &address) != 0)
        return svc__fields_refuse(f, &str, "is not an IP address");
    if (address.family != r->family)
        return svc__fields_refuse(f, &str, "is not of the addressType");
    if (r->addresses++ == 0) {
        r->ep->address = address;
        svc__slice_pattern_hole(r->pattern, SVC__HOLE_ADDRESS, str.text,
                                str.size);
    }
    return p;
}

static const char *read_addresses(struct svc__fields *f, const char *p,
                                  void *target)
{
    return svc__fields_array(f, p, SVC__SLICE_ADDRESSES_MAX, read_address,
                             target);
}

static const char *read_flag(struct svc__fields *f, const char *p,
                             struct reading *r, unsigned flag)
{
    int on = 0;

    p = svc__fields_bool(f, p, &on);
    r->ep->flags = (uint8_t)((r->ep->flags & ~flag) | (on ? flag : 0));
    return p;
}

static const char *read_ready(struct svc__fields *f, const char *p,
                              void *target)
{
    return read_flag(f, p, target, SVC__EP_READY);
}

static const char *read_serving(struct svc__fields *f, const char *p,
                                void *target)
{
    return read_flag(f, p, target, SVC__EP_SERVING);
}

static const char *read_terminating(struct svc__fields *f, const char *p,
                                    void *target)
{
    return read_flag(f, p, target, SVC__EP_TERMINATING);
}

static const char *read_conditions(struct svc__fields *f, const char *p,
                                   void *target)
{
    static const struct svc__field fields[] = {
        SVC__FIELD("ready", read_ready),
        SVC__FIELD("serving", read_serving),
        SVC__FIELD("terminating", read_terminating),
    };
    static const struct svc__table table = {SVC__TABLE_CONDITIONS, 3, fields};

    return svc__fields_object(f, p, &table, target);
}

/* ---- names -------------------------------------------------------------- */

/* Notes a name that was read from p to end, for the pattern. One with escapes
 * is compared as a hole with its letters, so it fits nothing else. */
static const char *note(struct reading *r, enum svc__slice_hole what,
                        const char *p, const char *end)
{
    if (end != NULL && *p == '"')
        svc__slice_pattern_hole(r->pattern, what, p + 1, (size_t)(end - p) - 2);
    else
        svc__slice_pattern_spoil(r->pattern);
    return end;
}

static const char *read_hostname(struct svc__fields *f, const char *p,
                                 void *target)
{
    struct reading *r = target;

    return note(r, SVC__HOLE_HOSTNAME, p,
                svc__fields_name(f, p, SVC__RULE_LABEL, &r->ep->hostname));
}

static const char *read_node(struct svc__fields *f, const char *p, void *target)
{
    struct reading *r = target;

    return note(r, SVC__HOLE_NODE, p,
                svc__fields_shared(f, p, SVC__RULE_SUBDOMAIN, &r->ep->node));
}

static const char *read_zone(struct svc__fields *f, const char *p, void *target)
{
    struct reading *r = target;

    return note(r, SVC__HOLE_ZONE, p,
                svc__fields_shared(f, p, SVC__RULE_VALUE, &r->ep->zone));
}

/* ---- targetRef ---------------------------------------------------------- */

/* Once the kind is known to be Pod, names are checked and kept at once. */
static const char *read_kind(struct svc__fields *f, const char *p, void *target)
{
    struct reading *r = target;
    struct svc__json_str str = {0};

    if (f->j.end - p >= 5 && memcmp(p, "\"Pod\"", 5) == 0) {
        r->is_pod = 1;
        return p + 5;
    }
    p = svc__fields_text(f, p, &str);
    r->is_pod = svc__json_str_is(&str, "Pod");
    return p;
}

static const char *read_ref_namespace(struct svc__fields *f, const char *p,
                                      void *target)
{
    struct reading *r = target;

    if (r->is_pod)
        return svc__fields_shared(f, p, SVC__RULE_LABEL, &r->ep->pod_namespace);
    return svc__fields_text(f, p, &r->namespace_);
}

static const char *read_ref_name(struct svc__fields *f, const char *p,
                                 void *target)
{
    struct reading *r = target;

    if (r->is_pod)
        return note(r, SVC__HOLE_POD, p,
                    svc__fields_name(f, p, SVC__RULE_SUBDOMAIN, &r->ep->pod));
    return svc__fields_text(f, p, &r->name);
}

static const char *read_uid(struct svc__fields *f, const char *p, void *target)
{
    struct reading *r = target;
    struct svc__json_str str = {0};
    const char *end = svc__fields_text(f, p, &str);

    if (end == NULL || svc__fields_plain(f, &str, &str) != 0)
        return NULL;
    r->has_uid = svc__uid_parse(str.text, str.size, r->uid) == 0;
    if (r->has_uid && r->is_pod)
        note(r, SVC__HOLE_UID, p, end);
    return end;
}

/* Only a Pod is an identity; a uid that is no UUID is unknown (rule 11). */
static const char *read_target_ref(struct svc__fields *f, const char *p,
                                   void *target)
{
    static const struct svc__field fields[] = {
        SVC__FIELD("kind", read_kind),
        SVC__FIELD("namespace", read_ref_namespace),
        SVC__FIELD("name", read_ref_name),
        SVC__FIELD("uid", read_uid),
    };
    static const struct svc__table table = {SVC__TABLE_TARGET_REF, 4, fields};
    struct reading *r = target;

    p = svc__fields_object(f, p, &table, target);
    if (p == NULL || !r->is_pod)
        return p;
    /* What came before the kind. */
    if (r->namespace_.size > 0 &&
        svc__fields_keep(f, SVC__RULE_LABEL, &r->namespace_,
                         &r->ep->pod_namespace) != 0)
        return NULL;
    if (r->name.size > 0 &&
        svc__fields_keep(f, SVC__RULE_SUBDOMAIN, &r->name, &r->ep->pod) != 0)
        return NULL;
    if (r->has_uid) {
        memcpy(r->ep->uid, r->uid, sizeof(r->uid));
        r->ep->flags |= SVC__EP_UID;
    }
    return p;
}

/* ---- hints -------------------------------------------------------------- */

/* A list of hints that is read. */
struct hints {
    struct reading *r;
    size_t count;
};

static const char *read_zone_hint(struct svc__fields *f, const char *p,
                                  void *target)
{
    struct hints *h = target;
    uint32_t offset;

    return note(h->r, SVC__HOLE_ZONE_HINT, p,
                svc__fields_name(f, p, SVC__RULE_VALUE, &offset));
}

static const char *read_node_hint(struct svc__fields *f, const char *p,
                                  void *target)
{
    uint32_t offset;
    (void)target;

    return svc__fields_name(f, p, SVC__RULE_SUBDOMAIN, &offset);
}

static const char *read_for_zone(struct svc__fields *f, const char *p,
                                 void *target)
{
    static const struct svc__field fields[] = {
        SVC__FIELD("name", read_zone_hint),
    };
    static const struct svc__table table = {SVC__TABLE_ZONE_HINT, 1, fields};
    struct hints *h = target;

    h->count++;
    return svc__fields_object(f, p, &table, h);
}

static const char *read_for_node(struct svc__fields *f, const char *p,
                                 void *target)
{
    static const struct svc__field fields[] = {
        SVC__FIELD("name", read_node_hint),
    };
    static const struct svc__table table = {SVC__TABLE_NODE_HINT, 1, fields};
    struct hints *h = target;

    h->count++;
    return svc__fields_object(f, p, &table, h);
}

/* Reads a list of hints; one without elements is no hint (rule 13). */
static const char *read_hint_list(struct svc__fields *f, const char *p,
                                  svc__read_fn *read, struct hints *h,
                                  uint32_t *ret)
{
    size_t start = f->text.size;

    p = svc__fields_array(f, p, SVC__SLICE_HINTS_MAX, read, h);
    if (p == NULL || h->count == 0)
        return p;
    return svc__fields_list(f, start, ret) == 0 ? p : NULL;
}

/* A hole in a list is for one name: more of them are no pattern. */
static const char *read_for_zones(struct svc__fields *f, const char *p,
                                  void *target)
{
    struct hints h = {target, 0};

    p = read_hint_list(f, p, read_for_zone, &h, &h.r->ep->zone_hints);
    if (h.count > 1)
        svc__slice_pattern_spoil(h.r->pattern);
    return p;
}

static const char *read_for_nodes(struct svc__fields *f, const char *p,
                                  void *target)
{
    struct hints h = {target, 0};

    return read_hint_list(f, p, read_for_node, &h, &h.r->ep->node_hints);
}

static const char *read_hints(struct svc__fields *f, const char *p,
                              void *target)
{
    static const struct svc__field fields[] = {
        SVC__FIELD("forZones", read_for_zones),
        SVC__FIELD("forNodes", read_for_nodes),
    };
    static const struct svc__table table = {SVC__TABLE_HINTS, 2, fields};

    return svc__fields_object(f, p, &table, target);
}

/* ---- the array ---------------------------------------------------------- */

/* Room for one more; NULL with the cursor's error latched. */
static struct svc__endpoint *append(struct svc__fields *f,
                                    struct svc__slice_endpoints *list)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        struct svc__endpoint *items =
            svc__realloc(list->items, capacity, sizeof(*items));

        if (items == NULL) {
            svc__fields_no_memory(f);
            return NULL;
        }
        list->items = items;
        list->capacity = capacity;
    }
    return &list->items[list->count++];
}

/* Conditions that do not come, or are null, are as the API defines: ready,
 * serving, not terminating (rule 6). */
static const char *read_members(struct svc__fields *f, const char *p,
                                struct svc__slice_endpoints *list,
                                struct svc__endpoint *ep)
{
    static const struct svc__field fields[] = {
        SVC__FIELD("addresses", read_addresses),
        SVC__FIELD("conditions", read_conditions),
        SVC__FIELD("hostname", read_hostname),
        SVC__FIELD("targetRef", read_target_ref),
        SVC__FIELD("nodeName", read_node),
        SVC__FIELD("zone", read_zone),
        SVC__FIELD("hints", read_hints),
    };
    static const struct svc__table table = {SVC__TABLE_ENDPOINT, 7, fields};
    struct reading r = {
        .ep = ep, .pattern = &list->pattern, .family = list->family};
    const char *end;

    memset(ep, 0, sizeof(*ep));
    ep->weight = 1;
    ep->flags = SVC__EP_READY | SVC__EP_SERVING | SVC__EP_CONDITIONS;
    svc__slice_pattern_begin(r.pattern, p);
    end = svc__fields_object(f, p, &table, &r);
    if (end != NULL && r.addresses == 0) {
        svc__json_fail(&f->j, p, "has no address");
        end = NULL;
    }
    svc__slice_pattern_end(r.pattern, end);
    return end;
}

/* By the pattern of the endpoint before, or member by member. */
static const char *read_endpoint(struct svc__fields *f, const char *p,
                                 void *target)
{
    struct svc__slice_endpoints *list = target;
    struct svc__endpoint *ep = append(f, list);
    const char *end = NULL;

    if (ep == NULL)
        return NULL;
    if (list->count > 1) {
        *ep = ep[-1];
        end = svc__slice_pattern_read(&list->pattern, f, p, ep);
    }
    return end != NULL ? end : read_members(f, p, list, ep);
}

const char *svc__slice_endpoints_read(struct svc__fields *f, const char *p,
                                      struct svc__slice_endpoints *list)
{
    list->count = 0;
    list->pattern.text = NULL;
    return svc__fields_array(f, p, SVC__SLICE_ENDPOINTS_MAX, read_endpoint,
                             list);
}

void svc__slice_endpoints_fini(struct svc__slice_endpoints *list)
{
    svc__free(list->items);
    list->items = NULL;
    list->count = 0;
    list->capacity = 0;
}
