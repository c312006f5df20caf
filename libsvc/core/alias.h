/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an alias leads to, and whether it may be followed (semantics 2.8 and
 * 2.11, 10). Decides only; the service opens and publishes. Loop thread.
 */
#ifndef SVC_CORE_ALIAS_H
#define SVC_CORE_ALIAS_H

#include "core/service.h"

/* Judges the alias that hop `at` of the service delivered. Returns 1 with the
 * target's name in *ret (to be given to fini) when it is to be subscribed or
 * is an address; 0 with *ret_view, owned, when the answer is already known: a
 * refused or looping alias, or an outside one without the dns backend; or
 * SVC_ENOMEM. */
int svc__alias_judge(const struct svc_service *s, size_t at,
                     struct svc__name *ret, struct svc__view **ret_view);

/* Makes the view at the end of a chain that of the name asked: its service,
 * namespace and type, the least time to live and the steps of all hops in
 * order; a target that does not exist
 * becomes SVC_EALIAS with the chain. 0 or SVC_ENOMEM. */
int svc__alias_adopt(const struct svc_service *s, size_t end,
                     struct svc__view *v);

#endif
