/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the grammar of the two URLs of a kubeconfig: the server's and the
 * proxy's. They go into requests, so only visible ASCII passes. Reasons do not
 * quote the text: it may hold a password.
 */
#include "kube/config_url.h"

#include "base/err.h"
#include "kube/config.h"
#include "model/address.h"

#include <string.h>

/* host[:port], without a user. */
struct authority {
    const char *host;
    size_t host_size;
    uint16_t port; /* 0: not written */
};

static const char *check_bytes(const char *url)
{
    size_t size = strlen(url);

    if (size > SVC__CONFIG_URL_MAX)
        return "longer than any URL that is used";
    for (size_t i = 0; i < size; i++) {
        if (url[i] <= ' ' || url[i] > '~')
            return "blanks, control characters and letters outside ASCII "
                   "cannot be in a URL";
        if (strchr("\"<>\\^`{|}", url[i]) != NULL)
            return "a character that cannot be in a URL";
    }
    return NULL;
}

/* The size of "scheme://" at the start of url, in any case; 0: another. */
static size_t take_scheme(const char *url, const char *scheme)
{
    size_t i = 0;

    for (; scheme[i] != '\0'; i++) {
        char c =
            url[i] >= 'A' && url[i] <= 'Z' ? (char)(url[i] | 0x20) : url[i];

        if (c != scheme[i])
            return 0;
    }
    return strncmp(url + i, "://", 3) == 0 ? i + 3 : 0;
}

static int is_host_name(const char *text, size_t size)
{
    static const char others[] = "-._";

    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || memchr(others, c, 3) != NULL))
            return 0;
    }
    return size > 0 && size <= 253;
}

static const char *read_authority(const char *text, size_t size,
                                  struct authority *ret)
{
    const char *end = text + size;
    const char *rest;
    struct svc__address address;
    int is_bracketed = size > 0 && text[0] == '[';

    ret->port = 0;
    ret->host = text + is_bracketed;
    rest = memchr(text, is_bracketed ? ']' : ':', size);
    if (rest == NULL && is_bracketed)
        return "a '[' without its ']'";
    if (rest == NULL)
        rest = end;
    ret->host_size = (size_t)(rest - ret->host);
    if (is_bracketed) {
        rest++;
        if (svc__address_parse(ret->host, ret->host_size, &address) != 0 ||
            address.family != SVC__FAMILY_IPV6)
            return "what is in brackets is not an IPv6 address";
    } else if (!is_host_name(ret->host, ret->host_size)) {
        return "the host is neither a name nor an address (an IPv6 address "
               "needs brackets)";
    }
    if (rest == end)
        return NULL;
    if (*rest != ':')
        return "something between ']' and the port";
    if (svc__address_read_port(rest + 1, (size_t)(end - rest - 1),
                               &ret->port) != 0)
        return "the port is not a number from 1 to 65535";
    return NULL;
}

static const char *read_url(const char *url, struct svc__config_url *ret)
{
    const char *reason = check_bytes(url);
    struct authority a;
    size_t at = take_scheme(url, "https");
    int tls = at > 0;
    size_t size;

    if (reason != NULL)
        return reason;
    if (!tls)
        at = take_scheme(url, "http");
    if (at == 0)
        return "neither https:// nor http://";
    size = strcspn(url + at, "/?#");
    if (memchr(url + at, '@', size) != NULL)
        return "a user in the URL is not supported";
    if (strpbrk(url + at, "?#") != NULL)
        return "a query or a fragment in the URL is not supported";
    reason = read_authority(url + at, size, &a);
    if (reason != NULL)
        return reason;
    ret->tls = tls;
    ret->host = a.host;
    ret->host_size = a.host_size;
    ret->port = a.port != 0 ? a.port : tls ? 443 : 80;
    ret->path = url + at + size;
    return NULL;
}

int svc__config_url_read(const char *url, struct svc__config_url *ret,
                         svc_error *reterr)
{
    const char *reason = read_url(url, ret);

    if (reason == NULL)
        return 0;
    return svc__err_set(reterr, SVC_EINVAL, "%s", reason);
}

const char *svc__config_url_check_proxy(const char *url)
{
    const char *reason = check_bytes(url);
    const char *user_end;
    struct authority a;
    size_t at = take_scheme(url, "http");
    size_t size;

    if (reason != NULL)
        return reason;
    if (at == 0)
        at = take_scheme(url, "https");
    if (at == 0)
        at = take_scheme(url, "socks5");
    if (at == 0)
        return "none of http://, https:// and socks5://";
    size = strcspn(url + at, "/?#");
    user_end = memchr(url + at, '@', size);
    if (user_end != NULL) {
        size -= (size_t)(user_end + 1 - (url + at));
        at = (size_t)(user_end + 1 - url);
    }
    return read_authority(url + at, size, &a);
}

int svc__config_url_is_host(const char *text)
{
    struct svc__address address;
    size_t size = strlen(text);

    return is_host_name(text, size) ||
           svc__address_parse(text, size, &address) == 0;
}
