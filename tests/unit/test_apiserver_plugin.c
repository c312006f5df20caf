/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a credential plugin is not run at all (faults 3.4).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/apiserver_login.h"
#include "backend/apiserver_plugin.h"
#include "oom.h"

#include <string.h>

static char command[] = "/bin/true";

static void never(void *arg, int err, const char *output, size_t size,
                  const svc_error *error)
{
    (void)arg;
    (void)err;
    (void)output;
    (void)size;
    (void)error;
    fail();
}

/* How a start ends, in this mode, with that option. */
static svc_error start(int is_secure, int allow)
{
    const struct svc__backend_surroundings s = {.is_secure = is_secure};
    const struct svc__backend_apiserver a = {.exec = allow, .surroundings = &s};
    const struct svc__log nobody = {NULL, NULL, 0};
    const struct svc__backend_env env = {.apiserver = &a, .log = &nobody};
    struct svc__config_exec exec = {.command = command};
    struct svc__config c = {.exec = &exec};
    const struct svc__apiserver_login l = {.env = &env, .config = &c};
    const struct svc__apiserver_plugin_done done = {never, NULL};
    struct svc__proc *proc = NULL;
    svc_error error;

    assert_int_equal(svc__apiserver_plugin_start(&l, done, &proc, &error),
                     SVC_EAUTH);
    assert_null(proc);
    assert_int_equal(oom_live(), 0);
    assert_non_null(strstr(error.message, "\"/bin/true\" is not run"));
    return error;
}

static void denied(void **state)
{
    svc_error error = start(0, 0);

    (void)state;
    assert_non_null(strstr(error.message, "option exec is \"deny\""));
    assert_non_null(strstr(error.hint, "set option exec to \"allow\""));
}

/* No option helps, so none is named. */
static void secure(void **state)
{
    (void)state;
    for (int allow = 0; allow < 2; allow++) {
        svc_error error = start(1, allow);

        assert_non_null(strstr(error.message, "more rights"));
        assert_string_equal(error.hint, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(denied),
        cmocka_unit_test(secure),
    };

    oom_install();
    return cmocka_run_group_tests_name("apiserver plugin", tests, NULL, NULL);
}
