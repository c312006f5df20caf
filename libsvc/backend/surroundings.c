/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the copies of the environment. Nothing in it is judged here: each value
 * goes to who knows what it must be. Any thread.
 */
#include "backend/surroundings.h"

#include "backend/backend.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "io/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

/* A path is no longer than this (PATH_MAX of Linux). */
#define PATH_BYTES_MAX 4096

static const char usual_credentials[] =
    "/var/run/secrets/kubernetes.io/serviceaccount";

extern char **environ;

const char *svc__backend_variable(const char *name)
{
    const char *value = getenv(name);

    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* Copies the first of two variables that is there; the second may be NULL. */
static int copy(const char *name, const char *other, char **ret)
{
    const char *value = svc__backend_variable(name);

    if (value == NULL && other != NULL)
        value = svc__backend_variable(other);
    if (value == NULL)
        return 0;
    *ret = svc__strdup(value);
    return *ret == NULL ? SVC_ENOMEM : 0;
}

static int copy_environ(char ***ret)
{
    size_t count = 0;
    char **list;

    while (environ != NULL && environ[count] != NULL)
        count++;
    list = svc__calloc(count + 1, sizeof(*list));
    if (list == NULL)
        return SVC_ENOMEM;
    *ret = list;
    for (size_t i = 0; i < count; i++) {
        list[i] = svc__strdup(environ[i]);
        if (list[i] == NULL)
            return SVC_ENOMEM;
    }
    return 0;
}

/* Whether folder/name is there. */
static int is_there(const char *folder, const char *name)
{
    struct svc__buf b;
    int there = 0;

    svc__buf_init(&b, PATH_BYTES_MAX);
    if (svc__buf_printf(&b, "%s/%s", folder, name) == 0)
        there = svc__file_is_there(b.data);
    svc__buf_fini(&b);
    return there;
}

int svc__backend_surroundings_read_from(const char *credentials, int is_secure,
                                        struct svc__backend_surroundings *ret)
{
    const int is_cgi = svc__backend_variable("REQUEST_METHOD") != NULL;
    const struct {
        const char *name;
        const char *other;
        char **to;
    } table[] = {
        {"KUBERNETES_SERVICE_HOST", NULL, &ret->kubernetes_service_host},
        {"KUBERNETES_SERVICE_PORT", NULL, &ret->kubernetes_service_port},
        {"KUBECONFIG", NULL, &ret->kubeconfig},
        {"HOME", NULL, &ret->home},
        {"PATH", NULL, &ret->path},
        {"HTTPS_PROXY", "https_proxy", &ret->https_proxy},
        {is_cgi ? "http_proxy" : "HTTP_PROXY", "http_proxy", &ret->http_proxy},
        {"NO_PROXY", "no_proxy", &ret->no_proxy},
    };
    int err = 0;

    memset(ret, 0, sizeof(*ret));
    ret->is_secure = is_secure;
    if (is_secure)
        return 0;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]) && err == 0; i++)
        err = copy(table[i].name, table[i].other, table[i].to);
    if (err == 0)
        err = copy_environ(&ret->environ);
    if (is_there(credentials, "token"))
        ret->credentials = credentials;
    return err;
}

int svc__backend_surroundings_read(struct svc__backend_surroundings *ret)
{
    return svc__backend_surroundings_read_from(usual_credentials,
                                               getauxval(AT_SECURE) != 0, ret);
}

void svc__backend_surroundings_fini(struct svc__backend_surroundings *s)
{
    char *const texts[] = {s->kubernetes_service_host,
                           s->kubernetes_service_port,
                           s->kubeconfig,
                           s->home,
                           s->path,
                           s->https_proxy,
                           s->http_proxy,
                           s->no_proxy};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        svc__free(texts[i]);
    svc__free_texts(s->environ);
    memset(s, 0, sizeof(*s));
}

/* ---- credentials --------------------------------------------------------- */

/* Whether one of the files of a list, set apart by ':', is there. */
static int is_any_there(const char *list)
{
    while (*list != '\0') {
        const size_t size = strcspn(list, ":");
        char *path = svc__strndup(list, size);
        const int there = path != NULL && size > 0 && svc__file_is_there(path);

        svc__free(path);
        if (there)
            return 1;
        list += size + (list[size] == ':');
    }
    return 0;
}

int svc__backend_is_in_pod(const struct svc__backend_apiserver *a)
{
    return a->kubeconfig == NULL && a->context == NULL &&
           a->surroundings->kubernetes_service_host != NULL &&
           a->surroundings->credentials != NULL;
}

int svc__backend_has_credentials(const struct svc__backend_apiserver *a)
{
    const struct svc__backend_surroundings *s = a->surroundings;

    if (a->kubeconfig != NULL || svc__backend_is_in_pod(a))
        return 1;
    if (s->kubeconfig != NULL)
        return is_any_there(s->kubeconfig);
    return s->home != NULL && is_there(s->home, ".kube/config");
}
