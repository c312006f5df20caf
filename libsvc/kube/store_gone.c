/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the memory of deletions: two maps, of which the older one is thrown
 * away whole when the younger one is full. A version is kept in memory of its
 * own, since a pointer may be too small for it.
 */
#include "kube/store_gone.h"

#include "base/alloc.h"
#include "model/name.h"

/* A letter, then "namespace/name". */
#define KEY_MAX (1 + 63 + 1 + 253)

struct key {
    size_t size; /* 0: too long to exist */
    char text[KEY_MAX];
};

static void make(struct key *key, enum svc__store_kind kind,
                 const char *namespace_, const char *name)
{
    const size_t size =
        svc__name_key(namespace_, name, key->text + 1, KEY_MAX - 1);

    key->text[0] = (char)('a' + (int)kind);
    key->size = size == 0 ? 0 : 1 + size;
}

void svc__store_gone_init(struct svc__store_gone *g,
                          const struct svc__hash_key *key)
{
    svc__map_init(&g->young, key);
    svc__map_init(&g->old, key);
}

static void empty(struct svc__map *m)
{
    struct svc__map_entry *e;
    size_t at = 0;

    while ((e = svc__map_next(m, &at)) != NULL)
        svc__free(e->value);
    svc__map_fini(m);
}

void svc__store_gone_fini(struct svc__store_gone *g)
{
    empty(&g->young);
    empty(&g->old);
}

void svc__store_gone_clear(struct svc__store_gone *g)
{
    svc__store_gone_fini(g);
}

static void turn(struct svc__store_gone *g)
{
    const struct svc__map young = g->young;

    empty(&g->old);
    g->young = g->old;
    g->old = young;
}

void svc__store_gone_note(struct svc__store_gone *g, enum svc__store_kind kind,
                          const char *namespace_, const char *name,
                          uint64_t version)
{
    struct svc__map_entry *e;
    struct key key;
    uint64_t *kept;

    make(&key, kind, namespace_, name);
    if (version == 0 || key.size == 0)
        return;
    if (g->young.count >= SVC__STORE_GONE_MIN)
        turn(g);
    e = svc__map_enter(&g->young, key.text, key.size);
    if (e == NULL)
        return;
    kept = e->value != NULL ? e->value : svc__alloc(sizeof(*kept));
    if (kept == NULL) {
        svc__map_leave(&g->young, e);
        return;
    }
    if (e->value == NULL || *kept < version)
        *kept = version;
    e->value = kept;
}

static int is_older(const struct svc__map *m, const struct key *key,
                    uint64_t version)
{
    const uint64_t *kept = svc__map_get(m, key->text, key->size);

    return kept != NULL && version < *kept;
}

int svc__store_gone_is_older(const struct svc__store_gone *g,
                             enum svc__store_kind kind, const char *namespace_,
                             const char *name, uint64_t version)
{
    struct key key;

    if (version == 0 || g->young.count + g->old.count == 0)
        return 0;
    make(&key, kind, namespace_, name);
    return key.size > 0 && (is_older(&g->young, &key, version) ||
                            is_older(&g->old, &key, version));
}
