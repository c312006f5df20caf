/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the server and the resolver of a run. The server's thread cannot wake
 * the resolver's loop, so what it does is looked for every few milliseconds.
 */
#include "api_run.h"

#include "service_text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS    2
#define LINES_SIZE ((size_t)1024 * 1024)

static void write_line(void *arg, int level, const char *text)
{
    struct api_run *run = arg;
    const size_t used = strlen(run->lines);

    (void)level;
    snprintf(run->lines + used, LINES_SIZE - used, "%s\n", text);
}

int api_run_logged(const struct api_run *run, const char *text)
{
    const char *at = run->lines;
    int count = 0;

    while ((at = strstr(at, text)) != NULL) {
        count++;
        at = strchr(at, '\n');
    }
    return count;
}

/* ---- life ---------------------------------------------------------------- */

static void set_options(struct api_run *run)
{
    const svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;

    run->options = o;
    run->options.backend = "apiserver";
    run->options.kubeconfig = run->kubeconfig;
    run->options.namespace_ = "dev";
    run->options.cluster_domain = "cluster.local";
    run->options.zone = "z";
    run->options.external_loop = 1;
    run->options.log_level = SVC_LOG_INFO;
    run->options.log = write_line;
    run->options.log_arg = run;
}

static void write_kubeconfig(struct api_run *run)
{
    char text[1024];

    snprintf(text, sizeof(text),
             "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
             "clusters:\n- name: k\n  cluster:\n"
             "    server: http://127.0.0.1:%u\n"
             "users:\n- name: u\n  user: {}\n"
             "contexts:\n- name: c\n  context: {cluster: k, user: u}\n",
             (unsigned)api_server_port(run->server));
    scratch_write(&run->dir, "kubeconfig", text);
    snprintf(run->kubeconfig, sizeof(run->kubeconfig), "%s",
             scratch_path(&run->dir, "kubeconfig"));
}

void api_run_open(struct api_run *run)
{
    memset(run, 0, sizeof(*run));
    run->speed = 25;
    run->lines = calloc(1, LINES_SIZE);
    assert_non_null(run->lines);
    run->world = api_world_new();
    run->server = api_world_server(run->world);
    api_world_pair(run->world, "web", "10.0.0.1");
    scratch_make(&run->dir);
    write_kubeconfig(run);
    set_options(run);
}

void api_run_start(struct api_run *run)
{
    svc_error error;

    if (svc_resolver_new(&run->options, &run->r, &error) != 0)
        fail_msg("%s", error.message);
}

void api_run_stop(struct api_run *run)
{
    svc_resolver_free(run->r);
    run->r = NULL;
}

void api_run_close(struct api_run *run)
{
    svc_resolver_free(run->r);
    api_world_free(run->world);
    scratch_remove(&run->dir);
    free(run->lines);
}

/* ---- waiting ------------------------------------------------------------- */

void api_run_pass(struct api_run *run, int ms)
{
    const int64_t until = api_server_clock_ms() + ms;

    do {
        const int64_t left = until - api_server_clock_ms();

        assert_int_equal(
            svc_resolver_dispatch(run->r, left < 0 ? 0 : (int)left), 0);
    } while (api_server_clock_ms() < until);
}

/* Takes what has been sent. */
static void settle(struct api_run *run)
{
    struct pollfd p = {.events = POLLIN};

    if (!run->options.external_loop)
        return;
    p.fd = svc_resolver_fd(run->r);
    do
        assert_int_equal(svc_resolver_dispatch(run->r, 0), 0);
    while (poll(&p, 1, 0) == 1);
}

/* Time is skipped only where time was waited for: what runs by the real clock
 * keeps up. */
void api_run_look(struct api_run *run)
{
    const int64_t began_ms = api_server_clock_ms();
    int64_t ms;

    if (run->options.external_loop)
        assert_int_equal(svc_resolver_dispatch(run->r, LOOK_MS), 0);
    else
        (void)poll(NULL, 0, LOOK_MS);
    ms = api_server_clock_ms() - began_ms;
    if (run->ahead != NULL && ms > 0)
        run->ahead(run->speed * (ms < LOOK_MS ? ms : LOOK_MS));
}

/* One more look; 0 when it took too long. */
static int look(struct api_run *run, int64_t began_ms)
{
    api_run_look(run);
    return api_server_clock_ms() < began_ms + API_SERVER_MS;
}

void api_run_until(struct api_run *run, int (*holds)(struct api_run *run))
{
    const int64_t began_ms = api_server_clock_ms();

    while (!holds(run)) {
        if (!look(run, began_ms))
            fail_msg("waited for too long; the log:\n%s", run->lines);
    }
}

void api_run_asked(struct api_run *run, const char *text, unsigned count)
{
    const int64_t began_ms = api_server_clock_ms();

    while (api_server_asked(run->server, text) < count) {
        if (!look(run, began_ms))
            fail_msg("not %u requests with \"%s\" but %u; the log:\n%s", count,
                     text, api_server_asked(run->server, text), run->lines);
    }
}

void api_run_watches(struct api_run *run, unsigned count)
{
    const int64_t began_ms = api_server_clock_ms();

    while (api_world_watches(run->world) != count) {
        if (!look(run, began_ms))
            fail_msg("not %u watches but %u; the log:\n%s", count,
                     api_world_watches(run->world), run->lines);
    }
    settle(run);
}

/* ---- services ------------------------------------------------------------ */

svc_service *api_run_service(struct api_run *run, const char *name)
{
    svc_service_options o = SVC_SERVICE_OPTIONS_INIT;
    svc_service *s = NULL;
    svc_error error;

    if (strstr(name, "view=") == NULL)
        o.view = "pods";
    if (svc_service_new(run->r, name, &o, &s, &error) != 0)
        fail_msg("%s", error.message);
    return s;
}

const char *api_run_text(struct api_run *run, svc_service *s)
{
    service_text(s, run->text, sizeof(run->text));
    return run->text;
}

static int trouble_of(svc_service *s, svc_error *ret)
{
    memset(ret, 0, sizeof(*ret));
    (void)svc_service_status(s, ret);
    return ret->code == SVC_EAGAIN ? 0 : ret->code;
}

void api_run_expect(struct api_run *run, svc_service *s, const char *text)
{
    const int64_t began_ms = api_server_clock_ms();
    svc_error error;

    while (strcmp(api_run_text(run, s), text) != 0) {
        if (look(run, began_ms))
            continue;
        (void)trouble_of(s, &error);
        fail_msg("expected %s, is %s %s; the log:\n%s", text,
                 api_run_text(run, s), error.message, run->lines);
    }
}

svc_service *api_run_has(struct api_run *run, const char *name,
                         const char *text)
{
    svc_service *s = api_run_service(run, name);

    api_run_expect(run, s, text);
    return s;
}

svc_service *api_run_web(struct api_run *run)
{
    api_run_start(run);
    return api_run_has(run, "web:80", "10.0.0.1:8080");
}

void api_run_slice(struct api_run *run, const char *addresses)
{
    api_world_slice(run->world, "dev/web-1", "web", addresses);
}

svc_error api_run_trouble(struct api_run *run, svc_service *s, int code,
                          const char *text)
{
    const int64_t began_ms = api_server_clock_ms();
    svc_error error;

    while (trouble_of(s, &error) != code ||
           (text != NULL && strstr(error.message, text) == NULL &&
            strstr(error.hint, text) == NULL)) {
        if (!look(run, began_ms))
            fail_msg("no trouble %s \"%s\" but %d \"%s\" \"%s\"; the log:\n%s",
                     svc_err_name(code), text == NULL ? "" : text, error.code,
                     error.message, error.hint, run->lines);
    }
    return error;
}

svc_stats api_run_stats(const struct api_run *run)
{
    svc_stats stats = SVC_STATS_INIT;

    assert_int_equal(svc_resolver_stats(run->r, &stats), 0);
    return stats;
}
