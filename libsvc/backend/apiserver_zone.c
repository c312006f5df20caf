/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the request for the caller's own Node.
 */
#include "backend/apiserver_zone.h"

#include "base/err.h"
#include "kube/decode.h"
#include "kube/frame.h"
#include "model/name.h"

#include <string.h>

static void end_wait(struct svc__apiserver_zone *z)
{
    if (!z->is_pending)
        return;
    z->is_pending = 0;
    z->changed(z->arg);
}

static void ask(struct svc__apiserver_zone *z)
{
    svc__buf_clear(&z->body);
    z->call.path = z->path.data;
    z->call.total_ms = SVC__ZONE_RETRY_MS;
    svc__apiserver_start(z->server, &z->call);
}

static void on_timer(void *arg)
{
    struct svc__apiserver_zone *z = arg;

    if (z->is_pending) {
        end_wait(z);
        return;
    }
    ask(z);
}

static void on_data(struct svc__apiserver_call *call, const char *bytes,
                    size_t size)
{
    struct svc__apiserver_zone *z = call->arg;

    (void)svc__buf_add(&z->body, bytes, size);
}

/* Puts the Node into the store. 0 or a code. */
static int take(struct svc__apiserver_zone *z, svc_error *reterr)
{
    struct svc__node_object *node;
    int err;

    if (z->body.err != 0)
        return svc__err_set(reterr, z->body.err, "the Node is too big");
    err = svc__decode_node(z->body.data, z->body.size, &node, reterr);
    if (err != 0)
        return err;
    err = svc__store_update_node(z->store, node);
    svc__node_object_unref(node);
    return err;
}

static void retry(struct svc__apiserver_zone *z, int in_ms, const char *why)
{
    if (!z->is_told)
        svc__log(z->env->log, SVC_LOG_WARNING,
                 "get node \"%s\": %s: the zone of this program is unknown "
                 "(give it by option zone or NODE_ZONE, or grant get on its "
                 "node)",
                 z->env->apiserver->node, why);
    z->is_told = 1;
    end_wait(z);
    svc__loop_set(z->env->loop, &z->timer,
                  svc__loop_now_ms(z->env->loop) + in_ms);
}

static void on_done(struct svc__apiserver_call *call, int err,
                    const svc_error *error)
{
    struct svc__apiserver_zone *z = call->arg;
    const int status = call->http.status;
    svc_error why;

    svc__loop_unset(z->env->loop, &z->timer);
    if (err != 0) {
        retry(z, SVC__ZONE_RETRY_MS, error->message);
    } else if (status == 403 || status == 404) {
        retry(z, SVC__ZONE_DENIED_MS,
              status == 403 ? "403 Forbidden" : "404 Not Found");
    } else if (status != 200 || take(z, &why) != 0) {
        retry(z, SVC__ZONE_RETRY_MS, "no usable answer");
    } else {
        z->is_pending = 0;
        z->changed(z->arg);
    }
    svc__buf_fini(&z->body);
}

int svc__apiserver_zone_init(struct svc__apiserver_zone *z,
                             const struct svc__backend_env *env,
                             struct svc__apiserver *server,
                             struct svc__store *store)
{
    const char *node = env->apiserver->node;

    z->env = env;
    z->server = server;
    z->store = store;
    z->call.data = on_data;
    z->call.done = on_done;
    z->call.arg = z;
    svc__timer_init(&z->timer, on_timer, z);
    svc__buf_init(&z->path, 1024);
    svc__buf_init(&z->body, SVC__FRAME_ITEM_MAX);
    if (node == NULL || env->apiserver->zone != NULL ||
        !svc__name_is_domain(node, strlen(node)))
        return 0;
    if (svc__buf_printf(&z->path, "/api/v1/nodes/%s", node) != 0)
        return SVC_ENOMEM;
    z->is_pending = 1;
    ask(z);
    svc__loop_set(env->loop, &z->timer,
                  svc__loop_now_ms(env->loop) + SVC__ZONE_WAIT_MS);
    return 0;
}

void svc__apiserver_zone_fini(struct svc__apiserver_zone *z)
{
    if (z->env == NULL)
        return;
    svc__apiserver_stop(&z->call);
    svc__loop_unset(z->env->loop, &z->timer);
    svc__buf_fini(&z->path);
    svc__buf_fini(&z->body);
}
