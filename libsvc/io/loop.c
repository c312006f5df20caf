/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the epoll descriptor, the eventfd of wake and the timers in order of
 * their deadlines. Knows nothing of what is behind a descriptor. Runs on the
 * thread that dispatches.
 *
 * Design notes. A callback may remove and free anything, so nothing is
 * touched after it returns but the loop itself:
 * - what epoll_wait gave is kept in the loop, and remove crosses an io out of
 *   the part that was not called yet;
 * - timers that are due are moved to a list of their own before the first one
 *   is called, so that a timer which is set anew waits for the next round, and
 *   a round ends; unset takes a timer out of whichever list holds it.
 * Everything is level-triggered: what a round leaves unread, or has no room
 * for, is told again in the next.
 * Timers are a sorted list: setting one is linear in those set, and there are
 * a few for each source. A heap would not keep the order of equal deadlines.
 * An epoll is shared with the children of a fork: removing a descriptor there
 * would remove it for the parent too, hence the generation (faults P7).
 */
#include "io/loop.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/sync.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS 64

struct svc__loop {
    int epoll_fd;
    int wake_fd;
    int running; /* inside a round */
    unsigned fork_generation;
    int64_t now_ms;
    struct svc__io wake;
    struct svc__list ios;    /* svc__io, for abandon */
    struct svc__list timers; /* svc__timer, the next one first */
    /* Of the running round: [event, event_count) are still to be called. */
    int event;
    int event_count;
    struct epoll_event events[EVENTS];
};

static void drain_wake(void *arg, unsigned events)
{
    struct svc__loop *l = arg;
    uint64_t count;

    (void)events;
    while (read(l->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
}

static int refuse(int error, const char *what, svc_error *reterr)
{
    (void)svc__err_errno(reterr, error, what);
    if (reterr != NULL)
        reterr->code = SVC_ENOMEM;
    if (error == EMFILE || error == ENFILE)
        svc__err_hint(reterr, "close descriptors, or raise the limit of open "
                              "files (ulimit -n)");
    return SVC_ENOMEM;
}

static int open_descriptors(struct svc__loop *l, svc_error *reterr)
{
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll_fd < 0)
        return refuse(errno, "make an event loop (epoll)", reterr);
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->wake_fd < 0)
        return refuse(errno, "make an event loop (eventfd)", reterr);
    l->wake.fd = l->wake_fd;
    l->wake.ready = drain_wake;
    l->wake.arg = l;
    return svc__loop_add(l, &l->wake, SVC__IO_READ, reterr);
}

int svc__loop_new(struct svc__loop **ret, svc_error *reterr)
{
    struct svc__loop *l = svc__calloc(1, sizeof(*l));
    int err;

    if (l == NULL)
        return svc__err_nomem(reterr);
    l->epoll_fd = -1;
    l->wake_fd = -1;
    l->fork_generation = svc__fork_generation();
    l->now_ms = svc__clock_now_ms();
    svc__list_init(&l->timers);
    svc__list_init(&l->ios);
    err = open_descriptors(l, reterr);
    if (err != 0) {
        svc__loop_free(l);
        return err;
    }
    *ret = l;
    return 0;
}

void svc__loop_free(struct svc__loop *l)
{
    if (l == NULL)
        return;
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    if (l->epoll_fd >= 0)
        close(l->epoll_fd);
    svc__free(l);
}

void svc__loop_abandon(struct svc__loop *l)
{
    struct svc__list *it;

    svc__list_each (it, &l->ios) {
        close(svc__list_entry(it, struct svc__io, link)->fd);
    }
    close(l->epoll_fd);
}

int svc__loop_fd(const struct svc__loop *l)
{
    return l->epoll_fd;
}

int64_t svc__loop_now_ms(const struct svc__loop *l)
{
    return l->now_ms;
}

static int control(struct svc__loop *l, int what, struct svc__io *io,
                   unsigned events, svc_error *reterr)
{
    struct epoll_event event = {.data.ptr = io};

    if ((events & SVC__IO_READ) != 0)
        event.events |= EPOLLIN;
    if ((events & SVC__IO_WRITE) != 0)
        event.events |= EPOLLOUT;
    if (epoll_ctl(l->epoll_fd, what, io->fd, &event) != 0)
        return refuse(errno, "watch a descriptor (epoll)", reterr);
    return 0;
}

int svc__loop_add(struct svc__loop *l, struct svc__io *io, unsigned events,
                  svc_error *reterr)
{
    int err = control(l, EPOLL_CTL_ADD, io, events, reterr);

    if (err != 0)
        return err;
    svc__list_init(&io->link);
    svc__list_add(&l->ios, &io->link);
    return 0;
}

int svc__loop_change(struct svc__loop *l, struct svc__io *io, unsigned events,
                     svc_error *reterr)
{
    return control(l, EPOLL_CTL_MOD, io, events, reterr);
}

void svc__loop_remove(struct svc__loop *l, struct svc__io *io)
{
    /* By now its number may be that of another descriptor in the loop. */
    if (io->link.next == NULL || svc__list_is_empty(&io->link))
        return;
    for (int i = l->event; i < l->event_count; i++) {
        if (l->events[i].data.ptr == io)
            l->events[i].data.ptr = NULL;
    }
    svc__list_remove(&io->link);
    if (l->fork_generation == svc__fork_generation())
        (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
}

void svc__timer_init(struct svc__timer *t, void (*fire)(void *arg), void *arg)
{
    svc__list_init(&t->link);
    t->deadline_ms = 0;
    t->fire = fire;
    t->arg = arg;
}

int svc__timer_is_set(const struct svc__timer *t)
{
    return !svc__list_is_empty(&t->link);
}

void svc__loop_set(struct svc__loop *l, struct svc__timer *t,
                   int64_t deadline_ms)
{
    struct svc__list *at;

    svc__list_remove(&t->link);
    t->deadline_ms = deadline_ms;
    at = l->timers.prev;
    while (at != &l->timers &&
           svc__list_entry(at, struct svc__timer, link)->deadline_ms >
               deadline_ms)
        at = at->prev;
    /* Before the one after it: equal deadlines fire in the order of setting. */
    svc__list_add(at->next, &t->link);
}

void svc__loop_unset(struct svc__loop *l, struct svc__timer *t)
{
    (void)l;
    svc__list_remove(&t->link);
}

static struct svc__timer *first_timer(const struct svc__list *head)
{
    return svc__list_is_empty(head)
               ? NULL
               : svc__list_entry(head->next, struct svc__timer, link);
}

int svc__loop_timeout_ms(const struct svc__loop *l)
{
    const struct svc__timer *t = first_timer(&l->timers);

    if (t == NULL)
        return -1;
    return svc__clock_until(svc__clock_now_ms(), t->deadline_ms);
}

static void run_ready(struct svc__loop *l)
{
    for (l->event = 0; l->event < l->event_count;) {
        const struct epoll_event *event = &l->events[l->event];
        struct svc__io *io = event->data.ptr;
        unsigned events = 0;

        l->event++;
        if (io == NULL)
            continue;
        if ((event->events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
            events |= SVC__IO_READ;
        if ((event->events & EPOLLOUT) != 0)
            events |= SVC__IO_WRITE;
        io->ready(io->arg, events);
    }
    l->event_count = 0;
}

static void run_due(struct svc__loop *l)
{
    struct svc__list due;
    struct svc__timer *t;

    svc__list_init(&due);
    while ((t = first_timer(&l->timers)) != NULL &&
           t->deadline_ms <= l->now_ms) {
        svc__list_remove(&t->link);
        svc__list_add(&due, &t->link);
    }
    while ((t = first_timer(&due)) != NULL) {
        svc__list_remove(&t->link);
        t->fire(t->arg);
    }
}

int svc__loop_round(struct svc__loop *l, int timeout_ms)
{
    int until = timeout_ms == 0 ? 0 : svc__loop_timeout_ms(l);
    int count;

    if (l->running)
        return SVC_ESTATE;
    if (until >= 0 && (timeout_ms < 0 || until < timeout_ms))
        timeout_ms = until;
    count = epoll_wait(l->epoll_fd, l->events, EVENTS, timeout_ms);
    if (count < 0 && errno != EINTR)
        return SVC_ESTATE;
    l->running = 1;
    l->event_count = count < 0 ? 0 : count;
    l->now_ms = svc__clock_now_ms();
    run_ready(l);
    run_due(l);
    l->running = 0;
    return 0;
}

void svc__loop_wake(struct svc__loop *l)
{
    const uint64_t one = 1;
    int saved = errno;

    /* EAGAIN: the counter is full, so the loop is awake anyway. */
    while (write(l->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    errno = saved;
}
