/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A context that is being read: its cluster and its user, for the kube/config
 * files only. Pure.
 */
#ifndef SVC_KUBE_CONFIG_DRAFT_H
#define SVC_KUBE_CONFIG_DRAFT_H

#include "kube/config_text.h"

/* The result, and what is read in its turn. */
struct svc__config_draft {
    struct svc__config c;
    struct svc__config_mark extensions; /* of the cluster */
    struct svc__config_mark exec;
    struct svc__config_mark auth_provider;
    struct svc__config_mark as_user_extra;
    struct svc__json_str username;
    struct svc__json_str password;
};

/* The fields of a cluster and of a user, to be read into a draft. */
extern const struct svc__config_field svc__config_cluster_fields[];
extern const struct svc__config_field svc__config_user_fields[];

/* Each is called when its part was read, in this order, with the place of
 * that part (server: of the cluster). They check, and leave in d->c what
 * counts, with its paths resolved. 0; SVC_EFILE; SVC_ENOTSUP; SVC_ENOMEM. */
int svc__config_cluster_check(const struct svc__config_place *p,
                              struct svc__config_draft *d);
int svc__config_user_check(const struct svc__config_place *p,
                           struct svc__config_draft *d);
/* What depends on both: the scheme of the server, and whether credentials may
 * go there. */
int svc__config_cluster_server(const struct svc__config_place *p,
                               struct svc__config_draft *d);

#endif
