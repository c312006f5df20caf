/* SPDX-License-Identifier: Apache-2.0 */
/* A sink and a log for the file backend. */
#include "file_run.h"

#include "backend/file.h"
#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

static void write_line(void *arg, int level, const char *text)
{
    struct file_run *run = arg;
    const size_t used = strlen(run->lines);

    (void)level;
    snprintf(run->lines + used, sizeof(run->lines) - used, "%s\n", text);
}

static void update(struct svc__sub *sub, struct svc__view *view)
{
    struct follower *f = sub->owner;

    assert_non_null(view);
    svc__view_free(f->view);
    f->view = view;
    f->trouble.code = 0;
    f->updates++;
}

static void fail_sub(struct svc__sub *sub, const svc_error *error)
{
    struct follower *f = sub->owner;

    assert_int_not_equal(error->code, 0);
    f->trouble = *error;
    f->fails++;
}

int file_run_open(struct file_run *run, const char *const *files,
                  const char *text, svc_error *reterr)
{
    int err;

    memset(run, 0, sizeof(*run));
    err = svc__loop_new(&run->l, reterr);
    if (err != 0)
        return err;
    run->log = (struct svc__log){write_line, run, SVC_LOG_INFO};
    run->env = (struct svc__backend_env){
        .loop = run->l,
        .log = &run->log,
        .hash_key = {1, 2},
        .stats = &run->stats,
        .files = files,
        .manifest = text,
        .manifest_size = text == NULL ? 0 : strlen(text),
        .update = update,
        .fail = fail_sub,
    };
    run->state = svc__calloc(1, svc__backend_file.state_size);
    if (run->state == NULL) {
        svc__loop_free(run->l);
        return SVC_ENOMEM;
    }
    err = svc__backend_file.init(run->state, &run->env, reterr);
    if (err != 0)
        file_run_close(run);
    return err;
}

void file_run_close(struct file_run *run)
{
    svc__backend_file.fini(run->state);
    svc__free(run->state);
    assert_int_equal(svc__loop_timeout_ms(run->l), -1);
    svc__loop_free(run->l);
}

void file_run_settle(struct file_run *run)
{
    struct pollfd p = {.fd = svc__loop_fd(run->l), .events = POLLIN};

    assert_int_equal(svc__loop_round(run->l, 0), 0);
    while (poll(&p, 1, 0) == 1)
        assert_int_equal(svc__loop_round(run->l, 0), 0);
}

int file_run_logged(const struct file_run *run, const char *text)
{
    int count = 0;
    const char *at = run->lines;

    while ((at = strstr(at, text)) != NULL) {
        count++;
        at = strchr(at, '\n');
    }
    return count;
}

void file_run_follow(struct file_run *run, struct follower *f,
                     const char *service)
{
    memset(f, 0, sizeof(*f));
    f->sub.owner = f;
    f->sub.query.service = service;
    f->sub.query.namespace_ = "shop";
    f->sub.query.zone = "cluster.local";
    f->sub.query.port = 80;
    assert_int_equal(svc__backend_file.subscribe(run->state, &f->sub, NULL), 0);
}

void file_run_leave(struct file_run *run, struct follower *f)
{
    svc__backend_file.unsubscribe(run->state, &f->sub);
    svc__view_free(f->view);
    f->view = NULL;
}

static void add(struct follower *f, const char *text)
{
    const size_t used = strlen(f->line);

    assert_true(used + strlen(text) < sizeof(f->line));
    memcpy(f->line + used, text, strlen(text) + 1);
}

const char *file_run_heard(struct follower *f)
{
    char text[SVC_ADDRESS_TEXT_SIZE + 32];
    char address[SVC_ADDRESS_TEXT_SIZE];

    f->line[0] = '\0';
    if (f->view == NULL)
        add(f, "-");
    else if (f->view->code != 0)
        add(f, svc_err_name(f->view->code));
    for (size_t i = 0; f->view != NULL && i < f->view->count; i++) {
        const struct svc__candidate *c = &f->view->candidates[i];

        svc__address_format(&svc__candidate_endpoint(c)->address, address);
        snprintf(text, sizeof(text), "%s%s:%u", i == 0 ? "" : " ", address,
                 (unsigned)c->port);
        add(f, text);
    }
    if (f->trouble.code != 0) {
        snprintf(text, sizeof(text), " (%s)", svc_err_name(f->trouble.code));
        add(f, text);
    }
    return f->line;
}
