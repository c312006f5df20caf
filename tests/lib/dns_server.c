/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the sockets, the thread and the queries that were put aside. What it
 * answers is in dns_send.c.
 */
#include "dns_server_inside.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define HEADER 12

/* ---- queries ------------------------------------------------------------- */

/* Reads name, type and OPT; 0 for bytes that are no query. */
static int read_question(struct dns_query *q)
{
    size_t at = HEADER;
    size_t length = 0;

    while (at < q->size && q->bytes[at] != 0) {
        size_t label = q->bytes[at];

        if (label > 63 || at + 1 + label >= q->size ||
            length + label + 1 >= sizeof(q->name))
            return 0;
        for (size_t i = 1; i <= label; i++)
            q->name[length++] = (char)tolower(q->bytes[at + i]);
        q->name[length++] = '.';
        at += 1 + label;
    }
    q->name[length > 0 ? length - 1 : 0] = '\0';
    if (length == 0)
        memcpy(q->name, ".", 2);
    if (at + 5 > q->size)
        return 0;
    q->type = (uint16_t)(q->bytes[at + 1] << 8 | q->bytes[at + 2]);
    q->question_at = at + 5;
    q->edns_size = -1;
    /* The root, type 41. */
    if (q->bytes[11] > 0 && at + 10 <= q->size && q->bytes[at + 5] == 0 &&
        q->bytes[at + 6] == 0 && q->bytes[at + 7] == 41)
        q->edns_size = q->bytes[at + 8] << 8 | q->bytes[at + 9];
    return 1;
}

void dns_server_hold(const struct dns_query *q)
{
    struct dns_server *s = q->server;
    struct held *h = malloc(sizeof(*h));

    assert_non_null(h);
    h->next = NULL;
    h->query = *q;
    pthread_mutex_lock(&s->lock);
    *s->last = h;
    s->last = &h->next;
    s->held++;
    pthread_cond_broadcast(&s->came);
    pthread_mutex_unlock(&s->lock);
}

/* A query came, on the server's thread. */
static void handle(struct dns_server *s, struct dns_query *q)
{
    dns_script script;
    void *arg;

    if (q->size < HEADER || !read_question(q))
        return;
    q->server = s;
    q->id = (uint16_t)(q->bytes[0] << 8 | q->bytes[1]);
    pthread_mutex_lock(&s->lock);
    q->number = s->queries++;
    script = s->script;
    arg = s->arg;
    pthread_mutex_unlock(&s->lock);
    if (script != NULL)
        script(arg, q);
    else
        dns_server_hold(q);
}

static struct timespec deadline(void)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DNS_SERVER_MS / 1000;
    return until;
}

void dns_server_take(struct dns_server *s, struct dns_query *ret)
{
    struct timespec until = deadline();
    struct held *h;
    int err = 0;

    pthread_mutex_lock(&s->lock);
    while (s->first == NULL && err == 0)
        err = pthread_cond_timedwait(&s->came, &s->lock, &until);
    h = s->first;
    if (h != NULL) {
        s->first = h->next;
        if (s->first == NULL)
            s->last = &s->first;
        s->held--;
    }
    pthread_mutex_unlock(&s->lock);
    if (h == NULL)
        fail_msg("no query came in %d ms", DNS_SERVER_MS);
    *ret = h->query;
    free(h);
}

unsigned dns_server_held(struct dns_server *s)
{
    unsigned held;

    pthread_mutex_lock(&s->lock);
    held = s->held;
    pthread_mutex_unlock(&s->lock);
    return held;
}

unsigned dns_server_count(struct dns_server *s)
{
    unsigned count;

    pthread_mutex_lock(&s->lock);
    count = s->queries;
    pthread_mutex_unlock(&s->lock);
    return count;
}

/* ---- sockets ------------------------------------------------------------- */

/* A socket on the port (0: a free one), or -1. */
int dns_server_port_open(int type, uint16_t port)
{
    const int one = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (type == SOCK_STREAM)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
        (type == SOCK_STREAM && listen(fd, DNS_CONNECTIONS) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A port that is free for both, and that the kernel gives to no client: one
 * that is refused later must not be taken by somebody else meanwhile. */
static void open_ports(struct dns_server *s)
{
    for (int i = 0; i < 1000; i++) {
        uint16_t any;

        assert_int_equal(getrandom(&any, sizeof(any), 0), sizeof(any));
        s->port = (uint16_t)(10000 + any % 20000);
        s->listener = dns_server_port_open(SOCK_STREAM, s->port);
        s->udp = dns_server_port_open(SOCK_DGRAM, s->port);
        if (s->listener >= 0 && s->udp >= 0)
            return;
        if (s->listener >= 0)
            close(s->listener);
        if (s->udp >= 0)
            close(s->udp);
    }
    fail_msg("no port is free for UDP and TCP");
}

void dns_server_wake(struct dns_server *s)
{
    const uint64_t one = 1;

    (void)!write(s->wake, &one, sizeof(one));
}

/* Not from a script: waits for the thread. */
static void refuse(struct dns_server *s, int *wish, const int *fd, int no)
{
    struct timespec until = deadline();
    int err = 0;

    pthread_mutex_lock(&s->lock);
    *wish = no;
    dns_server_wake(s);
    while ((*fd < 0) != no && err == 0)
        err = pthread_cond_timedwait(&s->changed, &s->lock, &until);
    pthread_mutex_unlock(&s->lock);
    if (err != 0)
        fail_msg("port %u was not to be had again", s->port);
}

void dns_server_refuse_tcp(struct dns_server *s, int no)
{
    refuse(s, &s->refuse_tcp, &s->listener, no != 0);
}

void dns_server_refuse_udp(struct dns_server *s, int no)
{
    refuse(s, &s->refuse_udp, &s->udp, no != 0);
}

static void do_refuse(struct dns_server *s, int type, int *fd, int no)
{
    if (no && *fd >= 0) {
        close(*fd);
        *fd = -1;
    } else if (!no && *fd < 0) {
        *fd = dns_server_port_open(type, s->port);
    }
}

static void drop(struct connection *c)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (c->ending == RESETS)
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once,
                         sizeof(at_once));
    close(c->fd);
    c->fd = -1;
}

/* Does what other threads asked for. */
static void obey(struct dns_server *s)
{
    do_refuse(s, SOCK_DGRAM, &s->udp, s->refuse_udp);
    do_refuse(s, SOCK_STREAM, &s->listener, s->refuse_tcp);
    for (int i = 0; i < DNS_CONNECTIONS; i++) {
        if (s->connection[i].fd >= 0 && s->connection[i].ending != STAYS)
            drop(&s->connection[i]);
    }
    pthread_cond_broadcast(&s->changed);
}

static void read_udp(struct dns_server *s, int fd)
{
    struct dns_query q;
    socklen_t from_size;
    ssize_t n;

    do {
        memset(&q, 0, sizeof(q));
        from_size = sizeof(q.from);
        n = recvfrom(fd, q.bytes, sizeof(q.bytes), 0,
                     (struct sockaddr *)&q.from, &from_size);
        q.size = n < 0 ? 0 : (size_t)n;
        if (n >= 0)
            handle(s, &q);
    } while (n >= 0);
}

static void accept_one(struct dns_server *s, int listener)
{
    const int one = 1;
    const int room = 512 * 1024; /* a whole answer without waiting */
    int fd = accept(listener, NULL, NULL);
    int i = 0;

    if (fd < 0)
        return;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    pthread_mutex_lock(&s->lock);
    while (i < DNS_CONNECTIONS && s->connection[i].fd >= 0)
        i++;
    if (i < DNS_CONNECTIONS) {
        s->connection[i].fd = fd;
        s->connection[i].number = ++s->connections;
        s->connection[i].size = 0;
        s->connection[i].ending = STAYS;
    } else {
        close(fd);
    }
    pthread_mutex_unlock(&s->lock);
}

/* Takes the queries out of what was read. */
static void take_frames(struct dns_server *s, struct connection *c)
{
    while (c->size >= 2) {
        size_t size = (size_t)(c->in[0] << 8 | c->in[1]);
        struct dns_query q;

        if (size > DNS_QUERY_MAX || c->size < 2 + size)
            return;
        memset(&q, 0, sizeof(q));
        q.connection = c->number;
        q.size = size;
        memcpy(q.bytes, c->in + 2, size);
        c->size -= 2 + size;
        memmove(c->in, c->in + 2 + size, c->size);
        handle(s, &q);
    }
}

static void read_tcp(struct dns_server *s, struct connection *c, int fd)
{
    ssize_t n =
        recv(fd, c->in + c->size, sizeof(c->in) - c->size, MSG_DONTWAIT);

    if (n > 0) {
        c->size += (size_t)n;
        take_frames(s, c);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        pthread_mutex_lock(&s->lock);
        drop(c);
        pthread_mutex_unlock(&s->lock);
    }
}

/* ---- the thread ---------------------------------------------------------- */

/* What to wait for, and where it belongs. */
struct watched {
    nfds_t count; /* no more than there are descriptors: poll(2) insists */
    struct pollfd p[3 + DNS_CONNECTIONS];
    struct connection *connection[3 + DNS_CONNECTIONS];
};

static void watch(struct watched *w, int fd, struct connection *c)
{
    if (fd < 0)
        return;
    w->p[w->count] = (struct pollfd){.fd = fd, .events = POLLIN};
    w->connection[w->count] = c;
    w->count++;
}

/* Waits; 0 when it is time to stop. */
static int look(struct dns_server *s, struct watched *w)
{
    int stop;

    w->count = 0;
    pthread_mutex_lock(&s->lock);
    obey(s);
    watch(w, s->wake, NULL);
    watch(w, s->udp, NULL);
    watch(w, s->listener, NULL);
    for (int i = 0; i < DNS_CONNECTIONS; i++)
        watch(w, s->connection[i].fd, &s->connection[i]);
    stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    if (stop)
        return 0;
    while (poll(w->p, w->count, -1) < 0)
        assert_int_equal(errno, EINTR);
    return 1;
}

static void *serve(void *arg)
{
    struct dns_server *s = arg;
    struct watched w;

    while (look(s, &w)) {
        for (nfds_t i = 0; i < w.count; i++) {
            int fd = w.p[i].fd;
            uint64_t count;

            if (w.p[i].revents == 0)
                continue;
            if (w.connection[i] != NULL)
                read_tcp(s, w.connection[i], fd);
            else if (fd == s->wake)
                (void)!read(fd, &count, sizeof(count));
            else if (fd == s->udp)
                read_udp(s, fd);
            else
                accept_one(s, fd);
        }
    }
    return NULL;
}

struct dns_server *dns_server_new(dns_script script, void *arg)
{
    struct dns_server *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    assert_int_equal(pthread_mutex_init(&s->lock, NULL), 0);
    assert_int_equal(pthread_cond_init(&s->came, NULL), 0);
    assert_int_equal(pthread_cond_init(&s->changed, NULL), 0);
    s->script = script;
    s->arg = arg;
    s->last = &s->first;
    for (int i = 0; i < DNS_CONNECTIONS; i++)
        s->connection[i].fd = -1;
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(s->wake >= 0);
    open_ports(s);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    return s;
}

void dns_server_free(struct dns_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stop = 1;
    pthread_mutex_unlock(&s->lock);
    dns_server_wake(s);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    while (s->first != NULL) {
        struct held *h = s->first;

        s->first = h->next;
        free(h);
    }
    for (int i = 0; i < DNS_CONNECTIONS; i++) {
        if (s->connection[i].fd >= 0)
            close(s->connection[i].fd);
    }
    if (s->udp >= 0)
        close(s->udp);
    if (s->listener >= 0)
        close(s->listener);
    close(s->wake);
    pthread_cond_destroy(&s->came);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void dns_server_set(struct dns_server *s, dns_script script, void *arg)
{
    pthread_mutex_lock(&s->lock);
    s->script = script;
    s->arg = arg;
    pthread_mutex_unlock(&s->lock);
}

uint16_t dns_server_port(const struct dns_server *s)
{
    return s->port;
}

void dns_server_address(const struct dns_server *s,
                        struct sockaddr_storage *ret)
{
    struct sockaddr_in at = {.sin_family = AF_INET};

    at.sin_port = htons(s->port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(ret, 0, sizeof(*ret));
    memcpy(ret, &at, sizeof(at));
}
