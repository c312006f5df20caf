/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the descriptors of connections while they are open. Knows nothing of
 * what is said over them.
 */
#include "io/http_socket.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW 32 /* descriptors that are looked at, a bit for each */

struct one {
    struct svc__list link;
    struct svc__http_sockets *sockets;
    struct svc__io io;
    uint64_t number;
    int is_watched;
    int is_lost; /* it could not be watched, and is shut down */
};

static void configure(int fd)
{
    static const struct {
        int level;
        int name;
        int value;
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, SVC__HTTP_SOCKET_IDLE_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, SVC__HTTP_SOCKET_PROBE_S},
        {IPPROTO_TCP, TCP_KEEPCNT, SVC__HTTP_SOCKET_PROBES},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, SVC__HTTP_SOCKET_SILENT_S * 1000},
    };

    /* A kernel that lacks one leaves the deadlines of requests. */
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        (void)setsockopt(fd, options[i].level, options[i].name,
                         &options[i].value, sizeof(options[i].value));
}

static void is_ready(void *arg, unsigned events)
{
    const struct one *s = arg;
    struct svc__http_sockets *sockets = s->sockets;

    sockets->look(sockets->arg, s->io.fd, events);
}

static struct one *find(const struct svc__http_sockets *sockets, int fd)
{
    struct svc__list *it;

    svc__list_each (it, &sockets->all) {
        struct one *s = svc__list_entry(it, struct one, link);

        if (s->io.fd == fd)
            return s;
    }
    return NULL;
}

static void rescue(void *arg)
{
    struct svc__http_sockets *sockets = arg;
    struct svc__list *it = sockets->all.next;

    while (it != &sockets->all) {
        struct one *s = svc__list_entry(it, struct one, link);

        it = it->next;
        if (s->is_lost) {
            s->is_lost = 0;
            sockets->look(sockets->arg, s->io.fd, 0);
            it = sockets->all.next; /* any of them may be gone */
        }
    }
}

void svc__http_socket_init(struct svc__http_sockets *sockets,
                           struct svc__loop *loop,
                           void (*look)(void *arg, int fd, unsigned events),
                           void *arg)
{
    sockets->loop = loop;
    sockets->look = look;
    sockets->arg = arg;
    svc__list_init(&sockets->all);
    svc__timer_init(&sockets->rescue, rescue, sockets);
}

static void forget(struct one *s)
{
    svc__loop_remove(s->sockets->loop, &s->io);
    svc__list_remove(&s->link);
    svc__free(s);
}

void svc__http_socket_fini(struct svc__http_sockets *sockets)
{
    while (!svc__list_is_empty(&sockets->all))
        forget(svc__list_entry(sockets->all.next, struct one, link));
    svc__loop_unset(sockets->loop, &sockets->rescue);
}

/* The number of a socket, whatever its descriptor; 0: it is none. */
static uint64_t number_of(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) ? (uint64_t)st.st_ino
                                                       : 0;
}

/* What is known of the socket that had this number, if anything is. */
static void forget_number(const struct svc__http_sockets *sockets, int fd)
{
    struct one *s = find(sockets, fd);

    if (s != NULL)
        forget(s);
}

void svc__http_socket_abandon(const struct svc__http_sockets *sockets)
{
    struct svc__list *it;

    svc__list_each (it, &sockets->all) {
        const struct one *s = svc__list_entry(it, struct one, link);

        /* One that curl closed may be anybody's by now. */
        if (s->number != 0 && number_of(s->io.fd) == s->number)
            close(s->io.fd);
    }
}

int svc__http_socket_open(struct svc__http_sockets *sockets, int family,
                          int type, int *ret_error)
{
    struct one *s = svc__calloc(1, sizeof(*s));

    if (s == NULL) {
        *ret_error = ENOMEM;
        return -1;
    }
    s->io.fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->io.fd < 0) {
        *ret_error = errno;
        svc__free(s);
        return -1;
    }
    /* curl closes a socket that was not connected yet by itself, and says
     * nothing (7.88: cf_socket_close): that its number is free again tells
     * it. */
    forget_number(sockets, s->io.fd);
    configure(s->io.fd);
    s->number = number_of(s->io.fd);
    s->sockets = sockets;
    s->io.ready = is_ready;
    s->io.arg = s;
    svc__list_add(&sockets->all, &s->link);
    return s->io.fd;
}

int svc__http_socket_watch(struct svc__http_sockets *sockets, int fd,
                           unsigned events)
{
    struct one *s = find(sockets, fd);
    int err = 0;

    if (s == NULL)
        return 0;
    if (events == 0) {
        svc__loop_remove(sockets->loop, &s->io);
        s->is_watched = 0;
    } else if (s->is_watched) {
        err = svc__loop_change(sockets->loop, &s->io, events, NULL);
    } else {
        err = svc__loop_add(sockets->loop, &s->io, events, NULL);
        s->is_watched = err == 0;
    }
    if (err == 0)
        return 0;
    (void)shutdown(fd, SHUT_RDWR);
    s->is_lost = 1;
    svc__loop_set(sockets->loop, &sockets->rescue,
                  svc__loop_now_ms(sockets->loop));
    return -1;
}

void svc__http_socket_close(struct svc__http_sockets *sockets, int fd)
{
    forget_number(sockets, fd);
    close(fd);
}

/* ---- descriptors of others ----------------------------------------------- */

int svc__http_socket_lowest(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd;
}

uint32_t svc__http_socket_waiting(int first)
{
    uint32_t mask = 0;

    for (int i = 0; i < WINDOW; i++) {
        int flags = fcntl(first + i, F_GETFD);
        int in = 0;
        int out = 0;

        if (flags < 0 || (flags & FD_CLOEXEC) != 0)
            continue;
        if (ioctl(first + i, FIONREAD, &in) != 0)
            in = 0;
        if (ioctl(first + i, TIOCOUTQ, &out) != 0)
            out = 0;
        if (in > 0 || out > 0)
            mask |= (uint32_t)1 << i;
    }
    return mask;
}

void svc__http_socket_cloexec(int first, uint32_t mask)
{
    for (int i = 0; i < WINDOW; i++) {
        if ((mask >> i & 1) != 0)
            (void)fcntl(first + i, F_SETFD, FD_CLOEXEC);
    }
}
