/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any responses of an API server, from bytes to what becomes of them: frame,
 * event, reflector. An input is lines of a body that is a success, or commands:
 * "!STATUS text" ends the response that runs with that status and body, "!cut"
 * and "!broken" end it otherwise, "!NUMBERms" lets time pass. Every step keeps
 * the rules of reflector_rules.h.
 */
#include "kube/event.h"
#include "kube/reflector.h"
#include "reflector_rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct side {
    struct svc__reflector *rf;
    struct reflector_rules rules;
    struct svc__reflector_action action;
    struct svc__frame *frame;
    int64_t now_ms;
};

static void step(struct side *s, struct svc__reflector_event *event)
{
    event->now_ms = s->now_ms;
    svc__reflector_step(s->rf, event, &s->action);
    if (reflector_rules_check(&s->rules, s->rf, event, &s->action) != NULL)
        abort();
    if (s->action.what == SVC__REFLECTOR_GO_ON)
        return;
    svc__frame_free(s->frame);
    s->frame = svc__frame_new(4000, SVC_EPROTO);
    if (s->frame == NULL)
        abort();
}

static void end(struct side *s, int err, int status, const char *text,
                size_t size)
{
    struct svc__status body;
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_ENDED,
                                         .err = err,
                                         .http_status = status,
                                         .retry_after_ms = -1};

    svc__status_read(text, size, &body);
    event.body = &body;
    step(s, &event);
}

/* An event of a watch, or an item of a list. 0 or its code. */
static int use(struct side *s, const struct svc__frame_item *item)
{
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_OBJECT};
    struct svc__status status;
    struct svc__event e = {.type = SVC__EVENT_ADDED};

    if (svc__reflector_is_watch(s->rf)) {
        if (svc__event_decode(item, &e, NULL) != 0)
            return SVC_EPROTO;
        if (e.object < item->text || e.object_size > item->size ||
            e.object[0] != '{' || e.object[e.object_size - 1] != '}')
            abort();
        if (e.type == SVC__EVENT_ERROR) {
            svc__status_read(e.object, e.object_size, &status);
            event.status = &status;
        }
    } else if (item->list == NULL) {
        return SVC_EPROTO;
    }
    event.type = e.type;
    event.version = e.version;
    event.is_initial_end = e.is_initial_end;
    step(s, &event);
    return 0;
}

/* Bytes of a body that is a success. */
static void read_line(struct side *s, const char *line, size_t size)
{
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_BYTES};
    const struct svc__frame_list *list;
    struct svc__frame_item item;
    int more;

    if (!s->rules.running)
        return;
    step(s, &event);
    svc__frame_feed(s->frame, line, size);
    while ((more = svc__frame_next(s->frame, &item, NULL)) == 1) {
        more = use(s, &item);
        if (more != 0 || s->action.what != SVC__REFLECTOR_GO_ON)
            break;
    }
    if (more < 0) {
        end(s, more, 200, "", 0);
        return;
    }
    list = more == 0 && s->action.what == SVC__REFLECTOR_GO_ON
               ? svc__frame_list(s->frame)
               : NULL;
    if (list == NULL || list->reason != NULL)
        return;
    event.kind = SVC__REFLECTOR_LISTED;
    event.version = list->version;
    event.more = list->more;
    step(s, &event);
}

/* A line that begins with a '!'. */
static void command(struct side *s, const char *line, size_t size)
{
    struct svc__reflector_event due = {.kind = SVC__REFLECTOR_DUE};
    char word[16] = "";
    int number;

    memcpy(word, line, size < sizeof(word) ? size : sizeof(word) - 1);
    number = atoi(word);
    if (strstr(word, "ms") != NULL && number >= 0) {
        s->now_ms += number;
        step(s, &due);
    } else if (strncmp(word, "cut", 3) == 0) {
        end(s, SVC_EUNREACH, 200, "", 0);
    } else if (strncmp(word, "broken", 6) == 0) {
        end(s, SVC_EPROTO, 0, "", 0);
    } else if (size >= 4) {
        end(s, 0, number >= 100 && number < 600 ? number : 200, line + 4,
            size - 4);
    }
}

static void run(struct side *s, const char *text, size_t size)
{
    while (size > 0) {
        const char *nl = memchr(text, '\n', size);
        size_t line = nl != NULL ? (size_t)(nl - text) + 1 : size;

        if (text[0] == '!') {
            command(s, text + 1, line - 1);
        } else {
            read_line(s, text, line);
        }
        text += line;
        size -= line;
        s->now_ms++;
        /* What is due comes in time. */
        if (s->action.due_ms < s->now_ms) {
            struct svc__reflector_event due = {.kind = SVC__REFLECTOR_DUE};

            step(s, &due);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct svc__reflector_scope scope = {SVC__RESOURCE_SLICES,
                                                      "shop", NULL};
    struct svc__reflector_event start = {.kind = SVC__REFLECTOR_START};
    struct side s = {.now_ms = 1000};

    s.rf = svc__reflector_new(&scope, size);
    if (s.rf == NULL)
        return 0;
    reflector_rules_init(&s.rules);
    step(&s, &start);
    run(&s, (const char *)data, size);
    svc__reflector_free(s.rf);
    svc__frame_free(s.frame);
    return 0;
}
