/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the probing rule: at most three quarters full, entries moved back on
 * removal (Knuth's algorithm R for linear probing).
 */
#include "base/map.h"

#include "base/alloc.h"

#include <string.h>
#include <svc/svc.h>

void svc__map_init(struct svc__map *m, const struct svc__hash_key *key)
{
    memset(m, 0, sizeof(*m));
    m->hash_key = *key;
}

void svc__map_fini(struct svc__map *m)
{
    for (size_t i = 0; m->slots != NULL && i <= m->mask; i++)
        svc__free(m->slots[i]);
    svc__free(m->slots);
    m->slots = NULL;
    m->mask = 0;
    m->count = 0;
}

/* The slot that holds the key, or the empty one where it would go. Needs
 * slots. */
static size_t find(const struct svc__map *m, uint64_t hash, const char *key,
                   size_t key_size)
{
    size_t i = (size_t)hash & m->mask;

    while (m->slots[i] != NULL) {
        const struct svc__map_entry *e = m->slots[i];

        if (e->hash == hash && e->key_size == key_size &&
            memcmp(e->key, key, key_size) == 0)
            break;
        i = (i + 1) & m->mask;
    }
    return i;
}

static int grow(struct svc__map *m)
{
    size_t n = m->slots == NULL ? 8 : (m->mask + 1) * 2;
    struct svc__map_entry **slots =
        svc__calloc(n, sizeof(struct svc__map_entry *));

    if (slots == NULL)
        return SVC_ENOMEM;
    for (size_t i = 0; m->slots != NULL && i <= m->mask; i++) {
        struct svc__map_entry *e = m->slots[i];
        size_t to;

        if (e == NULL)
            continue;
        to = (size_t)e->hash & (n - 1);
        while (slots[to] != NULL)
            to = (to + 1) & (n - 1);
        slots[to] = e;
    }
    svc__free(m->slots);
    m->slots = slots;
    m->mask = n - 1;
    return 0;
}

void *svc__map_get(const struct svc__map *m, const char *key, size_t key_size)
{
    const struct svc__map_entry *e;

    if (m->slots == NULL)
        return NULL;
    e = m->slots[find(m, svc__hash(&m->hash_key, key, key_size), key,
                      key_size)];
    return e == NULL ? NULL : e->value;
}

static struct svc__map_entry *new_entry(uint64_t hash, const char *key,
                                        size_t key_size)
{
    struct svc__map_entry *e = NULL;

    if (key_size < SIZE_MAX - sizeof(*e))
        e = svc__alloc(sizeof(*e) + key_size + 1);
    if (e == NULL)
        return NULL;
    e->value = NULL;
    e->hash = hash;
    e->key_size = key_size;
    memcpy(e->key, key, key_size);
    e->key[key_size] = '\0';
    return e;
}

struct svc__map_entry *svc__map_enter(struct svc__map *m, const char *key,
                                      size_t key_size)
{
    uint64_t hash = svc__hash(&m->hash_key, key, key_size);
    struct svc__map_entry *e;
    size_t i = 0;

    if (m->slots != NULL) {
        i = find(m, hash, key, key_size);
        if (m->slots[i] != NULL)
            return m->slots[i];
    }
    if (m->slots == NULL || (m->count + 1) * 4 > (m->mask + 1) * 3) {
        if (grow(m) != 0)
            return NULL;
        i = find(m, hash, key, key_size);
    }
    e = new_entry(hash, key, key_size);
    if (e == NULL)
        return NULL;
    m->slots[i] = e;
    m->count++;
    return e;
}

int svc__map_put(struct svc__map *m, const char *key, size_t key_size,
                 void *value, void **ret_old)
{
    struct svc__map_entry *e = svc__map_enter(m, key, key_size);

    if (e == NULL)
        return SVC_ENOMEM;
    if (ret_old != NULL)
        *ret_old = e->value;
    e->value = value;
    return 0;
}

/* Closes the gap at slot i: later entries of the run move back unless that
 * would put them before their home. */
static void close_gap(struct svc__map *m, size_t i)
{
    size_t j = i;

    for (;;) {
        size_t home;

        j = (j + 1) & m->mask;
        if (m->slots[j] == NULL)
            break;
        home = (size_t)m->slots[j]->hash & m->mask;
        if (((j - home) & m->mask) >= ((j - i) & m->mask)) {
            m->slots[i] = m->slots[j];
            i = j;
        }
    }
    m->slots[i] = NULL;
}

/* Empties slot i. */
static void vacate(struct svc__map *m, size_t i)
{
    svc__free(m->slots[i]);
    close_gap(m, i);
    m->count--;
}

void svc__map_leave(struct svc__map *m, struct svc__map_entry *e)
{
    size_t i = (size_t)e->hash & m->mask;

    while (m->slots[i] != e)
        i = (i + 1) & m->mask;
    vacate(m, i);
}

void *svc__map_remove(struct svc__map *m, const char *key, size_t key_size)
{
    void *value;
    size_t i;

    if (m->slots == NULL)
        return NULL;
    i = find(m, svc__hash(&m->hash_key, key, key_size), key, key_size);
    if (m->slots[i] == NULL)
        return NULL;
    value = m->slots[i]->value;
    vacate(m, i);
    return value;
}

struct svc__map_entry *svc__map_next(const struct svc__map *m, size_t *at)
{
    while (m->slots != NULL && *at <= m->mask) {
        struct svc__map_entry *e = m->slots[(*at)++];

        if (e != NULL)
            return e;
    }
    return NULL;
}
