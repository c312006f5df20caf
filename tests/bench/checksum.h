/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One number for an endpoint and all its texts, to see that peers found the
 * same.
 */
#ifndef SVC_BENCH_CHECKSUM_H
#define SVC_BENCH_CHECKSUM_H

#include "model/endpoint.h"

#include <stdint.h>

uint64_t checksum_endpoint(uint64_t sum, const struct svc__endpoint *ep,
                           const char *text);

#endif
