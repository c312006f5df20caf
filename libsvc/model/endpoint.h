/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints as a source described them, without a port, in blocks: one block
 * an EndpointSlice (or an answer), immutable, shared by reference count, all
 * text in one piece. Views and published sets point into blocks, so an
 * endpoint is kept once however many sets hold it. Pure; any thread.
 */
#ifndef SVC_MODEL_ENDPOINT_H
#define SVC_MODEL_ENDPOINT_H

#include "base/sync.h"
#include "model/address.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* Bits of svc__endpoint::flags. The conditions are resolved: null was read as
 * the API says (semantics 2.9 rule 6). */
enum svc__endpoint_flag {
    SVC__EP_READY = 1 << 0,
    SVC__EP_SERVING = 1 << 1,
    SVC__EP_TERMINATING = 1 << 2,
    SVC__EP_CONDITIONS = 1 << 3, /* the three above are known */
    SVC__EP_UID = 1 << 4         /* uid is known */
};

/* Offsets point into svc__block::text; 0 means absent. */
struct svc__endpoint {
    struct svc__address address;
    uint8_t flags;
    uint16_t weight; /* default 1 */
    uint8_t uid[16]; /* of targetRef, an RFC 9562 UUID in binary */
    uint32_t hostname;
    uint32_t pod_namespace;
    uint32_t pod;
    uint32_t node;
    uint32_t zone;
    uint32_t zone_hints; /* hints.forZones: names, each NUL-terminated, and an
                            empty one at the end */
    uint32_t node_hints; /* hints.forNodes, the same */
};

struct svc__block {
    struct svc__refs refs;
    uint32_t count;
    uint32_t text_size;
    char *text; /* byte 0 is a NUL, so that offset 0 reads as "" */
    struct svc__endpoint endpoints[];
};

/* A block of count zeroed endpoints and text_size bytes of zeroed text (at
 * least 1), in one allocation. Shared; NULL when out of memory. The maker
 * fills it before anybody else sees it. */
struct svc__block *svc__block_new(uint32_t count, uint32_t text_size);
/* A block with copies of count endpoints and text_size bytes of text, the
 * first of which is a NUL. Shared; NULL when out of memory. */
struct svc__block *svc__block_copy(const struct svc__endpoint *endpoints,
                                   uint32_t count, const char *text,
                                   uint32_t text_size);
struct svc__block *svc__block_ref(struct svc__block *block);
void svc__block_unref(struct svc__block *block);

/* The text at an offset, or NULL for offset 0. Borrowed until unref. */
const char *svc__block_text(const struct svc__block *block, uint32_t offset);

/* Whether a list of hints at an offset has this name. */
int svc__block_hints_have(const struct svc__block *block, uint32_t offset,
                          const char *name);

/* Whether an endpoint counts as ready. One whose conditions are unknown (a
 * cluster IP, a node) does: nothing speaks against it. */
static inline int svc__endpoint_is_ready(const struct svc__endpoint *ep)
{
    return (ep->flags & SVC__EP_CONDITIONS) == 0 ||
           (ep->flags & SVC__EP_READY) != 0;
}

/* Whether an endpoint is known to be terminating. */
static inline int svc__endpoint_is_terminating(const struct svc__endpoint *ep)
{
    return (ep->flags & SVC__EP_CONDITIONS) != 0 &&
           (ep->flags & SVC__EP_TERMINATING) != 0;
}

/* Whether an endpoint may stand in when none is ready (semantics 2.9 rule 7):
 * it is known to be terminating, and serves until it is gone. */
static inline int svc__endpoint_is_standby(const struct svc__endpoint *ep)
{
    return svc__endpoint_is_terminating(ep) &&
           (ep->flags & SVC__EP_SERVING) != 0;
}

/* Reads the 36 characters of a UUID, either case. 0 or SVC_EINVAL. */
int svc__uid_parse(const char *text, size_t size, uint8_t ret[16]);

/* Writes a UUID as 36 lower-case characters and a NUL. */
void svc__uid_format(const uint8_t uid[16], char ret[SVC_UID_TEXT_SIZE]);

#endif
