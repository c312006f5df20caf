/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names written back: parse(format(x)) = x for generated names of every kind,
 * and for whatever damaged text still reads; the canonical DNS names.
 */
#include "base/alloc.h"
#include "base/rng.h"
#include "model/name.h"
#include "namedump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct svc__name_env envs[] = {
    {"mine", "cluster.local"}, {"svc", "k8s.example.org"}, {"pod", "local"}};

/* ---- names made up ---- */

static char *pick(struct svc__rng *rng, const char *const *words, size_t count)
{
    return svc__strdup(words[svc__rng_below(rng, (uint32_t)count)]);
}

/* A label: often one that could be taken for something else. */
static char *label(struct svc__rng *rng)
{
    static const char *const words[] = {
        "svc", "pod",     "pin",  "prefer", "local", "cluster",
        "10",  "1-2-3-4", "0x7f", "com",    "a",     "clusterset"};
    static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    char text[64];
    size_t size = 1 + svc__rng_below(rng, svc__rng_below(rng, 8) ? 12 : 40);

    if (svc__rng_below(rng, 3) == 0)
        return pick(rng, words, COUNT(words));
    for (size_t i = 0; i < size; i++)
        text[i] = chars[svc__rng_below(rng, sizeof(chars) - 1)];
    if (size > 2 && svc__rng_below(rng, 4) == 0)
        text[1] = '-';
    return svc__strndup(text, size);
}

/* One to four labels and an ending. */
static char *dotted(struct svc__rng *rng, const char *end)
{
    char text[256] = "";
    uint32_t count = 1 + svc__rng_below(rng, 4);

    for (uint32_t i = 0; i < count; i++) {
        char *part = label(rng);

        (void)strcat(strcat(text, i > 0 ? "." : ""), part);
        svc__free(part);
    }
    return svc__strdup(strcat(text, end));
}

static void make_address(struct svc__rng *rng, struct svc__address *ret)
{
    size_t size = 4;

    memset(ret, 0, sizeof(*ret));
    ret->family = SVC__FAMILY_IPV4;
    if (svc__rng_below(rng, 2)) {
        ret->family = SVC__FAMILY_IPV6;
        size = 16;
    }
    for (size_t i = 0; i < size; i++) {
        if (size == 4 || svc__rng_below(rng, 2))
            ret->bytes[i] = (uint8_t)svc__rng_next(rng);
    }
    /* None that is refused. */
    if (ret->bytes[0] == 0 || ret->bytes[0] >= 224)
        ret->bytes[0] = 10;
}

static void make_port(struct svc__rng *rng, struct svc__name *ret)
{
    static const enum svc__proto protos[] = {SVC__PROTO_TCP, SVC__PROTO_UDP,
                                             SVC__PROTO_SCTP};
    int number = ret->kind == SVC__NAME_LITERAL || svc__rng_below(rng, 2);

    if (svc__rng_below(rng, 2))
        ret->proto = protos[svc__rng_below(rng, 3)];
    if (number)
        ret->port = (uint16_t)(1 + svc__rng_below(rng, 65535));
    else if (ret->kind != SVC__NAME_POD)
        ret->port_name = svc__rng_below(rng, 2) ? svc__strdup("http") : NULL;
    if (ret->kind == SVC__NAME_EXTERNAL && ret->port_name != NULL &&
        ret->proto == SVC__PROTO_ANY)
        ret->proto = SVC__PROTO_TCP;
}

static void make_options(struct svc__rng *rng, struct svc__name *ret)
{
    static const char *const views[] = {"auto", "pods", "vip", "node", "lb"};
    static const char *const families[] = {"any", "ipv4", "ipv6"};
    static const char *const policies[] = {"rr", "adaptive", "Own-2"};
    static const char *const files[] = {"/a", "/", "/a#b?c", "/d/e%20f.yaml"};

    if (svc__rng_below(rng, 3) == 0)
        ret->view = pick(rng, views, COUNT(views));
    if (svc__rng_below(rng, 3) == 0)
        ret->family = pick(rng, families, COUNT(families));
    if (svc__rng_below(rng, 3) == 0)
        ret->policy = pick(rng, policies, COUNT(policies));
    if (ret->kind == SVC__NAME_EXTERNAL && svc__rng_below(rng, 2)) {
        ret->scheme = SVC__SCHEME_DNS;
    } else if (svc__rng_below(rng, 4) == 0) {
        ret->scheme = SVC__SCHEME_FILE;
        ret->file = pick(rng, files, COUNT(files));
    } else if (svc__rng_below(rng, 4) == 0) {
        ret->scheme = SVC__SCHEME_KUBERNETES;
    }
}

static void make_name(struct svc__rng *rng, struct svc__name *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->kind = (enum svc__name_kind)svc__rng_below(rng, 6);
    if (ret->kind == SVC__NAME_EXTERNAL) {
        ret->domain = dotted(rng, ".example");
    } else if (ret->kind == SVC__NAME_LITERAL) {
        make_address(rng, &ret->address);
    } else {
        ret->namespace_ = label(rng);
        if (ret->kind == SVC__NAME_POD)
            make_address(rng, &ret->address);
        else
            ret->service = label(rng);
    }
    if (ret->kind == SVC__NAME_ZONAL) {
        ret->topo_zone = dotted(rng, "");
        ret->topo_prefer = svc__rng_below(rng, 2) == 0;
    } else if (ret->service != NULL && svc__rng_below(rng, 2)) {
        ret->host = label(rng);
        if (ret->kind == SVC__NAME_CLUSTERSET)
            ret->cluster_id = label(rng);
    }
    make_port(rng, ret);
    make_options(rng, ret);
}

/* ---- the property ---- */

static void check_round_trip(const struct svc__name *name,
                             const struct svc__name_env *env)
{
    char *text = svc__name_format(name, env);
    char *canonical = svc__name_canonical(name, env);
    struct svc__name again;
    svc_error error;
    char want[4096];
    char got[4096];

    assert_non_null(text);
    assert_non_null(canonical);
    namedump(name, want, sizeof(want));
    if (svc__name_parse(text, env, &again, &error) != 0)
        fail_msg("%s\n  %s", want, error.message);
    namedump(&again, got, sizeof(got));
    if (strcmp(want, got) != 0)
        fail_msg("%s\n  is   %s\n  want %s", text, got, want);
    svc__name_fini(&again);
    svc__free(text);
    svc__free(canonical);
}

static void test_generated(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 1);
    for (int i = 0; i < 30000; i++) {
        struct svc__name name;

        make_name(&rng, &name);
        check_round_trip(&name, &envs[i % 3]);
        svc__name_fini(&name);
    }
}

/* Changes, puts in or takes out a few bytes. */
static size_t damage(struct svc__rng *rng, char *text, size_t size)
{
    static const char bytes[] = "a1.-_:/?&=#[]%A\x80 svcpod~";

    for (uint32_t n = svc__rng_below(rng, 4); n > 0 && size < 200; n--) {
        uint32_t at = svc__rng_below(rng, (uint32_t)size + 1);
        char c = bytes[svc__rng_below(rng, sizeof(bytes) - 1)];

        if (svc__rng_below(rng, 2)) {
            memmove(text + at + 1, text + at, size - at + 1);
            text[at] = c;
            size++;
        } else if (at < size) {
            memmove(text + at, text + at + 1, size - at);
            size--;
        }
    }
    return size;
}

static void test_damaged(void **state)
{
    struct svc__rng rng;
    int good = 0;

    (void)state;
    svc__rng_seed(&rng, 2);
    for (int i = 0; i < 60000; i++) {
        const struct svc__name_env *env = &envs[i % 3];
        struct svc__name name;
        char text[2048];
        char *made;

        make_name(&rng, &name);
        made = svc__name_format(&name, env);
        svc__name_fini(&name);
        (void)snprintf(text, sizeof(text), "%s", made);
        svc__free(made);
        (void)damage(&rng, text, strlen(text));
        if (svc__name_parse(text, env, &name, NULL) != 0)
            continue;
        good++;
        check_round_trip(&name, env);
        svc__name_fini(&name);
    }
    assert_in_range(good, 15000, 55000);
}

static void test_texts(void **state)
{
    static const struct {
        const char *text;
        const char *format;
        const char *canonical;
    } rows[] = {{"WEB", "web.mine", "web.mine.svc.cluster.local"},
                {"svc-nginx.dev:80", "svc-nginx.dev:80",
                 "svc-nginx.dev.svc.cluster.local"},
                {"_http._tcp.stateful-nginx-1.svc-nginx.dev",
                 "stateful-nginx-1.svc-nginx.dev.svc:http?proto=tcp",
                 "stateful-nginx-1.svc-nginx.dev.svc.cluster.local"},
                {"kubernetes://dev/web:80?policy=rr&view=vip",
                 "kubernetes:///web.dev:80?view=vip&policy=rr",
                 "web.dev.svc.cluster.local"},
                {"file:///a/b.yaml#web", "file:///a/b.yaml#web.mine",
                 "web.mine.svc.cluster.local"},
                {"WWW.Google.com.:80", "www.google.com.:80", "www.google.com"},
                {"dns:///_http._tcp.google.com.",
                 "dns:///_http._tcp.google.com", "google.com"},
                {"10.0.0.1:80", "10.0.0.1:80", "10.0.0.1"},
                {"[FD00::0001]:80", "[fd00::1]:80", "fd00::1"},
                {"1-2-3-4.dev.pod:80", "1-2-3-4.dev.pod:80",
                 "1-2-3-4.dev.pod.cluster.local"},
                {"a.b.web.dev.svc.clusterset.local.",
                 "a.b.web.dev.svc.clusterset.local",
                 "a.b.web.dev.svc.clusterset.local"},
                {"x.y.prefer._zone.web.dev.svc", "x.y.prefer._zone.web.dev.svc",
                 "x.y.prefer._zone.web.dev.svc.cluster.local"}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct svc__name name;
        char *text;

        assert_int_equal(svc__name_parse(rows[i].text, &envs[0], &name, NULL),
                         0);
        text = svc__name_format(&name, &envs[0]);
        assert_string_equal(text, rows[i].format);
        svc__free(text);
        text = svc__name_canonical(&name, &envs[0]);
        assert_string_equal(text, rows[i].canonical);
        svc__free(text);
        svc__name_fini(&name);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
