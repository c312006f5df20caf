/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picks by the public interface, for who counts what they cost. Commands (as in
 * ../dns/client.h; the two arguments mean nothing here):
 *
 *   pick POLICY ENDPOINTS COUNT    what so many picks allocate
 *   track POLICY ENDPOINTS COUNT   the same of tracked picks, each closed well
 *   take POLICY ENDPOINTS COUNT    the same of sets that are taken and dropped
 *   calls POLICY ENDPOINTS COUNT   the system calls of picks
 */
#include "../bench.h"
#include "../dns/client.h"
#include "../web.h"

#include <string.h>

struct work {
    svc_resolver *r;
    svc_service *s;
    size_t count;
};

static void pick(void *arg)
{
    struct work *w = arg;
    svc_pick chosen;

    for (size_t i = 0; i < w->count; i++)
        client_must(svc_service_pick(w->s, NULL, &chosen) == 0, "a pick");
}

static void track(void *arg)
{
    svc_pick_options options = SVC_PICK_OPTIONS_INIT;
    struct work *w = arg;
    svc_pick chosen;

    options.track = 1;
    for (size_t i = 0; i < w->count; i++) {
        client_must(svc_service_pick(w->s, &options, &chosen) == 0, "a pick");
        svc_pick_done(&chosen, SVC_OUTCOME_OK);
    }
}

static void take(void *arg)
{
    struct work *w = arg;

    for (size_t i = 0; i < w->count; i++)
        svc_endpoints_unref(svc_service_endpoints(w->s));
}

/* Opens the service; this thread has picked once. */
static void begin(struct work *w, const char *const words[CLIENT_WORDS_MAX],
                  int is_tracked)
{
    svc_error error;

    client_must(web_open((unsigned)client_number(words[2]), 0, &w->r, &error) ==
                        0 &&
                    web_service(w->r, words[1], is_tracked, &w->s, &error) == 0,
                "a service");
    w->count = 1;
    pick(w);
    w->count = client_number(words[3]);
}

static void end(struct work *w)
{
    svc_service_free(w->s);
    svc_resolver_free(w->r);
}

static void tell(void (*run)(void *), const char *const *words)
{
    struct client_clock clock;
    struct work w;

    begin(&w, words, run == track);
    client_start(&clock);
    run(&w);
    client_stop(&clock);
    client_tell_clock(&clock, w.count);
    end(&w);
}

static void tell_pick(const char *const words[CLIENT_WORDS_MAX])
{
    tell(pick, words);
}

static void tell_track(const char *const words[CLIENT_WORDS_MAX])
{
    tell(track, words);
}

static void tell_take(const char *const words[CLIENT_WORDS_MAX])
{
    tell(take, words);
}

static void tell_calls(const char *const words[CLIENT_WORDS_MAX])
{
    client_tell("calls",
                (double)web_calls(words[1], (unsigned)client_number(words[2]),
                                  client_number(words[3])));
}

int main(int argc, char **argv)
{
    static const struct client_command commands[] = {
        {"pick", tell_pick},   {"track", tell_track}, {"take", tell_take},
        {"calls", tell_calls}, {NULL, NULL},
    };

    return client_main(argc, argv, commands);
}
