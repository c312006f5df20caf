/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ports of a Service, for kube/decode_service only.
 */
#ifndef SVC_KUBE_DECODE_PORT_H
#define SVC_KUBE_DECODE_PORT_H

#include "kube/decode.h"
#include "kube/decode_field.h"

/* Reads spec.ports into the Service, which owns what was read also on failure.
 * Refuses what the API server refuses: several ports without names, two with
 * one name, or with one number and protocol. */
int svc__decode_ports(struct svc__decode *d,
                      const struct svc__decode_mark *mark,
                      struct svc__service_object *service);

#endif
