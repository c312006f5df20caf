/* SPDX-License-Identifier: Apache-2.0 */
#include "http_run.h"

/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

void http_run_open(struct http_run *run,
                   const struct svc__http_settings *settings)
{
    struct svc__http_settings own = {.user_agent = "tests/1"};
    svc_error error = {0};

    memset(run, 0, sizeof(*run));
    assert_int_equal(svc__loop_new(&run->loop, &error), 0);
    if (settings != NULL)
        own = *settings;
    own.loop = run->loop;
    assert_int_equal(svc__http_new(&own, &run->http, &error), 0);
    http_server_open(&run->server, run->loop);
    (void)snprintf(run->url, sizeof(run->url), "http://127.0.0.1:%u/path",
                   run->server.port);
}

void http_run_close(struct http_run *run)
{
    svc__http_free(run->http);
    http_server_close(&run->server);
    svc__loop_free(run->loop);
}

static void act(struct http_run *run, struct http_probe **stop,
                struct http_probe **start)
{
    if (*stop != NULL)
        svc__http_stop(run->http, &(*stop)->q);
    *stop = NULL;
    if (*start != NULL)
        http_run_start(*start);
    *start = NULL;
}

static void answered(struct svc__http_request *q)
{
    struct http_probe *p = q->arg;

    assert_int_equal(p->done, 0);
    assert_int_equal(p->size, 0);
    p->answered++;
    act(p->run, &p->stop_answered, &p->start_answered);
}

static void data(struct svc__http_request *q, const char *bytes, size_t size)
{
    struct http_probe *p = q->arg;

    assert_int_equal(p->answered, 1);
    assert_int_equal(p->done, 0);
    if (p->size < HTTP_RUN_BODY_MAX) {
        size_t room = HTTP_RUN_BODY_MAX - p->size;

        memcpy(p->body + p->size, bytes, size < room ? size : room);
    }
    p->size += size;
    if (p->size <= HTTP_RUN_BODY_MAX)
        p->body[p->size] = '\0';
    act(p->run, &p->stop_data, &p->start_data);
}

static void done(struct svc__http_request *q, int err, const svc_error *error)
{
    struct http_probe *p = q->arg;

    assert_null(q->entry);
    p->done++;
    p->err = err;
    assert_int_equal(err != 0, error != NULL);
    if (error != NULL) {
        p->error = *error;
        assert_int_equal(error->code, err);
        assert_int_not_equal(error->message[0], '\0');
    }
    act(p->run, &p->stop_done, &p->start_done);
}

void http_run_probe(struct http_run *run, struct http_probe *p)
{
    memset(p, 0, sizeof(*p));
    p->run = run;
    p->q.url = run->url;
    p->q.answered = answered;
    p->q.data = data;
    p->q.done = done;
    p->q.arg = p;
}

void http_run_start(struct http_probe *p)
{
    svc_error error = {0};

    p->answered = 0;
    p->done = 0;
    p->size = 0;
    assert_int_equal(svc__http_start(p->run->http, &p->q, &error), 0);
    assert_int_equal(p->done + p->answered, 0);
}

void http_run_ask(struct http_run *run, struct http_probe *p)
{
    http_run_start(p);
    http_server_accept(&run->server);
    http_server_read(&run->server);
}

void http_run_wait(struct http_probe *p)
{
    http_server_until(&p->run->server, &p->done);
}

void http_run_good(const struct http_probe *p, int status, const char *body)
{
    if (p->err != 0)
        print_error("%d: %s\n", p->err, p->error.message);
    assert_int_equal(p->done, 1);
    assert_int_equal(p->err, 0);
    assert_int_equal(p->answered, 1);
    assert_int_equal(p->q.status, status);
    assert_string_equal(p->body, body);
}

void http_run_bad(const struct http_probe *p, int err, const char *words)
{
    assert_int_equal(p->done, 1);
    if (p->err != err || strstr(p->error.message, words) == NULL)
        print_error("%d: %s\n", p->err, p->error.message);
    assert_int_equal(p->err, err);
    assert_non_null(strstr(p->error.message, words));
}
