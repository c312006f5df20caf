/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the list, and compares before it tells: a resolv.conf is touched more
 * often than it changes.
 */
#include "backend/dns_servers.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/resolvconf.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

#define RESOLV_CONF_MAX ((size_t)1024 * 1024)
#define AGAIN_MS        1000

/* An address and its port, with more words behind. */
static void print(const struct svc__address *a, unsigned port, const char *more,
                  char ret[SVC__DNS_VIA_SIZE])
{
    char text[SVC_ADDRESS_TEXT_SIZE];

    (void)svc__address_format(a, text);
    (void)snprintf(ret, SVC__DNS_VIA_SIZE,
                   a->family == SVC__FAMILY_IPV6 ? "[%s]:%u%s" : "%s:%u%s",
                   text, port, more);
}

/* Adds one; what is no address, or one too many, is left out. */
static int add(struct svc__dns_servers *s, const char *text)
{
    size_t i = s->count;
    struct svc__address a;
    uint16_t port;

    if (i == SVC__SERVERS_MAX ||
        svc__address_parse_port(text, SVC__DNS_PORT, &a, &port) != 0)
        return SVC_EINVAL;
    (void)svc__address_to_sockaddr(&a, port, &s->address[i]);
    print(&a, port, "", s->text[i]);
    print(&a, port, " over UDP", s->over_udp[i]);
    print(&a, port, " over TCP", s->over_tcp[i]);
    s->count++;
    return 0;
}

static int use_given(struct svc__dns_servers *s, svc_error *reterr)
{
    const char *const *given = s->env->dns->servers;

    for (size_t i = 0; given[i] != NULL; i++) {
        if (add(s, given[i]) == 0)
            continue;
        if (s->count == SVC__SERVERS_MAX)
            return svc__err_set(reterr, SVC_EINVAL,
                                "more than %d DNS servers are given",
                                SVC__SERVERS_MAX);
        return svc__err_set(reterr, SVC_EINVAL,
                            "DNS server \"%.80s\" is no address, such as "
                            "10.96.0.10 or [fd00::a]:53",
                            given[i]);
    }
    return 0;
}

/* Reads the file into found, which stays empty when it says nothing. */
static int read_file(const struct svc__dns_servers *s,
                     struct svc__dns_servers *found, svc_error *reterr)
{
    const char *path = s->env->dns->resolv_conf;
    struct svc__resolvconf *rc = svc__alloc(sizeof(*rc));
    struct svc__buf b;
    int err;

    if (rc == NULL)
        return svc__err_nomem(reterr);
    svc__buf_init(&b, RESOLV_CONF_MAX);
    err = svc__file_read(path, &b, reterr);
    if (err == 0) {
        svc__resolvconf_parse(b.data == NULL ? "" : b.data, b.size, rc);
        for (size_t i = 0; i < rc->server_count; i++) {
            if (add(found, rc->servers[i]) != 0)
                svc__log(s->env->log, SVC_LOG_WARNING,
                         "%s: nameserver \"%s\" is not used: no address that "
                         "can be asked, or one too many",
                         path, rc->servers[i]);
        }
        if (found->count == 0)
            err = svc__err_set(reterr, SVC_EFILE, "%s names no server", path);
    }
    svc__buf_fini(&b);
    svc__free(rc);
    return err;
}

/* Takes over what the file says, and notes whether the list is another one. 0,
 * or SVC_ENOMEM when it is to be read again. */
static int look(struct svc__dns_servers *s)
{
    struct svc__dns_servers found = {0};
    svc_error error;
    int err = read_file(s, &found, &error);

    if (err != 0) {
        svc__log(s->env->log, SVC_LOG_WARNING, "%s; %s", error.message,
                 s->count > 0 ? "the servers stay as they were"
                              : "127.0.0.1:53 is asked");
        if (s->count == 0)
            (void)add(&found, "127.0.0.1");
        else
            return err == SVC_ENOMEM ? err : 0;
    }
    err = err == SVC_ENOMEM ? err : 0;
    if (found.count == s->count &&
        memcmp(found.text, s->text, sizeof(s->text)) == 0)
        return err;
    s->count = found.count;
    memcpy(s->address, found.address, sizeof(s->address));
    memcpy(s->text, found.text, sizeof(s->text));
    memcpy(s->over_udp, found.over_udp, sizeof(s->over_udp));
    memcpy(s->over_tcp, found.over_tcp, sizeof(s->over_tcp));
    s->is_untold = 1;
    return err;
}

static void look_again(struct svc__dns_servers *s)
{
    struct svc__loop *loop = s->env->loop;

    svc__loop_set(loop, &s->again, svc__loop_now_ms(loop) + AGAIN_MS);
}

static void on_file(void *arg)
{
    struct svc__dns_servers *s = arg;
    int err = look(s);

    if (s->is_untold) {
        svc__log(s->env->log, SVC_LOG_INFO,
                 "%s: %zu DNS servers now, the first %s",
                 s->env->dns->resolv_conf, s->count, s->text[0]);
        s->is_untold = s->changed(s->arg) != 0;
    }
    if (err != 0 || s->is_untold)
        look_again(s);
}

int svc__dns_servers_init(struct svc__dns_servers *s,
                          const struct svc__backend_env *env,
                          int (*changed)(void *arg), void *arg,
                          svc_error *reterr)
{
    const struct svc__file_listener listener = {on_file, s};
    int err;

    memset(s, 0, sizeof(*s));
    s->env = env;
    s->changed = changed;
    s->arg = arg;
    svc__timer_init(&s->again, on_file, s);
    if (env->dns->servers != NULL)
        return use_given(s, reterr);
    /* First the watch, then the reading: what changes between is told. */
    s->paths[0] = env->dns->resolv_conf;
    err = svc__file_watch_new(env->loop, s->paths, listener, &s->watch, reterr);
    if (err == 0 && look(s) != 0)
        look_again(s);
    s->is_untold = 0;
    return err;
}

void svc__dns_servers_fini(struct svc__dns_servers *s)
{
    svc__file_watch_free(s->watch);
    s->watch = NULL;
    if (s->env != NULL)
        svc__loop_unset(s->env->loop, &s->again);
}
