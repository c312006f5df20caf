/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges the options of a resolver and says what would be valid.
 */
#include "core/settings.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/sized.h"
#include "core/settings_apiserver.h"
#include "core/settings_dns.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

/* Lists of files are the caller's own, but bounded all the same. */
#define FILES_MAX 10000

int svc__settings_copy(void *known, size_t known_size, const void *theirs,
                       svc_error *reterr)
{
    size_t size;

    if (theirs == NULL)
        return 0;
    memcpy(&size, theirs, sizeof(size));
    if (size < sizeof(size) || size > SVC__SIZED_MAX)
        return svc__err_set(reterr, SVC_EINVAL,
                            "an options struct has no size: start from its "
                            "_INIT macro");
    for (size_t i = known_size; i < size; i++) {
        if (((const unsigned char *)theirs)[i] != 0)
            return svc__err_set(reterr, SVC_ENOTSUP,
                                "an option is set that libsvc %s does not know",
                                svc_version());
    }
    if (size > known_size)
        size = known_size;
    memcpy((char *)known + sizeof(size), (const char *)theirs + sizeof(size),
           size - sizeof(size));
    return 0;
}

/* Members of a list, at most FILES_MAX + 1. */
static size_t count_list(const char *const *list)
{
    size_t n = 0;

    while (list != NULL && list[n] != NULL && n <= FILES_MAX)
        n++;
    return n;
}

static char **copy_list(const char *const *list, size_t n)
{
    char **copy = svc__calloc(n + 1, sizeof(*copy));

    for (size_t i = 0; copy != NULL && i < n; i++) {
        copy[i] = svc__strdup(list[i]);
        if (copy[i] == NULL) {
            svc__free_texts(copy);
            copy = NULL;
        }
    }
    return copy;
}

/* Whether the other options that bring a source agree with the backend. */
static int check_backend(const char *word, const char *option,
                         int has_manifests, svc_error *reterr)
{
    if (has_manifests && strcmp(word, "file") != 0)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option backend is \"%.80s\", but manifests are "
                            "given: they go with backend \"file\"",
                            word);
    if (option != NULL && strcmp(word, "apiserver") != 0)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option backend is \"%.80s\", but option %s is "
                            "set: it goes with backend \"apiserver\"",
                            word, option);
    return 0;
}

/* Which backend: the options that speak of it must agree. */
static int read_backend(const svc_resolver_options *o, int has_manifests,
                        struct svc__settings *ret, svc_error *reterr)
{
    const char *option = svc__settings_apiserver_option(o);
    const char *word = o->backend;
    int err;

    if (option != NULL && has_manifests)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option %s is set and manifests are given, which "
                            "are two sources: give one of them",
                            option);
    if (word == NULL || word[0] == '\0' || strcmp(word, "auto") == 0)
        word = has_manifests ? "file" : option != NULL ? "apiserver" : NULL;
    if (word == NULL)
        return 0;
    err = svc__backend_find(word, &ret->backend, reterr);
    if (err == SVC_EINVAL ||
        check_backend(word, option, has_manifests, reterr) == 0)
        return err;
    return SVC_EINVAL;
}

/* Where the objects come from. */
static int read_source(const svc_resolver_options *o, struct svc__settings *ret,
                       svc_error *reterr)
{
    size_t files = count_list(o->files);
    int err;

    if (files > FILES_MAX)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option files lists more than %d files: put them "
                            "into a folder and give that",
                            FILES_MAX);
    if (files > 0 && o->manifest != NULL)
        return svc__err_set(reterr, SVC_EINVAL,
                            "options files and manifest are both set: give "
                            "one of them");
    err = read_backend(o, files > 0 || o->manifest != NULL, ret, reterr);
    if (err == 0 && files > 0) {
        ret->files = copy_list(o->files, files);
        err = ret->files == NULL ? svc__err_nomem(reterr) : 0;
    } else if (err == 0 && o->manifest != NULL) {
        ret->manifest_size = o->manifest_size;
        ret->manifest = svc__strndup(o->manifest, o->manifest_size);
        err = ret->manifest == NULL ? svc__err_nomem(reterr) : 0;
    }
    return err;
}

/* What DNS is asked for and how, also when another backend is chosen. */
static int read_dns(const svc_resolver_options *o, struct svc__settings *ret,
                    svc_error *reterr)
{
    size_t servers = count_list(o->dns_servers);
    int err = svc__backend_find("dns", &ret->outside, NULL);

    if (err != 0 && servers > 0)
        return svc__backend_find("dns", &ret->outside, reterr);
    err = svc__settings_dns_read(o, &ret->dns, reterr);
    if (err != 0 || servers == 0)
        return err;
    ret->dns_servers = copy_list(o->dns_servers, servers);
    if (ret->dns_servers == NULL)
        return svc__err_nomem(reterr);
    ret->dns.servers = (const char *const *)ret->dns_servers;
    return 0;
}

static int read_words(const svc_resolver_options *o, struct svc__settings *ret,
                      svc_error *reterr)
{
    for (size_t i = 0; o->allow != NULL && o->allow[i] != NULL; i++) {
        unsigned bit = svc__address_class_parse(o->allow[i]);

        if (bit == 0)
            return svc__err_set(reterr, SVC_EINVAL,
                                "option allow has \"%s\"; valid: loopback, "
                                "link-local, metadata",
                                o->allow[i]);
        ret->allow |= bit;
    }
    if (o->externalname == NULL || strcmp(o->externalname, "allow") == 0)
        ret->externalname = SVC__EXTERNALNAME_ALLOW;
    else if (strcmp(o->externalname, "same-namespace") == 0)
        ret->externalname = SVC__EXTERNALNAME_SAME_NAMESPACE;
    else if (strcmp(o->externalname, "refuse") == 0)
        ret->externalname = SVC__EXTERNALNAME_REFUSE;
    else
        return svc__err_set(reterr, SVC_EINVAL,
                            "option externalname is \"%s\"; valid: allow, "
                            "same-namespace, refuse",
                            o->externalname);
    return 0;
}

/* One place of the caller: the option if there is one, else what the
 * environment said. */
static int read_place(const char *option, char **from_environment, char **ret)
{
    if (option != NULL && option[0] != '\0') {
        *ret = svc__strdup(option);
        return *ret == NULL ? SVC_ENOMEM : 0;
    }
    *ret = *from_environment;
    *from_environment = NULL;
    return 0;
}

/* Who this client is among the others that ask for subsets: in a Pod the host's
 * name is the Pod's. */
static int read_client_id(const char *option, char **ret)
{
    char name[HOST_NAME_MAX + 1] = "";

    if (option == NULL || option[0] == '\0') {
        if (gethostname(name, sizeof(name)) != 0)
            name[0] = '\0';
        name[sizeof(name) - 1] = '\0';
        option = name;
    }
    *ret = svc__strdup(option);
    return *ret == NULL ? SVC_ENOMEM : 0;
}

static int check_places(const svc_resolver_options *o, svc_error *reterr)
{
    if (o->namespace_ != NULL && o->namespace_[0] != '\0' &&
        !svc__name_is_label(o->namespace_, strlen(o->namespace_)))
        return svc__err_set(reterr, SVC_EINVAL,
                            "option namespace is \"%.80s\", which is no "
                            "namespace: lower-case letters, digits and '-', "
                            "at most 63",
                            o->namespace_);
    if (o->cluster_domain != NULL && o->cluster_domain[0] != '\0' &&
        !svc__name_is_domain(o->cluster_domain, strlen(o->cluster_domain)))
        return svc__err_set(reterr, SVC_EINVAL,
                            "option cluster_domain is \"%.200s\", which is no "
                            "domain name, such as cluster.local",
                            o->cluster_domain);
    return 0;
}

static int read_places(const svc_resolver_options *o, struct svc__settings *ret,
                       svc_error *reterr)
{
    struct svc__backend_defaults defaults = {0};
    size_t end;
    int err = check_places(o, reterr);

    if (err != 0)
        return err;
    err = svc__backend_defaults_read(&ret->log, &defaults);
    if (err != 0) {
        svc__err_set(reterr, SVC_ENOMEM,
                     "out of memory or of open files while reading where this "
                     "program runs (service account, resolv.conf)");
        svc__err_hint(reterr, "close descriptors, or raise the limit of open "
                              "files (ulimit -n)");
        return SVC_ENOMEM;
    }
    ret->namespace_said = defaults.namespace_said ||
                          (o->namespace_ != NULL && o->namespace_[0] != '\0');
    err = read_place(o->namespace_, &defaults.namespace_, &ret->namespace_);
    if (err == 0)
        err = read_place(o->cluster_domain, &defaults.cluster_domain,
                         &ret->cluster_domain);
    if (err == 0)
        err = read_place(o->node, &defaults.node, &ret->node);
    if (err == 0)
        err = read_place(o->zone, &defaults.zone, &ret->zone);
    if (err == 0)
        err = read_client_id(o->client_id, &ret->client_id);
    svc__backend_defaults_fini(&defaults);
    if (err != 0)
        return svc__err_nomem(reterr);
    /* Names are compared without the final dot. */
    end = strlen(ret->cluster_domain);
    if (end > 0 && ret->cluster_domain[end - 1] == '.')
        ret->cluster_domain[end - 1] = '\0';
    ret->dns.resolv_conf = svc__backend_usual.resolv_conf;
    ret->dns.topo_zone = ret->zone;
    return 0;
}

int svc__settings_read(const svc_resolver_options *options,
                       struct svc__settings *ret, svc_error *reterr)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    int err;

    memset(ret, 0, sizeof(*ret));
    err = svc__settings_copy(&o, sizeof(o), options, reterr);
    if (err != 0)
        return err;
    if (o.log_level < 0 || o.log_level > SVC_LOG_DEBUG)
        return svc__err_set(reterr, SVC_EINVAL,
                            "option log_level is %d; valid: 1 (warning), 2 "
                            "(info), 3 (debug)",
                            o.log_level);
    ret->external_loop = o.external_loop != 0;
    ret->log.fn = o.log;
    ret->log.arg = o.log_arg;
    ret->log.level = o.log_level == 0 ? SVC_LOG_WARNING : o.log_level;
    err = read_source(&o, ret, reterr);
    if (err == 0)
        err = read_words(&o, ret, reterr);
    if (err == 0)
        err = read_dns(&o, ret, reterr);
    if (err == 0)
        err = read_places(&o, ret, reterr);
    if (err == 0)
        err = svc__settings_apiserver_read(&o, ret, reterr);
    return err;
}

void svc__settings_fini(struct svc__settings *settings)
{
    svc__free_texts(settings->files);
    svc__free_texts(settings->dns_servers);
    svc__settings_apiserver_fini(settings);
    svc__free(settings->manifest);
    svc__free(settings->namespace_);
    svc__free(settings->cluster_domain);
    svc__free(settings->node);
    svc__free(settings->zone);
    svc__free(settings->client_id);
    memset(settings, 0, sizeof(*settings));
}
