/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the comparison. What was kept of an endpoint that then does not fit is
 * forgotten again.
 */
#include "kube/slice_pattern.h"

#include "base/scan_text.h"

#include <string.h>

void svc__slice_pattern_begin(struct svc__slice_pattern *pattern,
                              const char *text)
{
    pattern->text = NULL;
    pattern->end = text;
    pattern->count = 0;
}

void svc__slice_pattern_spoil(struct svc__slice_pattern *pattern)
{
    pattern->count = SVC__HOLES + 1;
}

void svc__slice_pattern_hole(struct svc__slice_pattern *pattern,
                             enum svc__slice_hole what, const char *text,
                             size_t size)
{
    unsigned i = pattern->count;

    if (i >= SVC__HOLES) {
        svc__slice_pattern_spoil(pattern);
        return;
    }
    pattern->holes[i].what = what;
    pattern->holes[i].text = text;
    pattern->holes[i].size = size;
    pattern->count = i + 1;
}

void svc__slice_pattern_end(struct svc__slice_pattern *pattern, const char *end)
{
    if (end == NULL || pattern->count > SVC__HOLES)
        return;
    pattern->text = pattern->end;
    pattern->end = end;
}

/* Whether the text at p goes on with size bytes of the pattern. */
static inline int goes_on(const struct svc__fields *f, const char *p,
                          const char *pattern, size_t size)
{
    if ((size_t)(f->j.end - p) < size + 16)
        return 0;
    return size <= SVC__SCAN_NAME_MAX ? svc__scan_same(p, pattern, size)
                                      : memcmp(p, pattern, size) == 0;
}

static size_t take_address(const struct svc__fields *f, const char *p,
                           struct svc__endpoint *ep)
{
    const char *quote = svc__scan_plain(p, f->j.end);
    uint8_t family = ep->address.family;

    if (quote == f->j.end || *quote != '"' ||
        svc__address_parse(p, (size_t)(quote - p), &ep->address) != 0 ||
        ep->address.family != family)
        return 0;
    return (size_t)(quote - p);
}

static size_t take_uid(const struct svc__fields *f, const char *p,
                       struct svc__endpoint *ep)
{
    if (f->j.end - p <= SVC_UID_TEXT_SIZE || p[SVC_UID_TEXT_SIZE - 1] != '"' ||
        svc__uid_parse(p, SVC_UID_TEXT_SIZE - 1, ep->uid) != 0)
        return 0;
    return SVC_UID_TEXT_SIZE - 1;
}

static size_t take_name(struct svc__fields *f, const char *p,
                        enum svc__rule rule, uint32_t *ret)
{
    size_t size = svc__fields_run(f, p - 1, rule);

    if (size > 0)
        *ret = svc__fields_keep_run(f, p, size);
    return size;
}

static size_t take_shared(struct svc__fields *f, const char *p,
                          enum svc__rule rule, uint32_t *ret)
{
    size_t size = svc__fields_run(f, p - 1, rule);

    if (size > 0)
        *ret = svc__fields_share_run(f, rule, p, size);
    return size;
}

static size_t take_hint(struct svc__fields *f, const char *p, uint32_t *ret)
{
    size_t size = svc__fields_run(f, p - 1, SVC__RULE_VALUE);

    if (size > 0)
        *ret = svc__fields_list_run(f, p, size);
    return size;
}

/* Takes what is in the hole at p. Its size, 0 if it does not belong there. */
static size_t take(struct svc__fields *f, enum svc__slice_hole what,
                   const char *p, struct svc__endpoint *ep)
{
    switch (what) {
    case SVC__HOLE_ADDRESS:
        return take_address(f, p, ep);
    case SVC__HOLE_HOSTNAME:
        return take_name(f, p, SVC__RULE_LABEL, &ep->hostname);
    case SVC__HOLE_POD:
        return take_name(f, p, SVC__RULE_SUBDOMAIN, &ep->pod);
    case SVC__HOLE_UID:
        return take_uid(f, p, ep);
    case SVC__HOLE_NODE:
        return take_shared(f, p, SVC__RULE_SUBDOMAIN, &ep->node);
    case SVC__HOLE_ZONE:
        return take_shared(f, p, SVC__RULE_VALUE, &ep->zone);
    default:
        return take_hint(f, p, &ep->zone_hints);
    }
}

/* What follows the last hole, or NULL. */
static const char *take_all(struct svc__slice_pattern *pattern,
                            struct svc__fields *f, const char *p,
                            struct svc__endpoint *ep)
{
    const char *from = pattern->text;
    size_t size;

    for (unsigned i = 0; i < pattern->count; i++) {
        size = (size_t)(pattern->holes[i].text - from);
        if (!goes_on(f, p, from, size))
            return NULL;
        p += size;
        size = take(f, pattern->holes[i].what, p, ep);
        if (size == 0)
            return NULL;
        p += size;
        from = pattern->holes[i].text + pattern->holes[i].size;
    }
    size = (size_t)(pattern->end - from);
    return goes_on(f, p, from, size) ? p + size : NULL;
}

const char *svc__slice_pattern_read(struct svc__slice_pattern *pattern,
                                    struct svc__fields *f, const char *p,
                                    struct svc__endpoint *ep)
{
    size_t kept = f->text.size;

    if (pattern->text == NULL)
        return NULL;
    p = take_all(pattern, f, p, ep);
    if (p == NULL)
        f->text.size = kept;
    return p;
}
