/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the queue of calls that wait for something, and the pools.
 *
 * Design notes. A call waits in one list until there are credentials (a plugin
 * may run) and addresses (DNS may be asked); a timer that is due at once, the
 * plugin's end and the look-up's end all lead to pump(), which starts what can
 * be started and fails the rest. So no callback comes from inside start, and
 * there is one place where calls begin.
 */
#include "backend/apiserver_call.h"

#include "backend/apiserver_route.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

#include <string.h>

/* One set of TLS credentials. */
struct pool {
    struct svc__list link;
    struct svc__http *http;
    uint64_t generation; /* of the login's */
    size_t users;
};

struct svc__apiserver {
    const struct svc__backend_env *env;
    struct svc__apiserver_login login;
    struct svc__apiserver_route route;
    struct svc__list waiting; /* svc__apiserver_call.link */
    struct svc__list running;
    struct svc__list pools;
    struct pool *current; /* of them, or NULL */
    struct svc__timer timer;
    uint64_t received; /* by pools that are gone */
    char *user_agent;
};

/* ---- pools --------------------------------------------------------------- */

static void pool_free(struct svc__apiserver *s, struct pool *p)
{
    s->received += svc__http_received(p->http);
    if (p == s->current)
        s->current = NULL;
    svc__list_remove(&p->link);
    svc__http_free(p->http);
    svc__free(p);
}

/* Frees the pools that are old and have no call any more. Not from inside a
 * callback of theirs. */
static void retire(struct svc__apiserver *s)
{
    struct svc__list *it;
    struct svc__list *after;

    svc__list_each_safe (it, after, &s->pools) {
        struct pool *p = svc__list_entry(it, struct pool, link);

        if (p != s->current && p->users == 0)
            pool_free(s, p);
    }
}

static struct svc__http_pem pem(const struct svc__config_data *d)
{
    const struct svc__http_pem ret = {d->bytes, d->size};

    return ret;
}

/* The pool for what the login says now. */
static int need_pool(struct svc__apiserver *s, struct pool **ret,
                     svc_error *reterr)
{
    const struct svc__apiserver_login *l = &s->login;
    const struct svc__http_settings settings = {
        .loop = s->env->loop,
        .user_agent = s->user_agent,
        .proxy = svc__apiserver_route_proxy(&s->route),
        .ca = pem(&l->ca),
        .certificate = pem(&l->certificate),
        .key = pem(&l->key),
        .tls_server_name = l->config->tls_server_name,
        .insecure = l->config->insecure};
    const uint64_t generation = l->tls_generation + s->route.generation;
    struct pool *p = s->current;
    int err;

    if (p != NULL && p->generation == generation) {
        *ret = p;
        return 0;
    }
    p = svc__calloc(1, sizeof(*p));
    if (p == NULL)
        return svc__err_nomem(reterr);
    err = svc__http_new(&settings, &p->http, reterr);
    if (err != 0) {
        svc__free(p);
        return err;
    }
    p->generation = generation;
    svc__list_add(&s->pools, &p->link);
    s->current = p;
    *ret = p;
    return 0;
}

/* ---- one call ------------------------------------------------------------ */

static void leave(struct svc__apiserver_call *call)
{
    struct pool *p = call->pool;

    svc__list_remove(&call->link);
    call->is_open = 0;
    call->pool = NULL;
    if (p == NULL)
        return;
    p->users--;
    if (p->users == 0 && p != call->server->current)
        svc__loop_set(call->server->env->loop, &call->server->timer,
                      svc__loop_now_ms(call->server->env->loop));
}

static void finish(struct svc__apiserver_call *call, int err,
                   const svc_error *error)
{
    leave(call);
    call->done(call, err, error);
}

static void on_answered(struct svc__http_request *q)
{
    struct svc__apiserver_call *call = q->arg;

    if (call->answered != NULL)
        call->answered(call);
}

static void on_data(struct svc__http_request *q, const char *bytes, size_t size)
{
    struct svc__apiserver_call *call = q->arg;

    call->data(call, bytes, size);
}

static void on_done(struct svc__http_request *q, int err,
                    const svc_error *error)
{
    struct svc__apiserver_call *call = q->arg;

    /* Nobody at this address: the next one gets the next request. */
    if (err == SVC_EUNREACH && q->status == 0)
        svc__apiserver_route_failed(&call->server->route);
    finish(call, err, error);
}

/* The form that we read, and the headers of an impersonation (kubeconfig as,
 * as-uid, as-groups). */
static int make_headers(const struct svc__config *c, struct svc__buf *b,
                        const char ***ret)
{
    size_t groups = 0;
    size_t n = 0;
    size_t at = 0;
    const char **list;

    while (c->as_groups != NULL && c->as_groups[groups] != NULL)
        groups++;
    svc__buf_printf(b, "Accept: application/json%c", 0);
    if (c->as != NULL)
        svc__buf_printf(b, "Impersonate-User: %s%c", c->as, 0);
    if (c->as_uid != NULL)
        svc__buf_printf(b, "Impersonate-Uid: %s%c", c->as_uid, 0);
    for (size_t i = 0; i < groups; i++)
        svc__buf_printf(b, "Impersonate-Group: %s%c", c->as_groups[i], 0);
    list = svc__calloc(groups + 4, sizeof(*list));
    if (list == NULL || b->err != 0) {
        svc__free(list);
        return SVC_ENOMEM;
    }
    while (at < b->size) {
        list[n++] = b->data + at;
        at += strlen(b->data + at) + 1;
    }
    *ret = list;
    return 0;
}

/* Hands a call over to its pool. */
static int begin(struct svc__apiserver *s, struct svc__apiserver_call *call,
                 struct pool *p, svc_error *reterr)
{
    const struct svc__config *c = s->login.config;
    struct svc__http_request *q = &call->http;
    const char **headers = NULL;
    struct svc__buf extra;
    struct svc__buf url;
    int err;

    svc__buf_init(&url, 16384);
    svc__buf_init(&extra, SVC__CONFIG_FILE_MAX);
    svc__buf_printf(&url, "%s%s", c->server, call->path);
    err = make_headers(c, &extra, &headers);
    if (url.err != 0 || err != 0) {
        err = svc__err_nomem(reterr);
    } else {
        memset(q, 0, sizeof(*q));
        q->url = url.data;
        q->address = svc__apiserver_route_address(&s->route);
        q->bearer = s->login.token.bytes;
        q->headers = headers;
        q->body = call->body;
        q->total_ms = call->total_ms;
        q->min_rate = call->min_rate;
        q->answered = on_answered;
        q->data = on_data;
        q->done = on_done;
        q->arg = call;
        err = svc__http_start(p->http, q, reterr);
    }
    svc__free(headers);
    svc__buf_fini(&extra);
    svc__buf_fini(&url);
    return err;
}

/* ---- the queue ----------------------------------------------------------- */

/* Fails everybody who waits now; who begins to wait meanwhile is not meant. */
static void fail_waiting(struct svc__apiserver *s, int err,
                         const svc_error *error)
{
    struct svc__list failed;

    svc__list_init(&failed);
    while (!svc__list_is_empty(&s->waiting)) {
        struct svc__list *link = s->waiting.next;

        svc__list_remove(link);
        svc__list_add(&failed, link);
    }
    while (!svc__list_is_empty(&failed))
        finish(svc__list_entry(failed.next, struct svc__apiserver_call, link),
               err, error);
}

/* Whether somebody wants the credentials read anew; once. */
static int take_authorize(struct svc__apiserver *s)
{
    struct svc__list *it;
    int authorize = 0;

    svc__list_each (it, &s->waiting) {
        struct svc__apiserver_call *call =
            svc__list_entry(it, struct svc__apiserver_call, link);

        authorize |= call->authorize;
        call->authorize = 0;
    }
    return authorize;
}

/* Everything that a request needs: 0, 1 (wait), or a code. */
static int need(struct svc__apiserver *s, struct pool **ret, svc_error *reterr)
{
    int err = svc__apiserver_login_need(&s->login, take_authorize(s), reterr);

    if (err == 0)
        err = svc__apiserver_route_need(&s->route, s->login.config, reterr);
    if (err == 0)
        err = need_pool(s, ret, reterr);
    return err;
}

/* Starts what waits, or fails it. */
static void pump(void *arg)
{
    struct svc__apiserver *s = arg;
    struct pool *p = NULL;
    svc_error error;
    int err;

    retire(s);
    if (svc__list_is_empty(&s->waiting))
        return;
    err = need(s, &p, &error);
    if (err == 1)
        return;
    if (p == NULL) {
        fail_waiting(s, err, &error);
        return;
    }
    while (!svc__list_is_empty(&s->waiting)) {
        struct svc__list *link = s->waiting.next;
        struct svc__apiserver_call *call =
            svc__list_entry(link, struct svc__apiserver_call, link);

        svc__list_remove(link);
        err = begin(s, call, p, &error);
        if (err != 0) {
            finish(call, err, &error);
            continue;
        }
        svc__list_add(&s->running, link);
        call->pool = p;
        p->users++;
    }
}

void svc__apiserver_start(struct svc__apiserver *server,
                          struct svc__apiserver_call *call)
{
    svc__list_init(&call->link);
    svc__list_add(&server->waiting, &call->link);
    call->server = server;
    call->pool = NULL;
    call->is_open = 1;
    memset(&call->http, 0, sizeof(call->http));
    svc__loop_set(server->env->loop, &server->timer,
                  svc__loop_now_ms(server->env->loop));
}

void svc__apiserver_stop(struct svc__apiserver_call *call)
{
    struct pool *p;

    if (!call->is_open)
        return;
    p = call->pool;
    if (p != NULL)
        svc__http_stop(p->http, &call->http);
    leave(call);
}

/* ---- the interface ------------------------------------------------------- */

int svc__apiserver_new(const struct svc__backend_env *env,
                       struct svc__apiserver **ret, svc_error *reterr)
{
    struct svc__apiserver *s = svc__calloc(1, sizeof(*s));
    struct svc__buf b;
    int err;

    if (s == NULL)
        return svc__err_nomem(reterr);
    s->env = env;
    svc__list_init(&s->waiting);
    svc__list_init(&s->running);
    svc__list_init(&s->pools);
    svc__timer_init(&s->timer, pump, s);
    svc__apiserver_route_init(&s->route, env, pump, s);
    svc__buf_init(&b, 256);
    svc__buf_printf(&b, "libsvc/%s", svc_version());
    s->user_agent = svc__buf_take(&b);
    err = s->user_agent == NULL
              ? svc__err_nomem(reterr)
              : svc__apiserver_login_init(&s->login, env, pump, s, reterr);
    if (err != 0) {
        svc__apiserver_free(s);
        return err;
    }
    *ret = s;
    return 0;
}

void svc__apiserver_free(struct svc__apiserver *s)
{
    if (s == NULL)
        return;
    while (!svc__list_is_empty(&s->waiting))
        svc__apiserver_stop(
            svc__list_entry(s->waiting.next, struct svc__apiserver_call, link));
    while (!svc__list_is_empty(&s->running))
        svc__apiserver_stop(
            svc__list_entry(s->running.next, struct svc__apiserver_call, link));
    while (!svc__list_is_empty(&s->pools))
        pool_free(s, svc__list_entry(s->pools.next, struct pool, link));
    svc__apiserver_route_fini(&s->route);
    svc__apiserver_login_fini(&s->login);
    svc__loop_unset(s->env->loop, &s->timer);
    svc__free(s->user_agent);
    svc__free(s);
}

const struct svc__apiserver_login *svc__apiserver_login(
    const struct svc__apiserver *server)
{
    return &server->login;
}

uint64_t svc__apiserver_received(const struct svc__apiserver *server)
{
    uint64_t bytes = server->received;
    struct svc__list *it;

    svc__list_each (it, &server->pools)
        bytes +=
            svc__http_received(svc__list_entry(it, struct pool, link)->http);
    return bytes;
}
