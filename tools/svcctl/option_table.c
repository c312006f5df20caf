/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options: what parsing, help and completion have in common. */
#include "commands.h"
#include "options.h"

#include <stddef.h>

#define BIT(id) (1u << COMMAND_##id)
#define NAMED                                                                  \
    (BIT(RESOLVE) | BIT(PICK) | BIT(WATCH) | BIT(EXPLAIN) | BIT(GRAPH))
#define ASKING      (NAMED | BIT(DOCTOR))
#define PRINTING    ((ASKING & ~BIT(GRAPH)) | BIT(VERSION))
#define EVERYWHERE  (~0u)
#define FIELD(name) offsetof(struct options, name)

static const char *const backend_words[] = {"auto", "file", "dns", "apiserver",
                                            NULL};
static const char *const exec_words[] = {"allow", "deny", NULL};
static const char *const externalname_words[] = {"allow", "same-namespace",
                                                 "refuse", NULL};
static const char *const allow_words[] = {"loopback", "link-local", "metadata",
                                          NULL};
static const char *const view_words[] = {"auto", "pods", "vip",
                                         "node", "lb",   NULL};
static const char *const family_words[] = {"any", "ipv4", "ipv6", NULL};
static const char *const proto_words[] = {"tcp", "udp", "sctp", NULL};
static const char *const policy_words[] = {"policies:", NULL};
/* In the order of enum output, enum graph_format and enum color. */
static const char *const output_words[] = {"table", "wide", "json", "name",
                                           NULL};
static const char *const format_words[] = {"text", "mermaid", "dot", NULL};
static const char *const color_words[] = {"auto", "always", "never", NULL};

const struct option_spec option_specs[] = {
    {"backend", "NAME", backend_words, "source of truth; default auto",
     FIELD(backend), ASKING, ASKING, OPTION_TEXT, GROUP_SOURCE, 'b', 0},
    {"file", "PATH", NULL,
     "manifest file or folder of them; may be given again; or - alone: "
     "standard input; implies -b file",
     FIELD(files), ASKING, ASKING, OPTION_LIST, GROUP_SOURCE, 'f', 1},
    {"dns-server", "ADDR[:PORT]", NULL,
     "ask this DNS server instead of those of resolv.conf, IPv6 in brackets; "
     "may be given again; implies -b dns where no other source is given",
     FIELD(dns_servers), ASKING, ASKING, OPTION_LIST, GROUP_SOURCE, 0, 0},
    {"kubeconfig", "FILE", NULL,
     "kubeconfig for the API server; default in a pod its service account, "
     "else $KUBECONFIG, else ~/.kube/config; implies -b apiserver",
     FIELD(kubeconfig), ASKING, ASKING, OPTION_TEXT, GROUP_SOURCE, 0, 1},
    {"context", "NAME", NULL,
     "context of the kubeconfig; default its current-context; implies -b "
     "apiserver",
     FIELD(context), ASKING, ASKING, OPTION_TEXT, GROUP_SOURCE, 0, 0},
    {"exec", "RULE", exec_words,
     "whether the kubeconfig's credential plugin may be run; default allow",
     FIELD(exec), ASKING, ASKING, OPTION_TEXT, GROUP_SOURCE, 0, 0},
    {"namespace", "NS", NULL, "the caller's namespace", FIELD(namespace_),
     ASKING, ASKING, OPTION_TEXT, GROUP_SOURCE, 'n', 0},
    {"cluster-domain", "NAME", NULL,
     "cluster DNS zone; default from the search list, else cluster.local",
     FIELD(cluster_domain), ASKING, ASKING, OPTION_TEXT, GROUP_SOURCE, 0, 0},
    {"node", "NAME", NULL, "the caller's node; default $NODE_NAME", FIELD(node),
     ASKING, ASKING, OPTION_TEXT, GROUP_SOURCE, 0, 0},
    {"zone", "NAME", NULL, "the caller's topology zone; default $NODE_ZONE",
     FIELD(zone), ASKING, ASKING, OPTION_TEXT, GROUP_SOURCE, 0, 0},
    {"externalname", "RULE", externalname_words,
     "what an ExternalName may lead to; default allow", FIELD(externalname),
     ASKING, ASKING, OPTION_TEXT, GROUP_SOURCE, 0, 0},
    {"allow", "CLASS", allow_words,
     "let such addresses through the filter; may be given again", FIELD(allow),
     ASKING, ASKING, OPTION_LIST, GROUP_SOURCE, 0, 0},

    {"view", "VIEW", view_words, "which addresses; default auto", FIELD(view),
     NAMED, NAMED, OPTION_TEXT, GROUP_QUESTION, 0, 0},
    {"family", "FAMILY", family_words, "address family; default any",
     FIELD(family), NAMED, NAMED, OPTION_TEXT, GROUP_QUESTION, 0, 0},
    {"proto", "PROTO", proto_words,
     "protocol of the port; default any, and tcp where one number has several",
     FIELD(proto), NAMED, NAMED, OPTION_TEXT, GROUP_QUESTION, 0, 0},
    {"policy", "NAME", policy_words, "balancing algorithm; default adaptive",
     FIELD(policy), NAMED, BIT(PICK) | BIT(EXPLAIN), OPTION_TEXT,
     GROUP_QUESTION, 0, 0},
    {"key", "TEXT", NULL, "key of the pick, for policies that hash", FIELD(key),
     NAMED, BIT(PICK), OPTION_TEXT, GROUP_QUESTION, 0, 0},
    {"count", "COUNT", NULL, "number of picks; default 1", FIELD(count),
     BIT(PICK), BIT(PICK), OPTION_NUMBER, GROUP_QUESTION, 'c', 0},
    {"all", NULL, NULL,
     "also endpoints that no pick would choose, each with its reason",
     FIELD(all), NAMED, BIT(RESOLVE) | BIT(GRAPH), OPTION_FLAG, GROUP_QUESTION,
     0, 0},
    {"timeout", "DURATION", NULL,
     "how long to wait: 500ms, 5s, 1m; default 5s (watch: for ever)",
     FIELD(timeout_ms), NAMED, NAMED, OPTION_DURATION, GROUP_QUESTION, 't', 0},
    {"fail-stale", NULL, NULL, "exit 7 when the answer is stale",
     FIELD(fail_stale), NAMED, NAMED, OPTION_FLAG, GROUP_QUESTION, 0, 0},

    {"output", "FORMAT", output_words,
     "form of the output; name is one address:port a line, for xargs; default "
     "table",
     FIELD(output), PRINTING, PRINTING, OPTION_WORD, GROUP_OUTPUT, 'o', 0},
    {"format", "FORMAT", format_words, "form of the drawing; default text",
     FIELD(format), BIT(GRAPH), BIT(GRAPH), OPTION_WORD, GROUP_OUTPUT, 0, 0},
    {"no-headers", NULL, NULL, "tables without their first line",
     FIELD(no_headers), ASKING, ASKING & ~BIT(GRAPH), OPTION_FLAG, GROUP_OUTPUT,
     0, 0},
    {"color", "WHEN", color_words,
     "colours; default auto: on a terminal, unless NO_COLOR is set",
     FIELD(color), ASKING, ASKING & ~BIT(GRAPH), OPTION_WORD, GROUP_OUTPUT, 0,
     0},

    {"verbose", NULL, NULL,
     "log to standard error; twice for every step of the library",
     FIELD(verbose), ASKING, ASKING, OPTION_COUNT, GROUP_OTHER, 'v', 0},
    {"help", NULL, NULL, "this text", FIELD(help), EVERYWHERE, EVERYWHERE,
     OPTION_FLAG, GROUP_OTHER, 'h', 0},
    {"version", NULL, NULL, "as the command version", FIELD(version), 0, 0,
     OPTION_FLAG, GROUP_OTHER, 0, 0},
    {0},
};

int option_has_value(const struct option_spec *spec)
{
    return spec->metavar != NULL;
}
