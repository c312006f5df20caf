/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes requests as its arguments say and prints what became of them, for the
 * scripts beside it: "name=value" with url, address, ca, certificate, key
 * (files of PEM), name (for TLS), proxy, bearer, fill (bytes of a body), count,
 * and insecure.
 */
#include "io/http.h"
#include "io/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 65536

struct fetch {
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

static struct svc__http_pem read_pem(char **argv, const char *name)
{
    struct svc__http_pem pem = {0};
    const char *path = value_of(argv, name);
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    char *text;

    if (file == NULL)
        return pem;
    text = malloc(FILE_MAX);
    if (text != NULL)
        pem.size = fread(text, 1, FILE_MAX, file);
    pem.text = text;
    fclose(file);
    return pem;
}

static void drop_pem(const struct svc__http_pem *pem)
{
    free((char *)(uintptr_t)pem->text);
}

static void answered(struct svc__http_request *q)
{
    printf("status %d\n", q->status);
}

static void data(struct svc__http_request *q, const char *bytes, size_t size)
{
    (void)q;
    printf("data %.*s\n", (int)size, bytes);
}

static void done(struct svc__http_request *q, int err, const svc_error *error)
{
    struct fetch *f = q->arg;

    f->is_over = 1;
    printf("done %s %s\n", err == 0 ? "0" : svc_err_name(err),
           error != NULL ? error->message : "");
    if (error != NULL && error->hint[0] != '\0')
        printf("hint %s\n", error->hint);
}

static int fetch(struct svc__loop *loop, struct svc__http *h, char **argv,
                 const char *body)
{
    struct fetch f = {0};
    struct svc__http_request q = {.url = value_of(argv, "url"),
                                  .address = value_of(argv, "address"),
                                  .bearer = value_of(argv, "bearer"),
                                  .body = body,
                                  .answered = answered,
                                  .data = data,
                                  .done = done,
                                  .arg = &f};
    svc_error error;
    int err = svc__http_start(h, &q, &error);

    if (err != 0)
        printf("start %s %s\n", svc_err_name(err), error.message);
    while (err == 0 && !f.is_over)
        err = svc__loop_round(loop, -1);
    fflush(stdout);
    return err;
}

static int run(struct svc__loop *loop, char **argv)
{
    struct svc__http_settings settings = {
        .loop = loop,
        .user_agent = "fetch/1",
        .proxy = value_of(argv, "proxy"),
        .ca = read_pem(argv, "ca"),
        .certificate = read_pem(argv, "certificate"),
        .key = read_pem(argv, "key"),
        .tls_server_name = value_of(argv, "name"),
        .insecure = value_of(argv, "insecure") != NULL,
    };
    const char *fill = value_of(argv, "fill");
    const char *count = value_of(argv, "count");
    long left = count == NULL ? 1 : strtol(count, NULL, 10);
    char *body = fill == NULL ? NULL : calloc(1, strtoul(fill, NULL, 10) + 1);
    struct svc__http *h = NULL;
    svc_error error;
    int err = svc__http_new(&settings, &h, &error);

    if (err != 0)
        printf("new %s %s\n", svc_err_name(err), error.message);
    if (body != NULL)
        memset(body, 'x', strtoul(fill, NULL, 10));
    while (err == 0 && left-- > 0)
        err = fetch(loop, h, argv, body);
    svc__http_free(h);
    free(body);
    drop_pem(&settings.ca);
    drop_pem(&settings.certificate);
    drop_pem(&settings.key);
    return err;
}

int main(int argc, char **argv)
{
    struct svc__loop *loop;
    svc_error error;
    int err;

    (void)argc;
    if (svc__loop_new(&loop, &error) != 0)
        return 2;
    err = run(loop, argv);
    svc__loop_free(loop);
    return err == 0 ? 0 : 1;
}
