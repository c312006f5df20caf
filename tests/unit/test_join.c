/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The union over slices: what is left out and why, and what is said when
 * nothing is there. The rules of kube-proxy and CoreDNS are in their tables.
 */
#include "kube/join.h"
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CHECK(facts)                                                           \
    kube_check_facts((facts), sizeof(facts) / sizeof((facts)[0]))

#define WEB "Service s/w selector port=p:80/TCP"

static void families(void **state)
{
#define BOTH                                                                   \
    "Slice s/1 of=w port=p:80 @10.0.0.1",                                      \
        "Slice s/2 of=w type=IPv6 port=p:80 @fd00::1"
    static const struct kube_fact facts[] = {
        {"a Service that lists none",
         {WEB, BOTH},
         "s/w",
         "10.0.0.1:80/TCP [fd00::1]:80/TCP"},
        {"a Service that lists both",
         {WEB " family=6 family=4", BOTH},
         "s/w",
         "10.0.0.1:80/TCP [fd00::1]:80/TCP"},
        {"a Service that lists one",
         {WEB " family=6", BOTH},
         "s/w",
         "[fd00::1]:80/TCP 10.0.0.1:80/TCP(wrong-family)"},
        {"the caller wants one",
         {WEB, BOTH},
         "s/w family=6",
         "[fd00::1]:80/TCP 10.0.0.1:80/TCP(wrong-family)"},
        {"the caller wants the other one",
         {WEB " family=6", BOTH},
         "s/w family=4",
         "SVC_ENOENDPOINTS 10.0.0.1:80/TCP(wrong-family) "
         "[fd00::1]:80/TCP(wrong-family)"},
    };

    (void)state;
    CHECK(facts);
}

/* faults 3.3: every address passes one filter, each class has its opt-out. */
static void refused_addresses(void **state)
{
#define ODD                                                                    \
    "Slice s/1 of=w port=p:80 @10.0.0.1 @127.0.0.1 @169.254.1.1 "              \
    "@169.254.169.254 @224.0.0.1"
    static const struct kube_fact facts[] = {
        {"none let through",
         {WEB, ODD},
         "s/w",
         "10.0.0.1:80/TCP 127.0.0.1:80/TCP(refused-address) "
         "169.254.1.1:80/TCP(refused-address) "
         "169.254.169.254:80/TCP(refused-address) "
         "224.0.0.1:80/TCP(refused-address)"},
        {"loopback let through",
         {WEB, ODD},
         "s/w allow=loopback",
         "10.0.0.1:80/TCP 127.0.0.1:80/TCP "
         "169.254.1.1:80/TCP(refused-address) "
         "169.254.169.254:80/TCP(refused-address) "
         "224.0.0.1:80/TCP(refused-address)"},
        {"metadata needs both",
         {WEB, ODD},
         "s/w allow=metadata allow=link-local",
         "10.0.0.1:80/TCP 169.254.1.1:80/TCP 169.254.169.254:80/TCP "
         "127.0.0.1:80/TCP(refused-address) 224.0.0.1:80/TCP(refused-address)"},
        {"reasons add up",
         {WEB, "Slice s/1 of=w port=q:1 @127.0.0.1"},
         "s/w family=6",
         "SVC_ENOENDPOINTS "
         "127.0.0.1:?/TCP(no-such-port,wrong-family,refused-address)"},
    };

    (void)state;
    CHECK(facts);
}

static void newer_entries_win(void **state)
{
    static const struct kube_fact facts[] = {
        {"two live entries: the higher resourceVersion",
         {WEB,
          "Slice s/1 of=w rv=9 port=p:80 @10.0.0.1 zonehint=a "
          "@10.0.0.2 zonehint=b",
          "Slice s/2 of=w rv=10 port=p:80 @10.0.0.1 zonehint=b"},
         "s/w zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.1:80/TCP(duplicate)"},
        {"the same with the versions exchanged",
         {WEB,
          "Slice s/1 of=w rv=10 port=p:80 @10.0.0.1 zonehint=a "
          "@10.0.0.2 zonehint=b",
          "Slice s/2 of=w rv=9 port=p:80 @10.0.0.1 zonehint=b"},
         "s/w zone=a",
         "10.0.0.1:80/TCP 10.0.0.1:80/TCP(duplicate) "
         "10.0.0.2:80/TCP(other-zone)"},
        {"an unknown version is the lowest",
         {WEB,
          "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a "
          "@10.0.0.2 zonehint=b",
          "Slice s/2 of=w rv=1 port=p:80 @10.0.0.1 zonehint=b"},
         "s/w zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.1:80/TCP(duplicate)"},
        {"three of one address",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 cond=t",
          "Slice s/2 of=w port=p:80 @10.0.0.1 cond=-",
          "Slice s/3 of=w port=p:80 @10.0.0.1"},
         "s/w",
         "10.0.0.1:80/TCP 10.0.0.1:80/TCP(duplicate) "
         "10.0.0.1:80/TCP(duplicate)"},
        {"entries that are left out anyway are no duplicates",
         {WEB, "Slice s/1 of=w port=p:80 @127.0.0.1",
          "Slice s/2 of=w port=p:80 @127.0.0.1 @10.0.0.1"},
         "s/w",
         "10.0.0.1:80/TCP 127.0.0.1:80/TCP(refused-address) "
         "127.0.0.1:80/TCP(refused-address)"},
        {"without known ports, too",
         {"Service s/w headless", "Slice s/1 of=w @10.0.0.1",
          "Slice s/2 of=w port=x:1 @10.0.0.1"},
         "s/w",
         "10.0.0.1:? 10.0.0.1:?(duplicate)"},
    };

    (void)state;
    CHECK(facts);
}

static const struct {
    const char *lines[3];
    const char *query;
    int code;
    const char *message;
    const char *hint;
} empty[] = {
    {{WEB},
     "s/w",
     SVC_ENOENDPOINTS,
     "there is no EndpointSlice",
     "kubectl get endpointslices"},
    {{"Service s/w port=p:80"},
     "s/w",
     SVC_ENOENDPOINTS,
     "there is no EndpointSlice",
     "kubernetes.io/service-name"},
    {{WEB, "Slice s/1 of=w"},
     "s/w",
     SVC_ENOENDPOINTS,
     "its EndpointSlices are empty",
     "selector"},
    {{"Service s/w port=p:80", "Slice s/1 of=w"},
     "s/w",
     SVC_ENOENDPOINTS,
     "its EndpointSlices are empty",
     "no selector"},
    {{WEB, "Slice s/1 of=w type=FQDN"},
     "s/w",
     SVC_ENOENDPOINTS,
     "type FQDN",
     "ExternalName"},
    {{WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 host=a @10.0.0.2 host=b"},
     "s/w host=c",
     SVC_ENOSERVICE,
     "has the hostname \"c\"",
     "a, b"},
    {{WEB, "Slice s/1 of=w port=p:80 @10.0.0.1"},
     "s/w host=c",
     SVC_ENOSERVICE,
     "has the hostname \"c\"",
     "spec.subdomain"},
    {{WEB},
     "s/w host=c",
     SVC_ENOSERVICE,
     "has the hostname \"c\"",
     "spec.subdomain"},
};

/* Semantics 2.9 rule 3: nothing written yet is not the same as nobody
 * there. */
static void nothing_has_many_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        struct svc__store *st = kube_store_new();
        struct svc__view *v;
        svc_error error;

        for (size_t k = 0; k < 3 && empty[i].lines[k] != NULL; k++)
            assert_int_equal(kube_apply(st, empty[i].lines[k]), 0);
        v = kube_view(st, empty[i].query, NULL, &error);
        assert_int_equal(v->code, empty[i].code);
        assert_non_null(strstr(v->message, empty[i].message));
        assert_non_null(strstr(v->message, "Service \"w\" in namespace \"s\""));
        assert_non_null(strstr(v->message, "(source: test)"));
        assert_non_null(strstr(v->hint, empty[i].hint));
        svc__view_free(v);
        svc__store_free(st);
    }
}

static int64_t no_clock(void)
{
    return 0;
}

/* All steps "slices" in one text. */
static void steps_of(const struct svc__view *v, char *ret, size_t size)
{
    struct svc__list *it;

    ret[0] = '\0';
    svc__list_each (it, &v->steps) {
        const struct svc__step *step =
            svc__list_entry(it, struct svc__step, link);

        if (strcmp(step->step, "slices") == 0)
            (void)snprintf(ret + strlen(ret), size - strlen(ret), "%s\n",
                           step->text);
    }
}

static void every_slice_is_told(void **state)
{
    struct svc__store *st = kube_store_new();
    struct svc__view *v;
    svc_error error;
    char text[8192];

    (void)state;
    (void)kube_apply(st, WEB);
    (void)kube_apply(st, "Slice s/a of=w port=p:8080 @10.0.0.1 @127.0.0.1");
    (void)kube_apply(st, "Slice s/b of=w port=q:1 @10.0.0.2");
    (void)kube_apply(st, "Slice s/c of=w type=FQDN");
    (void)kube_apply(st, "Slice s/d of=w port=p:8080 @10.0.0.1");
    v = kube_view(st, "s/w", no_clock, &error);
    steps_of(v, text, sizeof(text));
    assert_string_equal(
        text, "slice \"a\" (IPv4): 2 endpoints at port 8080\n"
              "slice \"b\" (IPv4): 1 endpoint without the port\n"
              "slice \"c\": left out, FQDN slices are not used\n"
              "slice \"d\" (IPv4): 1 endpoint at port 8080\n"
              "slices: 3, endpoints in them: 4; part of the answer: 1; left "
              "out: 3 (duplicates: 1, refused addresses: 1)\n");
    assert_int_equal(v->duplicates, 1);
    assert_int_equal(v->refused, 1);
    svc__view_free(v);
    svc__store_free(st);
}

/* Ten thousand slices are not ten thousand lines. */
static void steps_are_bounded(void **state)
{
    struct svc__store *st = kube_store_new();
    struct svc__list *it;
    struct svc__view *v;
    svc_error error;
    size_t count = 0;

    (void)state;
    (void)kube_apply(st, WEB);
    for (int i = 0; i < 300; i++) {
        char line[96];

        (void)snprintf(line, sizeof(line),
                       "Slice s/x%d of=w port=p:80 @10.0.%d.%d", i, i / 200,
                       i % 200 + 1);
        assert_int_equal(kube_apply(st, line), 0);
    }
    v = kube_view(st, "s/w", no_clock, &error);
    svc__list_each (it, &v->steps)
        count++;
    assert_in_range(count, 10, 30);
    assert_int_equal(v->count, 300);
    svc__view_free(v);
    svc__store_free(st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families),
        cmocka_unit_test(refused_addresses),
        cmocka_unit_test(newer_entries_win),
        cmocka_unit_test(nothing_has_many_stories),
        cmocka_unit_test(every_slice_is_told),
        cmocka_unit_test(steps_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
