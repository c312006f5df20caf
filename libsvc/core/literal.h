/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The view of a name that is an address already: no source is asked. Pure.
 */
#ifndef SVC_CORE_LITERAL_H
#define SVC_CORE_LITERAL_H

#include "core/service.h"

/* The view of a LITERAL or POD name at a port (0: unknown), owned; NULL when
 * out of memory. In an alias of a source the address has to pass the filter
 * (faults 3.3): a caller's own may be anything that the name allows. */
struct svc__view *svc__literal_view(const struct svc_service *s,
                                    const struct svc__name *name, uint16_t port,
                                    int from_source);

#endif
