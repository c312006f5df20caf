/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of the policies' names (semantics 3), and the building.
 */
#include "policy/policy.h"

#include "base/buf.h"
#include "base/err.h"

#include <string.h>

#define ADDRESS(name) &svc__policy_##name,

static const struct svc__policy_ops *const policies[] = {
    SVC__POLICIES(ADDRESS)};

const struct svc__policy_ops *svc__policy_at(size_t i)
{
    return i < sizeof(policies) / sizeof(policies[0]) ? policies[i] : NULL;
}

int svc__policy_is_weighted(const struct svc__policy_input *in)
{
    const uint32_t *weights = in->weights;

    for (uint32_t i = 1; weights != NULL && i < svc__policy_count(in); i++) {
        if (weights[i] != weights[0])
            return 1;
    }
    return 0;
}

int svc__policy_build(const struct svc__policy_ops *ops,
                      const struct svc__policy_input *in,
                      const struct svc__policy_params *params,
                      struct svc__policy *ret)
{
    static _Atomic uint64_t last_id;
    void *state;
    int err = ops->build(in, params, &state);

    if (err != 0)
        return err;
    ret->ops = ops;
    ret->state = state;
    ret->set = in->set;
    ret->id = atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
    return 0;
}

void svc__policy_fini(struct svc__policy *p)
{
    if (p->ops != NULL)
        p->ops->destroy(p->state);
    p->ops = NULL;
}

/* Whether word is one of the words of a list, which have a space between
 * them. */
static int is_in(const char *list, const char *word)
{
    size_t size = strlen(word);

    while (*list != '\0') {
        size_t n = strcspn(list, " ");

        if (n == size && memcmp(list, word, n) == 0)
            return 1;
        list += n;
        list += *list == ' ';
    }
    return 0;
}

int svc__policy_find(const char *name, const struct svc__policy_ops **ret,
                     svc_error *reterr)
{
    const struct svc__policy_ops *ops;
    struct svc__buf valid;
    int err;

    if (name == NULL || name[0] == '\0') {
        *ret = policies[0];
        return 0;
    }
    for (size_t i = 0; (ops = svc__policy_at(i)) != NULL; i++) {
        if (strcmp(ops->name, name) == 0 || is_in(ops->alias, name)) {
            *ret = ops;
            return 0;
        }
    }
    svc__buf_init(&valid, 256);
    for (size_t i = 0; (ops = svc__policy_at(i)) != NULL; i++)
        svc__buf_printf(&valid, "%s%s", i == 0 ? "" : ", ", ops->name);
    err = valid.err != 0
              ? svc__err_nomem(reterr)
              : svc__err_set(reterr, SVC_EINVAL, "no policy \"%s\"; valid: %s",
                             name, valid.data);
    svc__buf_fini(&valid);
    return err;
}
