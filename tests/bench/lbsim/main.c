/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lbsim: how well policies balance, in virtual time (--help). Every peer that
 * is named runs in every scenario that is, the oracle before them.
 */
#include "memory.h"
#include "report.h"
#include "settings.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

static void run_scenario(const struct settings *s,
                         const struct scenario *scenario)
{
    struct measure *oracle = must(malloc(sizeof(*oracle)));
    struct measure *m = must(malloc(sizeof(*m)));
    struct peer peer;

    peer_at(0, &peer);
    sim_run(s, scenario, &peer, oracle);
    report_row(s, scenario, &peer, oracle, oracle);
    for (size_t i = 0; i < s->peer_count; i++) {
        if (strcmp(s->peers[i].name, peer.name) == 0)
            continue;
        sim_run(s, scenario, &s->peers[i], m);
        report_row(s, scenario, &s->peers[i], m, oracle);
    }
    free(m);
    free(oracle);
}

int main(int argc, char **argv)
{
    static struct settings s;
    const int status = settings_read(&s, argc, argv);

    if (status >= 0)
        return status;
    report_begin(&s);
    for (size_t i = 0; i < s.scenario_count; i++)
        run_scenario(&s, s.scenarios[i]);
    return 0;
}
