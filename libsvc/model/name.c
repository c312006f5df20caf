/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the words that names are made of: labels, domains, protocols; and the
 * end of a name. Reading and writing are in name_*.c. Labels and domains here
 * are those of API objects, which are lower case; what a caller writes is
 * checked where it is read, with the place of each mistake.
 */
#include "model/name.h"

#include "base/alloc.h"

#include <string.h>

static int is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

int svc__name_is_label(const char *text, size_t size)
{
    if (size == 0 || size > 63 || text[0] == '-' || text[size - 1] == '-')
        return 0;
    for (size_t i = 0; i < size; i++) {
        if (!is_lower_or_digit(text[i]) && text[i] != '-')
            return 0;
    }
    return 1;
}

/* Kubernetes itself does not bound the labels of externalName, but DNS, which
 * has to carry them, does (RFC 1035 section 2.3.4). */
int svc__name_is_domain(const char *text, size_t size)
{
    size_t start = 0;

    if (size > 0 && text[size - 1] == '.')
        size--;
    if (size == 0 || size > 253)
        return 0;
    for (size_t i = 0; i <= size; i++) {
        if (i < size && text[i] != '.')
            continue;
        if (!svc__name_is_label(text + start, i - start))
            return 0;
        start = i + 1;
    }
    return 1;
}

int svc__name_is_localhost(const char *domain)
{
    static const char below[] = ".localhost";
    const size_t below_size = sizeof(below) - 1;
    const size_t size = strlen(domain);

    return strcmp(domain, "localhost") == 0 ||
           (size > below_size &&
            strcmp(domain + size - below_size, below) == 0);
}

static const struct {
    enum svc__proto proto;
    const char *name;
} protos[] = {{SVC__PROTO_TCP, "TCP"},
              {SVC__PROTO_UDP, "UDP"},
              {SVC__PROTO_SCTP, "SCTP"}};

/* ASCII only, whatever the locale. */
static int is_word(const char *upper, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (upper[i] == '\0')
            return 0;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c != upper[i])
            return 0;
    }
    return upper[size] == '\0';
}

size_t svc__name_key(const char *namespace_, const char *name, char *ret,
                     size_t max)
{
    const size_t n = strlen(namespace_);
    const size_t m = strlen(name);

    if (n >= max || m > max - n - 1)
        return 0;
    memcpy(ret, namespace_, n);
    ret[n] = '/';
    memcpy(ret + n + 1, name, m);
    return n + 1 + m;
}

int svc__proto_parse(const char *text, size_t size, enum svc__proto *ret)
{
    for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
        if (is_word(protos[i].name, text, size)) {
            *ret = protos[i].proto;
            return 0;
        }
    }
    return SVC_EINVAL;
}

const char *svc__proto_name(enum svc__proto proto)
{
    for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
        if (protos[i].proto == proto)
            return protos[i].name;
    }
    return NULL;
}

void svc__name_fini(struct svc__name *name)
{
    svc__free(name->service);
    svc__free(name->namespace_);
    svc__free(name->host);
    svc__free(name->domain);
    svc__free(name->file);
    svc__free(name->port_name);
    svc__free(name->cluster_id);
    svc__free(name->topo_zone);
    svc__free(name->view);
    svc__free(name->family);
    svc__free(name->policy);
    svc__free(name->track);
    svc__free(name->subset);
    svc__free(name->slow_start_ms);
    svc__free(name->hash_balance_factor);
    memset(name, 0, sizeof(*name));
}
