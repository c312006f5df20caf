/* SPDX-License-Identifier: Apache-2.0 */
/* json-c and libyaml allocate by themselves: the n-th of all allocations of
 * the process fails while a manifest is read, once and for ever. The answer is
 * SVC_ENOMEM or the whole manifest; never a crash, never a part (faults M1).
 * malloc is replaced in this program, which sanitizers do not go with. */
#include "base/buf.h"
#include "dump.h"
#include "kube/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Texts longer than the buffers that json-c and libyaml begin with. */
static const char json[] =
    "{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"" LONG
    "\",\"namespace\":\"x\"},\"spec\":{\"type\":\"LoadBalancer\","
    "\"clusterIPs\":[\"10.0.0.1\",\"fd00::1\"],\"ports\":[{\"name\":\"" LONG
    "\",\"port\":80,\"protocol\":\"UDP\",\"nodePort\":30000,\"appProtocol\":"
    "\"" LONG "\"}]},\"status\":{\"loadBalancer\":{\"ingress\":[{\"hostname\":"
    "\"" LONG "\\u00e9\\n" LONG "\",\"ports\":[{\"port\":80,\"error\":\"" LONG
    "\"}]}]}}}"
    "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\","
    "\"labels\":{\"topology.kubernetes.io/zone\":\"" LONG
    "\"}},\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":"
    "\"True\"}],\"addresses\":[{\"type\":\"InternalIP\",\"address\":"
    "\"2001:0db8:0000:0000:0000:0000:0000:0001\"}]}}";
static const char yaml[] =
    "items:\n- metadata: {name: n1}\n- {}\n- !!map\n  metadata:\n    name: n2\n"
    "kind: NodeList\napiVersion: v1\n---\n&a b\n---\nkind: Service\n"
    "apiVersion: v1\nmetadata:\n  name: a\nspec:\n  type: ExternalName\n"
    "  externalName: \"" LONG "\\\n  " LONG "\"\nother: |\n  " LONG
    "\n\n  " LONG "\n";

/* Which allocation fails: the one after `left` others; -1: none. */
static long left = -1;
static long count;
static int for_ever;

#ifndef SANITIZED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *ptr, size_t size);

static int fails(void)
{
    count++;
    if (left > 0) {
        left--;
        return 0;
    }
    if (left == 0 && !for_ever) {
        left = -1;
        return 1;
    }
    return left == 0;
}

/* Seen by the shared libraries too. */
#define EXPORT __attribute__((visibility("default")))

EXPORT void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

EXPORT void *realloc(void *ptr, size_t size)
{
    return fails() ? NULL : __libc_realloc(ptr, size);
}
#endif

/* Reads with allocation number n failing. The manifest in b, or b empty. */
static int parse(const char *text, long n, struct svc__buf *b)
{
    struct svc__manifest *m = NULL;
    int err;

    left = n;
    count = 0;
    err = svc__manifest_parse(&(struct svc__manifest_text){text, strlen(text),
                                                           SVC__MANIFEST_SNIFF,
                                                           NULL},
                              &m, NULL);
    left = -1;
    svc__buf_clear(b);
    if (err == 0)
        dump_manifest(b, m);
    svc__manifest_free(m);
    return err;
}

static void torture(const char *text)
{
    struct svc__buf whole;
    struct svc__buf b;
    long total;
    long failed = 0;

    svc__buf_init(&whole, 1 << 20);
    svc__buf_init(&b, 1 << 20);
    assert_int_equal(parse(text, -1, &whole), 0);
    total = count;
    for (for_ever = 0; for_ever < 2; for_ever++) {
        for (long n = 0; n < total; n++) {
            int err = parse(text, n, &b);

            failed += err == SVC_ENOMEM;
            if (err != SVC_ENOMEM) {
                assert_int_equal(err, 0);
                assert_string_equal(b.data, whole.data);
            }
        }
    }
    print_message("%ld allocations, %ld of %ld failed\n", total, failed,
                  2 * total);
    /* json-c and libyaml took part. */
    assert_true(total > 100);
    assert_true(failed > total);
    svc__buf_fini(&whole);
    svc__buf_fini(&b);
}

static void json_without_memory(void **state)
{
    (void)state;
    torture(json);
}

static void yaml_without_memory(void **state)
{
    (void)state;
    torture(yaml);
}

static int skip_if_sanitized(void)
{
#ifdef SANITIZED
    print_message("skipped: malloc is the sanitizer's\n");
    return 1;
#else
    return 0;
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_without_memory),
        cmocka_unit_test(yaml_without_memory),
    };

    if (skip_if_sanitized())
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
