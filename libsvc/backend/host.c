/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns one search for the addresses of a host: what needs no asking is found at
 * once and told by a timer, else a dns backend of its own is asked, which goes
 * with the host. Thread that dispatches.
 *
 * Design notes. The sinks of a backend only queue: what it says is kept, and
 * looked at by the timer, which may free everything. An answer that is an alias
 * without addresses is followed by another subscription, as core does.
 */
#include "backend/host.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "io/file.h"

#include <string.h>

/* Aliases that are followed (semantics 2.8). */
#define ALIASES_MAX 11

/* A port decides only that no SRV record is asked for. */
#define ANY_PORT 443

#define NAME_SIZE_MAX 253

const char *const svc__host_usual_hosts = "/etc/hosts";

struct svc__host {
    struct svc__host_settings settings;
    struct svc__backend_env env; /* of the dns backend; its sinks are here */
    struct svc__source_stats stats;
    const struct svc__backend_ops *ops; /* NULL: nothing is asked */
    void *state;
    struct svc__sub sub;
    int is_subscribed;
    struct svc__timer timer; /* something is to be looked at */
    struct svc__view *view;  /* what the backend said last, or NULL */
    svc_error error;         /* code 0: nothing is wrong */
    struct svc__host_list list;
    int aliases;
    char asked[NAME_SIZE_MAX + 1]; /* of DNS */
    char name[NAME_SIZE_MAX + 1];  /* lower case, no final dot */
};

/* ---- the end ------------------------------------------------------------- */

static void look_soon(struct svc__host *h)
{
    svc__loop_set(h->env.loop, &h->timer, svc__loop_now_ms(h->env.loop));
}

static void finish(struct svc__host *h)
{
    const struct svc__host_settings s = h->settings;
    const struct svc__host_list list = h->list;
    const svc_error error = h->error;

    if (error.code == 0)
        s.done(s.arg, 0, list.items, list.count, NULL);
    else
        s.done(s.arg, error.code, NULL, 0, &error);
}

static void unsubscribe(struct svc__host *h)
{
    if (h->is_subscribed)
        h->ops->unsubscribe(h->state, &h->sub);
    h->is_subscribed = 0;
}

void svc__host_free(struct svc__host *h)
{
    if (h == NULL)
        return;
    unsubscribe(h);
    if (h->ops != NULL)
        h->ops->fini(h->state);
    svc__free(h->state);
    svc__loop_unset(h->env.loop, &h->timer);
    svc__view_free(h->view);
    svc__free(h);
}

/* ---- asking DNS ---------------------------------------------------------- */

static void on_update(struct svc__sub *sub, struct svc__view *view)
{
    struct svc__host *h = sub->owner;

    svc__view_free(h->view);
    h->view = view;
    look_soon(h);
}

static void on_fail(struct svc__sub *sub, const svc_error *error)
{
    struct svc__host *h = sub->owner;

    h->error = *error;
    look_soon(h);
}

/* What is told of trouble: which host, what was asked, the story. Whoever
 * cannot be reached, for whatever reason, is SVC_EUNREACH. */
static void set_error(struct svc__host *h, int code, const char *story,
                      const char *hint)
{
    svc_error error;

    if (code != SVC_ENOMEM && code != SVC_ENOTSUP)
        code = SVC_EUNREACH;
    svc__err_set(&error, code, "host \"%s\" (asked of DNS as \"%s.\"): %s",
                 h->name, h->asked, story);
    if (hint != NULL && hint[0] != '\0')
        svc__err_hint(&error, "%s", hint);
    else
        svc__err_hint(&error,
                      "check the name; an address, or a line in %s, "
                      "does without DNS",
                      svc__file_shown(h->settings.hosts));
    h->error = error;
}

static void subscribe(struct svc__host *h)
{
    struct svc__query *q = &h->sub.query;
    svc_error error;

    memset(&h->sub, 0, sizeof(h->sub));
    svc__list_init(&h->sub.link);
    h->sub.owner = h;
    q->kind = SVC__NAME_EXTERNAL;
    q->domain = h->asked;
    q->port = ANY_PORT;
    q->zone = "";
    q->allow =
        SVC__ADDRESS_LOOPBACK | SVC__ADDRESS_LINK_LOCAL | SVC__ADDRESS_METADATA;
    h->is_subscribed = 1; /* it may speak from inside the call */
    if (h->ops->subscribe(h->state, &h->sub, &error) != 0) {
        h->is_subscribed = 0;
        set_error(h, error.code, error.message, error.hint);
        look_soon(h);
    }
}

/* A backend that cannot be opened is told as an answer. */
static void open_dns(struct svc__host *h)
{
    const struct svc__backend_ops *ops = NULL;
    svc_error error;

    memcpy(h->asked, h->name, sizeof(h->asked));
    if (svc__backend_find("dns", &ops, &error) != 0) {
        svc__err_set(&h->error, SVC_ENOTSUP,
                     "host \"%s\" is in no line of %s, and this library is "
                     "built without DNS",
                     h->name, svc__file_shown(h->settings.hosts));
        svc__err_hint(&h->error, "give an address, or add a line for it to %s",
                      svc__file_shown(h->settings.hosts));
        look_soon(h);
        return;
    }
    h->state = svc__calloc(1, ops->state_size);
    if (h->state == NULL) {
        svc__err_nomem(&h->error);
        look_soon(h);
        return;
    }
    h->ops = ops;
    if (ops->init(h->state, &h->env, &error) != 0) {
        set_error(h, error.code, error.message, error.hint);
        look_soon(h);
        return;
    }
    subscribe(h);
}

/* ---- answers ------------------------------------------------------------- */

static void take_family(struct svc__host *h, const struct svc__view *v,
                        enum svc__family family)
{
    for (size_t i = 0; i < v->count; i++) {
        const struct svc__candidate *c = &v->candidates[i];
        const struct svc__address *a = &svc__candidate_endpoint(c)->address;

        if (c->why == 0 && a->family == family)
            svc__host_list_add(&h->list, a);
    }
}

static void take_addresses(struct svc__host *h, const struct svc__view *v)
{
    take_family(h, v, SVC__FAMILY_IPV4);
    take_family(h, v, SVC__FAMILY_IPV6);
    if (h->list.count > 0)
        svc__host_list_interleave(&h->list);
}

/* Asks for the target of an alias. */
static void follow(struct svc__host *h, const struct svc__view *v)
{
    const size_t size = strlen(v->alias);

    if (++h->aliases > ALIASES_MAX || size > NAME_SIZE_MAX) {
        set_error(h, SVC_EUNREACH, "more aliases than are followed", NULL);
        finish(h);
        return;
    }
    unsubscribe(h);
    memcpy(h->asked, v->alias, size + 1);
    svc__view_free(h->view);
    h->view = NULL;
    subscribe(h);
}

/* The last thing that happens to a host may be here: done may free it. */
static void on_timer(void *arg)
{
    struct svc__host *h = arg;
    const struct svc__view *v = h->view;

    if (v != NULL && v->alias != NULL && v->count == 0) {
        follow(h, v);
        return;
    }
    if (v != NULL && v->code == 0)
        take_addresses(h, v);
    if (h->list.count > 0)
        h->error.code = 0;
    else if (v != NULL)
        set_error(h, SVC_EUNREACH,
                  v->message == NULL ? "no address" : v->message, NULL);
    else if (h->is_subscribed)
        set_error(h, h->error.code, h->error.message, h->error.hint);
    unsubscribe(h);
    finish(h);
}

/* ---- what needs no asking ------------------------------------------------ */

static void add_text(struct svc__host_list *list, const char *text)
{
    struct svc__address a;

    if (svc__address_parse(text, strlen(text), &a) == 0)
        svc__host_list_add(list, &a);
}

/* 0 or SVC_ENOMEM. */
static int find_in_file(struct svc__host *h)
{
    struct svc__buf b;
    int err;

    svc__buf_init(&b, SVC__HOST_FILE_MAX);
    err = svc__file_read_if_any(h->env.log, h->settings.hosts, &b);
    if (b.size > 0)
        svc__host_file_find(b.data, b.size, h->name, &h->list);
    svc__buf_fini(&b);
    if (h->list.count > 0)
        svc__host_list_interleave(&h->list);
    return err;
}

/* 0, or SVC_ENOMEM with nothing begun. */
static int begin(struct svc__host *h)
{
    add_text(&h->list, h->name);
    if (h->list.count == 0 && svc__name_is_localhost(h->name)) {
        add_text(&h->list, "127.0.0.1");
        add_text(&h->list, "::1");
    }
    if (h->list.count == 0 && find_in_file(h) != 0)
        return SVC_ENOMEM;
    if (h->list.count > 0)
        look_soon(h);
    else
        open_dns(h);
    return 0;
}

/* Letters, digits, '-' and, since some networks have such hosts, '_', in labels
 * as DNS has them. */
static int is_host(const char *text, size_t size)
{
    size_t label = 0;

    if (size == 0 || size > NAME_SIZE_MAX)
        return 0;
    for (size_t i = 0; i < size; i++) {
        const char c = text[i];

        if (c == '.' && label == 0)
            return 0;
        label = c == '.' ? 0 : label + 1;
        if (label > 63 || !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                            c == '-' || c == '_' || c == '.'))
            return 0;
    }
    return label > 0;
}

/* In lower case, without a final dot. 0 or SVC_ENAME. */
static int copy_name(const char *name, char ret[NAME_SIZE_MAX + 1],
                     svc_error *reterr)
{
    size_t size = strlen(name);
    struct svc__address a;

    if (size > 0 && name[size - 1] == '.')
        size--;
    for (size_t i = 0; i < size && i < NAME_SIZE_MAX; i++)
        ret[i] =
            (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    ret[size < NAME_SIZE_MAX ? size : NAME_SIZE_MAX] = '\0';
    if (size <= NAME_SIZE_MAX &&
        (svc__address_parse(ret, size, &a) == 0 || is_host(ret, size)))
        return 0;
    svc__err_set(reterr, SVC_ENAME,
                 "\"%.253s\" is neither an address nor the name of a host",
                 name);
    svc__err_hint(reterr, "a host is written 10.0.0.1, fd00::1 or "
                          "api.example.com");
    return SVC_ENAME;
}

int svc__host_new(const struct svc__host_settings *settings, const char *name,
                  struct svc__host **ret, svc_error *reterr)
{
    char checked[NAME_SIZE_MAX + 1];
    struct svc__host *h;

    if (copy_name(name, checked, reterr) != 0)
        return SVC_ENAME;
    h = svc__calloc(1, sizeof(*h));
    if (h == NULL)
        return svc__err_nomem(reterr);
    h->settings = *settings;
    h->env = *settings->env;
    h->env.stats = &h->stats;
    h->env.update = on_update;
    h->env.fail = on_fail;
    memcpy(h->name, checked, strlen(checked) + 1);
    svc__timer_init(&h->timer, on_timer, h);
    if (begin(h) != 0) {
        svc__host_free(h);
        return svc__err_nomem(reterr);
    }
    *ret = h;
    return 0;
}
