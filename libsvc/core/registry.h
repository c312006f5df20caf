/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services that picks come from, by number, for who has a pick and no
 * service: to try another endpoint, and to say that one failed. Neither is on
 * the way of a pick that goes well. Any thread.
 */
#ifndef SVC_CORE_REGISTRY_H
#define SVC_CORE_REGISTRY_H

#include <stdint.h>
#include <svc/svc.h>

/* Under a number that no other service ever has. 0 or SVC_ENOMEM. */
int svc__registry_add(uint64_t id, svc_service *s);
void svc__registry_remove(uint64_t id); /* one that is not there: allowed */

/* The service, which stays until svc__registry_leave; NULL, with nothing to
 * leave: it is gone. Takes the registry's lock, before a resolver's. */
svc_service *svc__registry_enter(uint64_t id);
void svc__registry_leave(void);

#endif
