/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the table of rights. One finding for each resource, when all its verbs
 * are answered.
 */
#include "backend/apiserver_rights.h"

#include "base/err.h"
#include "kube/review.h"

static const struct row {
    const char *group;
    const char *resource;
    const char *verbs[2]; /* the second may be NULL */
    const char *words;    /* of the verbs */
    const char *lack;     /* what cannot be done without them */
    int is_namespaced;
    enum svc__check_level level; /* when they are not there */
} rows[] = {
    {"",
     "services",
     {"list", "watch"},
     "list, watch",
     "no Service can be answered",
     1,
     SVC__CHECK_FAIL},
    {"discovery.k8s.io",
     "endpointslices",
     {"list", "watch"},
     "list, watch",
     "no pods can be answered",
     1,
     SVC__CHECK_FAIL},
    {"",
     "nodes",
     {"list", "watch"},
     "list, watch",
     "only view \"node\" needs it",
     0,
     SVC__CHECK_SKIPPED},
    {"",
     "nodes",
     {"get", NULL},
     "get",
     "the zone of this program is unknown without it",
     0,
     SVC__CHECK_WARN},
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) == SVC__RIGHTS_MAX,
               "a row for each right");

/* Of one Service, where a name is asked about: a Role may name those that it
 * lets us see. Of a Node only where the caller's is known. */
#define ROW_SERVICES 0
#define ROW_NODE     3

/* Where a right counts, in words. */
static void print_where(const struct svc__apiserver_rights *all,
                        const struct row *row, struct svc__buf *b)
{
    if (row == &rows[ROW_SERVICES] && all->check->service != NULL)
        svc__buf_printf(b, "%s \"%s\" in \"%s\"", row->resource,
                        all->check->service, all->check->namespace_);
    else if (row->is_namespaced)
        svc__buf_printf(b, "%s in \"%s\"", row->resource,
                        all->check->namespace_);
    else if (row == &rows[ROW_NODE])
        svc__buf_printf(b, "node \"%s\"", all->node);
    else
        svc__buf_add_text(b, row->resource);
}

static void hint_to_grant(const struct row *row, svc_error *found)
{
    svc__err_hint(
        found, "grant %s on %s%s%s by a %s (docs/rbac.yaml)", row->words,
        row->resource, row->group[0] == '\0' ? "" : ".", row->group,
        row->is_namespaced ? "Role in that namespace" : "ClusterRole");
}

/* All verbs of a row are answered. */
static void conclude(struct svc__apiserver_rights *all, size_t i)
{
    const struct row *row = &rows[i];
    const int denied = all->denied[i] > 0;
    svc_error found;
    struct svc__buf b;

    if (all->failed[i] != 0)
        return;
    svc__buf_init(&b, 300);
    print_where(all, row, &b);
    svc__err_set(&found, SVC_EAUTH, "%s %s %.250s%s%s",
                 denied ? "may not" : "may", row->words,
                 b.data == NULL ? row->resource : b.data, denied ? ": " : "",
                 denied ? row->lack : "");
    svc__buf_fini(&b);
    if (denied)
        hint_to_grant(row, &found);
    svc__check_add(all->check, denied ? row->level : SVC__CHECK_OK, "rights",
                   &found);
}

/* In the order of the table, whoever answered first. */
static void conclude_all(struct svc__apiserver_rights *all)
{
    for (size_t i = 0; i < SVC__RIGHTS_MAX; i++) {
        if (all->asked[i])
            conclude(all, i);
    }
}

/* It cannot be told whether we may. */
static void fail(struct svc__apiserver_rights *all, size_t i,
                 const svc_error *error)
{
    svc_error found = *error;

    if (all->failed[i])
        return;
    all->failed[i] = 1;
    svc__err_wrap(&found, "whether we may %s %s", rows[i].words,
                  rows[i].resource);
    svc__check_add(all->check, rows[i].level, "rights", &found);
}

static void on_data(struct svc__apiserver_call *call, const char *bytes,
                    size_t size)
{
    struct svc__apiserver_right *r = call->arg;

    (void)svc__buf_add(&r->answer, bytes, size);
}

static int read_answer(const struct svc__apiserver_right *r, int *ret_allowed,
                       svc_error *reterr)
{
    const int status = r->call.http.status;

    if (status == 401) {
        svc__err_set(reterr, SVC_EAUTH,
                     "401 Unauthorized: the server does not take our "
                     "credentials");
        return svc__err_hint(reterr, "get new ones; the finding "
                                     "\"credentials\" tells whether these have "
                                     "expired");
    }
    if (status == 403) {
        svc__err_set(reterr, SVC_EAUTH,
                     "403 Forbidden: we may not even ask what we may");
        return svc__err_hint(reterr, "grant create on selfsubjectaccessreviews"
                                     ".authorization.k8s.io, which ClusterRole "
                                     "system:basic-user gives to who is known");
    }
    if (status != 200 && status != 201)
        return svc__err_set(reterr, SVC_EPROTO, "HTTP %d", status);
    if (r->answer.err != 0)
        return svc__err_set(reterr, r->answer.err, "the answer is too big");
    return svc__review_read(r->answer.data == NULL ? "" : r->answer.data,
                            r->answer.size, ret_allowed, reterr);
}

static void on_done(struct svc__apiserver_call *call, int err,
                    const svc_error *error)
{
    struct svc__apiserver_right *r = call->arg;
    struct svc__apiserver_rights *all = r->all;
    svc_error why;
    int allowed = 0;

    if (err != 0)
        fail(all, r->row, error);
    else if (read_answer(r, &allowed, &why) != 0)
        fail(all, r->row, &why);
    else
        all->denied[r->row] += !allowed;
    r->is_out = 0;
    all->pending--;
    if (all->pending == 0)
        conclude_all(all);
    svc__check_end(all->check);
}

void svc__apiserver_rights_init(struct svc__apiserver_rights *all,
                                const struct svc__backend_env *env,
                                struct svc__check *c)
{
    all->check = c;
    if (env->apiserver->zone == NULL)
        all->node = env->apiserver->node;
}

/* Of which object, or NULL for all of them. */
static const char *name_of(const struct svc__apiserver_rights *all, size_t i)
{
    if (i == ROW_SERVICES)
        return all->check->service;
    return i == ROW_NODE ? all->node : NULL;
}

static void ask(struct svc__apiserver_rights *all,
                struct svc__apiserver *server, size_t i, const char *verb)
{
    const struct row *row = &rows[i];
    const struct svc__review q = {
        .verb = verb,
        .group = row->group,
        .resource = row->resource,
        .namespace_ = row->is_namespaced ? all->check->namespace_ : NULL,
        .name = name_of(all, i)};
    struct svc__apiserver_right *r = &all->right[all->count++];
    svc_error error;

    all->asked[i] = 1;
    r->all = all;
    r->row = i;
    svc__buf_init(&r->body, SVC__REVIEW_MAX);
    svc__buf_init(&r->answer, SVC__REVIEW_MAX);
    if (svc__review_write(&q, &r->body) != 0) {
        (void)svc__err_nomem(&error);
        fail(all, i, &error);
        return;
    }
    r->call.path = SVC__REVIEW_PATH;
    r->call.body = r->body.data;
    r->call.total_ms = SVC__RIGHTS_ANSWER_MS;
    r->call.data = on_data;
    r->call.done = on_done;
    r->call.arg = r;
    r->is_out = 1;
    all->pending++;
    svc__check_begin(all->check);
    svc__apiserver_start(server, &r->call);
}

void svc__apiserver_rights_ask(struct svc__apiserver_rights *all,
                               struct svc__apiserver *server)
{
    for (size_t i = 0; i < SVC__RIGHTS_MAX; i++) {
        if (i == ROW_NODE && all->node == NULL)
            continue;
        for (size_t v = 0; v < 2 && rows[i].verbs[v] != NULL; v++)
            ask(all, server, i, rows[i].verbs[v]);
    }
}

void svc__apiserver_rights_fini(struct svc__apiserver_rights *all)
{
    svc_error late;

    svc__err_set(&late, SVC_ETIMEDOUT, "no answer in time");
    for (size_t i = 0; i < all->count; i++) {
        struct svc__apiserver_right *r = &all->right[i];

        if (r->is_out) {
            svc__apiserver_stop(&r->call);
            fail(all, r->row, &late);
        }
        svc__buf_fini(&r->body);
        svc__buf_fini(&r->answer);
    }
    /* What was answered waits for the last answer, which does not come. */
    if (all->pending > 0)
        conclude_all(all);
}
