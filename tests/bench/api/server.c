/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An API server for measurements: plain HTTP/1.1 on loopback, one thread, all
 * objects written before it listens. It knows lists and watches of Services
 * and EndpointSlices of one namespace, as semantics 2.10 has them, and makes
 * events when it is told to:
 *
 *     /bench/flood?events=K&slices=N          as fast as all watches take them
 *     /bench/rate?events=K&slices=N&rate=R    R a second
 *     /bench/stats                            what was sent, and its CPU time
 *
 * Event number e, from 0 on, is in slice number e modulo N. It prints its port
 * and ends with its standard input.
 */
#include "../dns/client.h"
#include "reply.h"
#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define REPLIES_MAX     1024 /* connections */
#define AT_ONCE         64
#define LISTENER        REPLIES_MAX
#define TIMER           (REPLIES_MAX + 1)
#define INPUT           (REPLIES_MAX + 2)
#define BATCH           64
#define ROUNDS          16 /* batches before it looks for requests */
#define BOOKMARK_S      60
#define WATCH_DEFAULT_S 1800

struct server {
    struct world world;
    int epoll;
    int listener;
    int timer;
    struct reply *replies[REPLIES_MAX];
    size_t replies_end; /* none from here on */
    size_t first;       /* whose turn it is to be served first */
    size_t wanted;
    size_t made;
    size_t slices; /* events go to so many */
    int is_paced;
    uint64_t late; /* events that were made after their time */
    uint64_t sent; /* bytes */
};

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- queries ------------------------------------------------------------ */

/* What stands behind "name=" in a query, up to its end or the next "&"; ""
 * when it is not there. */
static const char *parameter(const char *query, const char *name)
{
    size_t size = strlen(name);

    while (*query != '\0') {
        if (strncmp(query, name, size) == 0 && query[size] == '=')
            return query + size + 1;
        query = strchr(query, '&');
        if (query == NULL)
            break;
        query++;
    }
    return "";
}

static size_t number(const char *query, const char *name, size_t fallback)
{
    char *end;
    const char *text = parameter(query, name);
    unsigned long long value = strtoull(text, &end, 10);

    return end == text ? fallback : (size_t)value;
}

static int is_true(const char *query, const char *name)
{
    const char *text = parameter(query, name);

    return text[0] == '1' || text[0] == 't';
}

/* Which Service a selector names. */
static size_t selected(const char *query)
{
    const char *name = strstr(query, "svc-");
    char *end;
    size_t service;

    if (name == NULL)
        return REPLY_ALL;
    service = (size_t)strtoull(name + 4, &end, 10);
    return end == name + 4 ? REPLY_ALL : service;
}

/* ---- list and watch ----------------------------------------------------- */

static void list(struct server *s, struct reply *r)
{
    reply_begin(r);
    reply_printf(r, "{");
    if (r->is_slices)
        reply_printf(r, "\"kind\":\"EndpointSliceList\","
                        "\"apiVersion\":\"discovery.k8s.io/v1\"");
    else
        reply_printf(r, "\"kind\":\"ServiceList\",\"apiVersion\":\"v1\"");
    reply_printf(
        r, ",\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"},\"items\":[",
        s->world.version);
    reply_add(r, "", 0); /* the first object is a part of its own */
    reply_add_all(r, &s->world, WORLD_ITEM);
    reply_printf(r, "]}\n");
    reply_end(r, 200);
}

/* An event about no object. */
static void add_event(struct reply *r, const char *type, const char *object)
{
    reply_printf(r, "%zx\r\n{\"type\":\"%s\",\"object\":{%s}}\n\r\n",
                 strlen("{\"type\":\"\",\"object\":{}}\n") + strlen(type) +
                     strlen(object),
                 type, object);
}

static void add_bookmark(struct server *s, struct reply *r, int is_initial_end)
{
    char object[512];
    int size;

    size = snprintf(object, sizeof(object),
                    "%s,\"metadata\":{\"resourceVersion\":\"%" PRIu64
                    "\",\"creationTimestamp\":null%s}%s",
                    r->is_slices ? "\"kind\":\"EndpointSlice\","
                                   "\"apiVersion\":\"discovery.k8s.io/v1\""
                                 : "\"kind\":\"Service\",\"apiVersion\":\"v1\"",
                    s->world.version,
                    is_initial_end ? ",\"annotations\":{\"k8s.io/initial-"
                                     "events-end\":\"true\"}"
                                   : "",
                    r->is_slices ? ",\"addressType\":\"\",\"endpoints\":null,"
                                   "\"ports\":null"
                                 : ",\"spec\":{},\"status\":"
                                   "{\"loadBalancer\":{}}");
    client_must(size > 0 && (size_t)size < sizeof(object), "a bookmark");
    add_event(r, "BOOKMARK", object);
}

static void end_watch(struct reply *r)
{
    r->is_watch = 0;
    reply_printf(r, "0\r\n\r\n");
}

/* Slices are remembered as they are now, not as they were. */
static int is_expired(const struct server *s, const struct reply *r,
                      size_t version)
{
    return r->is_slices && version > 1 && version < s->world.version;
}

static void watch(struct server *s, struct reply *r, const char *query)
{
    int is_list = is_true(query, "sendInitialEvents");
    size_t version = number(query, "resourceVersion", 0);
    size_t seconds = number(query, "timeoutSeconds", WATCH_DEFAULT_S);

    r->is_watch = 1;
    r->ends = client_seconds() + (double)seconds;
    r->bookmark = client_seconds() + BOOKMARK_S;
    reply_printf(r, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n");
    if (!is_list && is_expired(s, r, version)) {
        add_event(r, "ERROR",
                  "\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
                  "\"status\":\"Failure\",\"reason\":\"Expired\",\"code\":410,"
                  "\"message\":\"too old resource version\"");
        end_watch(r);
    } else if (is_list || version == 0) {
        reply_add_all(r, &s->world, WORLD_ADDED);
        if (is_list)
            add_bookmark(s, r, 1);
    }
}

/* ---- control ------------------------------------------------------------ */

static int is_pending(const struct server *s)
{
    for (size_t i = 0; i < s->replies_end; i++)
        if (s->replies[i] != NULL && s->replies[i]->is_watch &&
            s->replies[i]->at < s->replies[i]->count)
            return 1;
    return 0;
}

static void stats(struct server *s, struct reply *r)
{
    struct rusage use;
    size_t watches = 0;

    (void)getrusage(RUSAGE_SELF, &use);
    for (size_t i = 0; i < s->replies_end; i++)
        watches += s->replies[i] != NULL && s->replies[i]->is_watch &&
                   s->replies[i]->is_slices;
    reply_printf(r,
                 "{\"watches\":%zu,\"version\":\"%" PRIu64
                 "\",\"made\":%zu,\"done\":%s,\"late\":%" PRIu64
                 ",\"sent\":%" PRIu64 ",\"cpu\":%.6f}\n",
                 watches, s->world.version, s->made,
                 s->made == s->wanted && !is_pending(s) ? "true" : "false",
                 s->late, s->sent,
                 (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                     (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) *
                         1e-6);
}

static void set_timer(struct server *s, size_t rate)
{
    long ns = rate > 1 ? (long)(1000000000 / rate) : 999999999;
    struct itimerspec each = {{0, ns}, {0, ns}};

    if (rate == 0)
        memset(&each, 0, sizeof(each));
    client_must(timerfd_settime(s->timer, 0, &each, NULL) == 0, "a timer");
}

static void start(struct server *s, const char *query, int is_paced)
{
    s->wanted = s->made + number(query, "events", 0);
    s->slices = number(query, "slices", s->world.settings.slices);
    s->is_paced = is_paced;
    s->late = 0;
    client_must(s->slices > 0 && s->slices <= s->world.settings.slices &&
                    s->wanted <= WORLD_EVENTS,
                "what was told");
    set_timer(s, is_paced ? number(query, "rate", 500) : 0);
}

static void control(struct server *s, struct reply *r, const char *path,
                    const char *query)
{
    reply_begin(r);
    if (strcmp(path, "/bench/flood") == 0)
        start(s, query, 0);
    if (strcmp(path, "/bench/rate") == 0)
        start(s, query, 1);
    stats(s, r);
    reply_end(r, 200);
}

/* ---- requests ----------------------------------------------------------- */

static int ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    size_t more = strlen(end);

    return size >= more && strcmp(text + size - more, end) == 0;
}

static void refuse(struct reply *r)
{
    reply_begin(r);
    reply_printf(r, "{\"kind\":\"Status\",\"apiVersion\":\"v1\","
                    "\"metadata\":{},\"status\":\"Failure\","
                    "\"message\":\"not here\",\"reason\":\"NotFound\","
                    "\"code\":404}\n");
    reply_end(r, 404);
}

static void answer(struct server *s, struct reply *r, const char *path,
                   const char *query)
{
    r->is_slices = ends_with(path, "/endpointslices");
    r->service = selected(query);
    if (strncmp(path, "/bench/", 7) == 0) {
        control(s, r, path, query);
    } else if (!r->is_slices && !ends_with(path, "/services")) {
        refuse(r);
    } else if (r->service != REPLY_ALL &&
               r->service >= s->world.settings.services) {
        refuse(r);
    } else if (is_true(query, "watch") || strstr(path, "/v1/watch/") != NULL) {
        watch(s, r, query);
    } else {
        list(s, r);
    }
}

/* "GET /path?query HTTP/1.1", which is cut into pieces. */
static void take_request(struct server *s, struct reply *r)
{
    char empty[] = "";
    char *path = strchr(r->request, ' ');
    char *end = path == NULL ? NULL : strchr(path + 1, ' ');
    char *query;

    if (end == NULL) {
        refuse(r);
        return;
    }
    *end = '\0';
    query = strchr(++path, '?');
    if (query != NULL)
        *query++ = '\0';
    answer(s, r, path, query == NULL ? empty : query);
}

/* Answers what has come whole. -1: the connection is over. */
static int receive(struct server *s, struct reply *r)
{
    for (;;) {
        ssize_t got =
            recv(r->fd, r->request + r->request_size,
                 sizeof(r->request) - 1 - r->request_size, MSG_DONTWAIT);

        if (got < 0 && errno == EAGAIN)
            return 0;
        if (got <= 0)
            return -1;
        r->request_size += (size_t)got;
        r->request[r->request_size] = '\0';
        if (strstr(r->request, "\r\n\r\n") != NULL && !r->is_watch) {
            take_request(s, r);
            r->request_size = 0;
        }
        if (r->request_size == sizeof(r->request) - 1)
            return -1;
    }
}

/* ---- events ------------------------------------------------------------- */

static void drop(struct server *s, size_t i)
{
    reply_free(s->replies[i]);
    s->replies[i] = NULL;
}

/* Who is first at one event is last at the next. */
static void send_all(struct server *s)
{
    s->first++;
    for (size_t k = 0; k < s->replies_end; k++) {
        size_t i = (s->first + k) % s->replies_end;

        if (s->replies[i] != NULL && s->replies[i]->at < s->replies[i]->count &&
            reply_send(s->replies[i], &s->sent) < 0)
            drop(s, i);
    }
}

static void make(struct server *s, size_t count)
{
    uint64_t now = now_ns();

    for (; count > 0; count--) {
        size_t slice = s->made % s->slices;

        world_change(&s->world, slice, s->made++, now);
        for (size_t i = 0; i < s->replies_end; i++)
            if (s->replies[i] != NULL && s->replies[i]->is_watch &&
                s->replies[i]->is_slices)
                reply_add_slice(s->replies[i], &s->world, slice);
    }
    send_all(s);
}

/* No slice may change while it is still to be sent. */
static void flood(struct server *s)
{
    for (int i = 0; i < ROUNDS && s->made < s->wanted && !is_pending(s); i++) {
        size_t count = s->wanted - s->made;

        if (count > BATCH)
            count = BATCH;
        if (count > s->slices)
            count = s->slices;
        make(s, count);
    }
}

static void tick(struct server *s)
{
    uint64_t count = 0;

    if (read(s->timer, &count, sizeof(count)) != (ssize_t)sizeof(count))
        return;
    if (count > 1)
        s->late += count - 1;
    for (; count > 0 && s->made < s->wanted && !is_pending(s); count--)
        make(s, 1);
    if (s->made == s->wanted)
        set_timer(s, 0);
}

/* ---- the loop ----------------------------------------------------------- */

static void look_at_clock(struct server *s)
{
    double now = client_seconds();

    for (size_t i = 0; i < s->replies_end; i++) {
        struct reply *r = s->replies[i];

        if (r == NULL || !r->is_watch || r->at < r->count)
            continue;
        if (now >= r->ends) {
            end_watch(r);
        } else if (now >= r->bookmark) {
            r->bookmark = now + BOOKMARK_S;
            add_bookmark(s, r, 0);
        }
    }
    send_all(s);
}

static void await(struct server *s, int fd, uint32_t events, uint64_t what)
{
    struct epoll_event event = {.events = events, .data.u64 = what};

    client_must(epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll");
}

/* One too many is closed. */
static void accept_one(struct server *s)
{
    int fd = accept(s->listener, NULL, NULL);
    size_t i = 0;

    if (fd < 0)
        return;
    while (i < REPLIES_MAX && s->replies[i] != NULL)
        i++;
    if (i == REPLIES_MAX) {
        close(fd);
        return;
    }
    if (i == s->replies_end)
        s->replies_end++;
    s->replies[i] = reply_new(fd);
    await(s, fd, EPOLLIN | EPOLLOUT | EPOLLET, i);
}

static void serve(struct server *s, size_t i)
{
    if (s->replies[i] == NULL)
        return;
    if (receive(s, s->replies[i]) < 0 ||
        reply_send(s->replies[i], &s->sent) < 0)
        drop(s, i);
}

/* 0 when the standard input has ended. */
static int turn(struct server *s)
{
    struct epoll_event events[AT_ONCE];
    int is_busy = !s->is_paced && s->made < s->wanted && !is_pending(s);
    int count = epoll_wait(s->epoll, events, AT_ONCE, is_busy ? 0 : 1000);

    for (int i = 0; i < count; i++) {
        if (events[i].data.u64 == LISTENER)
            accept_one(s);
        else if (events[i].data.u64 == TIMER)
            tick(s);
        else if (events[i].data.u64 == INPUT)
            return 0;
        else
            serve(s, events[i].data.u64);
    }
    if (!s->is_paced)
        flood(s);
    look_at_clock(s);
    return 1;
}

static void listen_on(struct server *s, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int on = 1;

    address.sin_port = htons((uint16_t)client_number(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    client_must(
        bind(s->listener, (struct sockaddr *)&address, size) == 0 &&
            listen(s->listener, AT_ONCE) == 0 &&
            getsockname(s->listener, (struct sockaddr *)&address, &size) == 0,
        "listening");
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
}

static void read_sizes(struct world_settings *settings, char *text)
{
    char *rest = NULL;
    char *word = strtok_r(text, ",", &rest);

    settings->services = 1;
    settings->slices = 0;
    while (word != NULL && settings->slices < WORLD_SIZES_MAX) {
        settings->sizes[settings->slices++] = client_number(word);
        word = strtok_r(NULL, ",", &rest);
    }
}

static int usage(void)
{
    fprintf(stderr,
            "usage: svc-bench-api-server PORT SERVICES SLICES ENDPOINTS\n"
            "       svc-bench-api-server PORT SIZE,SIZE,SIZE\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct world_settings settings = {0};
    static struct server s;

    if (argc != 3 && argc != 5)
        return usage();
    if (argc == 3) {
        read_sizes(&settings, argv[2]);
    } else {
        settings.services = client_number(argv[2]);
        settings.slices = client_number(argv[3]);
        settings.endpoints = client_number(argv[4]);
    }
    client_must(settings.services > 0, "reading the numbers");
    world_init(&s.world, &settings);
    s.epoll = epoll_create1(EPOLL_CLOEXEC);
    s.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    client_must(s.epoll >= 0 && s.timer >= 0, "making an epoll");
    listen_on(&s, argv[1]);
    await(&s, s.listener, EPOLLIN, LISTENER);
    await(&s, s.timer, EPOLLIN, TIMER);
    await(&s, STDIN_FILENO, EPOLLIN | EPOLLHUP, INPUT);
    while (turn(&s))
        continue;
    world_fini(&s.world);
    return 0;
}
