/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of header lines (RFC 9110 and 9112). Where a header comes
 * twice the last one counts. Numbers are bounded, text is cut.
 */
#include "io/http_head.h"

#include "io/http.h"
#include "io/http_date.h"

#include <string.h>
#include <strings.h>

/* More is no number of seconds: 31 years. */
#define RETRY_MAX_S 1000000000

/* A piece of a line. */
struct text {
    const char *at;
    size_t size;
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct text trimmed(const char *at, size_t size)
{
    while (size > 0 && is_blank(at[0])) {
        at++;
        size--;
    }
    while (size > 0 && is_blank(at[size - 1]))
        size--;
    return (struct text){at, size};
}

static int is_word(struct text text, const char *word)
{
    return text.size == strlen(word) &&
           strncasecmp(text.at, word, text.size) == 0;
}

void svc__http_head_init(struct svc__http_head *head)
{
    memset(head, 0, sizeof(*head));
    head->date_s = -1;
    head->retry_after_s = -1;
    head->retry_at_s = -1;
}

/* "HTTP/1.1 200 OK": what an interim response said is void. */
static void begin(struct svc__http_head *head, const char *line, size_t size)
{
    const char *space = memchr(line, ' ', size);
    size_t read = head->size;

    svc__http_head_init(head);
    head->size = read;
    for (const char *p = space == NULL ? line + size : space + 1;
         p < line + size && *p >= '0' && *p <= '9' && head->status < 100; p++)
        head->status = head->status * 10 + (*p - '0');
}

static void read_retry(struct svc__http_head *head, struct text value)
{
    int64_t seconds = 0;

    head->retry_after_s = -1;
    head->retry_at_s = -1;
    for (size_t i = 0; i < value.size; i++) {
        if (value.at[i] < '0' || value.at[i] > '9') {
            head->retry_at_s = svc__http_date_read(value.at, value.size);
            return;
        }
        if (seconds <= RETRY_MAX_S)
            seconds = seconds * 10 + (value.at[i] - '0');
    }
    if (value.size > 0 && seconds <= RETRY_MAX_S)
        head->retry_after_s = seconds;
}

static void read_type(struct svc__http_head *head, struct text value)
{
    const char *end = memchr(value.at, ';', value.size);

    if (end != NULL)
        value = trimmed(value.at, (size_t)(end - value.at));
    if (value.size >= sizeof(head->content_type))
        value.size = sizeof(head->content_type) - 1;
    memcpy(head->content_type, value.at, value.size);
    head->content_type[value.size] = '\0';
}

static void read_header(struct svc__http_head *head, struct text name,
                        struct text value)
{
    if (is_word(name, "Date"))
        head->date_s = svc__http_date_read(value.at, value.size);
    else if (is_word(name, "Retry-After"))
        read_retry(head, value);
    else if (is_word(name, "Content-Type"))
        read_type(head, value);
    else if (is_word(name, "Content-Encoding"))
        head->is_encoded |= value.size > 0 && !is_word(value, "identity");
    else if (is_word(name, "Transfer-Encoding"))
        head->is_packed |=
            !is_word(value, "chunked") && !is_word(value, "identity");
}

int svc__http_head_line(struct svc__http_head *head, const char *line,
                        size_t size)
{
    const char *colon;

    head->size += size;
    if (head->size > SVC__HTTP_HEADERS_MAX)
        return SVC_ETOOBIG;
    if (head->is_whole)
        return 0;
    if (size >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        begin(head, line, size);
    } else if (trimmed(line, size).size == 0) {
        /* 101 would be the last of its connection that is HTTP. */
        head->is_whole = head->status >= 200 || head->status == 101;
    } else {
        colon = memchr(line, ':', size);
        if (colon != NULL)
            read_header(head, trimmed(line, (size_t)(colon - line)),
                        trimmed(colon + 1, (size_t)(line + size - colon - 1)));
    }
    return 0;
}

int64_t svc__http_head_retry_ms(const struct svc__http_head *head,
                                int64_t now_s)
{
    int64_t seconds = head->retry_after_s;

    if (head->retry_at_s >= 0) {
        seconds = head->retry_at_s - (head->date_s >= 0 ? head->date_s : now_s);
        if (seconds < 0)
            seconds = 0;
        if (seconds > RETRY_MAX_S)
            return -1;
    }
    return seconds < 0 ? -1 : seconds * 1000;
}
