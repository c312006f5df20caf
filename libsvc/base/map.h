/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Map from text keys to pointers: open addressing with linear probing, keys
 * copied into one allocation an entry, a keyed hash. Removal leaves no
 * tombstones, so an emptied map is as fast as a new one. One thread at a time.
 */
#ifndef SVC_BASE_MAP_H
#define SVC_BASE_MAP_H

#include "base/hash.h"

#include <stddef.h>
#include <stdint.h>

struct svc__map_entry {
    void *value;
    uint64_t hash;
    size_t key_size;
    char key[]; /* NUL-terminated, the NUL not counted */
};

struct svc__map {
    struct svc__map_entry **slots;
    size_t mask;  /* slots - 1, or 0 with no slots */
    size_t count; /* entries */
    struct svc__hash_key hash_key;
};

void svc__map_init(struct svc__map *m, const struct svc__hash_key *key);

/* Frees the entries, not the values. */
void svc__map_fini(struct svc__map *m);

/* The value, or NULL. */
void *svc__map_get(const struct svc__map *m, const char *key, size_t key_size);

/* Sets the value (not NULL) of a key; the old one goes to *ret_old unless
 * ret_old is NULL. 0, or SVC_ENOMEM with the map unchanged, which cannot
 * happen for a key that is there. */
int svc__map_put(struct svc__map *m, const char *key, size_t key_size,
                 void *value, void **ret_old);

/* The entry of a key, made with the value NULL when there was none: its value
 * is then to be set, or the entry to leave, before anything else is done with
 * the map. NULL: out of memory, with the map unchanged. One hash, where get
 * and put would take two. */
struct svc__map_entry *svc__map_enter(struct svc__map *m, const char *key,
                                      size_t key_size);

/* Removes and frees an entry. */
void svc__map_leave(struct svc__map *m, struct svc__map_entry *e);

/* Removes a key. Returns its value, or NULL. */
void *svc__map_remove(struct svc__map *m, const char *key, size_t key_size);

/* Next entry in no particular order; *at begins as 0. NULL at the end. The
 * map must not change during the walk, but for this: the entry that was
 * returned may be removed, if *at is then reduced by one, so that what moved
 * into its place is seen. Others may then come twice. */
struct svc__map_entry *svc__map_next(const struct svc__map *m, size_t *at);

#endif
