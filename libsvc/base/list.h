/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intrusive doubly linked list: a link is embedded in each member, and a
 * head is a link of its own. A link is in one list or, pointing to itself, in
 * none. No allocation, no lock.
 */
#ifndef SVC_BASE_LIST_H
#define SVC_BASE_LIST_H

#include <stddef.h>

struct svc__list {
    struct svc__list *prev;
    struct svc__list *next;
};

/* The member of type `type` whose field `field` is the link `ptr`. */
#define svc__list_entry(ptr, type, field)                                      \
    ((type *)(void *)((char *)(ptr)-offsetof(type, field)))

/* Walks the links; the current one must stay in the list. */
#define svc__list_each(it, head)                                               \
    for ((it) = (head)->next; (it) != (head); (it) = (it)->next)

/* Walks the links; the current one may be removed. */
#define svc__list_each_safe(it, after, head)                                   \
    for ((it) = (head)->next, (after) = (it)->next; (it) != (head);            \
         (it) = (after), (after) = (it)->next)

static inline void svc__list_init(struct svc__list *link)
{
    link->prev = link;
    link->next = link;
}

static inline int svc__list_is_empty(const struct svc__list *head)
{
    return head->next == head;
}

/* Puts link, which is in no list, at the end. */
static inline void svc__list_add(struct svc__list *head, struct svc__list *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

/* Takes link out; harmless when it is in no list. */
static inline void svc__list_remove(struct svc__list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    svc__list_init(link);
}

/* Moves all of from to the end of to. */
static inline void svc__list_move(struct svc__list *to, struct svc__list *from)
{
    if (svc__list_is_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    svc__list_init(from);
}

#endif
