/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the list of findings. Knows no source.
 */
#include "backend/check.h"

#include "base/alloc.h"

#include <string.h>

void svc__check_init(struct svc__check *c)
{
    svc__list_init(&c->findings);
}

void svc__check_fini(struct svc__check *c)
{
    while (!svc__list_is_empty(&c->findings)) {
        struct svc__finding *f =
            svc__list_entry(c->findings.next, struct svc__finding, link);

        svc__list_remove(&f->link);
        svc__free(f);
    }
}

/* What to do about a failure of which nobody said more. */
static const char *next_step(int code)
{
    switch (code) {
    case SVC_EUNREACH:
    case SVC_ETIMEDOUT:
        return "see whether this is the right address, whether the server "
               "runs, and what is on the way: a firewall, a NetworkPolicy, a "
               "proxy";
    case SVC_EAUTH:
        return "see whether credentials and CA are those of this server: "
               "kubectl auth whoami, with the same kubeconfig, has to work";
    case SVC_EPROTO:
    case SVC_ETOOBIG:
        return "see whether this is the right server and port, and what proxy "
               "stands before it";
    case SVC_EFILE:
        return "mend that file, or name another one";
    case SVC_ENOMEM:
        return "raise the limits of this process (memory, ulimit -n)";
    case SVC_ENOSERVICE:
    case SVC_ENOPORT:
    case SVC_ENOENDPOINTS:
    case SVC_EPENDING:
    case SVC_EALIAS:
        return "explain the name (svcctl explain): it shows each step";
    default:
        return "see what the log says (option log_level, svcctl -v)";
    }
}

void svc__check_add(struct svc__check *c, enum svc__check_level level,
                    const char *check, const svc_error *what)
{
    const char *hint = level == SVC__CHECK_FAIL && what->hint[0] == '\0'
                           ? next_step(what->code)
                           : what->hint;
    const size_t text_size = strlen(what->message) + 1;
    const size_t hint_size = strlen(hint) + 1;
    struct svc__finding *f = svc__alloc(sizeof(*f) + text_size + hint_size);

    if (f == NULL) {
        c->is_short = 1;
        return;
    }
    if (level == SVC__CHECK_FAIL && c->is_spare)
        level = SVC__CHECK_WARN;
    f->check = check;
    f->source = c->source;
    f->level = level;
    f->code = level == SVC__CHECK_FAIL ? what->code : 0;
    f->hint = f->text + text_size;
    memcpy(f->text, what->message, text_size);
    memcpy(f->hint, hint, hint_size);
    svc__list_init(&f->link);
    svc__list_add(&c->findings, &f->link);
}

void svc__check_begin(struct svc__check *c)
{
    c->pending++;
}

void svc__check_end(struct svc__check *c)
{
    c->pending--;
    if (c->pending == 0)
        c->idle(c->arg);
}

void svc__check_take(struct svc__check *c, struct svc__check *from)
{
    c->is_short |= from->is_short;
    while (!svc__list_is_empty(&from->findings)) {
        struct svc__list *link = from->findings.next;

        svc__list_remove(link);
        svc__list_add(&c->findings, link);
    }
}
