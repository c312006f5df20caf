/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the split of a dotted name into labels, what a label may look like, and
 * the "_port._proto." in front (RFC 2782). What the labels mean is not known
 * here.
 *
 * Labels are RFC 1123's, outside the cluster too: what else DNS could carry is
 * no name of a host. Case goes when the labels are copied (RFC 4343), while
 * mistakes are shown as they were written.
 */
#include "base/err.h"
#include "model/name_reader.h"

#include <string.h>

static int refuse_empty(struct svc__name_reader *r, const char *at)
{
    if (*at == '.')
        svc__err_set(&r->error, SVC_ENAME,
                     "nothing stands in front of the dot at position %zu",
                     svc__name_position(r, at));
    else
        svc__err_set(&r->error, SVC_ENAME, "the Service's name is missing");
    return svc__err_hint(&r->error, "write SERVICE or SERVICE.NAMESPACE: "
                                    "\"web.shop:http\"");
}

static int refuse_long(struct svc__name_reader *r, struct svc__name_span label)
{
    svc__err_set(&r->error, SVC_ENAME,
                 "the part at position %zu has %zu characters, 63 are allowed "
                 "between dots",
                 svc__name_position(r, label.ptr), label.size);
    return svc__err_hint(&r->error, "see \"kubectl get services -A\" for the "
                                    "names there are, such as \"web.shop\"");
}

/* An underscore in front is let through: it is judged by its place later. */
static int check_label(struct svc__name_reader *r, struct svc__name_span label)
{
    size_t i = label.size > 0 && label.ptr[0] == '_' ? 1 : 0;

    for (; i < label.size; i++) {
        if (!svc__name_is_letter_digit(label.ptr[i]) && label.ptr[i] != '-')
            return svc__name_bad_char(r, label.ptr + i);
    }
    if (label.size == 0)
        return refuse_empty(r, label.ptr);
    if (label.size > 63)
        return refuse_long(r, label);
    if (label.ptr[0] != '-' && label.ptr[label.size - 1] != '-')
        return 0;
    svc__err_set(&r->error, SVC_ENAME,
                 "\"%.*s\" at position %zu begins or ends with '-'",
                 (int)label.size, label.ptr, svc__name_position(r, label.ptr));
    return svc__err_hint(&r->error, "'-' stands between letters or digits: "
                                    "\"my-web.shop\"");
}

/* Cuts the domain, which fits, into labels of a copy in lower case. */
static int split(struct svc__name_reader *r, struct svc__name_span domain)
{
    size_t start = 0;

    for (size_t i = 0; i <= domain.size; i++) {
        struct svc__name_span label = {domain.ptr + start, i - start};
        char c = i < domain.size ? domain.ptr[i] : '\0';
        int err;

        r->domain[i] = svc__name_lower(c);
        if (c != '.' && c != '\0')
            continue;
        err = check_label(r, label);
        if (err != 0)
            return err;
        label.ptr = r->domain + start;
        r->labels[r->label_count++] = label;
        start = i + 1;
    }
    return 0;
}

static int has_underscore(const struct svc__name_reader *r, size_t i)
{
    return i < r->label_count && r->labels[i].ptr[0] == '_';
}

/* The label behind its underscore; may be empty. */
static struct svc__name_span bare(struct svc__name_span label)
{
    label.ptr++;
    label.size--;
    return label;
}

static int hint_prefix(struct svc__name_reader *r)
{
    return svc__err_hint(&r->error, "a named port in front stands with its "
                                    "protocol: \"_http._tcp.web.shop\"");
}

/* Reads "_port._proto" of the first two labels, and drops them. */
static int read_prefix(struct svc__name_reader *r, enum svc__proto proto)
{
    struct svc__name_span port = r->labels[0];
    int err;

    if (port.size == 1)
        svc__err_set(&r->error, SVC_ENAME,
                     "no port name stands behind the underscore in front");
    else if (!has_underscore(r, 1))
        svc__err_set(&r->error, SVC_ENAME,
                     "no protocol stands behind \"%.*s.\"", (int)port.size,
                     port.ptr);
    else if (proto == SVC__PROTO_ANY)
        svc__err_set(&r->error, SVC_ENAME,
                     "unknown protocol \"%.*s\"; the protocols are _tcp, _udp, "
                     "_sctp",
                     (int)r->labels[1].size, r->labels[1].ptr);
    else if (r->label_count == 2)
        svc__err_set(&r->error, SVC_ENAME,
                     "no Service stands behind the port and the protocol");
    else {
        err = svc__name_read_port(r, bare(port));
        r->name.proto = proto;
        r->label_count -= 2;
        memmove(r->labels, r->labels + 2, r->label_count * sizeof(port));
        return err;
    }
    return hint_prefix(r);
}

/* "http._tcp.web" is refused because the underscore that it lacks would make
 * a port of what reads as a hostname. */
static int take_prefix(struct svc__name_reader *r)
{
    enum svc__proto proto = SVC__PROTO_ANY;
    struct svc__name_span word;

    if (has_underscore(r, 1)) {
        word = bare(r->labels[1]);
        (void)svc__proto_parse(word.ptr, word.size, &proto);
    }
    if (has_underscore(r, 0))
        return read_prefix(r, proto);
    if (proto == SVC__PROTO_ANY)
        return 0;
    svc__err_set(&r->error, SVC_ENAME,
                 "\"%.*s\" in front of a protocol needs an underscore",
                 (int)r->labels[0].size, r->labels[0].ptr);
    return hint_prefix(r);
}

int svc__name_read_labels(struct svc__name_reader *r,
                          struct svc__name_span domain)
{
    int err;

    if (domain.size > 0 && domain.ptr[domain.size - 1] == '.') {
        r->final_dot = 1;
        domain.size--;
    }
    if (domain.size > SVC__NAME_DOMAIN_MAX) {
        svc__err_set(&r->error, SVC_ENAME,
                     "the name has %zu characters, a DNS name has at most 253",
                     domain.size);
        return svc__err_hint(&r->error, "name the Service and its namespace "
                                        "only: \"web.shop\"");
    }
    err = split(r, domain);
    return err != 0 ? err : take_prefix(r);
}
