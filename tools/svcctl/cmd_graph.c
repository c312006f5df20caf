/* SPDX-License-Identifier: Apache-2.0 */
/* svcctl graph: Service, port, endpoints, nodes and zones as a drawing. */
#include "ask.h"
#include "commands.h"
#include "drawing.h"

static void draw(const struct options *opt, const struct answer *answer)
{
    size_t count = opt->all ? svc_endpoints_total(answer->eps)
                            : svc_endpoints_count(answer->eps);
    struct drawing drawing;

    drawing_init(&drawing, answer->eps, count);
    switch ((enum graph_format)opt->format) {
    case GRAPH_TEXT:
        drawing_write_text(&drawing);
        break;
    case GRAPH_MERMAID:
        drawing_write_mermaid(&drawing);
        break;
    case GRAPH_DOT:
        drawing_write_dot(&drawing);
        break;
    }
    drawing_fini(&drawing);
}

int cmd_graph(const struct options *opt)
{
    struct answer answer;
    struct ask ask;

    if (ask_one(&ask, opt, &answer) == 0) {
        int shown = answer_is_shown(&answer, opt->all);

        if (shown)
            draw(opt, &answer);
        answer_report(&ask, &answer, shown);
    }
    answer_fini(&answer);
    ask_close(&ask);
    return answer.exit;
}
