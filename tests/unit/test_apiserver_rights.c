/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is told of rights when not every answer came. The API server is the test
 * itself: it keeps what is asked, and answers what it likes.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/apiserver_rights.h"
#include "backend/backend.h"

#include <string.h>

static struct svc__apiserver_call *calls[2 * SVC__RIGHTS_MAX];
static size_t call_count;
static unsigned stopped;

void svc__apiserver_start(struct svc__apiserver *server,
                          struct svc__apiserver_call *call)
{
    (void)server;
    calls[call_count++] = call;
}

void svc__apiserver_stop(struct svc__apiserver_call *call)
{
    (void)call;
    stopped++;
}

static void answer(size_t i, const char *text)
{
    calls[i]->http.status = 201;
    calls[i]->data(calls[i], text, strlen(text));
    calls[i]->done(calls[i], 0, NULL);
}

static void on_idle(void *arg)
{
    (void)arg;
}

static unsigned count(const struct svc__check *c, enum svc__check_level level,
                      const char *words)
{
    const struct svc__list *it;
    unsigned found = 0;

    svc__list_each (it, &c->findings) {
        const struct svc__finding *f =
            svc__list_entry(it, struct svc__finding, link);

        found += f->level == level && strstr(f->text, words) != NULL;
    }
    return found;
}

/* Of the Nodes' list no word comes before the time is over: what was said of
 * the others is told all the same. */
static void one_is_silent(void **state)
{
    static const struct svc__backend_apiserver settings = {0};
    static const struct svc__backend_env env = {.apiserver = &settings};
    struct svc__apiserver_rights rights = {0};
    struct svc__check c = {.namespace_ = "dev", .idle = on_idle};

    (void)state;
    svc__check_init(&c);
    svc__apiserver_rights_init(&rights, &env, &c);
    svc__apiserver_rights_ask(&rights, NULL);
    assert_int_equal(call_count, 6); /* list and watch, of three resources */
    answer(0, "{\"status\":{\"allowed\":true}}");
    answer(1, "{\"status\":{\"allowed\":true}}");
    answer(2, "{\"status\":{\"allowed\":true}}");
    answer(3, "{\"status\":{\"allowed\":false}}");
    answer(5, "{\"status\":{\"allowed\":true}}");
    svc__apiserver_rights_fini(&rights);
    assert_int_equal(stopped, 1);
    assert_int_equal(count(&c, SVC__CHECK_OK, "services in \"dev\""), 1);
    assert_int_equal(count(&c, SVC__CHECK_FAIL, "endpointslices in \"dev\""),
                     1);
    assert_int_equal(count(&c, SVC__CHECK_SKIPPED, "no answer in time"), 1);
    assert_int_equal(count(&c, SVC__CHECK_OK, "nodes"), 0);
    svc__check_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
