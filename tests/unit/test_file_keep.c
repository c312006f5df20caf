/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stays of an earlier manifest, against a model: random texts, one after
 * the other, of objects that are good, refused or absent, some twice, some
 * texts with an object that has no name (semantics 2.11, 13).
 */
#include "backend/file_keep.h"
#include "base/buf.h"
#include "base/rng.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define NAMES 5
#define TEXTS 1000

static const struct svc__hash_key hash_key = {1, 2};

/* Writes an object of a kind; version is a port, an address or a zone, and 0
 * makes an object that is refused. name "[]" is none. */
static void write_object(struct svc__buf *b, int kind, const char *name,
                         unsigned version)
{
    if (kind == SVC__KIND_SERVICE)
        svc__buf_printf(b,
                        "apiVersion: v1\nkind: Service\nmetadata: {name: %s, "
                        "namespace: shop}\nspec: {ports: [{port: %u}]}\n"
                        "---\n",
                        name, version);
    else if (kind == SVC__KIND_SLICE)
        svc__buf_printf(b,
                        "apiVersion: discovery.k8s.io/v1\n"
                        "kind: EndpointSlice\nmetadata: {name: %s, "
                        "namespace: shop}\naddressType: IPv4\n"
                        "endpoints: []\nports: [{port: %d}]\n---\n",
                        name, version == 0 ? -1 : (int)version);
    else
        svc__buf_printf(b,
                        "apiVersion: v1\nkind: Node\nmetadata: {name: %s}\n"
                        "status: {addresses: [{type: InternalIP, address: "
                        "%s%u}]}\n---\n",
                        name, version == 0 ? "x" : "10.0.0.", version);
}

/* The version that an object has, or 0. */
static unsigned version_of(const struct svc__manifest_object *o)
{
    if (o->service != NULL)
        return o->service->ports[0].port;
    if (o->slice != NULL)
        return o->slice->ports[0].number;
    return o->node == NULL ? 0 : o->node->ipv4.bytes[3];
}

/* The version of the last object of a kind and name that has one: what counts
 * in the end. */
static unsigned find(const struct svc__manifest *m, int kind, const char *name)
{
    unsigned version = 0;

    for (size_t i = 0; i < m->count; i++) {
        const char *namespace_;
        const char *own;

        svc__file_keep_names(&m->objects[i], &namespace_, &own);
        if ((int)m->objects[i].kind == kind && strcmp(own, name) == 0 &&
            svc__file_keep_has_value(&m->objects[i]))
            version = version_of(&m->objects[i]);
    }
    return version;
}

/* One random text. now[kind][name]: 0 absent, -1 refused, else the version. */
static void write_text(struct svc__rng *rng, struct svc__buf *b,
                       int now[3][NAMES], int *ret_nameless)
{
    char name[8];

    memset(now, 0, sizeof(int) * 3 * NAMES);
    *ret_nameless = svc__rng_below(rng, 4) == 0;
    if (*ret_nameless)
        write_object(b, (int)svc__rng_below(rng, 3), "[]", 1);
    for (int i = 0; i < 3 * NAMES * 2; i++) {
        const int kind = i % 3;
        const int which = i / 3 % NAMES;
        const unsigned version = svc__rng_below(rng, 200);

        if (svc__rng_below(rng, 3) == 0)
            continue; /* absent, or there once instead of twice */
        snprintf(name, sizeof(name), "o%d", which);
        write_object(b, kind, name, version / 4);
        if (version / 4 > 0)
            now[kind][which] = (int)(version / 4);
        else if (now[kind][which] == 0)
            now[kind][which] = -1;
    }
}

static void check(const struct svc__manifest *m, int known[3][NAMES],
                  int now[3][NAMES], int nameless)
{
    char name[8];

    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < NAMES; i++) {
            const int gone = now[kind][i] == 0 && !nameless;

            if (now[kind][i] > 0)
                known[kind][i] = now[kind][i];
            else if (gone)
                known[kind][i] = 0;
            snprintf(name, sizeof(name), "o%d", i);
            assert_int_equal(find(m, kind, name), known[kind][i]);
        }
    }
}

static const char *unknown_of(const struct svc__manifest *m)
{
    for (size_t i = 0; i < m->count; i++) {
        if (m->objects[i].refusal != NULL &&
            m->objects[i].refusal->name[0] == '\0')
            return m->objects[i].refusal->reason;
    }
    return NULL;
}

static void what_stays_is_what_the_model_says(void **state)
{
    int known[3][NAMES] = {{0}};
    struct svc__manifest *old = NULL;
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 7);
    for (int i = 0; i < TEXTS; i++) {
        struct svc__manifest *m = NULL;
        int now[3][NAMES];
        int nameless;
        struct svc__buf b;

        svc__buf_init(&b, 1 << 20);
        write_text(&rng, &b, now, &nameless);
        assert_int_equal(
            svc__manifest_parse(
                &(struct svc__manifest_text){b.data == NULL ? "" : b.data,
                                             b.size, SVC__MANIFEST_YAML, NULL},
                &m, NULL),
            0);
        assert_int_equal(unknown_of(m) != NULL, nameless);
        if (old != NULL)
            assert_int_equal(svc__file_keep(m, old, unknown_of(m), &hash_key),
                             0);
        svc__manifest_free(old);
        check(m, known, now, nameless);
        old = m;
        svc__buf_fini(&b);
    }
    svc__manifest_free(old);
    assert_int_equal(oom_live(), 0);
}

/* Every allocation fails once and for ever: refused, and nothing leaks. */
static void keep_something(void *arg)
{
    const char *const *texts = arg;
    struct svc__manifest *m[2] = {NULL, NULL};
    int err = 0;

    for (int i = 0; i < 2 && err == 0; i++)
        err = svc__manifest_parse(
            &(struct svc__manifest_text){texts[i], strlen(texts[i]),
                                         SVC__MANIFEST_YAML, NULL},
            &m[i], NULL);
    if (err == 0)
        err = svc__file_keep(m[1], m[0], unknown_of(m[1]), &hash_key);
    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        assert_true(oom_failures() > 0);
    } else {
        assert_int_equal(find(m[1], SVC__KIND_SERVICE, "o0"), 1);
        assert_int_equal(find(m[1], SVC__KIND_SLICE, "o1"), 1);
    }
    svc__manifest_free(m[0]);
    svc__manifest_free(m[1]);
}

static void every_allocation_may_fail(void **state)
{
    struct svc__buf b[2];
    const char *texts[2];

    (void)state;
    svc__buf_init(&b[0], 1 << 20);
    svc__buf_init(&b[1], 1 << 20);
    for (int i = 0; i < 40; i++) {
        char name[8];

        snprintf(name, sizeof(name), "o%d", i);
        write_object(&b[0], i % 3, name, 1);
        if (i % 2 == 0)
            write_object(&b[1], i % 3, name, 0);
    }
    write_object(&b[1], SVC__KIND_NODE, "[]", 1);
    texts[0] = b[0].data;
    texts[1] = b[1].data;
    oom_torture(keep_something, texts);
    svc__buf_fini(&b[0]);
    svc__buf_fini(&b[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stays_is_what_the_model_says),
        cmocka_unit_test(every_allocation_may_fail),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
