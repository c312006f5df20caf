/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes requests to an API server with the credentials that are at hand, for
 * the scripts beside it: arguments are "name=value" with folder (that of a
 * pod's files), kubeconfig, context, exec, and dns (a server). Commands come by
 * standard input, one a line: "ask" makes a request, "again" one after a 401,
 * "skip MS" lets time pass. What the library logs is printed, too.
 */
#include "../skip_clock.h"
#include "backend/apiserver_call.h"
#include "backend/surroundings.h"
#include "base/wall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* base/wall of this program: it goes with the other clock. */
int64_t svc__wall_now_s(void)
{
    return (int64_t)time(NULL) + atomic_load(&skipped_ms) / 1000;
}

struct asking {
    struct svc__backend_env env;
    struct svc__apiserver *server;
    int is_over;
};

static const char *value_of(char **argv, const char *name)
{
    size_t size = strlen(name);

    for (argv++; *argv != NULL; argv++) {
        if (strncmp(*argv, name, size) == 0 && (*argv)[size] == '=')
            return *argv + size + 1;
    }
    return NULL;
}

static void write_line(void *arg, int level, const char *text)
{
    (void)arg;
    (void)level;
    printf("log %s\n", text);
}

static void print_end(const char *what, int err, const svc_error *error)
{
    printf("%s %s %s%s%s\n", what, svc_err_name(err), error->message,
           error->hint[0] == '\0' ? "" : " hint: ", error->hint);
}

/* ---- a request ----------------------------------------------------------- */

static void data(struct svc__apiserver_call *call, const char *bytes,
                 size_t size)
{
    (void)call;
    (void)bytes;
    (void)size;
}

static void done(struct svc__apiserver_call *call, int err,
                 const svc_error *error)
{
    struct asking *a = call->arg;

    a->is_over = 1;
    if (err == 0)
        printf("done %d\n", call->http.status);
    else
        print_end("done", err, error);
}

static void ask(struct asking *a, int anew)
{
    struct svc__apiserver_call call = {.path = "/version",
                                       .authorize = anew,
                                       .data = data,
                                       .done = done,
                                       .arg = a};

    a->is_over = 0;
    svc__apiserver_start(a->server, &call);
    while (!a->is_over && svc__loop_round(a->env.loop, -1) == 0)
        ;
    svc__apiserver_stop(&call);
}

static void obey(struct asking *a)
{
    char line[64];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (strncmp(line, "skip ", 5) == 0)
            skip_ms(strtoll(line + 5, NULL, 10));
        else
            ask(a, line[1] == 'g');
        printf(".\n");
        fflush(stdout);
    }
}

/* ---- the program --------------------------------------------------------- */

static int run(struct asking *a, char **argv,
               const struct svc__backend_surroundings *s)
{
    static const struct svc__log log = {write_line, NULL, SVC_LOG_DEBUG};
    const char *const servers[] = {value_of(argv, "dns"), NULL};
    const struct svc__backend_dns dns = {.servers = servers};
    const struct svc__backend_apiserver settings = {
        .kubeconfig = value_of(argv, "kubeconfig"),
        .context = value_of(argv, "context"),
        .exec = value_of(argv, "exec") != NULL,
        .surroundings = s};
    svc_error error;
    int err;

    a->env.log = &log;
    a->env.dns = &dns;
    a->env.apiserver = &settings;
    err = svc__loop_new(&a->env.loop, &error);
    if (err != 0)
        return err;
    err = svc__apiserver_new(&a->env, &a->server, &error);
    if (err == 0)
        obey(a);
    else
        print_end("new", err, &error);
    svc__apiserver_free(a->server);
    svc__loop_free(a->env.loop);
    return err;
}

int main(int argc, char **argv)
{
    struct asking a = {.is_over = 0};
    struct svc__backend_surroundings s;
    const char *folder = value_of(argv, "folder");
    int err;

    (void)argc;
    err = svc__backend_surroundings_read_from(folder == NULL ? "/" : folder, 0,
                                              &s);
    if (err == 0)
        err = run(&a, argv, &s);
    svc__backend_surroundings_fini(&s);
    return err == 0 ? 0 : 1;
}
