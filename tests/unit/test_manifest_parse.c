/* SPDX-License-Identifier: Apache-2.0 */
/* Documents, lists and kinds of a file: what counts, what is refused and in
 * which words; and that a format makes no difference. */
#include "base/alloc.h"
#include "dump.h"
#include "generate.h"
#include "kube/json.h"
#include "kube/manifest.h"
#include "kube/yaml_scalar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* The manifest as text, or "= " and the message. Owned. */
static char *parse(const char *text, size_t size,
                   enum svc__manifest_format format)
{
    struct svc__manifest *m = NULL;
    svc_error error = {0, "", ""};
    struct svc__buf b;
    int err = svc__manifest_parse(
        &(struct svc__manifest_text){text, size, format, NULL}, &m, &error);

    svc__buf_init(&b, SIZE_MAX / 2);
    if (err == 0) {
        dump_manifest(&b, m);
        svc__manifest_free(m);
    } else {
        assert_int_equal(err, SVC_EFILE);
        assert_int_equal(error.code, SVC_EFILE);
        assert_true(error.hint[0] != '\0');
        assert_null(m);
        svc__buf_printf(&b, "= %s", error.message);
    }
    return svc__buf_take(&b);
}

struct example {
    const char *text;
    const char *out;
};

static void check_table(enum svc__manifest_format format,
                        const struct example *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *out = parse(table[i].text, strlen(table[i].text), format);

        print_message("%s\n", table[i].text);
        assert_string_equal(out, table[i].out);
        svc__free(out);
    }
}

#define check(format, table)                                                   \
    check_table(format, table, sizeof(table) / sizeof((table)[0]))

/* Objects in both formats, named so that they are told apart. */
#define SERVICE(name)                                                          \
    "{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":"      \
    "\"" name "\"},\"spec\":{\"clusterIP\":\"None\"}}"
#define BARE(name)                                                             \
    "{\"metadata\":{\"name\":\"" name "\"},\"spec\":{\"clusterIP\":\"None\"}}"
#define NODE                                                                   \
    "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n1\"}}"
#define SLICE                                                                  \
    "{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\","      \
    "\"addressType\":\"IPv4\",\"metadata\":{\"name\":\"a-1\",\"labels\":{"     \
    "\"kubernetes.io/service-name\":\"a\"}},\"ports\":[],\"endpoints\":[]}"
#define YAML_SERVICE(name)                                                     \
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: " name                  \
    "\nspec:\n  clusterIP: None\n"
#define OUT(name) "Service default/" name " ClusterIP headless\n"

static void json_that_counts(void **state)
{
    static const struct example table[] = {
        {"", ""},
        {" \n", ""},
        {"\xef\xbb\xbf" SERVICE("a"), "1 " OUT("a")},
        {SERVICE("a") SERVICE("b") "\n" NODE,
         "1 " OUT("a") "2 " OUT("b") "3 Node n1 not-ready - -\n"},
        {SLICE, "1 EndpointSlice default/a-1 of a type 4\n"},
        {"{\"apiVersion\":\"v1\",\"items\":[" SERVICE(
             "a") "," NODE "],\"kind\":\"List\"}",
         "1 " OUT("a") "1 Node n1 not-ready - -\n"},
        {"{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"items\":[" BARE(
             "a") "," BARE("b") "]}",
         "1 " OUT("a") "1 " OUT("b")},
        {"{\"items\":[" BARE("a") "],\"kind\":\"ServiceList\",\"apiVersion\":"
                                  "\"v1\"}" SERVICE("b"),
         "1 " OUT("a") "2 " OUT("b")},
        {"{\"kind\":\"ServiceList\",\"items\":[" BARE(
             "a") "],\"apiVersion\":\"v1\"}",
         "1 " OUT("a")},
        {"{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[]}", ""},
        {"{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":null}", ""},
        {"{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\"}", ""},
    };

    (void)state;
    check(SVC__MANIFEST_JSON, table);
}

static void yaml_that_counts(void **state)
{
    static const struct example table[] = {
        {"", ""},
        {"# nothing\n---\n---\nnull\n", ""},
        {YAML_SERVICE("a"), "1 " OUT("a")},
        {"---\n" YAML_SERVICE("a") "---\n---\n" YAML_SERVICE("b") "...\n",
         "1 " OUT("a") "3 " OUT("b")},
        {"apiVersion: v1\nitems:\n- " SERVICE(
             "a") "\n- " NODE
                  "\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
         "1 " OUT("a") "1 Node n1 not-ready - -\n"},
        {"kind: ServiceList\napiVersion: v1\nitems:\n- " BARE("a") "\n",
         "1 " OUT("a")},
        /* The kind behind the items, in more than one document. */
        {"items:\n- " BARE("a") "\n- " BARE(
             "b") "\nkind: ServiceList\napiVersion: v1\n---\n&x a: 1\n---\n"
                  "items: [{metadata: {name: n1}}]\napiVersion: v1\nkind: "
                  "NodeList\n---\nitems: [{}]\nkind: PodList\n",
         "1 " OUT("a") "1 " OUT("b") "3 Node n1 not-ready - -\nignored 1\n"
                                     "documents 1: document 2 (line 6): line "
                                     "7, column 1: anchors are not "
                                     "read: &x\n"},
        {"kind: List\napiVersion: v1\nitems:\n", ""},
        {"kind: List\napiVersion: v1\nitems: []\n", ""},
    };

    (void)state;
    check(SVC__MANIFEST_YAML, table);
}

static void what_is_not_used_is_counted(void **state)
{
    static const struct example table[] = {
        {"{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}"
         "{\"kind\":\"Endpoints\",\"apiVersion\":\"v1\",\"x\":[nonsense]}"
         "{\"kind\":\"List\",\"items\":[{\"kind\":\"Secret\"}]}"
         "{\"kind\":\"ConfigMapList\",\"apiVersion\":\"v1\",\"items\":[{},{}]}",
         "ignored 5\n"},
        /* Other groups have other kinds, whatever they are called. */
        {"{\"kind\":\"Service\",\"apiVersion\":\"serving.knative.dev/v1\"}"
         "{\"kind\":\"Node\",\"apiVersion\":\"example.com/v1\"}"
         "{\"kind\":\"EndpointSlice\",\"apiVersion\":\"v1\"}",
         "ignored 3\n"},
        {"{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/"
         "v1beta1\"}{\"kind\":\"Service\",\"apiVersion\":\"v2\"}",
         "ignored 2\nold 2: document 1: EndpointSlice in version "
         "discovery.k8s.io/v1beta1 is left out: discovery.k8s.io/v1 is read\n"},
        /* No list, though it has items. */
        {"{\"items\":[{\"a\":1}],\"kind\":\"Menu\"}",
         "documents 1: document 1, item 1: kind: missing\n"},
    };

    (void)state;
    check(SVC__MANIFEST_JSON, table);
}

/* The others count. */
static void bad_objects_are_refused_alone(void **state)
{
    static const struct example table[] = {
        {SERVICE("a") SERVICE("B") SERVICE("c"),
         "1 " OUT("a") "2 ! Service default/B : document 2: Service: "
                       "metadata.name: not a name that Kubernetes has: "
                       "\"B\"\n3 " OUT("c") "refused 1\n"},
        {"{\"kind\":\"Service\",\"metadata\":{\"name\":\"a\",\"namespace\":"
         "\"x\"}}",
         "1 ! Service x/a : document 1: Service: apiVersion: missing\n"
         "refused 1\n"},
        {"{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\"items\":[5,"
         "{\"metadata\":{\"name\":\"n1\"}},null,\"x\",[[]],{}]}",
         "1 ! Node / : document 1, item 1: Node: an element of items is no "
         "object\n1 Node n1 not-ready - -\n"
         "1 ! Node / : document 1, item 3: Node: an element of items is no "
         "object\n"
         "1 ! Node / : document 1, item 4: Node: an element of items is no "
         "object\n"
         "1 ! Node / : document 1, item 5: Node: an element of items is no "
         "object\n"
         "1 ! Node / : document 1, item 6: Node: metadata.name: missing\n"
         "refused 5\n"},
        {"{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\","
         "\"addressType\":\"IPv5\",\"metadata\":{\"name\":\"a-1\","
         "\"namespace\":\"x\",\"labels\":{\"kubernetes.io/service-name\":\"a\"}"
         "}}",
         NULL},
    };
    char *out;

    (void)state;
    check_table(SVC__MANIFEST_JSON, table, 3);
    out = parse(table[3].text, strlen(table[3].text), SVC__MANIFEST_JSON);
    assert_memory_equal(out, "1 ! EndpointSlice x/a-1 a: document 1: ", 39);
    assert_non_null(strstr(out, "addressType"));
    svc__free(out);
}

static void bad_documents_are_refused_alone(void **state)
{
    static const struct example table[] = {
        {"- a\n---\nhello\n---\n" YAML_SERVICE("a"),
         "3 " OUT("a") "documents 2: document 1 (line 1): not an object\n"},
        {"a: 1\n---\nkind:\n  x: 1\n",
         "documents 2: document 1 (line 1): kind: missing\n"},
        {"kind: List\napiVersion: v1\nitems: {}\n",
         "documents 1: document 1 (line 1): items: expected a list\n"},
        {"kind: List\napiVersion: v1\nitems:\n- kind: List\n  items: []\n- "
         "x\n- kind: Pod\n",
         "ignored 1\ndocuments 2: document 1 (line 1), item 1: a list inside a "
         "list is not read\n"},
        /* What stood before the anchor does not count either. */
        {YAML_SERVICE("a") "---\nkind: List\napiVersion: "
                           "v1\nitems:\n- " SERVICE("b") "\n- " SERVICE(
                               "B") "\n- {kind: Pod}\n- a: &x "
                                    "1\n---\n" YAML_SERVICE("c"),
         "1 " OUT("a") "3 " OUT(
             "c") "documents 1: document 2 (line 7): line "
                  "14, column 6: anchors are not read: &x\n"},
        /* Repeated keys among those used. */
        {YAML_SERVICE("a") "  clusterIP: None\n",
         "1 ! Service default/a : document 1 (line 1): Service \"default/a\": "
         "spec.clusterIP: the key is repeated\nrefused 1\n"},
    };

    (void)state;
    check(SVC__MANIFEST_YAML, table);
}

static void texts_that_are_refused(void **state)
{
    static const struct example json[] = {
        {SERVICE("a") "{", "= document 2: the text is cut (byte 89)"},
        {SERVICE("a") "}", "= document 2: mismatched bracket (byte 88)"},
        {"[" SERVICE("a") "]", "= document 1: expected an object (byte 0)"},
        {"{\"a\":\"\xff\"}", "= document 1: not UTF-8 (byte 6)"},
        {"nonsense", "= document 1: expected an object (byte 0)"},
        /* The kind is looked for and the end is not found. */
        {"{\"items\":[" BARE("a") ",",
         "= document 1: the text is cut or malformed"},
        {"{\"items\":[{}],\"items\":[]}",
         "= document 1: items is there twice (byte 22)"},
    };
    static const struct example yaml[] = {
        {YAML_SERVICE("a") "---\na: [b\n",
         "= line 9, column 1: did not find expected ',' or ']' while parsing a "
         "flow sequence"},
        {"a: \xff", "= line 1, column 4: the text is not UTF-8"},
        {"%YAML 1.2\n", "= line 1, column 1: a line that begins with '%'"},
        {"a: 1\n---\nitems: [{}]\nitems: [{}]\n",
         "= document 2 (line 2): items is there twice"},
    };

    (void)state;
    check(SVC__MANIFEST_JSON, json);
    check(SVC__MANIFEST_YAML, yaml);
}

/* What is kept of refused objects is bounded. */
static void too_many_refused_refuse_the_text(void **state)
{
    struct svc__buf b;
    char *out;

    (void)state;
    svc__buf_init(&b, 1 << 20);
    svc__buf_add_text(&b, "kind: NodeList\napiVersion: v1\nitems:\n");
    for (int i = 0; i < SVC__MANIFEST_REFUSED_MAX; i++)
        svc__buf_add_text(&b, "- {}\n");
    out = parse(b.data, b.size, SVC__MANIFEST_YAML);
    assert_non_null(strstr(out, "refused 1000\n"));
    svc__free(out);
    svc__buf_add_text(&b, "- {}\n");
    out = parse(b.data, b.size, SVC__MANIFEST_YAML);
    assert_string_equal(out, "= more than 1000 objects are refused: document 1 "
                             "(line 1), item 1001: Node: metadata.name: "
                             "missing");
    svc__free(out);
    svc__buf_fini(&b);
}

static void the_format_is_found_out(void **state)
{
    static const struct example table[] = {
        {"", ""},
        {SERVICE("a"), "1 " OUT("a")},
        {"\n\t " SERVICE("a") SERVICE("b"), "1 " OUT("a") "2 " OUT("b")},
        {YAML_SERVICE("a"), "1 " OUT("a")},
        {"---\n" SERVICE("a"), "1 " OUT("a")},
        /* Flow style is YAML after all. */
        {"{kind: Service, apiVersion: v1, metadata: {name: a}, spec: "
         "{clusterIP: None}}",
         "1 " OUT("a")},
        {SERVICE("a") "\n---\n" SERVICE("b"), "1 " OUT("a") "2 " OUT("b")},
        {"[1]", "documents 1: document 1 (line 1): not an object\n"},
        /* Neither: the JSON error is told. */
        {"{\"a\":1", "= document 1: the text is cut (byte 6)"},
    };

    (void)state;
    check(SVC__MANIFEST_SNIFF, table);
}

/* Cut anywhere but between documents, JSON is refused. */
static void every_prefix_of_json_is_refused(void **state)
{
    static const char text[] =
        "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[" SERVICE(
            "a") "," SLICE "]} " NODE;
    static const size_t whole = sizeof(text) - sizeof(NODE) - 1;

    (void)state;
    for (size_t size = 1; size < sizeof(text) - 1; size++) {
        char *out = parse(text, size, SVC__MANIFEST_SNIFF);

        assert_int_equal(out[0] == '=', size != whole && size != whole + 1);
        svc__free(out);
    }
}

/* ---- a format makes no difference ---- */

static void indent(struct svc__buf *b, unsigned depth)
{
    svc__buf_add_byte(b, '\n');
    for (unsigned i = 0; i < depth; i++)
        svc__buf_add_text(b, "  ");
}

/* A string: plain where that is safe, else as in JSON. */
static void emit_string(struct svc__buf *b, const struct svc__json_str *str)
{
    size_t plain = 0;

    while (plain < str->size &&
           strchr("abcdefghijklmnopqrstuvwxyz0123456789./-",
                  str->text[plain]) != NULL)
        plain++;
    if (plain == str->size && str->size > 0 && str->text[0] != '-' &&
        svc__yaml_scalar_class(str->text, str->size) == SVC__YAML_STRING)
        svc__buf_add(b, str->text, str->size);
    else
        svc__buf_add(b, str->text - 1, str->size + 2);
}

/* Prints the value that comes as block style YAML behind "key:" or "-". */
static void emit(struct svc__buf *b, struct svc__json *j, unsigned depth)
{
    enum svc__json_type type = svc__json_peek(j);
    struct svc__json_str str;
    size_t count = 0;

    svc__buf_add_byte(b, ' ');
    if (type == SVC__JSON_STRING) {
        assert_int_equal(svc__json_string(j, &str), 0);
        emit_string(b, &str);
    } else if (type == SVC__JSON_OBJECT) {
        assert_int_equal(svc__json_enter_object(j), 0);
        for (; svc__json_next_member(j, &str) == 1; count++) {
            indent(b, depth);
            emit_string(b, &str);
            svc__buf_add_byte(b, ':');
            emit(b, j, depth + 1);
        }
    } else if (type == SVC__JSON_ARRAY) {
        assert_int_equal(svc__json_enter_array(j), 0);
        for (; svc__json_next_element(j) == 1; count++) {
            indent(b, depth);
            svc__buf_add_byte(b, '-');
            emit(b, j, depth + 1);
        }
    } else {
        assert_int_equal(svc__json_skip(j, &str), 0);
        svc__buf_add(b, str.text, str.size);
    }
    assert_int_equal(j->err, 0);
    if (count == 0 && type == SVC__JSON_OBJECT)
        svc__buf_add_text(b, "{}");
    if (count == 0 && type == SVC__JSON_ARRAY)
        svc__buf_add_text(b, "[]");
}

static char *to_yaml(const char *json, size_t size)
{
    struct svc__buf b;
    struct svc__json j;

    svc__buf_init(&b, SIZE_MAX / 2);
    svc__json_init(&j, json, size);
    svc__buf_add_text(&b, "---");
    emit(&b, &j, 0);
    assert_int_equal(svc__json_finish(&j), 0);
    svc__buf_add_byte(&b, '\n');
    return svc__buf_take(&b);
}

/* Whole lists as an API server and kubectl print them. */
static void lists_are_the_same_in_yaml(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 40; seed++) {
        /* Without Services: a list of one kind, whose items say none. */
        size_t services = seed % 4 * 3;
        struct generate_options options = {
            seed,      services == 0 ? GENERATE_COMPACT : GENERATE_INDENTED,
            services,  1 + seed % 9,
            seed % 12, seed % 2 == 0};
        struct svc__buf json;
        char *yaml;
        char *a;
        char *b;

        svc__buf_init(&json, SIZE_MAX / 2);
        generate_list(&json, &options);
        yaml = to_yaml(json.data, json.size);
        a = parse(json.data, json.size, SVC__MANIFEST_SNIFF);
        b = parse(yaml, strlen(yaml), SVC__MANIFEST_SNIFF);
        assert_true(strlen(a) > 50);
        assert_null(strstr(a, "refused"));
        assert_null(strstr(a, "documents"));
        assert_string_equal(a, b);
        svc__free(a);
        svc__free(b);
        svc__free(yaml);
        svc__buf_fini(&json);
    }
}

/* Good values of fields, and values that are bad for most of them, so that
 * refusals are compared too. */
static const char *const good[][2] = {
    {"type", "\"NodePort\""},
    {"clusterIP", "\"10.0.0.1\""},
    {"clusterIPs", "[\"10.0.0.1\",\"fd00::1\"]"},
    {"ipFamilies", "[\"IPv6\"]"},
    {"sessionAffinity", "\"ClientIP\""},
    {"internalTrafficPolicy", "\"Local\""},
    {"externalTrafficPolicy", "\"Local\""},
    {"selector", "{\"app\":\"80\"}"},
    {"other", "{\"a\":[null,true,\"x y\",-1.5e3]}"},
    {"externalName", "\"example.com.\""},
    {"clusterIP", "\"None\""},
};
static const char *const good_port[][2] = {
    {"name", "\"http\""},      {"nodePort", "30002"},
    {"protocol", "\"UDP\""},   {"appProtocol", "\"kubernetes.io/h2c\""},
    {"targetPort", "\"web\""},
};
static const char *const bad[] = {
    "null", "true",  "\"\"",    "\"a\"",    "0",           "70000",  "80.5",
    "[]",   "{}",    "[5]",     "\"IPv4\"", "\"\\u0001\"", "\"80\"", "-1",
    "5e1",  "\"~\"", "\"yes\"", "[[]]",     "{\"a\":{}}"};

static size_t draw(uint64_t *seed, size_t count)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*seed >> 33) % count;
}

static void random_members(struct svc__buf *b, uint64_t *seed,
                           const char *const (*members)[2], size_t count)
{
    for (size_t i = 0; i < 2; i++) {
        const char *const *member = members[draw(seed, count)];
        const char *value = member[1];

        if (draw(seed, 6) == 0)
            value = bad[draw(seed, sizeof(bad) / sizeof(bad[0]))];
        svc__buf_printf(b, ",\"%s\":%s", member[0], value);
    }
}

static void random_service(struct svc__buf *b, uint64_t *seed)
{
    svc__buf_add_text(b, "{\"kind\":\"Service\",\"apiVersion\":\"v1\","
                         "\"metadata\":{\"name\":\"a\"},\"spec\":{\"x\":1");
    random_members(b, seed, good, sizeof(good) / sizeof(good[0]));
    svc__buf_add_text(b, ",\"ports\":[{\"port\":80");
    random_members(b, seed, good_port, 5);
    svc__buf_add_text(b, "}]}}");
}

/* The reason without what differs: lines, and the offset. */
static void strip(char *text)
{
    char *at;

    while ((at = strstr(text, " (line 1)")) != NULL)
        memmove(at, at + 9, strlen(at + 9) + 1);
    while ((at = strstr(text, " (byte ")) != NULL)
        memmove(at, strchr(at, ')') + 1, strlen(strchr(at, ')') + 1) + 1);
}

static void services_are_the_same_in_yaml(void **state)
{
    uint64_t seed = 7;
    size_t refused = 0;
    struct svc__buf json;

    (void)state;
    svc__buf_init(&json, 1 << 20);
    for (int i = 0; i < 5000; i++) {
        char *yaml;
        char *a;
        char *b;

        svc__buf_clear(&json);
        random_service(&json, &seed);
        yaml = to_yaml(json.data, json.size);
        a = parse(json.data, json.size, SVC__MANIFEST_JSON);
        b = parse(yaml, strlen(yaml), SVC__MANIFEST_YAML);
        strip(a);
        strip(b);
        if (strcmp(a, b) != 0)
            print_message("%s\n%s\n", json.data, yaml);
        assert_string_equal(a, b);
        refused += strstr(a, "refused") != NULL;
        svc__free(a);
        svc__free(b);
        svc__free(yaml);
    }
    print_message("%zu of 5000 refused\n", refused);
    assert_in_range(refused, 1000, 4500);
    svc__buf_fini(&json);
}

/* A reader is told to give up, at once or in the middle. */
static void a_reading_can_be_given_up(void **state)
{
    static const char *const texts[] = {"{\"kind\":\"Pod\"}", "kind: Pod\n"};
    _Atomic int stop = 1;

    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct svc__manifest_text in = {texts[i], strlen(texts[i]),
                                              SVC__MANIFEST_SNIFF, &stop};
        struct svc__manifest *m = NULL;
        svc_error error = {0};

        stop = 1;
        assert_int_equal(svc__manifest_parse(&in, &m, &error), SVC_ECLOSED);
        assert_int_equal(error.code, SVC_ECLOSED);
        assert_null(m);
        stop = 0;
        assert_int_equal(svc__manifest_parse(&in, &m, &error), 0);
        svc__manifest_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_that_counts),
        cmocka_unit_test(yaml_that_counts),
        cmocka_unit_test(what_is_not_used_is_counted),
        cmocka_unit_test(bad_objects_are_refused_alone),
        cmocka_unit_test(bad_documents_are_refused_alone),
        cmocka_unit_test(texts_that_are_refused),
        cmocka_unit_test(too_many_refused_refuse_the_text),
        cmocka_unit_test(the_format_is_found_out),
        cmocka_unit_test(every_prefix_of_json_is_refused),
        cmocka_unit_test(lists_are_the_same_in_yaml),
        cmocka_unit_test(services_are_the_same_in_yaml),
        cmocka_unit_test(a_reading_can_be_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
