/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a copy of the text into its words, in place, line by line.
 */
#include "metrics.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define LETTERS    "abcdefghijklmnopqrstuvwxyz"
#define DIGITS     "0123456789"
#define NAME_SIGNS LETTERS DIGITS "_"

struct reader {
    char *at;
    struct metrics_sample family; /* its metric NULL before the first one */
    struct metrics *m;
    const char **names; /* of the families */
};

/* ---- words --------------------------------------------------------------- */

static int skip(struct reader *r, const char *word)
{
    size_t size = strlen(word);

    if (strncmp(r->at, word, size) != 0)
        return 0;
    r->at += size;
    return 1;
}

/* What stands before a sign, which is replaced by the end of a text; NULL:
 * another line comes first. */
static char *take_to(struct reader *r, char end)
{
    char *word = r->at;
    char *stop = word + strcspn(word, end == '\n' ? "\n" : "\n ");

    if (*stop != end)
        return NULL;
    *stop = '\0';
    r->at = stop + 1;
    return word;
}

/* A quoted text up to its quote, unescaped in place. */
static char *take_quoted(struct reader *r)
{
    char *word = r->at;
    char *to = word;
    char *from = word;

    for (; *from != '"'; from++) {
        if (*from == '\0' || *from == '\n')
            return NULL;
        if (*from == '\\') {
            from++;
            if (*from != '\\' && *from != '"' && *from != 'n')
                return NULL;
            *to++ = *from == 'n' ? '\n' : *from;
        } else {
            *to++ = *from;
        }
    }
    r->at = from + 1;
    *to = '\0';
    return word;
}

static int is_metric(const char *name)
{
    return name != NULL && strncmp(name, "svc_", 4) == 0 &&
           name[strspn(name, NAME_SIGNS)] == '\0';
}

/* Digits without a zero in front, and perhaps three behind a point. */
static int is_number(const char *text)
{
    size_t whole = strspn(text, DIGITS);

    if (whole == 0 || (text[0] == '0' && whole > 1))
        return 0;
    text += whole;
    return *text == '\0' ||
           (text[0] == '.' && strspn(text + 1, DIGITS) == 3 && text[4] == '\0');
}

static int ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);

    return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

/* ---- lines --------------------------------------------------------------- */

static const char *read_help(struct reader *r)
{
    char *name = take_to(r, ' ');
    char *help = take_to(r, '\n');

    if (!is_metric(name))
        return "no name of a metric in HELP";
    if (help == NULL || help[0] == '\0' || help[0] == ' ' ||
        strchr(help, '\\') != NULL)
        return "no plain text in HELP";
    for (size_t i = 0; i < r->m->families; i++) {
        if (strcmp(r->names[i], name) == 0)
            return "a family that was there before";
    }
    r->family = (struct metrics_sample){.metric = name, .help = help};
    r->names[r->m->families++] = name;
    return NULL;
}

static const char *read_type(struct reader *r)
{
    char *name = take_to(r, ' ');
    char *type = take_to(r, '\n');

    if (name == NULL || r->family.metric == NULL || r->family.type != NULL ||
        strcmp(name, r->family.metric) != 0)
        return "a TYPE that is not behind its HELP";
    if (type == NULL ||
        (strcmp(type, "counter") != 0 && strcmp(type, "gauge") != 0))
        return "an unknown TYPE";
    if ((strcmp(type, "counter") == 0) != ends_with(name, "_total"))
        return "a counter ends in _total, and nothing else";
    r->family.type = type;
    return NULL;
}

static const char *keep(struct reader *r, const struct metrics_sample *sample)
{
    const struct metrics_sample *last =
        r->m->count == 0 ? NULL : &r->m->samples[r->m->count - 1];

    if (last != NULL && strcmp(last->metric, sample->metric) == 0 &&
        (sample->label == NULL || strcmp(last->label, sample->label) >= 0))
        return "a sample that is not behind the one before";
    r->m->samples[r->m->count++] = *sample;
    return NULL;
}

static const char *read_sample(struct reader *r)
{
    struct metrics_sample sample = r->family;

    if (sample.type == NULL || !skip(r, sample.metric))
        return "a sample that is not behind its TYPE";
    if (skip(r, "{name=\"")) {
        sample.label = take_quoted(r);
        if (sample.label == NULL || !skip(r, "}"))
            return "a label that is not quoted";
    }
    if (!skip(r, " "))
        return "a sample of another family";
    sample.value = take_to(r, '\n');
    if (sample.value == NULL || !is_number(sample.value))
        return "a value that is no number";
    return keep(r, &sample);
}

const char *metrics_read(const char *text, struct metrics *ret)
{
    struct metrics m = {.text = strdup(text)};
    struct reader r = {.at = m.text, .m = &m};
    const char *problem = NULL;
    size_t lines = 1;

    if (!svc__utf8_is_valid(text, strlen(text)))
        problem = "no UTF-8";
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    m.samples = calloc(lines, sizeof(*m.samples));
    r.names = calloc(lines, sizeof(*r.names));
    while (problem == NULL && *r.at != '\0') {
        if (skip(&r, "# HELP "))
            problem = read_help(&r);
        else if (skip(&r, "# TYPE "))
            problem = read_type(&r);
        else
            problem = read_sample(&r);
    }
    free(r.names);
    if (problem != NULL)
        metrics_fini(&m);
    else
        *ret = m;
    return problem;
}

void metrics_fini(struct metrics *m)
{
    free(m->samples);
    free(m->text);
    memset(m, 0, sizeof(*m));
}

const char *metrics_value(const struct metrics *m, const char *metric,
                          const char *label)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct metrics_sample *s = &m->samples[i];

        if (strcmp(s->metric, metric) == 0 &&
            (label == NULL) == (s->label == NULL) &&
            (label == NULL || strcmp(s->label, label) == 0))
            return s->value;
    }
    return NULL;
}
