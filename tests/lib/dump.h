/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded objects as short text, so that a test compares all of one at once,
 * and a failure can be read.
 */
#ifndef SVC_TEST_DUMP_H
#define SVC_TEST_DUMP_H

#include "base/buf.h"
#include "kube/manifest.h"

/* Each appends one line without its end. */
void dump_service(struct svc__buf *b,
                  const struct svc__service_object *service);
void dump_node(struct svc__buf *b, const struct svc__node_object *node);

/* Every object on a line, refused ones as "! KIND NAMESPACE/NAME OWNER: WHY";
 * then the counters that are not 0, each on a line. */
void dump_manifest(struct svc__buf *b, const struct svc__manifest *m);

#endif
