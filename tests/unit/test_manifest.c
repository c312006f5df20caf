/* SPDX-License-Identifier: Apache-2.0 */
/* What a manifest keeps of what is refused: names, counters, the way back. */
#include "kube/manifest_fill.h"

#include "base/alloc.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* Refuses an object that is item number 3 of document 2. */
static int refuse(struct svc__manifest *m, const char *json,
                  enum svc__kind kind, svc_error *error)
{
    struct svc__frame_id list = {"", ""};
    struct svc__frame_item item = {0};
    struct svc__manifest_place place = {2, 0, &item};

    item.text = json;
    item.size = strlen(json);
    item.list = &list;
    item.index = 2;
    svc__err_set(error, SVC_EFILE, "it is bad");
    return svc__manifest_refuse_object(m, &place, kind, error);
}

static void names_that_can_be_read_are_kept(void **state)
{
    static const struct {
        const char *json;
        const char *namespace_;
        const char *name;
        const char *owner;
    } table[] = {
        {"{\"metadata\":{\"namespace\":\"shop\",\"labels\":{\"x\":1,"
         "\"kubernetes.io/service-name\":\"web\"},\"name\":\"web-1\"}}",
         "shop", "web-1", "web"},
        {"{\"spec\":[1],\"metadata\":{\"name\":\"\\u0061\"}}", "default", "a",
         ""},
        {"{\"metadata\":{\"name\":5,\"labels\":[]}}", "default", "", ""},
        {"{\"metadata\":[]}", "default", "", ""},
        {"{\"metadata\":{\"name\":\"a\",\"namespace\":\"x\\u0000\"}}",
         "default", "a", ""},
        {"{\"metadata\":{\"name\":\"a\",", "default", "a", ""},
        {"[]", "default", "", ""},
        {"5", "default", "", ""},
        {"", "default", "", ""},
    };
    struct svc__manifest *m = svc__calloc(1, sizeof(*m));
    svc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct svc__manifest_object *object;

        print_message("%s\n", table[i].json);
        assert_int_equal(refuse(m, table[i].json, SVC__KIND_SLICE, &error), 0);
        assert_int_equal(m->count, i + 1);
        assert_int_equal(m->refused, i + 1);
        object = &m->objects[i];
        assert_string_equal(object->refusal->namespace_, table[i].namespace_);
        assert_string_equal(object->refusal->name, table[i].name);
        assert_string_equal(object->refusal->owner, table[i].owner);
        assert_string_equal(object->refusal->reason,
                            "document 2, item 3: it is bad");
        assert_int_equal(object->document, 2);
    }
    svc__manifest_free(m);
}

static void a_long_name_is_none(void **state)
{
    struct svc__manifest *m = svc__calloc(1, sizeof(*m));
    char json[400] = "{\"metadata\":{\"name\":\"";
    svc_error error;

    (void)state;
    memset(json + 21, 'a', 254);
    memcpy(json + 21 + 254, "\"}}", 4);
    assert_int_equal(refuse(m, json, SVC__KIND_NODE, &error), 0);
    assert_string_equal(m->objects[0].refusal->name, "");
    assert_string_equal(m->objects[0].refusal->namespace_, "");
    memcpy(json + 21 + 253, "\"}}", 4);
    assert_int_equal(refuse(m, json, SVC__KIND_NODE, &error), 0);
    assert_int_equal(strlen(m->objects[1].refusal->name), 253);
    svc__manifest_free(m);
}

static void too_many_refused_are_an_error(void **state)
{
    struct svc__manifest *m = svc__calloc(1, sizeof(*m));
    svc_error error;

    (void)state;
    for (size_t i = 0; i < SVC__MANIFEST_REFUSED_MAX; i++)
        assert_int_equal(refuse(m, "{}", SVC__KIND_NODE, &error), 0);
    assert_int_equal(refuse(m, "{}", SVC__KIND_NODE, &error), SVC_EFILE);
    assert_string_equal(error.message, "more than 1000 objects are refused: "
                                       "document 2, item 3: it is bad");
    assert_int_equal(m->count, SVC__MANIFEST_REFUSED_MAX);
    svc__manifest_free(m);
}

static void a_manifest_goes_back_to_a_mark(void **state)
{
    struct svc__manifest *m = svc__calloc(1, sizeof(*m));
    struct svc__manifest_place place = {1, 7, NULL};
    struct svc__manifest_mark mark;
    svc_error error;

    (void)state;
    assert_int_equal(refuse(m, "{}", SVC__KIND_NODE, &error), 0);
    assert_int_equal(svc__manifest_refuse_document(m, &place, "one"), 0);
    mark = svc__manifest_mark(m);
    assert_int_equal(refuse(m, "{}", SVC__KIND_NODE, &error), 0);
    assert_int_equal(svc__manifest_refuse_document(m, &place, "two"), 0);
    assert_int_equal(svc__manifest_leave_out(m, &place, "three"), 0);
    m->ignored += 5;
    svc__manifest_reset(m, &mark);
    assert_int_equal(m->count, 1);
    assert_int_equal(m->refused, 1);
    assert_int_equal(m->ignored, 0);
    assert_int_equal(m->old_versions, 0);
    assert_null(m->first_old_version);
    assert_int_equal(m->document_refused_count, 1);
    assert_string_equal(m->first_document_refused, "document 1 (line 7): one");
    svc__manifest_free(m);
    svc__manifest_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_can_be_read_are_kept),
        cmocka_unit_test(a_long_name_is_none),
        cmocka_unit_test(too_many_refused_are_an_error),
        cmocka_unit_test(a_manifest_goes_back_to_a_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
