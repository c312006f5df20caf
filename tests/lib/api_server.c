/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the sockets, the thread and the record of requests. What it answers is
 * in api_send.c.
 */
#include "api_server_inside.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t api_server_clock_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- the record ---------------------------------------------------------- */

unsigned api_server_count(struct api_server *s)
{
    unsigned count;

    pthread_mutex_lock(&s->lock);
    count = s->count;
    pthread_mutex_unlock(&s->lock);
    return count;
}

/* The n-th with this text, or NULL; how many before it. Locked. */
static struct api_request *find(const struct api_server *s, const char *text,
                                unsigned n, unsigned *ret_count)
{
    *ret_count = 0;
    for (unsigned i = 0; i < s->count; i++) {
        if (strstr(s->requests[i]->line, text) == NULL)
            continue;
        if (*ret_count == n)
            return s->requests[i];
        ++*ret_count;
    }
    return NULL;
}

unsigned api_server_asked(struct api_server *s, const char *text)
{
    unsigned count;

    pthread_mutex_lock(&s->lock);
    (void)find(s, text, UINT32_MAX, &count);
    pthread_mutex_unlock(&s->lock);
    return count;
}

void api_server_get(struct api_server *s, const char *text, unsigned n,
                    struct api_request *ret)
{
    const struct api_request *q;
    unsigned count;

    pthread_mutex_lock(&s->lock);
    q = find(s, text, n, &count);
    if (q != NULL)
        memcpy(ret, q,
               offsetof(struct api_request, head) + strlen(q->head) + 1);
    pthread_mutex_unlock(&s->lock);
    if (q == NULL)
        fail_msg("%u requests with \"%s\" came, not %u", count, text, n + 1);
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The first line without its version, escapes undone. */
static void read_line(struct api_request *q)
{
    const char *at = q->head;
    size_t n = 0;
    int spaces = 0;

    while (*at != '\0' && *at != '\r' && n < sizeof(q->line) - 1) {
        spaces += *at == ' ';
        if (spaces == 2)
            break;
        if (*at == '%' && hex(at[1]) >= 0 && hex(at[2]) >= 0) {
            q->line[n++] = (char)(hex(at[1]) << 4 | hex(at[2]));
            at += 3;
        } else {
            q->line[n++] = *at++;
        }
    }
    q->line[n] = '\0';
}

/* Keeps a request, without the room that its head does not need. Locked. */
static void keep(struct api_server *s, const struct api_request *q)
{
    const size_t size =
        offsetof(struct api_request, head) + strlen(q->head) + 1;
    struct api_request *kept = malloc(size);

    assert_non_null(kept);
    memcpy(kept, q, size);
    s->requests = realloc(s->requests, (s->count + 1) * sizeof(*s->requests));
    assert_non_null(s->requests);
    s->requests[s->count++] = kept;
}

/* A request came, on the server's thread. */
static void handle(struct api_server *s, const struct api_connection *c,
                   size_t head_size)
{
    struct api_request q;
    api_script script;
    void *arg;

    memset(&q, 0, sizeof(q));
    q.server = s;
    q.connection = c->number;
    q.at_ms = api_server_clock_ms();
    memcpy(q.head, c->in, head_size);
    read_line(&q);
    pthread_mutex_lock(&s->lock);
    q.number = s->count;
    keep(s, &q);
    script = s->script;
    arg = s->arg;
    pthread_mutex_unlock(&s->lock);
    if (script != NULL)
        script(arg, &q);
}

/* ---- sockets ------------------------------------------------------------- */

static int open_port(uint16_t port)
{
    const int one = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(fd, API_CONNECTIONS) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A port that the kernel gives to no client: one that is refused later must
 * not be taken by somebody else meanwhile. */
static void open_any(struct api_server *s)
{
    for (int i = 0; i < 1000; i++) {
        uint16_t any;

        assert_int_equal(getrandom(&any, sizeof(any), 0), sizeof(any));
        s->port = (uint16_t)(10000 + any % 20000);
        s->listener = open_port(s->port);
        if (s->listener >= 0)
            return;
    }
    fail_msg("no port is free");
}

void api_server_wake(struct api_server *s)
{
    const uint64_t one = 1;

    (void)!write(s->wake, &one, sizeof(one));
}

void api_server_refuse(struct api_server *s, int no)
{
    struct timespec until;
    int err = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += API_SERVER_MS / 1000;
    pthread_mutex_lock(&s->lock);
    s->refuse = no != 0;
    api_server_wake(s);
    while ((s->listener < 0) != s->refuse && err == 0)
        err = pthread_cond_timedwait(&s->changed, &s->lock, &until);
    pthread_mutex_unlock(&s->lock);
    if (err != 0)
        fail_msg("port %u was not to be had again", s->port);
}

static void drop(struct api_connection *c)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (c->ending == API_RESETS)
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once,
                         sizeof(at_once));
    close(c->fd);
    c->fd = -1;
    free(c->out);
    c->out = NULL;
    c->out_size = 0;
    c->out_at = 0;
}

void api_server_drop(struct api_server *s, int reset)
{
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < API_CONNECTIONS; i++)
        s->connection[i].ending = reset ? API_RESETS : API_CLOSES;
    pthread_mutex_unlock(&s->lock);
    api_server_wake(s);
}

/* Does what other threads asked for. */
static void obey(struct api_server *s)
{
    if (s->refuse && s->listener >= 0) {
        close(s->listener);
        s->listener = -1;
    } else if (!s->refuse && s->listener < 0) {
        s->listener = open_port(s->port);
    }
    for (int i = 0; i < API_CONNECTIONS; i++) {
        struct api_connection *c = &s->connection[i];

        if (c->fd >= 0 && c->ending != API_STAYS &&
            (c->ending == API_RESETS || c->out == NULL))
            drop(c);
    }
    pthread_cond_broadcast(&s->changed);
}

static void accept_one(struct api_server *s, int listener)
{
    const int one = 1;
    int fd = accept(listener, NULL, NULL);
    int i = 0;

    if (fd < 0)
        return;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    pthread_mutex_lock(&s->lock);
    while (i < API_CONNECTIONS && s->connection[i].fd >= 0)
        i++;
    if (i < API_CONNECTIONS) {
        struct api_connection *c = &s->connection[i];

        c->fd = fd;
        c->number = ++s->connections;
        c->size = 0;
        c->ending = API_STAYS;
        c->limit = SIZE_MAX;
    } else {
        close(fd);
    }
    pthread_mutex_unlock(&s->lock);
}

/* The request's whole size. */
static size_t size_of(const char *in, size_t head_size)
{
    static const char name[] = "\r\nContent-Length:";

    for (size_t i = 0; i + sizeof(name) < head_size; i++) {
        if (strncasecmp(in + i, name, sizeof(name) - 1) == 0)
            return head_size + strtoul(in + i + sizeof(name) - 1, NULL, 10);
    }
    return head_size;
}

/* Takes the requests out of what was read; their bodies are passed over. */
static void take_requests(struct api_server *s, struct api_connection *c)
{
    const char *end;

    c->in[c->size] = '\0';
    while ((end = strstr(c->in, "\r\n\r\n")) != NULL) {
        const size_t head_size = (size_t)(end - c->in) + 4;
        const size_t size = size_of(c->in, head_size);

        assert_true(head_size < API_HEAD_MAX);
        if (size > c->size)
            return;
        handle(s, c, head_size);
        c->size -= size;
        memmove(c->in, c->in + size, c->size + 1);
    }
}

static void read_some(struct api_server *s, struct api_connection *c, int fd)
{
    ssize_t n =
        recv(fd, c->in + c->size, sizeof(c->in) - 1 - c->size, MSG_DONTWAIT);

    if (n > 0) {
        c->size += (size_t)n;
        take_requests(s, c);
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
    struct pollfd p[2 + API_CONNECTIONS];
    struct api_connection *connection[2 + API_CONNECTIONS];
};

static void watch(struct watched *w, int fd, struct api_connection *c)
{
    if (fd < 0)
        return;
    w->p[w->count] = (struct pollfd){.fd = fd, .events = POLLIN};
    if (c != NULL && c->out != NULL)
        w->p[w->count].events |= POLLOUT;
    w->connection[w->count] = c;
    w->count++;
}

/* Waits; 0 when it is time to stop. */
static int look(struct api_server *s, struct watched *w)
{
    int stop;

    w->count = 0;
    pthread_mutex_lock(&s->lock);
    obey(s);
    watch(w, s->wake, NULL);
    watch(w, s->listener, NULL);
    for (int i = 0; i < API_CONNECTIONS; i++)
        watch(w, s->connection[i].fd, &s->connection[i]);
    stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    if (stop)
        return 0;
    while (poll(w->p, w->count, -1) < 0)
        assert_int_equal(errno, EINTR);
    return 1;
}

static void serve_one(struct api_server *s, const struct pollfd *p,
                      struct api_connection *c)
{
    uint64_t count;

    if (p->revents == 0)
        return;
    if (c == NULL && p->fd == s->wake) {
        (void)!read(p->fd, &count, sizeof(count));
    } else if (c == NULL) {
        accept_one(s, p->fd);
    } else {
        if (p->revents & POLLOUT) {
            pthread_mutex_lock(&s->lock);
            api_connection_flush(c);
            pthread_mutex_unlock(&s->lock);
        }
        if (p->revents & ~POLLOUT)
            read_some(s, c, p->fd);
    }
}

static void *serve(void *arg)
{
    struct watched *w = calloc(1, sizeof(*w));
    struct api_server *s = arg;

    assert_non_null(w);
    while (look(s, w)) {
        for (nfds_t i = 0; i < w->count; i++)
            serve_one(s, &w->p[i], w->connection[i]);
    }
    free(w);
    return NULL;
}

/* ---- life ---------------------------------------------------------------- */

struct api_server *api_server_new(api_script script, void *arg)
{
    struct api_server *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    assert_int_equal(pthread_mutex_init(&s->lock, NULL), 0);
    assert_int_equal(pthread_cond_init(&s->changed, NULL), 0);
    s->script = script;
    s->arg = arg;
    for (int i = 0; i < API_CONNECTIONS; i++)
        s->connection[i].fd = -1;
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(s->wake >= 0);
    open_any(s);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    return s;
}

void api_server_free(struct api_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stop = 1;
    pthread_mutex_unlock(&s->lock);
    api_server_wake(s);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    for (int i = 0; i < API_CONNECTIONS; i++) {
        if (s->connection[i].fd >= 0)
            drop(&s->connection[i]);
    }
    for (unsigned i = 0; i < s->count; i++)
        free(s->requests[i]);
    free(s->requests);
    if (s->listener >= 0)
        close(s->listener);
    close(s->wake);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void api_server_set(struct api_server *s, api_script script, void *arg)
{
    pthread_mutex_lock(&s->lock);
    s->script = script;
    s->arg = arg;
    pthread_mutex_unlock(&s->lock);
}

uint16_t api_server_port(const struct api_server *s)
{
    return s->port;
}

unsigned api_server_connections(struct api_server *s)
{
    unsigned count;

    pthread_mutex_lock(&s->lock);
    count = s->connections;
    pthread_mutex_unlock(&s->lock);
    return count;
}
