/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pairing heap, merged in two passes, without recursion.
 */
#include "base/heap.h"

#include <stddef.h>

void svc__heap_init(struct svc__heap *h)
{
    h->root = NULL;
}

void svc__heap_node_init(struct svc__heap_node *node)
{
    node->child = NULL;
    node->next = NULL;
    node->prev = node;
}

int svc__heap_has(const struct svc__heap_node *node)
{
    return node->prev != node;
}

/* The root of two trees put together; either may be NULL. A root has neither
 * sibling nor parent. */
static struct svc__heap_node *meld(struct svc__heap_node *a,
                                   struct svc__heap_node *b)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    if (b->key < a->key) {
        struct svc__heap_node *swap = a;

        a = b;
        b = swap;
    }
    b->prev = a;
    b->next = a->child;
    if (b->next != NULL)
        b->next->prev = b;
    a->child = b;
    return a;
}

/* One tree of a row of siblings: neighbours in pairs, then the pairs from the
 * last to the first, which keeps later removals logarithmic. */
static struct svc__heap_node *meld_row(struct svc__heap_node *first)
{
    struct svc__heap_node *pairs = NULL; /* linked by prev */
    struct svc__heap_node *root = NULL;

    while (first != NULL) {
        struct svc__heap_node *a = first;
        struct svc__heap_node *b = a->next;

        first = b == NULL ? NULL : b->next;
        a->next = NULL;
        if (b != NULL)
            b->next = NULL;
        a = meld(a, b);
        a->prev = pairs;
        pairs = a;
    }
    while (pairs != NULL) {
        struct svc__heap_node *before = pairs->prev;

        pairs->prev = NULL;
        root = meld(root, pairs);
        pairs = before;
    }
    return root;
}

void svc__heap_remove(struct svc__heap *h, struct svc__heap_node *node)
{
    if (!svc__heap_has(node))
        return;
    if (node == h->root) {
        h->root = meld_row(node->child);
    } else {
        if (node->prev->child == node)
            node->prev->child = node->next;
        else
            node->prev->next = node->next;
        if (node->next != NULL)
            node->next->prev = node->prev;
        h->root = meld(h->root, meld_row(node->child));
    }
    svc__heap_node_init(node);
}

void svc__heap_set(struct svc__heap *h, struct svc__heap_node *node,
                   int64_t key)
{
    svc__heap_remove(h, node);
    node->key = key;
    node->child = NULL;
    node->next = NULL;
    node->prev = NULL;
    h->root = meld(h->root, node);
}

struct svc__heap_node *svc__heap_first(const struct svc__heap *h)
{
    return h->root;
}
