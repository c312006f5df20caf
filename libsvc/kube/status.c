/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of what a server says about a failure: a Status, or whatever
 * a proxy on the way makes of it. Knows nothing of streams.
 */
#include "kube/event.h"

#include "base/err.h"

#include <string.h>

/* Raw bytes of a string that are looked at: each character of the message may
 * be written with six, and two of them may be one. */
#define RAW_MAX ((size_t)6 * SVC__STATUS_MESSAGE_SIZE)

/* Copies what can be shown, white space as single spaces. */
static void show(const char *text, size_t size, char *ret, size_t ret_size)
{
    size_t used = 0;
    int space = 0;

    for (size_t i = 0; i < size && used < ret_size - 1; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c <= ' ') {
            space = used > 0;
            continue;
        }
        if (space)
            ret[used++] = ' ';
        space = 0;
        if (used < ret_size - 1)
            ret[used++] = (char)c;
    }
    ret[used] = '\0';
    svc__err_tidy(ret, ret_size);
}

/* Bytes of the escape or character at text. */
static size_t step_of(const char *text, size_t size)
{
    size_t step = 1;

    if (text[0] == '\\' && size > 1)
        step = text[1] != 'u' ? 2 : 6;
    /* The first half of a surrogate pair. */
    if (step == 6 && size >= 12 && (text[2] == 'd' || text[2] == 'D') &&
        strchr("89abAB", text[3]) != NULL)
        step = 12;
    return step < size ? step : size;
}

static void show_string(struct svc__json_str str, char *ret, size_t ret_size)
{
    char text[RAW_MAX + 12];
    size_t size = 0;

    while (size < str.size && size < RAW_MAX)
        size += step_of(str.text + size, str.size - size);
    str.size = size;
    show(text, svc__json_str_copy(&str, text), ret, ret_size);
}

static void read_word(struct svc__json *j, char *ret, size_t ret_size)
{
    struct svc__json_str str = {0};

    if (svc__json_peek(j) != SVC__JSON_STRING)
        svc__json_skip(j, NULL);
    else if (svc__json_string(j, &str) == 0)
        show_string(str, ret, ret_size);
}

/* An integer in 0 … max, or what ret had when it is another value. */
static void read_number(struct svc__json *j, int64_t max, int64_t *ret)
{
    struct svc__json before = *j;

    if (svc__json_integer(j, 0, max, ret) == 0)
        return;
    *j = before;
    svc__json_skip(j, NULL);
}

static void read_details(struct svc__json *j, int64_t *ret_seconds)
{
    struct svc__json_str key = {0};

    if (svc__json_peek(j) != SVC__JSON_OBJECT) {
        svc__json_skip(j, NULL);
        return;
    }
    svc__json_enter_object(j);
    while (svc__json_next_member(j, &key) == 1) {
        if (svc__json_str_is(&key, "retryAfterSeconds"))
            read_number(j, INT64_MAX / 1000, ret_seconds);
        else
            svc__json_skip(j, NULL);
    }
}

/* 0 when it is no Status. */
static int read_status(struct svc__json *j, struct svc__status *ret)
{
    struct svc__json_str key = {0};
    char kind[16] = "";
    int64_t code = 0, seconds = -1;

    if (svc__json_enter_object(j) != 0)
        return 0;
    while (svc__json_next_member(j, &key) == 1) {
        if (svc__json_str_is(&key, "kind"))
            read_word(j, kind, sizeof(kind));
        else if (svc__json_str_is(&key, "code"))
            read_number(j, 999, &code);
        else if (svc__json_str_is(&key, "reason"))
            read_word(j, ret->reason, sizeof(ret->reason));
        else if (svc__json_str_is(&key, "message"))
            read_word(j, ret->message, sizeof(ret->message));
        else if (svc__json_str_is(&key, "details"))
            read_details(j, &seconds);
        else
            svc__json_skip(j, NULL);
    }
    ret->code = (int)code;
    ret->retry_after_ms = seconds < 0 ? -1 : seconds * 1000;
    return svc__json_finish(j) == 0 && strcmp(kind, "Status") == 0;
}

void svc__status_read(const char *text, size_t size, struct svc__status *ret)
{
    struct svc__json j;

    memset(ret, 0, sizeof(*ret));
    ret->retry_after_ms = -1;
    svc__json_init(&j, text, size);
    if (read_status(&j, ret))
        return;
    memset(ret, 0, sizeof(*ret));
    ret->retry_after_ms = -1;
    show(text, size, ret->message, sizeof(ret->message));
}
