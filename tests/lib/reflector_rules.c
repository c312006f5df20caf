/* SPDX-License-Identifier: Apache-2.0 */
#include "reflector_rules.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

void reflector_rules_init(struct reflector_rules *rules)
{
    memset(rules, 0, sizeof(*rules));
}

static int is_older(const char *a, const char *b)
{
    char *end_a, *end_b;
    unsigned long long na = strtoull(a, &end_a, 10);
    unsigned long long nb = strtoull(b, &end_b, 10);

    return a[0] > '0' && b[0] > '0' && *end_a == '\0' && *end_b == '\0' &&
           na < nb;
}

/* Whether the list in hand is whole with this event. */
static int is_whole(const struct reflector_rules *rules,
                    const struct svc__reflector_event *event)
{
    if (rules->lists)
        return event->kind == SVC__REFLECTOR_LISTED && event->more[0] == '\0';
    return event->kind == SVC__REFLECTOR_OBJECT &&
           event->type == SVC__EVENT_BOOKMARK && event->is_initial_end;
}

static const char *check_fate(const struct reflector_rules *rules,
                              const struct svc__reflector_event *event,
                              const struct svc__reflector_action *action)
{
    int is_gone = event->type == SVC__EVENT_DELETED;

    if (action->fate == SVC__REFLECTOR_IGNORE)
        return NULL;
    if (event->kind != SVC__REFLECTOR_OBJECT ||
        event->type > SVC__EVENT_DELETED || !rules->running ||
        action->what != SVC__REFLECTOR_GO_ON)
        return "a fate of what is no object";
    if (action->fate == SVC__REFLECTOR_COLLECT ||
        action->fate == SVC__REFLECTOR_DISCARD)
        return rules->collecting &&
                       (action->fate == SVC__REFLECTOR_DISCARD) == is_gone
                   ? NULL
                   : "collected, though nothing is collected";
    if (rules->collecting || !rules->synced || rules->lists)
        return "applied before a list was whole";
    return (action->fate == SVC__REFLECTOR_DELETE) == is_gone
               ? NULL
               : "deleted and applied mixed up";
}

/* At most so many in a minute. */
static int is_too_often(struct reflector_rules *rules, int64_t now_ms)
{
    unsigned most =
        rules->hurry ? REFLECTOR_RULES_HURRY : REFLECTOR_RULES_MINUTE;
    unsigned long n = rules->requests++;
    int64_t before_ms = rules->asked_ms[(n - most) % REFLECTOR_RULES_HURRY];

    rules->asked_ms[n % REFLECTOR_RULES_HURRY] = now_ms;
    return n >= most && now_ms - before_ms < 60000;
}

static const char *check_request(struct reflector_rules *rules,
                                 const struct svc__reflector *rf,
                                 const struct svc__reflector_event *event)
{
    const char *broken = NULL;
    struct svc__buf url;
    int goes_on, from;

    svc__buf_init(&url, 16384);
    if (svc__reflector_url(rf, &url) != 0)
        return "no URL";
    goes_on = strstr(url.data, "continue=") != NULL;
    from = strstr(url.data, "watch=1&resourceVersion=") != NULL;
    if (from && (!rules->synced || rules->version[0] == '\0'))
        broken = "a watch from nowhere";
    if (goes_on && !rules->collecting)
        broken = "goes on with a list that was forgotten";
    if (!goes_on && rules->collecting)
        broken = "what was collected is mixed with what comes";
    if (strstr(url.data, "resourceVersion=&") != NULL)
        broken = "an empty version";
    if (goes_on)
        rules->parts++;
    else if (is_too_often(rules, event->now_ms))
        broken = "requests too often";
    rules->running = 1;
    rules->lists = strstr(url.data, "watch=1") == NULL;
    rules->collecting = !from;
    if (svc__reflector_is_watch(rf) == rules->lists)
        broken = "is_watch lies";
    svc__buf_fini(&url);
    return broken;
}

static const char *check_commit(struct reflector_rules *rules,
                                const struct svc__reflector_event *event,
                                const struct svc__reflector_action *action)
{
    if (action->forget && !rules->collecting)
        return "forgets what is not there";
    if (action->forget)
        rules->collecting = 0;
    if (!action->commit)
        return NULL;
    if (!rules->running || !rules->collecting || !is_whole(rules, event))
        return "commits what is not whole";
    rules->collecting = 0;
    rules->synced = 1;
    return NULL;
}

static const char *check_rest(struct reflector_rules *rules,
                              const struct svc__reflector *rf,
                              const struct svc__reflector_event *event,
                              const struct svc__reflector_action *action)
{
    const char *version = svc__reflector_version(rf);

    if (action->what == SVC__REFLECTOR_PAUSE) {
        rules->running = 0;
        if (rules->collecting)
            return "a pause with something collected";
        if (action->due_ms < event->now_ms || action->due_ms == INT64_MAX)
            return "a pause without an end";
    }
    if (event->kind == SVC__REFLECTOR_DUE && action->due_ms <= event->now_ms)
        return "due again at once";
    if (rules->running && action->due_ms > event->now_ms + 640000)
        return "nobody looks after it";
    if (svc__reflector_is_synced(rf) != rules->synced)
        return "is_synced lies";
    if (!action->commit && is_older(version, rules->version))
        return "the version goes back";
    memcpy(rules->version, version, strlen(version) + 1);
    return NULL;
}

const char *reflector_rules_check(struct reflector_rules *rules,
                                  const struct svc__reflector *rf,
                                  const struct svc__reflector_event *event,
                                  const struct svc__reflector_action *action)
{
    const char *broken = check_fate(rules, event, action);

    if (event->kind == SVC__REFLECTOR_START && rules->requests > 0)
        rules->hurry = 1;
    if (broken == NULL)
        broken = check_commit(rules, event, action);
    if (broken == NULL && action->what == SVC__REFLECTOR_REQUEST)
        broken = check_request(rules, rf, event);
    if (broken == NULL)
        broken = check_rest(rules, rf, event, action);
    return broken;
}
