/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the three timers: quiet, for what is under way; cut, for a file that was
 * cut to nothing; and slow, for what no event will tell. Which events matter is
 * known by io/file_trail. Thread that dispatches only.
 */
#include "io/file_watch.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/file_trail.h"

struct svc__file_watch {
    struct svc__loop *loop;
    const char *const *paths;
    struct svc__file_listener listener;
    struct svc__io io;
    struct svc__timer quiet;
    struct svc__timer cut;
    struct svc__timer slow;
    struct svc__file_trail trail;
};

/* Tells the owner; w may be gone afterwards. */
static void tell(struct svc__file_watch *w)
{
    w->listener.changed(w->listener.arg);
}

/* Walks again. *ret_moved: the paths lead elsewhere than before, or that
 * cannot be told. */
static int walk(struct svc__file_watch *w, int *ret_moved)
{
    int err;

    *ret_moved = 1;
    err = svc__file_trail_walk(&w->trail, w->paths, ret_moved);
    if (!w->trail.blind && !w->trail.missing)
        svc__loop_unset(w->loop, &w->slow);
    else if (!svc__timer_is_set(&w->slow))
        svc__loop_set(w->loop, &w->slow,
                      svc__loop_now_ms(w->loop) + SVC__FILE_WATCH_SLOW_MS);
    return err;
}

static void read_events(void *arg, unsigned ready)
{
    struct svc__file_watch *w = arg;
    const int64_t now_ms = svc__loop_now_ms(w->loop);
    const unsigned what = svc__file_trail_read(&w->trail);
    int moved;

    (void)ready;
    if ((what & SVC__FILE_MOVED) != 0)
        (void)walk(w, &moved);
    if (!svc__file_watch_is_cut(w))
        svc__loop_unset(w->loop, &w->cut);
    else if ((what & SVC__FILE_EMPTY) != 0 || !svc__timer_is_set(&w->cut))
        svc__loop_set(w->loop, &w->cut, now_ms + SVC__FILE_WATCH_EMPTY_MS);
    if ((what & SVC__FILE_EMPTY) != 0)
        svc__loop_unset(w->loop, &w->quiet);
    else if ((what & SVC__FILE_LATER) != 0)
        svc__loop_set(w->loop, &w->quiet, now_ms + SVC__FILE_WATCH_QUIET_MS);
    if ((what & SVC__FILE_NOW) != 0)
        tell(w);
}

static void on_quiet(void *arg)
{
    tell(arg);
}

/* It stays empty: its writer means it. */
static void on_cut(void *arg)
{
    struct svc__file_watch *w = arg;

    w->trail.cut[0] = '\0';
    tell(w);
}

/* Without inotify everything is looked at by the clock. */
static void open_trail(struct svc__file_watch *w)
{
    svc__file_trail_open(&w->trail);
    w->io.fd = w->trail.fd;
    if (w->io.fd >= 0 &&
        svc__loop_add(w->loop, &w->io, SVC__IO_READ, NULL) != 0) {
        svc__file_trail_close(&w->trail);
        w->io.fd = -1;
    }
}

static void on_slow(void *arg)
{
    struct svc__file_watch *w = arg;
    const int was_blind = w->trail.blind;
    int moved;

    if (w->io.fd < 0)
        open_trail(w);
    (void)walk(w, &moved);
    if (moved || w->trail.blind || was_blind)
        tell(w);
}

int svc__file_watch_new(struct svc__loop *l, const char *const *paths,
                        struct svc__file_listener listener,
                        struct svc__file_watch **ret, svc_error *reterr)
{
    struct svc__file_watch *w = svc__calloc(1, sizeof(*w));
    int moved;

    if (w == NULL)
        return svc__err_nomem(reterr);
    w->loop = l;
    w->paths = paths;
    w->listener = listener;
    w->io = (struct svc__io){.fd = -1, .ready = read_events, .arg = w};
    svc__timer_init(&w->quiet, on_quiet, w);
    svc__timer_init(&w->cut, on_cut, w);
    svc__timer_init(&w->slow, on_slow, w);
    open_trail(w);
    if (walk(w, &moved) != 0) {
        svc__file_watch_free(w);
        return svc__err_nomem(reterr);
    }
    *ret = w;
    return 0;
}

void svc__file_watch_free(struct svc__file_watch *w)
{
    if (w == NULL)
        return;
    svc__loop_unset(w->loop, &w->quiet);
    svc__loop_unset(w->loop, &w->cut);
    svc__loop_unset(w->loop, &w->slow);
    if (w->io.fd >= 0)
        svc__loop_remove(w->loop, &w->io);
    svc__file_trail_close(&w->trail);
    svc__free(w);
}

int svc__file_watch_is_polling(const struct svc__file_watch *w)
{
    return w->trail.blind;
}

int svc__file_watch_is_cut(const struct svc__file_watch *w)
{
    return w->trail.cut[0] != '\0';
}
