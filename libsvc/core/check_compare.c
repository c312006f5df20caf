/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the comparison of addresses: ports are left out, since DNS does not
 * always know them.
 */
#include "core/check_compare.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/service.h"

#define SHOWN    3   /* addresses in a text */
#define SLICE_MS 100 /* between two looks whether there is trouble */

static const struct svc__address *address_at(const struct svc_endpoints *eps,
                                             size_t i)
{
    return &svc__candidate_endpoint(&eps->endpoints[i].c)->address;
}

/* ---- in words ------------------------------------------------------------ */

static void add_address(struct svc__buf *b, const struct svc__address *a,
                        size_t n)
{
    char text[SVC_ADDRESS_TEXT_SIZE];

    if (n > SHOWN)
        return;
    (void)svc__address_format(a, text);
    svc__buf_printf(b, "%s%s", n == 0 ? "" : ", ", n == SHOWN ? "…" : text);
}

void svc__check_compare_tell(const struct svc_endpoints *eps, const char *name,
                             svc_error *ret)
{
    const char *view = eps->view->kind == SVC__VIEW_AUTO
                           ? NULL
                           : svc__view_kind_name(eps->view->kind);
    struct svc__buf b;

    svc__buf_init(&b, 256);
    for (size_t i = 0; i < eps->count && i <= SHOWN; i++)
        add_address(&b, address_at(eps, i), i);
    svc__err_set(ret, 0, "\"%.200s\" is %s%s%s: %zu usable (%s)", name,
                 svc__type_name(eps->view->type), view == NULL ? "" : ", view ",
                 view == NULL ? "" : view, eps->count,
                 b.data == NULL ? "" : b.data);
    svc__buf_fini(&b);
}

/* ---- waiting ------------------------------------------------------------- */

int svc__check_compare_wait(svc_service *s, int64_t deadline_ms,
                            svc_error *reterr)
{
    int err;

    do {
        int64_t now_ms = svc__clock_now_ms();
        int until_ms = svc__clock_until(now_ms, deadline_ms);

        err = svc__service_wait(s, until_ms < SLICE_MS ? until_ms : SLICE_MS,
                                reterr);
        if (err != SVC_ETIMEDOUT || until_ms <= SLICE_MS)
            return err;
    } while (svc__publish_status(&s->publish, NULL) == SVC_EAGAIN);
    return err;
}

/* ---- comparing ----------------------------------------------------------- */

/* The addresses that only one of them has. */
struct difference {
    size_t only_first;
    size_t only_dns;
    struct svc__buf first; /* some of them in words */
    struct svc__buf dns;
};

/* The next place behind all endpoints with the address of place i. */
static size_t skip(const struct svc_endpoints *eps, size_t i)
{
    size_t next = i + 1;

    while (next < eps->count &&
           svc__address_compare(address_at(eps, i), address_at(eps, next)) == 0)
        next++;
    return next;
}

/* Both are in the order of addresses. */
static void compare(const struct svc_endpoints *first,
                    const struct svc_endpoints *dns, struct difference *ret)
{
    size_t i = 0;
    size_t j = 0;

    while (i < first->count || j < dns->count) {
        int order = i == first->count ? 1
                    : j == dns->count
                        ? -1
                        : svc__address_compare(address_at(first, i),
                                               address_at(dns, j));

        if (order < 0)
            add_address(&ret->first, address_at(first, i), ret->only_first++);
        if (order > 0)
            add_address(&ret->dns, address_at(dns, j), ret->only_dns++);
        if (order <= 0)
            i = skip(first, i);
        if (order >= 0)
            j = skip(dns, j);
    }
}

static void add(struct svc__check *c, enum svc__check_level level,
                const svc_error *found)
{
    svc__check_add(c, level, "difference", found);
}

static void hint_to_wait(svc_error *found)
{
    svc__err_hint(found, "DNS servers keep answers for some seconds: look "
                         "again; if it stays, see whether the cluster's DNS "
                         "server reaches the API server (its log)");
}

static void tell_sets(const struct svc__check_pair *pair,
                      const struct svc_endpoints *first, struct svc__check *c)
{
    const char *source = pair->ops->name;
    struct difference d = {0};
    svc_error found;

    svc__buf_init(&d.first, 256);
    svc__buf_init(&d.dns, 256);
    compare(first, pair->dns, &d);
    if (d.only_first == 0 && d.only_dns == 0) {
        svc__err_set(&found, 0,
                     "dns and %s have the same addresses of "
                     "\"%.200s\"",
                     source, pair->name);
        add(c, SVC__CHECK_OK, &found);
    } else {
        svc__err_set(&found, 0,
                     "of \"%.100s\" %s alone has %zu addresses (%s), dns alone "
                     "has %zu (%s)",
                     pair->name, source, d.only_first,
                     d.first.data == NULL ? "none" : d.first.data, d.only_dns,
                     d.dns.data == NULL ? "none" : d.dns.data);
        hint_to_wait(&found);
        add(c, SVC__CHECK_WARN, &found);
    }
    svc__buf_fini(&d.first);
    svc__buf_fini(&d.dns);
}

/* One of them or both have nobody to choose. */
static void tell_codes(const struct svc__check_pair *pair,
                       const struct svc_endpoints *first, struct svc__check *c)
{
    int code = first->view->code;
    int dns_code = pair->dns->view->code;
    svc_error found;

    if (code == dns_code) {
        svc__err_set(&found, 0, "dns and %s say the same of \"%.200s\": %s",
                     pair->ops->name, pair->name, svc_err_text(code));
        add(c, SVC__CHECK_OK, &found);
        return;
    }
    svc__err_set(&found, 0, "of \"%.150s\" %s says: %s; dns says: %s",
                 pair->name, pair->ops->name,
                 code == 0 ? "usable" : svc_err_text(code),
                 dns_code == 0 ? "usable" : svc_err_text(dns_code));
    hint_to_wait(&found);
    add(c, SVC__CHECK_WARN, &found);
}

static void tell(const struct svc__check_pair *pair,
                 const struct svc_endpoints *first, struct svc__check *c)
{
    if (first->count == 0 || pair->dns->count == 0)
        tell_codes(pair, first, c);
    else
        tell_sets(pair, first, c);
}

/* The view in which the sets can be compared: what DNS publishes, which for a
 * Service with a cluster IP is that. */
static enum svc__view_kind view_of(const struct svc__check_pair *pair)
{
    const struct svc__view *dns = pair->dns->view;

    if (dns->kind == SVC__VIEW_PODS || dns->kind == SVC__VIEW_VIP)
        return dns->kind;
    switch (pair->first->view->type) {
    case SVC__TYPE_CLUSTERIP:
    case SVC__TYPE_NODEPORT:
    case SVC__TYPE_LOADBALANCER:
        return SVC__VIEW_VIP;
    case SVC__TYPE_HEADLESS:
        return SVC__VIEW_PODS;
    default:
        return pair->first->view->kind;
    }
}

/* Asks the other source in that view. */
static void compare_in(const struct svc__check_pair *pair,
                       enum svc__view_kind view, struct svc__check *c)
{
    svc_service_options options = SVC_SERVICE_OPTIONS_INIT;
    const struct svc__request request = {
        .name = pair->name, .options = &options, .ops = pair->ops};
    struct svc_endpoints *eps = NULL;
    svc_service *s;
    svc_error error = {0};

    options.view = svc__view_kind_name(view);
    if (svc__service_new(pair->r, &request, &s, &error) == 0) {
        (void)svc__check_compare_wait(s, pair->deadline_ms, &error);
        eps = svc__publish_get(&s->publish);
        svc__service_free(s);
    }
    if (eps == NULL)
        add(c, SVC__CHECK_SKIPPED, &error);
    else
        tell(pair, eps, c);
    svc_endpoints_unref(eps);
}

void svc__check_compare(const struct svc__check_pair *pair,
                        struct svc__check *c)
{
    svc_error found;
    enum svc__view_kind view;

    if (pair->first == NULL || pair->dns == NULL) {
        svc__err_set(&found, 0, "not compared: %s has not answered",
                     pair->first == NULL ? pair->ops->name : "dns");
        add(c, SVC__CHECK_SKIPPED, &found);
        return;
    }
    view = view_of(pair);
    /* Another view than it has by itself, which may be none: from outside of
     * the cluster nothing leads to a cluster IP. */
    if (pair->dns->count > 0 && pair->first->view->code != SVC_ENOSERVICE &&
        view != SVC__VIEW_NONE &&
        (view != pair->first->view->kind ||
         pair->first->view->code == SVC_ENOTSUP))
        compare_in(pair, view, c);
    else
        tell(pair, pair->first, c);
}
