/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of scripts and the writing of traces.
 */
#include "lookup_play.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ZONE "svc.cluster.local"
/* Candidates that are listed; of more their number is written. */
#define LISTED_MAX 100

__attribute__((format(printf, 2, 3))) static void out(struct lookup_play *p,
                                                      const char *format, ...)
{
    size_t left = sizeof(p->out) - p->out_size;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(p->out + p->out_size, left, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= left)
        fail_msg("the trace is too long");
    p->out_size += (size_t)n;
}

/* ---- queries --------------------------------------------------------- */

static const char *value(const char *word, const char *key)
{
    size_t n = strlen(key);

    return strncmp(word, key, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

/* A word that kube_query does not know: 1. */
static int read_word(struct lookup_play *p, const char *word)
{
    struct svc__query *q = &p->query.q;
    const char *text;

    if ((text = value(word, "cluster")) != NULL) {
        q->kind = SVC__NAME_CLUSTERSET;
        q->cluster_id = text;
    } else if ((text = value(word, "topo")) != NULL) {
        q->kind = SVC__NAME_ZONAL;
        q->topo_zone = text;
        q->topo_prefer = 1;
    } else if (strcmp(word, "pin") == 0) {
        q->topo_prefer = 0;
    } else if ((text = value(word, "caller")) != NULL) {
        p->env.topo_zone = text;
    } else if ((text = value(word, "zonal")) != NULL) {
        p->env.zonal = text[0] == 'y' ? SVC__ZONAL_YES : SVC__ZONAL_NO;
    } else {
        return 0;
    }
    return 1;
}

static void read_query(struct lookup_play *p, const char *line)
{
    char known[512] = "";
    char copy[512];
    char *words[32];
    size_t count = 0;
    char *state;

    (void)snprintf(copy, sizeof(copy), "%s", line);
    (void)snprintf(p->line, sizeof(p->line), "%s", line);
    for (char *word = strtok_r(copy, " ", &state); word != NULL;
         word = strtok_r(NULL, " ", &state)) {
        static struct lookup_play scratch;

        if (read_word(&scratch, word))
            continue;
        (void)snprintf(known + strlen(known), sizeof(known) - strlen(known),
                       "%s ", word);
    }
    kube_query(&p->query, known);
    for (char *word = strtok_r(p->line, " ", &state);
         word != NULL && count < 32; word = strtok_r(NULL, " ", &state))
        words[count++] = word;
    for (size_t i = 1; i < count; i++)
        (void)read_word(p, words[i]);
    if (strcmp(p->query.q.namespace_, "external") == 0) {
        p->query.q.kind = SVC__NAME_EXTERNAL;
        p->query.q.domain = p->query.q.service;
        p->query.q.service = NULL;
        p->query.q.namespace_ = NULL;
    }
}

int lookup_play_begin(struct lookup_play *p, const char *query,
                      const struct svc__view *before, svc__clock_fn trace)
{
    memset(p, 0, sizeof(*p));
    read_query(p, query);
    p->env.source = "dns";
    p->env.before = before;
    p->env.trace = trace;
    return svc__lookup_new(&p->query.q, &p->env, &p->lookup, &p->error);
}

void lookup_play_end(struct lookup_play *p)
{
    svc__lookup_free(p->lookup);
    svc__view_free(p->view);
    p->lookup = NULL;
    p->view = NULL;
}

/* ---- events ---------------------------------------------------------- */

/* "~" at the end of each name is the zone. */
static void expand(const char *text, char *ret, size_t size)
{
    size_t at = 0;

    for (; *text != '\0' && at + sizeof(ZONE) < size; text++) {
        int is_end = text[1] == ' ' || text[1] == '\0' || text[1] == '\n';

        if (*text == '~' && is_end) {
            memcpy(ret + at, ZONE, sizeof(ZONE) - 1);
            at += sizeof(ZONE) - 1;
        } else {
            ret[at++] = *text;
        }
    }
    ret[at] = '\0';
}

static void shorten(char *name)
{
    size_t size = strlen(name);
    size_t zone = sizeof(ZONE) - 1;

    if (size > zone && strcmp(name + size - zone, ZONE) == 0)
        memcpy(name + size - zone, "~", 2);
}

/* The first question that is out, of a type and perhaps of a name. */
static size_t find(const struct lookup_play *p, const char *type,
                   const char *name)
{
    for (size_t i = 0; i < p->asked; i++) {
        const struct svc__wire_question *q = svc__lookup_question(p->lookup, i);
        char text[SVC__WIRE_TEXT_MAX];
        char number[16];

        (void)svc__wire_name_format(&q->name, text);
        if (!p->answered[i] &&
            strcmp(svc__wire_type_name(q->type, number), type) == 0 &&
            (name[0] == '\0' || strcmp(name, text) == 0))
            return i;
    }
    fail_msg("no question is out of type %s, name \"%s\"", type, name);
    return 0;
}

static int code_of(const char *word)
{
    static const int codes[] = {SVC_EUNREACH, SVC_ETIMEDOUT, SVC_EPROTO,
                                SVC_ENOMEM, SVC_ETOOBIG};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strncmp(word, svc_err_name(codes[i]),
                    strlen(svc_err_name(codes[i]))) == 0)
            return codes[i];
    }
    return 0;
}

static void write_view(struct lookup_play *p,
                       const struct svc__lookup_action *a)
{
    static const char *const found[] = {"HAVE", "NXDOMAIN", "NODATA"};
    struct svc__view *v =
        svc__lookup_deliver(a->view, &p->query.q, p->env.trace);
    char text[KUBE_TEXT_MAX];
    const char *view;

    if (v == NULL)
        return;
    if (v->count > LISTED_MAX)
        (void)snprintf(text, sizeof(text), "%zu candidates", v->count);
    else
        kube_view_text(v, text);
    view = svc__view_kind_name(v->kind);
    out(p, "%s ttl %lld %s/%s %s", found[a->found],
        (long long)(v->ttl_ms < 0 ? -1 : v->ttl_ms / 1000),
        svc__type_name(v->type), view == NULL ? "none" : view, text);
    svc__view_free(v);
}

static void write_action(struct lookup_play *p, int64_t now_ms,
                         const struct svc__lookup_action *a)
{
    static const char *const zonal[] = {"", " zonal", " not zonal"};
    char name[SVC__WIRE_TEXT_MAX];
    char number[16];

    if (a->ask_count == 0 && a->view == NULL && !a->is_done &&
        a->due_ms == INT64_MAX)
        return;
    out(p, "[%2d]", (int)now_ms);
    for (size_t i = a->ask_first; i < a->ask_first + a->ask_count; i++) {
        const struct svc__wire_question *q = svc__lookup_question(p->lookup, i);

        (void)svc__wire_name_format(&q->name, name);
        shorten(name);
        out(p, "%s%s %s", i == a->ask_first ? " ask " : ", ",
            svc__wire_type_name(q->type, number), name);
    }
    if (a->due_ms != INT64_MAX)
        out(p, " due %d", (int)a->due_ms);
    if (a->is_done)
        out(p, " done%s", a->is_partial ? " in part" : "");
    else if (a->view != NULL)
        out(p, a->is_partial ? " part" : " whole?");
    out(p, a->is_done || a->view != NULL ? " " : "");
    if (a->view != NULL)
        write_view(p, a);
    else if (a->is_done)
        out(p, "error %s", svc_err_name(a->error.code));
    out(p, "%s\n", a->is_done ? zonal[a->zonal] : "");
}

static void step(struct lookup_play *p, const struct svc__lookup_event *ev)
{
    struct svc__lookup_action a;

    assert_false(p->is_done);
    if (svc__lookup_step(p->lookup, ev, &a) != 0) {
        p->is_done = 1;
        p->is_out_of_memory = 1;
        return;
    }
    p->asked += a.ask_count;
    p->is_done = a.is_done;
    if (a.error.code != 0)
        p->error = a.error;
    if (a.view != NULL) {
        svc__view_free(p->view);
        p->view = a.view;
    }
    write_action(p, ev->now_ms, &a);
}

static void answer(struct lookup_play *p, struct svc__lookup_event *ev,
                   const char *text)
{
    char type[16] = "";
    char name[SVC__WIRE_TEXT_MAX] = "";
    svc_error error = {0};
    int n = 0;

    (void)sscanf(text, " %15s %n", type, &n);
    text += n;
    if (strncmp(text, "NO", 2) != 0 && strncmp(text, "NX", 2) != 0 &&
        strncmp(text, "SVC_", 4) != 0 && strncmp(text, "SERV", 4) != 0) {
        (void)sscanf(text, "%1000s %n", name, &n);
        text += n;
    }
    ev->question = find(p, type, name);
    p->answered[ev->question] = 1;
    ev->server = "10.96.0.10:53 over UDP";
    ev->elapsed_us = 412;
    error.code = code_of(text);
    if (error.code != 0) {
        ev->kind = SVC__LOOKUP_FAILED;
        (void)snprintf(error.message, sizeof(error.message), "%s", text);
        ev->error = &error;
    } else {
        ev->kind = SVC__LOOKUP_ANSWERED;
        dns_build(svc__lookup_question(p->lookup, ev->question), text,
                  &p->message);
        assert_int_equal(
            svc__wire_parse(p->message.bytes, p->message.size, &p->answer), 0);
        ev->answer = &p->answer;
    }
    step(p, ev);
}

void lookup_play_event(struct lookup_play *p, const char *event)
{
    struct svc__lookup_event ev = {.kind = SVC__LOOKUP_START};
    char *text = malloc(2 * SVC__WIRE_MESSAGE_MAX);
    char *rest;

    assert_non_null(text);
    expand(event, text, (size_t)2 * SVC__WIRE_MESSAGE_MAX);
    ev.now_ms = strtol(text, &rest, 10);
    rest += strspn(rest, " ");
    if (strcmp(rest, "start") != 0 && strcmp(rest, "due") != 0) {
        answer(p, &ev, rest);
    } else {
        ev.kind = rest[0] == 's' ? SVC__LOOKUP_START : SVC__LOOKUP_DUE;
        step(p, &ev);
    }
    free(text);
}

void lookup_play(struct lookup_play *p, const char *query,
                 const char *const *events, const char *want)
{
    int err = lookup_play_begin(p, query, NULL, NULL);

    if (err != 0)
        fail_msg("%s: %s", query, p->error.message);
    lookup_play_event(p, "0 start");
    for (; *events != NULL; events++)
        lookup_play_event(p, *events);
    if (strcmp(p->out, want) != 0)
        fail_msg("%s\n--- wanted\n%s--- got\n%s", query, want, p->out);
}
