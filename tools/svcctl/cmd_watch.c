/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svcctl watch: waits for news, a signal, the time-out, or for standard
 * output to be closed by its reader. Signals come through a descriptor, so
 * that nothing is shared with a handler.
 */
#include "ask.h"
#include "commands.h"
#include "events.h"
#include "report.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum end {
    END_NOT_YET,
    END_SIGNAL,
    END_TIMEOUT,
    END_OUTPUT, /* nobody reads it any more, or it is full */
    END_ERROR
};

/* A watch that is running. */
struct watching {
    struct ask ask;
    struct answer answer; /* its error: the last trouble, 0 while well */
    struct events events;
    svc_watch *w;
    int signals; /* descriptor */
};

/* Blocks the signals that end a watch and makes a descriptor of them, before
 * there is any other thread. */
static int open_signals(svc_error *reterr)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd < 0) {
        reterr->code = SVC_ENOMEM;
        snprintf(reterr->message, sizeof(reterr->message), "signalfd: %m");
    }
    return fd;
}

/* Waits until there is something to do. */
static enum end wait_for_news(const struct watching *self)
{
    struct pollfd fds[] = {
        {.fd = self->signals, .events = POLLIN},
        {.fd = svc_watch_fd(self->w), .events = POLLIN},
        {.fd = STDOUT_FILENO, .events = 0},
    };
    int left = ask_left_ms(&self->ask);

    if (poll(fds, sizeof(fds) / sizeof(fds[0]), left) < 0)
        return END_NOT_YET;
    if (fds[0].revents)
        return END_SIGNAL;
    if (fds[1].revents)
        return END_NOT_YET;
    if (fds[2].revents & (POLLERR | POLLNVAL))
        return END_OUTPUT;
    return left == 0 ? END_TIMEOUT : END_NOT_YET;
}

/* Takes what is new and prints it. */
static enum end take_news(struct watching *self)
{
    svc_error *error = &self->answer.error;
    svc_endpoints *eps = NULL;
    svc_error news = {0};
    int err = svc_watch_next(self->w, 0, &eps, &news);

    if (err == SVC_EAGAIN)
        return wait_for_news(self);
    if (err == 0) {
        memset(error, 0, sizeof(*error));
        events_set(&self->events, eps);
    } else {
        *error = news;
        error->code = err;
        if (err == SVC_ECLOSED || err == SVC_ESTATE)
            return END_ERROR;
        events_trouble(&self->events, error);
    }
    return fflush(stdout) == 0 ? END_NOT_YET : END_OUTPUT;
}

/* The exit status; an error is reported. */
static int finish(struct watching *self, enum end end)
{
    const struct options *opt = self->ask.opt;
    svc_error *error = &self->answer.error;
    svc_endpoints *eps = self->events.eps;

    if (end == END_SIGNAL)
        return 0;
    if (end == END_OUTPUT)
        return 1;
    if (end == END_TIMEOUT && eps)
        return opt->fail_stale && svc_endpoints_is_stale(eps) ? EXIT_STALE : 0;
    if (error->code == 0) {
        error->code = SVC_ETIMEDOUT;
        snprintf(error->message, sizeof(error->message),
                 "watch %s: no answer in time", self->answer.name);
    }
    return report_error(opt, self->answer.name, error);
}

/* Opens the watch. 0, or a code with the error in answer. */
static int begin(struct watching *self, const struct options *opt)
{
    struct answer *answer = &self->answer;

    self->events.opt = opt;
    answer->name = opt->arguments[0];
    if (ask_init(&self->ask, opt, -1, &answer->error) != 0)
        return answer->error.code;
    self->signals = open_signals(&answer->error);
    if (self->signals < 0 || ask_open(&self->ask, &answer->error) != 0)
        return answer->error.code;
    answer_begin(&self->ask, answer->name, answer);
    if (!answer->s)
        return answer->error.code;
    answer->error.code = svc_watch_new(answer->s, &self->w);
    return answer->error.code;
}

int cmd_watch(const struct options *opt)
{
    struct watching self = {.signals = -1};
    enum end end = END_NOT_YET;
    int exit_status;

    if (begin(&self, opt) != 0)
        end = END_ERROR;
    while (end == END_NOT_YET)
        end = take_news(&self);
    exit_status = finish(&self, end);
    events_fini(&self.events);
    svc_watch_free(self.w);
    answer_fini(&self.answer);
    ask_close(&self.ask);
    if (self.signals >= 0)
        close(self.signals);
    return exit_status;
}
