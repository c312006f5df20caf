/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's options, read once: any size of struct, every word judged, all
 * strings copied. Knows no source and no service.
 */
#ifndef SVC_CORE_SETTINGS_H
#define SVC_CORE_SETTINGS_H

#include "backend/backend.h"
#include "base/log.h"
#include "model/name.h"
#include "model/view.h"
#include "policy/policy.h"

#include <stddef.h>
#include <svc/svc.h>

enum svc__externalname {
    SVC__EXTERNALNAME_ALLOW,
    SVC__EXTERNALNAME_SAME_NAMESPACE,
    SVC__EXTERNALNAME_REFUSE
};

/* Of a resolver. Immutable after read; owned by it. */
struct svc__settings {
    const struct svc__backend_ops *backend;   /* NULL: auto */
    const struct svc__backend_ops *automatic; /* what auto comes to; NULL:
                                                 no source is at hand */
    const struct svc__backend_ops *outside;   /* of names that only DNS knows;
                                                 NULL: not built */
    char **files;                             /* NULL-terminated, or NULL */
    char *manifest;                           /* or NULL */
    size_t manifest_size;
    char *namespace_;     /* the caller's, never NULL */
    int namespace_said;   /* by an option or the environment */
    char *cluster_domain; /* never NULL */
    char *node;           /* NULL: unknown */
    char *zone;           /* NULL: unknown */
    char *client_id;      /* never NULL; "" where even the host has no name */
    unsigned allow;       /* enum svc__address_class */
    enum svc__externalname externalname;
    int external_loop;
    char **dns_servers;          /* NULL-terminated, or NULL */
    struct svc__backend_dns dns; /* borrows the strings of the above */
    char *kubeconfig;            /* or NULL */
    char *context;               /* or NULL */
    struct svc__backend_surroundings surroundings; /* zeroed where the API
                                                      server is not asked */
    struct svc__backend_apiserver apiserver;       /* borrows these */
    struct svc__log log;
};

/* Reads options (NULL: all defaults) and, where they are silent, the
 * environment. 0; SVC_EINVAL listing the valid words; SVC_ENOTSUP;
 * SVC_ENOMEM. *ret is to be given to fini also after a failure. */
int svc__settings_read(const svc_resolver_options *options,
                       struct svc__settings *ret, svc_error *reterr);
void svc__settings_fini(struct svc__settings *settings);

/* Of a service. Words are resolved; nothing to free. */
struct svc__service_settings {
    enum svc__view_kind view;
    enum svc__family family;
    enum svc__proto proto;
    const struct svc__policy_ops *policy;
    int track;
    int subset;              /* endpoints; 0: all */
    int slow_start_ms;       /* 0: none */
    int hash_balance_factor; /* percent; 0: no bound */
};

/* Reads options (may be NULL), those in the name winning. 0 or SVC_EINVAL,
 * SVC_ENOTSUP as above. */
int svc__settings_read_service(const svc_service_options *options,
                               const struct svc__name *name,
                               struct svc__service_settings *ret,
                               svc_error *reterr);

/* Copies a caller's sized struct, or NULL, over one of known size that holds
 * the defaults: missing members stay, a longer struct must end in zeros. 0,
 * SVC_EINVAL or SVC_ENOTSUP. */
int svc__settings_copy(void *known, size_t known_size, const void *theirs,
                       svc_error *reterr);

#endif
