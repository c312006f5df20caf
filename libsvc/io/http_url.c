/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the grammar of what goes out. Stricter than RFC 3986 where nobody needs
 * more: no escapes in a host, no empty port.
 */
#include "io/http_url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <svc/svc.h>

int svc__http_url_is_address(const char *text)
{
    struct in6_addr bytes;

    return inet_pton(AF_INET, text, &bytes) == 1 ||
           inet_pton(AF_INET6, text, &bytes) == 1;
}

int svc__http_url_is_token(const char *text)
{
    if (*text == '\0')
        return 0;
    while (*text > ' ' && *text < 0x7F)
        text++;
    return *text == '\0';
}

int svc__http_url_is_header(const char *text)
{
    const char *colon = strchr(text, ':');

    if (colon == NULL || colon == text)
        return 0;
    for (const char *p = text; *p != '\0'; p++) {
        int is_control = (unsigned char)*p < ' ' || *p == 0x7F;

        if (is_control || (p < colon && *p == ' '))
            return 0;
    }
    return 1;
}

static int is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

int svc__http_url_is_host(const char *text)
{
    size_t size = 0;

    while (is_host_char(text[size]))
        size++;
    return svc__http_url_is_address(text) ||
           (size > 0 && size < SVC__HTTP_URL_HOST_SIZE && text[size] == '\0');
}

/* The host, from at to where it ends; NULL: there is none. */
static const char *read_host(const char *at, struct svc__http_url *ret)
{
    const int is_bracketed = *at == '[';
    const char *end = at;
    const char *after;

    if (is_bracketed) {
        at++;
        end = strchr(at, ']');
        if (end == NULL)
            return NULL;
        after = end + 1;
    } else {
        while (is_host_char(*end))
            end++;
        after = end;
    }
    if (end == at || (size_t)(end - at) >= sizeof(ret->host))
        return NULL;
    memcpy(ret->host, at, (size_t)(end - at));
    ret->host[end - at] = '\0';
    ret->is_numeric = svc__http_url_is_address(ret->host);
    return is_bracketed && !ret->is_numeric ? NULL : after;
}

/* The port, from a colon on, if there is one; NULL: it cannot be. */
static const char *read_port(const char *at, struct svc__http_url *ret)
{
    ret->port = 0;
    if (*at != ':')
        return at;
    for (at++; *at >= '0' && *at <= '9' && ret->port <= 65535; at++)
        ret->port = ret->port * 10 + (unsigned)(*at - '0');
    return ret->port == 0 || ret->port > 65535 ? NULL : at;
}

/* Where the scheme ends (RFC 3986 section 3.1): what has another character
 * before its "://" has none, though it may hold a password. */
static const char *scheme_end(const char *url)
{
    while (is_host_char(*url) || *url == '+')
        url++;
    return strncmp(url, "://", 3) == 0 ? url : NULL;
}

int svc__http_url_read(const char *url, struct svc__http_url *ret)
{
    const char *at = scheme_end(url);
    const char *end;
    const char *user;

    if (!svc__http_url_is_token(url) || at == NULL || at == url)
        return SVC_EINVAL;
    ret->scheme_size = (size_t)(at - url);
    ret->is_tls = ret->scheme_size == 5 && strncasecmp(url, "https", 5) == 0;
    at += 3;
    end = at + strcspn(at, "/?#");
    user = memchr(at, '@', (size_t)(end - at));
    ret->has_user = user != NULL;
    at = read_host(user == NULL ? at : user + 1, ret);
    if (at != NULL)
        at = read_port(at, ret);
    if (at == NULL || at != end)
        return SVC_EINVAL;
    ret->rest = end;
    return 0;
}
