/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the channels of c-ares and what is on its way over them. Knows of a DNS
 * message its id and where its question ends, no more. Thread that dispatches.
 *
 * Design notes. One channel has one server, one transport and one socket, for
 * a bounded life: at most SVC__RESOLV_CHANNEL_QUERIES queries, each with an
 * entry in the channel's table that c-ares gets as its argument. So an entry
 * outlives its packet, and nothing is allocated here for a query.
 * - c-ares writes the query (1.34 gives it an id of its own, and a cookie) and
 *   hands it to take_out(), which only copies it: it goes out in a batch, with
 *   those of the same channel. c-ares never waits for a socket.
 * - What comes in is matched by id and judged, and goes to the packet's owner
 *   as it came. c-ares never hears of it: given an answer it would ask again
 *   behind our back (FORMERR, BADCOOKIE), keep it in its cache, close the
 * socket and end all other queries when it cannot read it (1.34.7 on: a
 * compressed SRV target), or parse hostile bytes in its own way (faults M4). So
 * its queries, bounded as they are, stay with it until their channel goes: an
 * end of each would have to be made up, and read, and costs as much as its
 * query.
 * - c-ares believes that its server is 127.0.0.1: the socket functions know
 *   better. Its servers cannot have a scope id in 1.18.1, and cannot be set
 *   before resolv.conf was looked at.
 * - Calls of c-ares never nest in callbacks of ours: packets that ended wait in
 *   a list, and done is called when no frame of c-ares is on the stack. For the
 *   same reason a channel is destroyed only at the end of the outermost call
 *   (c-ares leaves undefined what that does in a callback).
 * - c-ares' own time-outs, tries and errors decide nothing. What it forgets or
 *   fails to do, when memory runs out, leaves an entry without a packet behind.
 */
#include "io/resolv.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/sync.h"
#include "io/resolv_socket.h"
#include "io/resolv_traffic.h"

/* Calls that every version from 1.18.1 on has, though newer ones advise others.
 */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEADER_BYTES   12
#define QUESTION_BYTES 4 /* behind the name: type, class */
#define LENGTH_BYTES   2 /* before a message over TCP */
#define OLDEST_CARES   0x011201
/* Longer than any packet lives; in c-ares 1.18.1's table of 1024 seconds it
 * falls far from the present one, which is looked through at each call. */
#define CARES_TIMEOUT_MS (86400 * 1000)
/* UDP channels to a server; behind them is the one of TCP. */
#define LANES 2

struct svc__resolv {
    struct svc__resolv_traffic traffic;
    struct svc__resolv_settings settings;
    unsigned fork_generation;
    struct svc__resolv_channel *current[SVC__RESOLV_SERVERS_MAX][LANES + 1];
    /* The query that c-ares writes now, and that it did not take it. */
    struct svc__resolv_entry *sending;
    struct svc__resolv_packet *packet;
    int refused;
    struct svc__rng_pool rng;
};

static struct svc__resolv *resolv_of(const struct svc__resolv_channel *ch)
{
    return svc__list_entry(ch->traffic, struct svc__resolv, traffic);
}

/* ---- what c-ares calls --------------------------------------------------- */

/* A query is over for c-ares: its owner has the answer already, or nobody wants
 * it; else c-ares could not, for which no reason is left but memory once the
 * query is written. */
static void ended(void *arg, int status, int timeouts, unsigned char *data,
                  int size)
{
    struct svc__resolv_entry *entry = arg;
    struct svc__resolv_channel *ch = entry->channel;
    struct svc__resolv *r = resolv_of(ch);

    (void)timeouts;
    (void)data;
    (void)size;
    if (r->sending == entry) {
        if (status == ARES_ENOMEM)
            ch->error = ENOMEM;
        r->refused = 1;
    } else if (entry->packet != NULL) {
        svc__resolv_traffic_end(entry, ENOMEM);
    }
}

static ares_socket_t make_socket(int family, int type, int protocol, void *arg)
{
    struct svc__resolv_channel *ch = arg;
    int fd = -1;

    (void)family;
    (void)type;
    (void)protocol;
    ch->error = svc__resolv_socket_open(ch->server, ch->tcp, &fd);
    if (ch->error != 0) {
        errno = ch->error;
        return ARES_SOCKET_BAD;
    }
    ch->io.fd = fd;
    if (svc__loop_add(ch->traffic->loop, &ch->io, SVC__IO_READ, NULL) != 0) {
        close(fd);
        ch->io.fd = -1;
        ch->error = ENOMEM;
        errno = ENOMEM;
        return ARES_SOCKET_BAD;
    }
    return fd;
}

static int give_back(ares_socket_t fd, void *arg)
{
    struct svc__resolv_channel *ch = arg;

    svc__loop_remove(ch->traffic->loop, &ch->io);
    ch->io.fd = -1;
    svc__resolv_traffic_retire(ch);
    return close(fd);
}

/* It was connected when it was opened. */
static int connect_socket(ares_socket_t fd, const struct sockaddr *address,
                          ares_socklen_t size, void *arg)
{
    (void)fd;
    (void)address;
    (void)size;
    (void)arg;
    return 0;
}

/* c-ares gets nothing to read (see the design notes). */
/* NOLINTNEXTLINE(readability-function-size): c-ares wants seven parameters */
static ares_ssize_t take_in(ares_socket_t fd, void *ret, size_t size, int flags,
                            struct sockaddr *ret_from,
                            ares_socklen_t *ret_from_size, void *arg)
{
    (void)fd;
    (void)ret;
    (void)size;
    (void)flags;
    (void)ret_from;
    (void)ret_from_size;
    (void)arg;
    errno = EAGAIN;
    return -1;
}

/* The bytes of the query that is being written, copied into its packet. */
static ares_ssize_t take_out(ares_socket_t fd, const struct iovec *parts,
                             int count, void *arg)
{
    struct svc__resolv_channel *ch = arg;
    struct svc__resolv_packet *p = resolv_of(ch)->packet;
    size_t skip = ch->tcp ? LENGTH_BYTES : 0;
    size_t total = 0;

    (void)fd;
    for (int i = 0; i < count; i++)
        total += parts[i].iov_len;
    /* What c-ares would send beside a new query does not go out. */
    if (p == NULL || p->size != 0)
        return (ares_ssize_t)total;
    if (count != 1 || total < skip + HEADER_BYTES ||
        total - skip > sizeof(p->query)) {
        ch->error = EMSGSIZE;
        errno = EMSGSIZE;
        return -1;
    }
    p->size = (uint16_t)(total - skip);
    memcpy(p->query, (const uint8_t *)parts[0].iov_base + skip, p->size);
    return (ares_ssize_t)total;
}

/* ---- channels ------------------------------------------------------------ */

/* What c-ares would do of its own accord is off: files, retries, a cache. */
static int open_ares(struct svc__resolv_channel *ch)
{
    static const struct ares_socket_functions functions = {
        make_socket, give_back, connect_socket, take_in, take_out};
    char nothing[] = "/dev/null"; /* in place of resolv.conf: 1.34 reads it */
    char lookups[] = "b";
    struct in_addr server = {.s_addr = htonl(INADDR_LOOPBACK)};
    struct ares_options options = {
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_IGNTC |
                 ARES_FLAG_STAYOPEN | ARES_FLAG_NOCHECKRESP,
        .timeout = CARES_TIMEOUT_MS,
        .tries = 1,
        .ndots = 1,
        .servers = &server,
        .nservers = 1,
        .lookups = lookups,
        .resolvconf_path = nothing,
    };
    int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                ARES_OPT_NDOTS | ARES_OPT_SERVERS | ARES_OPT_DOMAINS |
                ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST | ARES_OPT_NOROTATE |
                ARES_OPT_RESOLVCONF;
    ares_channel ares;
    int status;

    if (ch->tcp)
        options.flags |= ARES_FLAG_USEVC;
#if ARES_VERSION >= 0x011700
    given |= ARES_OPT_QUERY_CACHE; /* for 0 s; on by default since 1.31 */
#endif
    status = ares_init_options(&ares, &options, given);
    if (status == ARES_SUCCESS) {
        ares_set_socket_functions(ares, &functions, ch);
        ch->ares = ares;
    }
    return status;
}

/* 0, or a code with *ret_problem. */
static int make_channel(struct svc__resolv *r,
                        const struct svc__resolv_way *way,
                        struct svc__resolv_channel **current,
                        const char **ret_problem)
{
    struct svc__resolv_channel *ch = svc__calloc(1, sizeof(*ch));
    int status = ARES_ENOMEM;

    if (ch != NULL) {
        ch->traffic = &r->traffic;
        ch->server = &r->settings.servers[way->server];
        ch->current = current;
        ch->tcp = way->tcp;
        ch->born_ms = svc__loop_now_ms(r->settings.loop);
        ch->io.fd = -1;
        ch->io.ready = svc__resolv_traffic_ready;
        ch->io.arg = ch;
        svc__resolv_stream_init(&ch->stream);
        svc__list_init(&ch->to_send);
        status = open_ares(ch);
    }
    if (status != ARES_SUCCESS) {
        svc__free(ch);
        *ret_problem = ares_strerror(status);
        return status == ARES_ENOMEM ? SVC_ENOMEM : SVC_ENOTSUP;
    }
    svc__list_add(&r->traffic.channels, &ch->link);
    r->traffic.stats.channels++;
    *current = ch;
    return 0;
}

static void destroy_channel(struct svc__resolv_channel *ch)
{
    ares_destroy(ch->ares); /* closes the socket through give_back() */
    svc__free(ch);
}

static int is_worn_out(const struct svc__resolv_channel *ch, int64_t now_ms)
{
    return ch->table.count >= SVC__RESOLV_CHANNEL_QUERIES ||
           now_ms - ch->born_ms >= SVC__RESOLV_CHANNEL_MS ||
           (ch->tcp && ch->live == 0 &&
            now_ms - ch->used_ms >= SVC__RESOLV_TCP_IDLE_MS);
}

static int find_channel(struct svc__resolv *r,
                        const struct svc__resolv_way *way,
                        struct svc__resolv_channel **ret,
                        const char **ret_problem)
{
    /* Over TCP there is nothing to race with: both lanes are one. */
    size_t road = way->tcp ? LANES : way->lane % LANES;
    struct svc__resolv_channel **current = &r->current[way->server][road];
    int64_t now_ms = svc__loop_now_ms(r->settings.loop);

    if (*current != NULL && is_worn_out(*current, now_ms))
        svc__resolv_traffic_retire(*current);
    if (*current == NULL) {
        int err = make_channel(r, way, current, ret_problem);

        if (err != 0)
            return err;
    }
    (*current)->used_ms = now_ms;
    *ret = *current;
    return 0;
}

/* ---- sending ------------------------------------------------------------- */

/* Whether a query has a whole header and question. */
static int has_question(const uint8_t *query, size_t size)
{
    size_t at = HEADER_BYTES;

    while (at < size && query[at] != 0)
        at += (size_t)query[at] + 1;
    return at + 1 + QUESTION_BYTES <= size;
}

/* An id that this channel never had: 16 random bits (faults 3.2). */
static int make_id(struct svc__resolv *r, struct svc__resolv_channel *ch,
                   uint8_t ret[2])
{
    do {
        int err = svc__rng_pool_take(&r->rng, ret, 2);

        if (err != 0)
            return err;
    } while (svc__resolv_table_find(&ch->table,
                                    (uint16_t)(ret[0] << 8 | ret[1])) != NULL);
    return 0;
}

/* Lets c-ares write a query into its packet. 0 or an errno. */
static int write_query(struct svc__resolv_channel *ch,
                       struct svc__resolv_packet *p, const uint8_t *query,
                       size_t size)
{
    struct svc__resolv *r = resolv_of(ch);
    struct svc__resolv_entry *entry = svc__resolv_table_add(&ch->table);

    entry->channel = ch;
    ch->error = EIO;
    p->size = 0;
    r->sending = entry;
    r->packet = p;
    r->refused = 0;
    ares_send(ch->ares, query, (int)size, ended, entry);
    /* Over TCP c-ares waits until it hears that it may write. */
    if (ch->tcp && !r->refused && p->size == 0 && ch->io.fd >= 0)
        ares_process_fd(ch->ares, ARES_SOCKET_BAD, ch->io.fd);
    r->sending = NULL;
    r->packet = NULL;
    if (r->refused)
        return ch->error;
    if (p->size == 0)
        return ENOMEM; /* c-ares lost it */
    svc__resolv_table_name(&ch->table, entry,
                           (uint16_t)(p->query[0] << 8 | p->query[1]));
    svc__resolv_traffic_add(ch, entry, p);
    return 0;
}

int svc__resolv_send(struct svc__resolv *r, struct svc__resolv_packet *p,
                     const struct svc__resolv_way *way, const uint8_t *query,
                     size_t size)
{
    uint8_t own[SVC__RESOLV_QUERY_MAX];
    struct svc__resolv_channel *ch;
    int err;

    p->problem = "no query that could be sent";
    if (way->server >= r->settings.count || size > sizeof(own) ||
        !has_question(query, size))
        return SVC_EINVAL;
    memcpy(own, query, size);
    err = find_channel(r, way, &ch, &p->problem);
    if (err != 0)
        return err;
    p->problem = "no random numbers";
    err = make_id(r, ch, own);
    if (err == 0) {
        int error = write_query(ch, p, own, size);

        if (error != 0) {
            err = svc__resolv_socket_code(error);
            p->problem = svc__resolv_socket_words(error);
            svc__resolv_traffic_retire(ch);
        }
    }
    svc__resolv_traffic_reap(&r->traffic);
    return err;
}

void svc__resolv_flush(struct svc__resolv *r)
{
    svc__resolv_traffic_flush(&r->traffic);
}

void svc__resolv_lost(struct svc__resolv *r, struct svc__resolv_packet *p)
{
    struct svc__resolv_entry *entry = p->entry;

    (void)r;
    if (entry != NULL)
        svc__resolv_traffic_retire(entry->channel);
}

void svc__resolv_forget(struct svc__resolv *r, struct svc__resolv_packet *p)
{
    struct svc__resolv_entry *entry = p->entry;

    if (entry != NULL) {
        entry->is_forgotten = 1;
        svc__resolv_traffic_drop(entry);
        svc__resolv_traffic_reap(&r->traffic);
    } else if (p->link.next != NULL) {
        svc__list_remove(&p->link);
    }
}

/* ---- the whole ----------------------------------------------------------- */

int svc__resolv_new(const struct svc__resolv_settings *settings,
                    struct svc__resolv **ret, svc_error *reterr)
{
    struct svc__resolv *r;
    int version = 0;

    (void)ares_version(&version);
    if (version < OLDEST_CARES)
        return svc__err_set(reterr, SVC_ENOTSUP,
                            "c-ares %s is too old: 1.18.1 is needed",
                            ares_version(NULL));
    if (settings->count == 0 || settings->count > SVC__RESOLV_SERVERS_MAX)
        return svc__err_set(reterr, SVC_EINVAL, "%zu DNS servers, not 1 to %d",
                            settings->count, SVC__RESOLV_SERVERS_MAX);
    r = svc__calloc(1, sizeof(*r));
    if (r == NULL)
        return svc__err_nomem(reterr);
    r->settings = *settings;
    r->fork_generation = svc__fork_generation();
    r->traffic.loop = settings->loop;
    r->traffic.judge = settings->judge;
    r->traffic.destroy = destroy_channel;
    if (svc__resolv_traffic_init(&r->traffic) != 0) {
        svc__free(r);
        return svc__err_nomem(reterr);
    }
    *ret = r;
    return 0;
}

void svc__resolv_free(struct svc__resolv *r)
{
    /* In a child of fork nothing is touched that c-ares may have locked: the
     * loop closes the descriptors, the rest is left (faults P7). */
    if (r == NULL || r->fork_generation != svc__fork_generation())
        return;
    svc__resolv_traffic_fini(&r->traffic);
    svc__free(r);
}

void svc__resolv_stats(const struct svc__resolv *r,
                       struct svc__resolv_stats *ret)
{
    *ret = r->traffic.stats;
}

const char *svc__resolv_version(void)
{
    return ares_version(NULL);
}
