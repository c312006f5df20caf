/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the view at the end of a service's chain to its newest set. Loop.
 */
#ifndef SVC_CORE_SERVICE_PUBLISH_H
#define SVC_CORE_SERVICE_PUBLISH_H

#include "core/service.h"

#include <stddef.h>

/* Publishes a view, taken, that stands at place `end` of the chain, unless it
 * looks the same as the set that is there. 0 or SVC_ENOMEM. */
int svc__service_publish(svc_service *s, size_t end, struct svc__view *v);

/* The same for the set that is there, judged anew: something about it has
 * changed by time, by what its picks met, or by a weight. */
int svc__service_publish_again(svc_service *s);

#endif
