/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the table of error codes and the only place where a message is
 * formatted into a svc_error.
 */
#include "base/err.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int code;
    int transient;
    const char *name;
    const char *text;
} codes[] = {
    {SVC_OK, 0, "SVC_OK", "success"},
    {SVC_EINVAL, 0, "SVC_EINVAL", "invalid argument or option"},
    {SVC_ENAME, 0, "SVC_ENAME", "malformed name"},
    {SVC_ENOTSUP, 0, "SVC_ENOTSUP", "not supported"},
    {SVC_EFILE, 0, "SVC_EFILE", "unreadable or malformed manifest"},
    {SVC_ENOMEM, 1, "SVC_ENOMEM", "out of memory, descriptors or threads"},
    {SVC_ESTATE, 0, "SVC_ESTATE", "not possible in this state"},
    {SVC_ECLOSED, 0, "SVC_ECLOSED", "resolver is closed"},
    {SVC_EAGAIN, 1, "SVC_EAGAIN", "nothing yet, try again"},
    {SVC_ENOSERVICE, 0, "SVC_ENOSERVICE", "no such Service"},
    {SVC_ENOPORT, 0, "SVC_ENOPORT", "no such port"},
    {SVC_ENOENDPOINTS, 1, "SVC_ENOENDPOINTS", "no usable endpoint"},
    {SVC_EPENDING, 1, "SVC_EPENDING", "load balancer is pending"},
    {SVC_EALIAS, 0, "SVC_EALIAS", "alias leads nowhere"},
    {SVC_EUNREACH, 1, "SVC_EUNREACH", "source is unreachable"},
    {SVC_ETIMEDOUT, 1, "SVC_ETIMEDOUT", "timed out"},
    {SVC_EPROTO, 1, "SVC_EPROTO", "malformed answer"},
    {SVC_ETOOBIG, 0, "SVC_ETOOBIG", "answer is too big"},
    {SVC_EAUTH, 0, "SVC_EAUTH", "not allowed"},
};

/* Index into codes, or -1. */
static int find(int code)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].code == code)
            return (int)i;
    }
    return -1;
}

const char *svc_err_name(int code)
{
    int i = find(code);

    return i < 0 ? "SVC_EUNKNOWN" : codes[i].name;
}

const char *svc_err_text(int code)
{
    int i = find(code);

    return i < 0 ? "unknown error" : codes[i].text;
}

int svc_err_is_transient(int code)
{
    int i = find(code);

    return i >= 0 && codes[i].transient;
}

/* Bytes of the character at text, 0 when what is there is no character. */
static size_t character(const char *text)
{
    for (size_t size = 1; size <= 4 && text[size - 1] != '\0'; size++) {
        if (svc__utf8_is_valid(text, size))
            return size;
    }
    return 0;
}

/* C0, DEL and C1, which is U+0080 to U+009F (ECMA-48). */
static int is_control(const char *text, size_t size)
{
    unsigned char c = (unsigned char)text[0];

    return size == 1 ? c < 0x20 || c == 0x7F
                     : c == 0xC2 && (unsigned char)text[1] < 0xA0;
}

/* Whether text is the beginning of a character that was cut off. */
static int is_begun(const char *text)
{
    size_t size = strlen(text);
    uint32_t state = 0;

    return svc__utf8_step(&state, text, size) == size;
}

void svc__err_tidy(char *text, size_t size)
{
    int full = strlen(text) == size - 1;
    char *at = text;

    while (*at != '\0') {
        size_t bytes = character(at);

        if (bytes == 0 && full && is_begun(at)) {
            *at = '\0';
            return;
        }
        if (bytes == 0)
            *at++ = '?';
        else if (is_control(at, bytes))
            memset(at, '?', bytes);
        at += bytes;
    }
}

int svc__err_set(svc_error *reterr, int code, const char *format, ...)
{
    va_list args;

    if (reterr == NULL)
        return code;
    reterr->code = code;
    reterr->hint[0] = '\0';
    va_start(args, format);
    if (vsnprintf(reterr->message, sizeof(reterr->message), format, args) < 0)
        reterr->message[0] = '\0';
    va_end(args);
    svc__err_tidy(reterr->message, sizeof(reterr->message));
    return code;
}

int svc__err_hint(svc_error *reterr, const char *format, ...)
{
    va_list args;

    if (reterr == NULL)
        return 0;
    va_start(args, format);
    if (vsnprintf(reterr->hint, sizeof(reterr->hint), format, args) < 0)
        reterr->hint[0] = '\0';
    va_end(args);
    svc__err_tidy(reterr->hint, sizeof(reterr->hint));
    return reterr->code;
}

int svc__err_wrap(svc_error *reterr, const char *format, ...)
{
    char inner[SVC_ERROR_MESSAGE_SIZE];
    size_t used;
    va_list args;

    if (reterr == NULL)
        return 0;
    memcpy(inner, reterr->message, sizeof(inner));
    va_start(args, format);
    if (vsnprintf(reterr->message, sizeof(reterr->message), format, args) < 0)
        reterr->message[0] = '\0';
    va_end(args);
    used = strlen(reterr->message);
    (void)snprintf(reterr->message + used, sizeof(reterr->message) - used,
                   ": %s", inner);
    svc__err_tidy(reterr->message, sizeof(reterr->message));
    return reterr->code;
}

int svc__err_tell(svc_error *reterr, int code, const char *message,
                  const char *hint)
{
    size_t message_size;
    size_t hint_size;

    if (reterr == NULL)
        return code;
    if (message == NULL)
        message = svc_err_text(code);
    if (hint == NULL)
        hint = "";
    message_size = strlen(message) + 1;
    hint_size = strlen(hint) + 1;
    if (message_size > sizeof(reterr->message) ||
        hint_size > sizeof(reterr->hint)) {
        svc__err_set(reterr, code, "%s", message);
        return svc__err_hint(reterr, "%s", hint);
    }
    reterr->code = code;
    memcpy(reterr->message, message, message_size);
    memcpy(reterr->hint, hint, hint_size);
    return code;
}

int svc__err_nomem(svc_error *reterr)
{
    return svc__err_set(reterr, SVC_ENOMEM, "out of memory");
}

int svc__err_errno(svc_error *reterr, int error, const char *what)
{
    char reason[128];
    int code = SVC_EUNREACH;

    if (error == ENOMEM || error == EMFILE || error == ENFILE ||
        error == EAGAIN)
        code = SVC_ENOMEM;
    /* XSI strerror_r: thread-safe, and no allocation. */
    if (strerror_r(error, reason, sizeof(reason)) != 0)
        (void)snprintf(reason, sizeof(reason), "error %d", error);
    return svc__err_set(reterr, code, "%s: %s", what, reason);
}
