/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does what the race decides: picks, opens sockets, waits for them with poll,
 * and tells the balancer how each attempt went. Everything that is opened here
 * is closed here but for the socket that wins.
 */
#include "core/connect.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/pick.h"
#include "io/loop.h"
#include "policy/race.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

struct attempt {
    svc_pick pick;
    int fd; /* -1: closed, or never opened */
};

struct run {
    svc_service *s;
    const svc_pick_options *options;
    struct svc__race race;
    struct svc__race_action action;
    struct attempt attempts[SVC__RACE_ATTEMPTS_MAX];
    int64_t began_ms;
    int64_t now_ms; /* of the last step */
    int code;       /* why the last pick failed, if one did */
};

/* ---- attempts ---------------------------------------------------------- */

static void step(struct run *run, struct svc__race_event event)
{
    run->now_ms = svc__clock_now_ms();
    event.now_ms = run->now_ms;
    svc__race_step(&run->race, &event, &run->action);
}

/* Closes an attempt that did not win. */
static void end_attempt(struct run *run, unsigned i)
{
    struct attempt *a = &run->attempts[i];

    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
    svc__pick_done(&a->pick, svc__race_outcome(&run->race, i, run->now_ms),
                   SVC__PICK_MEASURE);
}

static enum svc__family family_of(const svc_pick *pick)
{
    return svc_pick_sockaddr(pick)->sa_family == AF_INET ? SVC__FAMILY_IPV4
                                                         : SVC__FAMILY_IPV6;
}

/* Whether a socket has met itself: a port of this host from which connections
 * are made, and on which nobody listens, may be chosen as our own one. */
static int is_own_peer(int fd, const svc_pick *pick)
{
    struct sockaddr_storage own = {0};
    socklen_t size = sizeof(own);

    return getsockname(fd, (struct sockaddr *)&own, &size) == 0 &&
           size == pick->sockaddr_size &&
           memcmp(&own, &pick->sockaddr, size) == 0;
}

/* What became of a connection: 0 or an errno. */
static int look_at(const struct attempt *a)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno;
    if (error == 0 && is_own_peer(a->fd, &a->pick))
        return ECONNREFUSED;
    return error;
}

/* Begins to connect: 0 when it is done at once, EINPROGRESS, or why not. */
static int open_attempt(struct attempt *a)
{
    const struct sockaddr *address = svc_pick_sockaddr(&a->pick);

    a->fd = socket(address->sa_family,
                   SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (a->fd < 0)
        return errno;
    if (connect(a->fd, address, a->pick.sockaddr_size) == 0)
        return look_at(a);
    /* Interrupted, it goes on by itself. */
    return errno == EINTR ? EINPROGRESS : errno;
}

static void tell(struct run *run, unsigned i, int error)
{
    if (error == 0) {
        step(run, (struct svc__race_event){.kind = SVC__RACE_CONNECTED,
                                           .attempt = i});
        return;
    }
    step(run, (struct svc__race_event){
                  .kind = SVC__RACE_FAILED, .attempt = i, .error = error});
    end_attempt(run, i);
}

/* Begins the attempt that the race wants. */
static void begin(struct run *run)
{
    const unsigned i = run->action.attempt;
    struct attempt *a = &run->attempts[i];
    int error;
    int code;

    code = i == 0 ? svc__pick(run->s, run->options, &a->pick)
                  : svc__pick_beside(run->s, &run->attempts[i - 1].pick,
                                     run->action.family, &a->pick);
    if (code != 0) {
        run->code = code;
        step(run, (struct svc__race_event){.kind = SVC__RACE_NOBODY});
        return;
    }
    step(run, (struct svc__race_event){.kind = SVC__RACE_BEGUN,
                                       .family = family_of(&a->pick)});
    error = open_attempt(a);
    if (error != EINPROGRESS)
        tell(run, i, error);
}

static void begin_all(struct run *run)
{
    while (run->action.what == SVC__RACE_BEGIN)
        begin(run);
}

/* ---- waiting ----------------------------------------------------------- */

/* How long to wait; with an external loop its timers are ours to serve. */
static int wait_ms(const struct run *run)
{
    const svc_resolver *r = run->s->r;
    int mine = svc__clock_until(svc__clock_now_ms(), run->action.due_ms);
    int loops = r->settings.external_loop ? svc__loop_timeout_ms(r->loop) : -1;

    return loops >= 0 && (mine < 0 || loops < mine) ? loops : mine;
}

/* Waits for the sockets under way, the loop, or time. fds has one entry for
 * each attempt and the loop's behind them. 0, or a code. */
static int wait(struct run *run, struct pollfd *fds, svc_error *reterr)
{
    svc_resolver *r = run->s->r;
    const unsigned count = run->race.count;
    int err = 0;

    for (unsigned i = 0; i < count; i++)
        fds[i] = (struct pollfd){.fd = run->attempts[i].fd, .events = POLLOUT};
    fds[count] = (struct pollfd){
        .fd = r->settings.external_loop ? svc__loop_fd(r->loop) : -1,
        .events = POLLIN};
    if (poll(fds, count + 1, wait_ms(run)) < 0) {
        if (errno != EINTR)
            return svc__err_errno(reterr, errno, "poll");
        memset(fds, 0, (count + 1) * sizeof(*fds));
    }
    if (r->settings.external_loop)
        err = svc__resolver_round(r, 0);
    if (err == SVC_ESTATE)
        return svc__err_set(reterr, err, "waiting inside a dispatch");
    return 0;
}

static int is_done(const struct run *run)
{
    return run->action.what == SVC__RACE_DONE;
}

/* What the sockets say comes before the time: who is connected in the last
 * moment is. */
static void look(struct run *run, const struct pollfd *fds, unsigned count)
{
    for (unsigned i = 0; i < count && !is_done(run); i++) {
        if (fds[i].revents != 0)
            tell(run, i, look_at(&run->attempts[i]));
        begin_all(run);
    }
    if (!is_done(run))
        step(run, (struct svc__race_event){.kind = SVC__RACE_DUE});
    begin_all(run);
}

/* Until the race is done. 0, or why it was broken off. */
static int race(struct run *run, svc_error *reterr)
{
    struct pollfd fds[SVC__RACE_ATTEMPTS_MAX + 1];

    step(run, (struct svc__race_event){.kind = SVC__RACE_START});
    begin_all(run);
    while (!is_done(run)) {
        const unsigned count = run->race.count;
        int err = wait(run, fds, reterr);

        if (err != 0)
            return err;
        look(run, fds, count);
        if (run->code == SVC_ECLOSED)
            return svc__publish_status(&run->s->publish, reterr);
    }
    return 0;
}

/* ---- in words ---------------------------------------------------------- */

static void write_address(const svc_pick *pick, struct svc__buf *b)
{
    char text[SVC_ADDRESS_TEXT_SIZE] = "";
    struct sockaddr_in in;

    if (family_of(pick) == SVC__FAMILY_IPV6) {
        (void)inet_ntop(AF_INET6, &pick->sockaddr.sin6_addr, text,
                        sizeof(text));
        svc__buf_printf(b, "[%s]:%d", text, ntohs(pick->sockaddr.sin6_port));
        return;
    }
    memcpy(&in, &pick->sockaddr, sizeof(in));
    (void)inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
    svc__buf_printf(b, "%s:%d", text, ntohs(in.sin_port));
}

/* Who was tried, and why it failed. */
static void write_attempts(const struct run *run, struct svc__buf *b)
{
    for (unsigned i = 0; i < run->race.count; i++) {
        const struct svc__race_attempt *a = &run->race.attempts[i];
        svc_error error;

        svc__buf_add_text(b, i == 0 ? ": " : "; ");
        write_address(&run->attempts[i].pick, b);
        if (a->error == 0) {
            svc__buf_printf(b, ": no answer in %d ms",
                            (int)(run->now_ms - a->began_ms));
        } else {
            svc__err_errno(&error, a->error, "");
            svc__buf_add_text(b, error.message);
        }
    }
}

/* Whether no attempt has left this host. */
static int is_without_port(const struct run *run)
{
    for (unsigned i = 0; i < run->race.count; i++) {
        if (run->race.attempts[i].error != EADDRNOTAVAIL)
            return 0;
    }
    return 1;
}

static const char *hint_for(const struct run *run)
{
    if (is_without_port(run))
        return "all local ports to these addresses are in use: keep and share "
               "connections, or widen net.ipv4.ip_local_port_range; or this "
               "host has no address of that family";
    switch (run->action.code) {
    case SVC_ENOMEM:
        return "raise the limit of open files (RLIMIT_NOFILE), or close what "
               "is not needed";
    case SVC_ETIMEDOUT:
        return "a NetworkPolicy, or a Node that is gone, lets packets vanish; "
               "where the way is long, allow for more time";
    default:
        return "see whether the Pods listen on the port that the Service "
               "names (targetPort)";
    }
}

/* Nobody was connected. */
static int tell_failure(const struct run *run, svc_error *reterr)
{
    const int code = run->action.code;
    struct svc__buf tried;

    svc__buf_init(&tried, 4 * sizeof(*reterr));
    write_attempts(run, &tried);
    if (code == SVC_ETIMEDOUT)
        svc__err_set(reterr, code, "\"%.200s\": no connection in %d ms%s",
                     run->s->text, (int)(run->now_ms - run->began_ms),
                     tried.err == 0 ? tried.data : "");
    else
        svc__err_set(reterr, code, "\"%.200s\": no connection%s", run->s->text,
                     tried.err == 0 ? tried.data : "");
    svc__err_hint(reterr, "%s", hint_for(run));
    svc__buf_fini(&tried);
    return code;
}

/* There was no endpoint to begin with: it went after the wait, or it never
 * could be picked like this. */
static int tell_nobody(const struct run *run, svc_error *reterr)
{
    svc_service *s = run->s;
    int code = run->code;

    if (code == SVC_EINVAL) {
        svc__err_set(reterr, code, "\"%.200s\" was opened without track",
                     s->text);
        svc__err_hint(reterr, "set the option track of the service, too");
        return code;
    }
    if (svc__publish_answer(&s->publish, &code, reterr) && code == run->code)
        return code;
    return svc__err_set(reterr, run->code, "\"%.200s\": %s", s->text,
                        svc_err_text(run->code));
}

/* Whether connections can be made to the usable endpoints of a set; they have
 * one protocol, and all a port or none. */
static int check_set(const svc_service *s, const struct svc_endpoints *eps,
                     svc_error *reterr)
{
    const struct svc__candidate *c = &eps->endpoints[0].c;

    if (c->proto != SVC__PROTO_ANY && c->proto != SVC__PROTO_TCP) {
        svc__err_set(reterr, SVC_ENOTSUP,
                     "\"%.200s\" is a port of %s, and connections are made "
                     "by TCP",
                     s->text, svc__proto_name((enum svc__proto)c->proto));
        svc__err_hint(reterr, "choose an endpoint with svc_service_pick; where "
                              "the port is one of TCP, too, write ?proto=tcp "
                              "behind the name");
        return SVC_ENOTSUP;
    }
    if (c->port == 0) {
        svc__err_set(reterr, SVC_EINVAL, "\"%.200s\": the port is not known",
                     s->text);
        svc__err_hint(reterr, "write it behind the name, such as :80");
        return SVC_EINVAL;
    }
    return 0;
}

/* The same of the newest set. One that became empty is the pick's to tell. */
static int check_port(svc_service *s, svc_error *reterr)
{
    struct svc_endpoints *eps = svc__publish_get(&s->publish);
    int err = 0;

    if (eps != NULL && eps->count > 0)
        err = check_set(s, eps, reterr);
    svc_endpoints_unref(eps);
    return err;
}

/* ---- the call ---------------------------------------------------------- */

/* Closes all but the winner. */
static void end_all(struct run *run)
{
    for (unsigned i = 0; i < run->race.count; i++) {
        if (!run->race.attempts[i].is_over)
            end_attempt(run, i);
    }
}

int svc__connect(svc_service *s, const svc_pick_options *options,
                 int timeout_ms, svc_pick *ret_pick, svc_error *reterr)
{
    struct run run = {
        .s = s, .options = options, .began_ms = svc__clock_now_ms()};
    const struct attempt *winner;
    int err = svc__service_wait(s, timeout_ms, reterr);

    if (err == 0)
        err = check_port(s, reterr);
    if (err != 0)
        return err;
    svc__race_init(&run.race, svc__clock_deadline(run.began_ms, timeout_ms));
    err = race(&run, reterr);
    if (err == 0 && run.race.count == 0)
        err = tell_nobody(&run, reterr);
    else if (err == 0 && run.action.code != 0)
        err = tell_failure(&run, reterr);
    end_all(&run);
    if (err != 0)
        return err;
    winner = &run.attempts[run.action.attempt];
    (void)fcntl(winner->fd, F_SETFL, 0); /* it blocks from now on */
    if (ret_pick != NULL)
        *ret_pick = winner->pick;
    return winner->fd;
}
