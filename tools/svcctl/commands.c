/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands. */
#include "commands.h"

#include <stdint.h>
#include <string.h>

static const char *const shells[] = {"bash", "zsh", "fish", NULL};

const struct command commands[] = {
    {
        .name = "resolve",
        .arguments = "NAME...",
        .summary = "list the endpoints behind Service names",
        .about = "Several names are answered one after the other; the exit "
                 "status is the highest of theirs.",
        .examples =
            "  # The endpoints of a Service, read from a manifest\n"
            "  @ resolve -f cluster.yaml web.shop:http\n"
            "\n"
            "  # The same from the API server, as kubectl would ask it\n"
            "  @ resolve web.shop:http --kubeconfig ~/.kube/config\n"
            "\n"
            "  # What the cluster's DNS server says of it\n"
            "  @ resolve web.shop --dns-server 10.96.0.10\n"
            "\n"
            "  # The same as JSON, with those that are not used, and why\n"
            "  @ resolve -f cluster.yaml web.shop:http --all -o json\n"
            "\n"
            "  # Straight from the cluster's own objects\n"
            "  kubectl get services,endpointslices,nodes -A -o yaml |\n"
            "      @ resolve -f - web.shop:http\n",
        .least = 1,
        .most = SIZE_MAX,
        .run = cmd_resolve,
        .id = COMMAND_RESOLVE,
    },
    {
        .name = "pick",
        .arguments = "NAME",
        .summary = "choose endpoints as a client would",
        .about = "Counts how often each usable endpoint was chosen; with "
                 "-o name, prints each choice.",
        .examples = "  # How the default policy spreads 1,000 requests\n"
                    "  @ pick -f cluster.yaml web.shop:http -c 1000\n"
                    "\n"
                    "  # One address for a script\n"
                    "  curl \"http://$(@ pick -f cluster.yaml web.shop:http "
                    "-o name)/\"\n",
        .least = 1,
        .most = 1,
        .run = cmd_pick,
        .id = COMMAND_PICK,
    },
    {
        .name = "watch",
        .arguments = "NAME",
        .summary = "follow the usable endpoints of a name",
        .about = "Begins with all of them as added. Ends with exit 0 by "
                 "SIGINT or SIGTERM, or after --timeout when something was "
                 "answered.",
        .examples = "  # A line for each change, as the manifest is edited\n"
                    "  @ watch -f cluster.yaml web.shop:http\n"
                    "\n"
                    "  # The same, live from the cluster\n"
                    "  @ watch web.shop:http --context staging\n"
                    "\n"
                    "  # A JSON object for each change, during one minute\n"
                    "  @ watch -f cluster.yaml web.shop:http -o json -t 1m\n",
        .least = 1,
        .most = 1,
        .run = cmd_watch,
        .id = COMMAND_WATCH,
    },
    {
        .name = "explain",
        .arguments = "NAME",
        .summary = "tell step by step how a name is answered",
        .about = "The steps are followed by all endpoints, with the reasons "
                 "of those that are not used.",
        .examples = "  # Why is this pod not used?\n"
                    "  @ explain -f cluster.yaml web.shop:http\n"
                    "\n"
                    "  # What a caller in zone a would get\n"
                    "  @ explain -f cluster.yaml web.shop:http --zone a\n"
                    "\n"
                    "  # Which queries were sent, and what came back\n"
                    "  @ explain web.shop:http --dns-server 10.96.0.10\n",
        .least = 1,
        .most = 1,
        .run = cmd_explain,
        .id = COMMAND_EXPLAIN,
    },
    {
        .name = "graph",
        .arguments = "NAME",
        .summary = "draw Service, port, endpoints, nodes and zones",
        .about = NULL,
        .examples = "  # As a tree\n"
                    "  @ graph -f cluster.yaml web.shop:http\n"
                    "\n"
                    "  # As a picture, with Graphviz\n"
                    "  @ graph -f cluster.yaml web.shop:http --format dot |\n"
                    "      dot -Tsvg > web.svg\n",
        .least = 1,
        .most = 1,
        .run = cmd_graph,
        .id = COMMAND_GRAPH,
    },
    {
        .name = "doctor",
        .arguments = "[NAME]",
        .summary = "look whether all is well with the sources",
        .about = "Looks at the sources that the options choose, and for a NAME "
                 "at what they answer and whether it is the same. Takes at "
                 "most ten seconds. Exits with 0 when nothing failed, else as "
                 "for the worst finding; -o name prints the checks that "
                 "failed.",
        .examples = "  # May this pod ask the API server, and does DNS work?\n"
                    "  @ doctor\n"
                    "\n"
                    "  # Do DNS and the API server say the same of a Service?\n"
                    "  @ doctor web.shop:http --context staging --dns-server "
                    "10.96.0.10\n"
                    "\n"
                    "  # Are these manifests good?\n"
                    "  @ doctor -f cluster.yaml\n",
        .least = 0,
        .most = 1,
        .run = cmd_doctor,
        .id = COMMAND_DOCTOR,
    },
    {
        .name = "version",
        .arguments = "",
        .summary = "print versions, backends and policies",
        .about = NULL,
        .examples = "  @ version\n",
        .run = cmd_version,
        .id = COMMAND_VERSION,
    },
    {
        .name = "completion",
        .arguments = "bash|zsh|fish",
        .words = shells,
        .summary = "print a completion script for a shell",
        .about = NULL,
        .examples = "  # For this session\n"
                    "  . <(@ completion bash)\n"
                    "\n"
                    "  # For good\n"
                    "  @ completion fish > "
                    "~/.config/fish/completions/svcctl.fish\n",
        .least = 1,
        .most = 1,
        .run = cmd_completion,
        .id = COMMAND_COMPLETION,
    },
    {0},
};

const struct command *command_find(const char *name)
{
    const struct command *c;

    for (c = commands; c->name; c++) {
        if (strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}
