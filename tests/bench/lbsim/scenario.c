/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the table of scenarios.
 */
#include "scenario.h"

#include <string.h>

#define ALWAYS (INT64_C(1) << 62)

/* What heals is bad for a time that has nothing to do with the five seconds
 * that a failure costs: clients that met the fault together ask again
 * together. */
static const struct fault well = {FAULT_NONE, 1.0, 1, 0};

static const struct scenario scenarios[] = {
    {.name = "equal", .text = "all servers alike", .fault = {.period = 1}},
    {.name = "slow",
     .text = "one is 10 times slower",
     .fault = {FAULT_SLOW, 10.0, ALWAYS, ALWAYS}},
    {.name = "stall",
     .text = "one stands still for 2 s in every 10 s",
     .fault = {FAULT_STALL, 1.0, 10 * NS_PER_S, 2 * NS_PER_S}},
    {.name = "hang",
     .text = "one stands still for 33 s in every 60 s",
     .fault = {FAULT_STALL, 1.0, 60 * NS_PER_S, 33 * NS_PER_S},
     .is_watched = 1},
    {.name = "half",
     .text = "every other one is 3 times slower; load of what they are",
     .fault = {FAULT_SLOW, 3.0, ALWAYS, ALWAYS},
     .every = 2,
     .is_loaded = 1},
    {.name = "fail",
     .text = "one fails, in a tenth of the time",
     .fault = {FAULT_FAIL, 0.1, ALWAYS, ALWAYS}},
    {.name = "flaky",
     .text = "one fails one time in ten, in the time that others take",
     .fault = {FAULT_FLAKY, 0.1, ALWAYS, ALWAYS}},
    {.name = "noise",
     .text = "all fail one time in a hundred",
     .fault = {FAULT_FLAKY, 0.01, ALWAYS, ALWAYS},
     .every = 1},
    {.name = "fail-heal",
     .text = "one fails, in a tenth of the time, for 33 s in every 60 s",
     .fault = {FAULT_FAIL, 0.1, 60 * NS_PER_S, 33 * NS_PER_S},
     .is_watched = 1},
    {.name = "slow-heal",
     .text = "one is 10 times slower for 33 s in every 60 s",
     .fault = {FAULT_SLOW, 10.0, 60 * NS_PER_S, 33 * NS_PER_S},
     .is_watched = 1},
    {.name = "replace",
     .text = "every 30 s one leaves and a new one comes",
     .fault = {.period = 1},
     .replace = 30 * NS_PER_S,
     .is_watched = 1},
};

const struct scenario *scenario_at(size_t i)
{
    return i < sizeof(scenarios) / sizeof(scenarios[0]) ? &scenarios[i] : NULL;
}

const struct scenario *scenario_find(const char *name)
{
    const struct scenario *s;

    for (size_t i = 0; (s = scenario_at(i)) != NULL; i++) {
        if (strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

const struct fault *scenario_fault(const struct scenario *s, size_t i,
                                   size_t count)
{
    const int is_hit = s->every != 0 ? (i + 1) % s->every == 0 : i == count / 2;

    return is_hit ? &s->fault : &well;
}
