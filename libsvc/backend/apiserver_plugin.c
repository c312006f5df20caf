/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a plugin is started with.
 */
#include "backend/apiserver_plugin.h"

#include "backend/apiserver_login.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/wipe.h"

#include <string.h>

/* "NAME=value" to a list that has room. 0 or SVC_ENOMEM. */
static int put(char **list, size_t *n, const char *name, const char *value)
{
    struct svc__buf b;

    svc__buf_init(&b, SVC__CONFIG_FILE_MAX);
    svc__buf_printf(&b, "%s=", name);
    svc__buf_add_text(&b, value);
    list[*n] = svc__buf_take(&b);
    if (list[*n] == NULL)
        return SVC_ENOMEM;
    ++*n;
    return 0;
}

/* Whether a variable of the caller's is set anew for the plugin. */
static int is_overridden(const struct svc__config_exec *exec,
                         const char *variable)
{
    const size_t size = strcspn(variable, "=");
    static const char info[] = "KUBERNETES_EXEC_INFO";

    if (size == sizeof(info) - 1 && memcmp(variable, info, size) == 0)
        return 1;
    for (size_t i = 0; i < exec->env_count; i++) {
        if (strlen(exec->env[i].name) == size &&
            memcmp(variable, exec->env[i].name, size) == 0)
            return 1;
    }
    return 0;
}

/* What the plugin is told, with the CA that was read from a file, too. */
static char *make_info(const struct svc__apiserver_login *login)
{
    struct svc__config told = *login->config;

    told.ca = login->ca;
    return svc__config_exec_info(&told);
}

/* The caller's environment, what the kubeconfig adds, and what the plugin is
 * told. Owned; NULL when out of memory. */
static char **make_environment(const struct svc__apiserver_login *login)
{
    const struct svc__backend_surroundings *s =
        login->env->apiserver->surroundings;
    const struct svc__config_exec *exec = login->config->exec;
    char *info = make_info(login);
    char **list;
    size_t count = 0;
    size_t n = 0;
    int err = info == NULL ? SVC_ENOMEM : 0;

    while (s->environ != NULL && s->environ[count] != NULL)
        count++;
    list = svc__calloc(count + exec->env_count + 2, sizeof(*list));
    if (list == NULL)
        err = SVC_ENOMEM;
    for (size_t i = 0; i < count && err == 0; i++) {
        if (is_overridden(exec, s->environ[i]))
            continue;
        list[n] = svc__strdup(s->environ[i]);
        err = list[n++] == NULL ? SVC_ENOMEM : 0;
    }
    for (size_t i = 0; i < exec->env_count && err == 0; i++)
        err = put(list, &n, exec->env[i].name, exec->env[i].value);
    if (err == 0)
        err = put(list, &n, "KUBERNETES_EXEC_INFO", info);
    svc__wipe_text(info);
    if (err == 0)
        return list;
    svc__config_list_free(list);
    return NULL;
}

/* PATH for the plugin: what the kubeconfig sets does not count for finding it,
 * as in client-go, which looks it up before. */
static int run(const struct svc__backend_env *env,
               const struct svc__config_exec *exec,
               struct svc__proc_settings *settings, struct svc__proc **ret,
               svc_error *reterr)
{
    const char **argv;
    size_t args = 0;
    int err;

    while (exec->args != NULL && exec->args[args] != NULL)
        args++;
    argv = svc__calloc(args + 2, sizeof(*argv));
    if (argv == NULL)
        return svc__err_nomem(reterr);
    argv[0] = exec->command;
    for (size_t i = 0; i < args; i++)
        argv[i + 1] = exec->args[i];
    settings->loop = env->loop;
    settings->argv = argv;
    settings->path = env->apiserver->surroundings->path;
    settings->output_max = SVC__CONFIG_EXEC_MAX;
    settings->timeout_ms = SVC__LOGIN_PLUGIN_MS;
    svc__log(env->log, SVC_LOG_INFO, "running credential plugin \"%s\"",
             exec->command);
    err = svc__proc_start(settings, ret, reterr);
    svc__free(argv);
    return err;
}

static int refuse(const struct svc__config_exec *exec, int is_secure,
                  svc_error *reterr)
{
    svc__err_set(reterr, SVC_EAUTH,
                 "the kubeconfig's credential plugin \"%.100s\" is not run: %s",
                 exec->command,
                 is_secure ? "this program runs with more rights than its "
                             "caller's"
                           : "option exec is \"deny\"");
    if (!is_secure)
        svc__err_hint(reterr, "set option exec to \"allow\" if that program "
                              "may run with the rights of this one, or use a "
                              "token or a certificate");
    return SVC_EAUTH;
}

int svc__apiserver_plugin_start(const struct svc__apiserver_login *login,
                                struct svc__apiserver_plugin_done done,
                                struct svc__proc **ret, svc_error *reterr)
{
    const struct svc__backend_env *env = login->env;
    const struct svc__config_exec *exec = login->config->exec;
    const struct svc__backend_surroundings *s = env->apiserver->surroundings;
    struct svc__proc_settings settings = {.done = done.fn, .arg = done.arg};
    char **environment;
    int err;

    if (s->is_secure || !env->apiserver->exec)
        return refuse(exec, s->is_secure, reterr);
    environment = make_environment(login);
    if (environment == NULL)
        return svc__err_nomem(reterr);
    settings.envp = (const char *const *)environment;
    err = run(env, exec, &settings, ret, reterr);
    svc__config_list_free(environment);
    if (err == SVC_EAUTH) {
        svc__err_wrap(reterr, "credential plugin \"%.100s\"", exec->command);
        if (exec->install_hint != NULL)
            svc__err_hint(reterr, "%s", exec->install_hint);
    }
    return err;
}
