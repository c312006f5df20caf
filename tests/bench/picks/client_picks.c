/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picks, for who counts what they cost and for who compares them. Commands (as
 * in ../dns/client.h; the two arguments mean nothing here); COUNT is of each
 * thread, of which there is one unless told:
 *
 *   pick POLICY ENDPOINTS COUNT [THREADS]   picks by the public interface
 *   track POLICY ENDPOINTS COUNT [THREADS]  tracked ones, each closed well
 *   take POLICY ENDPOINTS COUNT [THREADS]   sets that are taken and dropped
 *   calls POLICY ENDPOINTS COUNT            the system calls of picks
 *
 *   among POLICY ENDPOINTS COUNT THREADS SERVICES  as pick, each from one of so
 *                                   many Services, by chance
 *   cold POLICY ENDPOINTS COUNT     picks after each of which all that is
 * cached goes; their times
 *
 *   choose POLICY ENDPOINTS COUNT [THREADS]  a policy's choice alone
 *   plain POLICY ENDPOINTS COUNT [THREADS]   the same, with nothing tracked
 *   keep POLICY ENDPOINTS COUNT [THREADS]    of a set kept as for a pick
 *   lock POLICY ENDPOINTS COUNT [THREADS]    within a pthread_rwlock
 *   key POLICY ENDPOINTS COUNT THREADS SIZE  alone, by a key of so many bytes
 */
#include "../bench.h"
#include "../dns/client.h"
#include "../web.h"
#include "among.h"
#include "choices.h"
#include "crew.h"

#include <string.h>

struct work {
    svc_resolver *r;
    svc_service *s;
};

static void pick(void *arg, unsigned number, size_t count)
{
    struct work *w = arg;
    svc_pick chosen;

    (void)number;
    for (size_t i = 0; i < count; i++)
        client_must(svc_service_pick(w->s, NULL, &chosen) == 0, "a pick");
}

static void track(void *arg, unsigned number, size_t count)
{
    svc_pick_options options = SVC_PICK_OPTIONS_INIT;
    struct work *w = arg;
    svc_pick chosen;

    (void)number;
    options.track = 1;
    for (size_t i = 0; i < count; i++) {
        client_must(svc_service_pick(w->s, &options, &chosen) == 0, "a pick");
        svc_pick_done(&chosen, SVC_OUTCOME_OK);
    }
}

static void take(void *arg, unsigned number, size_t count)
{
    struct work *w = arg;

    (void)number;
    for (size_t i = 0; i < count; i++)
        svc_endpoints_unref(svc_service_endpoints(w->s));
}

static void tell(void (*run)(void *, unsigned, size_t),
                 const char *const *words)
{
    struct work w;
    const struct crew crew = {run, &w, crew_threads(words[4]),
                              client_number(words[3])};
    svc_error error;

    client_must(web_open((unsigned)client_number(words[2]), 0, &w.r, &error) ==
                        0 &&
                    web_service(w.r, words[1], run == track, &w.s, &error) == 0,
                "a service");
    crew_run(&crew);
    svc_service_free(w.s);
    svc_resolver_free(w.r);
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
        {"pick", tell_pick},       {"track", tell_track},
        {"take", tell_take},       {"calls", tell_calls},
        {"among", among_many},     {"cold", among_cold},
        {"choose", choices_alone}, {"plain", choices_plain},
        {"keep", choices_kept},    {"lock", choices_locked},
        {"key", choices_by_key},   {NULL, NULL},
    };

    return client_main(argc, argv, commands);
}
