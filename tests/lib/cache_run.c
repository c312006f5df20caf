/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Knows the transcripts of cache_run.h.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cache_run.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 16

const struct svc__cache_settings cache_run_settings = {.entries_max = 10000,
                                                       .ttl_min_ms = 1000,
                                                       .ttl_max_ms = 3600000,
                                                       .negative_max_ms = 5000,
                                                       .error_keep_ms = -1,
                                                       .max_stale_ms = -1,
                                                       .seed = 1,
                                                       .hash_key = {1, 2}};

struct run {
    struct svc__cache *c;
    struct svc__cache_entry *entries[KEYS_MAX];
    int64_t now_ms;
    struct svc__buf trace;
    const char *expected; /* the whole transcript */
};

/* ---- views -------------------------------------------------------------- */

struct svc__view *cache_run_view(const char *numbers, int64_t ttl_ms)
{
    char words[1024] = "";
    char copy[512];
    char *save = NULL;
    struct svc__view *v;

    snprintf(copy, sizeof(copy), "%s", numbers);
    for (char *n = strtok_r(copy, " ", &save); n != NULL;
         n = strtok_r(NULL, " ", &save)) {
        size_t used = strlen(words);

        snprintf(words + used, sizeof(words) - used, " 10.0.0.%s", n);
    }
    v = sets_view(words);
    v->ttl_ms = ttl_ms;
    return v;
}

struct svc__view *cache_run_negative(enum svc__cache_found found,
                                     int64_t ttl_ms)
{
    struct svc__view *v = sets_view("");

    v->ttl_ms = ttl_ms;
    assert_int_equal(
        svc__view_fail(
            v, found == SVC__CACHE_NXDOMAIN ? SVC_ENOSERVICE : SVC_ENOENDPOINTS,
            "nothing there"),
        0);
    return v;
}

/* ---- the trace ---------------------------------------------------------- */

/* Numbers, alias or code. */
static void write_view(struct svc__buf *b, const struct svc__view *v)
{
    if (v->alias != NULL)
        svc__buf_printf(b, " alias %s", v->alias);
    else if (v->count == 0)
        svc__buf_printf(b, " %s", svc_err_name(v->code) + 4);
    for (size_t i = 0; i < v->count; i++)
        svc__buf_printf(
            b, " %d",
            svc__candidate_endpoint(&v->candidates[i])->address.bytes[3]);
}

static void forget(struct run *r, const struct svc__cache_entry *e)
{
    for (size_t i = 0; i < KEYS_MAX; i++) {
        if (r->entries[i] == e)
            r->entries[i] = NULL;
    }
}

static void write_action(struct run *r, const struct svc__cache_action *a)
{
    struct svc__buf *b = &r->trace;
    svc_error error;
    int code;

    switch (a->what) {
    case SVC__CACHE_ASK:
        svc__buf_add_text(b, a->confirm ? " ask another" : " ask");
        break;
    case SVC__CACHE_SHOW:
        svc__buf_add_text(b, " show");
        write_view(b, a->entry->view);
        svc__buf_add_text(b, a->entry->is_stale ? " stale" : "");
        break;
    case SVC__CACHE_TELL:
        code = svc__cache_trouble(a->entry, &error);
        svc__buf_printf(b, " tell %s",
                        code == 0 ? "end" : svc_err_name(code) + 4);
        break;
    case SVC__CACHE_GONE:
        svc__buf_add_text(b, " gone");
        forget(r, a->entry);
        break;
    }
}

/* All actions, each entry's behind its key, unless that is `key`. Returns how
 * many there were. */
static size_t write_actions(struct run *r, const char *key)
{
    struct svc__cache_action a;
    char last[64];
    size_t count = 0;

    snprintf(last, sizeof(last), "%s", key);
    while (svc__cache_next(r->c, &a)) {
        svc__buf_add_text(&r->trace, count > 0 ? "," : "");
        if (strcmp(last, a.entry->key) != 0)
            svc__buf_printf(&r->trace, " %s:", a.entry->key);
        snprintf(last, sizeof(last), "%s", a.entry->key);
        write_action(r, &a);
        count++;
    }
    return count;
}

/* ---- what happens ------------------------------------------------------- */

static struct svc__cache_entry *find(struct run *r, const char *key)
{
    for (size_t i = 0; i < KEYS_MAX; i++) {
        if (r->entries[i] != NULL && strcmp(r->entries[i]->key, key) == 0)
            return r->entries[i];
    }
    fail_msg("nobody has wanted %s", key);
    return NULL;
}

static void want(struct run *r, const char *key)
{
    struct svc__cache_entry *e = NULL;
    size_t i = 0;
    int err = svc__cache_want(r->c, key, r->now_ms, &e);

    if (err != 0) {
        svc__buf_printf(&r->trace, " refused %s", svc_err_name(err) + 4);
        return;
    }
    forget(r, e);
    while (i < KEYS_MAX - 1 && r->entries[i] != NULL)
        i++;
    r->entries[i] = e;
}

static void answer(struct run *r, const char *verb, struct svc__cache_entry *e,
                   const char *rest)
{
    char *end;
    int64_t ttl_ms = strtoll(rest, &end, 10);
    struct svc__cache_answer a = {NULL, SVC__CACHE_HAVE, 0, 1};

    if (strcmp(verb, "nxdomain") == 0)
        a.found = SVC__CACHE_NXDOMAIN;
    if (strcmp(verb, "nodata") == 0)
        a.found = SVC__CACHE_NODATA;
    a.is_partial = strcmp(verb, "part") == 0 || strcmp(verb, "half") == 0;
    a.is_last = strcmp(verb, "part") != 0;
    if (a.found != SVC__CACHE_HAVE) {
        a.view = cache_run_negative(a.found, ttl_ms);
    } else if (strcmp(verb, "alias") == 0) {
        a.view = cache_run_view("", ttl_ms);
        a.view->alias = svc__strdup(end + 1);
    } else {
        a.view = cache_run_view(end, ttl_ms);
    }
    svc__cache_answer(e, &a, r->now_ms);
}

static void fail_entry(struct run *r, struct svc__cache_entry *e)
{
    svc_error error = {SVC_ETIMEDOUT, "no answer", "look at the network"};

    svc__cache_fail(e, &error, r->now_ms);
}

/* "VERB KEY REST". */
static void happen(struct run *r, const char *verb, const char *key,
                   const char *rest)
{
    if (strcmp(verb, "want") == 0)
        want(r, key);
    else if (strcmp(verb, "unwant") == 0)
        svc__cache_unwant(find(r, key), r->now_ms);
    else if (strcmp(verb, "refresh") == 0)
        svc__cache_refresh(find(r, key), r->now_ms);
    else if (strcmp(verb, "change") == 0)
        svc__cache_refresh_all(r->c, r->now_ms);
    else if (strcmp(verb, "fail") == 0)
        fail_entry(r, find(r, key));
    else
        answer(r, verb, find(r, key), rest);
}

/* What an answer that was not shown left behind. */
static size_t write_kept(struct run *r, const struct svc__cache_entry *e)
{
    if (e == NULL || e->held == NULL)
        return 0;
    svc__buf_add_text(&r->trace, " keep");
    write_view(&r->trace, e->view);
    if (e->doubted_ms >= 0)
        svc__buf_printf(&r->trace, ", confirm in %d ms",
                        (int)(e->ask_ms - r->now_ms));
    return 1;
}

static void do_line(struct run *r, const char *command)
{
    char verb[16] = "";
    char key[64] = "";
    int used = 0;
    size_t before;
    size_t count;

    sscanf(command, "%15s %63s %n", verb, key, &used);
    svc__buf_printf(&r->trace, "[%6d] %s ->", (int)r->now_ms, command);
    before = r->trace.size;
    happen(r, verb, key, command + used);
    count = write_actions(r, key);
    if (count == 0 && strchr("anf", verb[0]) != NULL)
        count += write_kept(r, find(r, key));
    if (count == 0 && r->trace.size == before)
        svc__buf_add_text(&r->trace, " nothing");
    svc__buf_add_byte(&r->trace, '\n');
}

/* Lets the cache act alone, up to a time; what is not seen is not told. */
static void go(struct run *r, int64_t to_ms)
{
    while (svc__cache_due_ms(r->c) <= to_ms) {
        size_t begin = r->trace.size;

        r->now_ms = svc__cache_due_ms(r->c);
        svc__cache_due(r->c, r->now_ms);
        assert_true(svc__cache_due_ms(r->c) > r->now_ms);
        svc__buf_printf(&r->trace, "[%6d] time ->", (int)r->now_ms);
        if (write_actions(r, "") == 0)
            r->trace.size = begin;
        else
            svc__buf_add_byte(&r->trace, '\n');
    }
    r->now_ms = to_ms;
}

/* ---- playing ------------------------------------------------------------ */

static void print_lines(const char *text)
{
    while (*text != '\0') {
        int size = (int)strcspn(text, "\n");

        print_error("%.*s\n", size, text);
        text += size + (text[size] == '\n');
    }
}

static void compare(struct run *r)
{
    svc__buf_add_byte(&r->trace, '\0');
    assert_int_equal(r->trace.err, 0);
    if (strcmp(r->trace.data, r->expected) == 0)
        return;
    /* In pieces: cmocka cuts what is long. */
    print_error("it was said\n");
    print_lines(r->expected);
    print_error("it was\n");
    print_lines(r->trace.data);
    fail();
}

static void play_line(struct run *r, char *line)
{
    long at_ms = 0;
    int used = 0;
    char *arrow = strstr(line, " ->");

    if (sscanf(line, "[%ld] %n", &at_ms, &used) != 1 || arrow == NULL)
        fail_msg("no line of a transcript: %s", line);
    *arrow = '\0';
    if (strcmp(line + used, "time") == 0) {
        size_t before = r->trace.size;

        go(r, at_ms);
        if (r->trace.size == before)
            svc__buf_printf(&r->trace, "[%6ld] time -> nothing\n", at_ms);
        return;
    }
    /* What is due at the very moment comes after. */
    go(r, at_ms - 1);
    r->now_ms = at_ms;
    do_line(r, line + used);
}

void cache_run_play(const struct svc__cache_settings *settings,
                    const char *transcript)
{
    struct run r = {.c = svc__cache_new(settings), .expected = transcript};
    char *copy = svc__strdup(transcript);
    char *save = NULL;

    assert_non_null(r.c);
    svc__buf_init(&r.trace, 1u << 20);
    for (char *line = strtok_r(copy, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save))
        play_line(&r, line);
    compare(&r);
    svc__cache_free(r.c);
    svc__buf_fini(&r.trace);
    svc__free(copy);
}
