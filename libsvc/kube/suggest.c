/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the choice of the hint. The distance is optimal string alignment with
 * three rows; names of very different lengths never get that far, so that a
 * look at ten thousand Services stays cheap.
 */
#include "kube/suggest.h"

#include "base/buf.h"

#include <string.h>

#define LABEL_MAX 63

static size_t min2(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* rows[i % 3] holds the distances from the first i letters of a to every
 * beginning of b; a swap looks two rows back. A row that is above max
 * everywhere stays so. */
size_t svc__suggest_distance(const char *a, const char *b, size_t max)
{
    size_t rows[3][LABEL_MAX + 1];
    size_t n = strlen(a);
    size_t m = strlen(b);

    if (n > LABEL_MAX || m > LABEL_MAX || n > m + max || m > n + max)
        return max + 1;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i - 1) % 3];
        const size_t *swapped = rows[(i + 1) % 3];
        size_t best = now[0] = i;

        for (size_t j = 1; j <= m; j++) {
            now[j] = min2(before[j - 1] + (a[i - 1] != b[j - 1]),
                          min2(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = min2(now[j], swapped[j - 2] + 1);
            best = min2(best, now[j]);
        }
        if (best > max)
            return max + 1;
    }
    return min2(rows[n % 3][m], max + 1);
}

void svc__suggest_init(struct svc__suggest *s, const struct svc__query *q)
{
    memset(s, 0, sizeof(*s));
    s->query = q;
}

/* Keeps the first few namespaces in order. */
static void keep_namespace(struct svc__suggest *s, const char *namespace_)
{
    size_t at = s->namespace_count;

    while (at > 0 && strcmp(namespace_, s->namespaces[at - 1]) < 0)
        at--;
    if (at == SVC__SUGGEST_NAMESPACES)
        return;
    if (s->namespace_count < SVC__SUGGEST_NAMESPACES)
        s->namespace_count++;
    for (size_t i = s->namespace_count - 1; i > at; i--)
        s->namespaces[i] = s->namespaces[i - 1];
    s->namespaces[at] = namespace_;
}

/* Short names are close to everything: there one letter may differ, else two.
 * Among equals the first in order of bytes is taken, so that the order of a
 * hash table does not show. */
void svc__suggest_offer(struct svc__suggest *s, const char *namespace_,
                        const char *name)
{
    const char *wanted = s->query->service;
    size_t max = strlen(wanted) < 4 ? 1 : 2;
    size_t distance;

    if (strcmp(namespace_, s->query->namespace_) != 0) {
        if (strcmp(name, wanted) == 0)
            keep_namespace(s, namespace_);
        return;
    }
    s->neighbours++;
    distance = svc__suggest_distance(wanted, name, max);
    if (distance > max)
        return;
    if (s->close == NULL || distance < s->distance ||
        (distance == s->distance && strcmp(name, s->close) < 0)) {
        s->close = name;
        s->distance = distance;
    }
}

/* What is in the source, into b. */
static void add_known(const struct svc__suggest *s, struct svc__buf *b)
{
    const struct svc__query *q = s->query;

    if (s->close != NULL) {
        svc__buf_printf(b, "did you mean \"%s.%s\"?", s->close, q->namespace_);
    } else if (s->namespace_count > 0) {
        svc__buf_printf(b, "namespace");
        for (size_t i = 0; i < s->namespace_count; i++)
            svc__buf_printf(b, "%s \"%s\"", i == 0 ? "" : ",",
                            s->namespaces[i]);
        svc__buf_printf(b, " has it: write \"%s.%s\"", q->service,
                        s->namespaces[0]);
    } else if (q->is_partial) {
        svc__buf_printf(b,
                        "\"kubectl get services -n %s\" lists those of "
                        "that namespace",
                        q->namespace_);
    } else if (s->neighbours == 0) {
        svc__buf_printf(b, "no Service at all is known in namespace \"%s\"",
                        q->namespace_);
    } else {
        svc__buf_printf(b, "%zu other Service%s known in namespace \"%s\"",
                        s->neighbours, s->neighbours == 1 ? " is" : "s are",
                        q->namespace_);
    }
}

int svc__suggest_hint(const struct svc__suggest *s, struct svc__view *v)
{
    const struct svc__query *q = s->query;
    const char *host = q->host == NULL ? "" : q->host;
    const char *dot = q->host == NULL ? "" : ".";
    struct svc__buf b;
    int err;

    svc__buf_init(&b, 1024);
    add_known(s, &b);
    /* "www.example.com" reads as host, Service and namespace, "example.com" as
     * Service and namespace: a frequent mistake with its own remedy. */
    if (q->host != NULL ||
        (s->close == NULL && s->namespace_count == 0 && s->neighbours == 0))
        svc__buf_printf(&b,
                        "%s a name outside the cluster write "
                        "\"%s%s%s.%s.\" or \"dns:///%s%s%s.%s\"",
                        s->close != NULL ? " For" : "; for", host, dot,
                        q->service, q->namespace_, host, dot, q->service,
                        q->namespace_);
    err = b.err == SVC_ENOMEM ? SVC_ENOMEM : svc__view_hint(v, "%s", b.data);
    svc__buf_fini(&b);
    return err;
}
