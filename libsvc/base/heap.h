/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intrusive heap ordered by a number, the smallest first: deadlines, mostly.
 * A pairing heap: a node is embedded in its owner, so nothing is allocated and
 * nothing can fail. Push is constant, removal logarithmic over time. One thread
 * at a time.
 */
#ifndef SVC_BASE_HEAP_H
#define SVC_BASE_HEAP_H

#include <stdint.h>

struct svc__heap_node {
    struct svc__heap_node *child;
    struct svc__heap_node *next; /* sibling */
    struct svc__heap_node *prev; /* sibling; the first child's is its parent,
                                    the root's NULL; itself: in no heap */
    int64_t key;
};

struct svc__heap {
    struct svc__heap_node *root;
};

/* The owner of type `type` whose field `field` is the node `ptr`. */
#define svc__heap_entry(ptr, type, field)                                      \
    ((type *)(void *)((char *)(ptr)-offsetof(type, field)))

void svc__heap_init(struct svc__heap *h);
void svc__heap_node_init(struct svc__heap_node *node);
int svc__heap_has(const struct svc__heap_node *node); /* is it in a heap */

/* Puts a node in, or moves it to a new key when it is in already. */
void svc__heap_set(struct svc__heap *h, struct svc__heap_node *node,
                   int64_t key);

/* Takes a node out; harmless when it is in none. */
void svc__heap_remove(struct svc__heap *h, struct svc__heap_node *node);

/* The node with the smallest key, or NULL. Equal keys in no order. */
struct svc__heap_node *svc__heap_first(const struct svc__heap *h);

#endif
