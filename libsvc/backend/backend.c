/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns finding a backend by its name, and where the caller is. Knows no
 * backend but through the table. Any thread.
 */
#include "backend/backend.h"

#include "backend/surroundings.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/resolvconf.h"
#include "io/file.h"
#include "model/name.h"

#include <string.h>

/* Bounds of the two files, far above what they need. */
#define NAMESPACE_MAX   4096
#define RESOLV_CONF_MAX ((size_t)1024 * 1024)

static const char *const known[] = {"file", "apiserver", "dns"};

const struct svc__backend_places svc__backend_usual = {
    .namespace_file = "/var/run/secrets/kubernetes.io/serviceaccount/namespace",
    .resolv_conf = "/etc/resolv.conf",
};

/* ---- the table ----------------------------------------------------------- */

void svc__backend_names(char *ret, size_t size)
{
    size_t used = 0;

    ret[0] = '\0';
    for (size_t i = 0; svc__backend_table[i] != NULL; i++) {
        const char *name = svc__backend_table[i]->name;
        const size_t name_size = strlen(name);
        const char *gap = i == 0 ? "" : ", ";

        if (used + strlen(gap) + name_size >= size)
            return;
        memcpy(ret + used, gap, strlen(gap));
        used += strlen(gap);
        memcpy(ret + used, name, name_size + 1);
        used += name_size;
    }
}

int svc__backend_find(const char *name, const struct svc__backend_ops **ret,
                      svc_error *reterr)
{
    char built[128];

    for (size_t i = 0; svc__backend_table[i] != NULL; i++) {
        if (strcmp(svc__backend_table[i]->name, name) == 0) {
            *ret = svc__backend_table[i];
            return 0;
        }
    }
    svc__backend_names(built, sizeof(built));
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i], name) == 0)
            return svc__err_set(reterr, SVC_ENOTSUP,
                                "backend \"%s\" is not built into this "
                                "library; built: %s",
                                name, built[0] == '\0' ? "none" : built);
    }
    return svc__err_set(reterr, SVC_EINVAL,
                        "no backend is named \"%.80s\"; valid: auto%s%s", name,
                        built[0] == '\0' ? "" : ", ", built);
}

/* ---- where the caller is ------------------------------------------------- */

/* A label value of the API (a zone is one): letters, digits and "-_." between
 * letters or digits, at most 63. */
static int is_label_value(const char *text, size_t size)
{
    static const char alnum[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    if (size == 0 || size > 63)
        return 0;
    for (size_t i = 0; i < size; i++) {
        const int inner = i > 0 && i + 1 < size;

        if (text[i] == '\0' || (strchr(alnum, text[i]) == NULL &&
                                !(inner && strchr("-_.", text[i]) != NULL)))
            return 0;
    }
    return 1;
}

static int copy(const char *text, size_t size, char **ret)
{
    *ret = svc__strndup(text, size);
    return *ret == NULL ? SVC_ENOMEM : 0;
}

/* The text is from outside: as an error it loses its control characters. */
static void warn_invalid(const struct svc__log *log, const char *where,
                         const char *text, const char *what)
{
    svc_error error;

    svc__err_set(&error, SVC_EINVAL,
                 "%s is ignored: \"%.80s\" is not a valid %s", where, text,
                 what);
    svc__log(log, SVC_LOG_WARNING, "%s", error.message);
}

static int read_environment(const struct svc__log *log, const char *variable,
                            int (*is_valid)(const char *text, size_t size),
                            char **ret)
{
    const char *value = svc__backend_variable(variable);

    if (value == NULL)
        return 0;
    if (is_valid(value, strlen(value)))
        return copy(value, strlen(value), ret);
    warn_invalid(log, variable, value, "name");
    return 0;
}

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int read_namespace(const struct svc__log *log, const char *path,
                          char **ret)
{
    struct svc__buf b;
    const char *text;
    size_t size;
    int err;

    svc__buf_init(&b, NAMESPACE_MAX);
    err = svc__file_read_if_any(log, path, &b);
    text = b.data;
    size = b.size;
    while (size > 0 && is_space(text[size - 1]))
        size--;
    while (size > 0 && is_space(text[0])) {
        text++;
        size--;
    }
    if (size > 0 && svc__name_is_label(text, size))
        err = copy(text, size, ret);
    else if (size > 0)
        warn_invalid(log, path, text, "namespace");
    svc__buf_fini(&b);
    return err;
}

/* Fills what is still unknown from the search list. */
static int read_search_list(const struct svc__log *log, const char *path,
                            struct svc__backend_defaults *ret)
{
    struct svc__resolvconf *rc = svc__alloc(sizeof(*rc));
    char namespace_[64];
    char zone[256];
    struct svc__buf b;
    int err;

    if (rc == NULL)
        return SVC_ENOMEM;
    svc__buf_init(&b, RESOLV_CONF_MAX);
    err = svc__file_read_if_any(log, path, &b);
    if (err == 0) {
        svc__resolvconf_parse(b.data == NULL ? "" : b.data, b.size, rc);
        svc__resolvconf_cluster(rc, namespace_, zone);
        if (ret->namespace_ == NULL &&
            svc__name_is_label(namespace_, strlen(namespace_)))
            err = copy(namespace_, strlen(namespace_), &ret->namespace_);
        if (err == 0 && svc__name_is_domain(zone, strlen(zone)))
            err = copy(zone, strlen(zone), &ret->cluster_domain);
    }
    svc__buf_fini(&b);
    svc__free(rc);
    return err;
}

int svc__backend_defaults_read_from(const struct svc__log *log,
                                    const struct svc__backend_places *places,
                                    struct svc__backend_defaults *ret)
{
    struct svc__backend_defaults d = {0};
    int err = read_namespace(log, places->namespace_file, &d.namespace_);

    if (err == 0)
        err = read_search_list(log, places->resolv_conf, &d);
    d.namespace_said = d.namespace_ != NULL;
    if (err == 0 && d.namespace_ == NULL)
        err = copy("default", 7, &d.namespace_);
    if (err == 0 && d.cluster_domain == NULL)
        err = copy("cluster.local", 13, &d.cluster_domain);
    if (err == 0)
        err = read_environment(log, "NODE_NAME", svc__name_is_domain, &d.node);
    if (err == 0)
        err = read_environment(log, "NODE_ZONE", is_label_value, &d.zone);
    if (err != 0) {
        svc__backend_defaults_fini(&d);
        return SVC_ENOMEM;
    }
    *ret = d;
    return 0;
}

int svc__backend_defaults_read(const struct svc__log *log,
                               struct svc__backend_defaults *ret)
{
    return svc__backend_defaults_read_from(log, &svc__backend_usual, ret);
}

void svc__backend_defaults_fini(struct svc__backend_defaults *d)
{
    svc__free(d->namespace_);
    svc__free(d->cluster_domain);
    svc__free(d->node);
    svc__free(d->zone);
    memset(d, 0, sizeof(*d));
}
