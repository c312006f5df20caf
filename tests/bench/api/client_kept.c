/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libsvc keeps, in bytes that were allocated and not freed:
 *
 *     kept NAMESPACE SERVICES
 */
#include "../bench.h"
#include "../dns/client.h"
#include "opened.h"

static void run_kept(const char *const words[CLIENT_WORDS_MAX])
{
    struct opened o;
    uint64_t sum;
    size_t live;
    size_t count;

    opened_init(&o, words[1], "external");
    live = memory_live();
    memory_reset_peak();
    opened_open(&o, client_number(words[2]));
    client_tell("kept", (double)memory_live() - (double)live);
    client_tell("peak", (double)memory_peak() - (double)live);
    count = opened_endpoints(&o, &sum);
    client_tell("endpoints", (double)count);
    client_tell_sum(sum);
    opened_fini(&o);
}

int main(int argc, char **argv)
{
    static const struct client_command commands[] = {
        {"kept", run_kept},
        {NULL, NULL},
    };

    return client_main(argc, argv, commands);
}
