/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared library as a plug-in loads it: again and again, closed while its
 * thread runs, and beside a second copy in the same process (faults P17, P18).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What the test takes from a copy that it loads. */
struct copy {
    void *handle;
    __typeof__(svc_version) *version;
    __typeof__(svc_allocator_set) *allocator_set;
    __typeof__(svc_resolver_new) *resolver_new;
    __typeof__(svc_resolver_free) *resolver_free;
    __typeof__(svc_resolver_resolve) *resolve;
    __typeof__(svc_service_new) *service_new;
    __typeof__(svc_service_free) *service_free;
    __typeof__(svc_service_wait) *wait;
    __typeof__(svc_service_pick) *pick;
    __typeof__(svc_endpoints_count) *count;
    __typeof__(svc_endpoints_unref) *unref;
};

/* Through memcpy: ISO C has no cast from an object to a function. */
static void take(struct copy *c, const char *name, void *ret, size_t size)
{
    void *symbol = dlsym(c->handle, name);

    assert_non_null(symbol);
    assert_int_equal(size, sizeof(symbol));
    memcpy(ret, &symbol, size);
}

#define TAKE(name, member) take(c, name, &c->member, sizeof(c->member))

static void load(struct copy *c)
{
    c->handle =
        dlopen(SVC_TEST_BINARY_DIR "/libsvc.so.0", RTLD_NOW | RTLD_LOCAL);
    if (c->handle == NULL)
        fail_msg("%s", dlerror());
    TAKE("svc_version", version);
    TAKE("svc_allocator_set", allocator_set);
    TAKE("svc_resolver_new", resolver_new);
    TAKE("svc_resolver_free", resolver_free);
    TAKE("svc_resolver_resolve", resolve);
    TAKE("svc_service_new", service_new);
    TAKE("svc_service_free", service_free);
    TAKE("svc_service_wait", wait);
    TAKE("svc_service_pick", pick);
    TAKE("svc_endpoints_count", count);
    TAKE("svc_endpoints_unref", unref);
}

static svc_resolver *begin(const struct copy *c, char *manifest)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r = NULL;

    o.manifest = manifest;
    o.manifest_size = strlen(manifest);
    assert_int_equal(c->resolver_new(&o, &r, NULL), 0);
    return r;
}

static void use(const struct copy *c, svc_resolver *r)
{
    svc_endpoints *eps = NULL;

    assert_int_equal(c->resolve(r, "web.dev:80", NULL, WORLD_MS, &eps, NULL),
                     0);
    assert_int_equal(c->count(eps), 2);
    c->unref(eps);
}

static void test_loaded_again_and_again(void **state)
{
    char *manifest = world_service("web", "10.0.0.1 10.0.0.2");

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct copy c;
        svc_resolver *r;

        load(&c);
        r = begin(&c, manifest);
        use(&c, r);
        c.resolver_free(r);
        assert_int_equal(dlclose(c.handle), 0);
    }
    free(manifest);
}

/* It stays where it is, so that its thread has code to run. */
static void test_closed_while_its_thread_runs(void **state)
{
    char *manifest = world_service("web", "10.0.0.1 10.0.0.2");
    struct copy c;
    svc_resolver *r;

    (void)state;
    load(&c);
    r = begin(&c, manifest);
    assert_int_equal(dlclose(c.handle), 0);
    use(&c, r);
    assert_string_equal(c.version(), svc_version());
    c.resolver_free(r);
    free(manifest);
}

/* ---- threads ----------------------------------------------------------- */

struct picker {
    struct copy c;
    svc_service *s;
    pthread_barrier_t picked;
    pthread_barrier_t closed;
    int code;
};

static void *pick_and_stay(void *arg)
{
    struct picker *p = arg;
    svc_pick pick;

    p->code = p->c.pick(p->s, NULL, &pick);
    (void)pthread_barrier_wait(&p->picked);
    (void)pthread_barrier_wait(&p->closed);
    return NULL;
}

/* A thread that picked has something of its own there, which it gives back when
 * it ends: whoever loaded the library has closed it by then. */
static void test_a_thread_outlives_the_handle(void **state)
{
    char *manifest = world_service("web", "10.0.0.1 10.0.0.2");
    struct picker p = {.code = 1};
    svc_resolver *r;
    pthread_t thread;

    (void)state;
    load(&p.c);
    r = begin(&p.c, manifest);
    assert_int_equal(p.c.service_new(r, "web.dev:80", NULL, &p.s, NULL), 0);
    assert_int_equal(p.c.wait(p.s, WORLD_MS, NULL), 0);
    assert_int_equal(pthread_barrier_init(&p.picked, NULL, 2), 0);
    assert_int_equal(pthread_barrier_init(&p.closed, NULL, 2), 0);
    assert_int_equal(pthread_create(&thread, NULL, pick_and_stay, &p), 0);
    (void)pthread_barrier_wait(&p.picked);
    p.c.service_free(p.s);
    p.c.resolver_free(r);
    assert_int_equal(dlclose(p.c.handle), 0);
    (void)pthread_barrier_wait(&p.closed);
    pthread_join(thread, NULL);
    assert_int_equal(p.code, 0);
    pthread_barrier_destroy(&p.picked);
    pthread_barrier_destroy(&p.closed);
    free(manifest);
}

static int allocations;

static void *count_malloc(size_t size)
{
    allocations++;
    return malloc(size);
}

/* This program has a copy of its own: neither knows of the other. */
static void test_two_copies(void **state)
{
    static const svc_allocator counting = {count_malloc, realloc, free};
    char *manifest = world_service("web", "10.0.0.1 10.0.0.2");
    const struct copy mine = {.version = svc_version,
                              .resolver_new = svc_resolver_new,
                              .resolver_free = svc_resolver_free,
                              .resolve = svc_resolver_resolve,
                              .count = svc_endpoints_count,
                              .unref = svc_endpoints_unref};
    struct copy other;
    svc_resolver *r[2];
    int before;

    (void)state;
    load(&other);
    assert_ptr_not_equal(mine.version, other.version);
    /* Theirs has allocated before; mine is new, and set for itself alone. */
    assert_int_equal(other.allocator_set(&counting), SVC_ESTATE);
    assert_int_equal(svc_allocator_set(&counting), 0);
    r[0] = begin(&mine, manifest);
    use(&mine, r[0]);
    assert_true(allocations > 0);
    before = allocations;
    r[1] = begin(&other, manifest);
    use(&other, r[1]);
    assert_int_equal(allocations, before);
    use(&mine, r[0]);
    mine.resolver_free(r[0]);
    use(&other, r[1]);
    other.resolver_free(r[1]);
    assert_int_equal(dlclose(other.handle), 0);
    free(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loaded_again_and_again),
        cmocka_unit_test(test_closed_while_its_thread_runs),
        cmocka_unit_test(test_a_thread_outlives_the_handle),
        cmocka_unit_test(test_two_copies),
    };

    return cmocka_run_group_tests_name("dlopen", tests, NULL, NULL);
}
