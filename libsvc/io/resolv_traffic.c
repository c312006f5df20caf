/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what is on its way: from a query written to the answer judged. Knows of
 * a message its id alone. Packets that ended wait in a list, and done is called
 * from settle(), where nothing is held that it might take away; channels are
 * destroyed only at the end of the outermost call.
 */
#include "io/resolv_traffic.h"

#include "io/resolv_socket.h"

#include <errno.h>
#include <svc/svc.h>

/* Reads of one socket in one round, so that others have their turn. */
#define READS 4

/* ---- packets and channels come to their end ------------------------------ */

void svc__resolv_traffic_retire(struct svc__resolv_channel *ch)
{
    if (ch->retired)
        return;
    ch->retired = 1;
    *ch->current = NULL;
    svc__list_remove(&ch->link);
    svc__list_add(&ch->traffic->retired, &ch->link);
}

void svc__resolv_traffic_drop(struct svc__resolv_entry *entry)
{
    struct svc__resolv_channel *ch = entry->channel;

    entry->packet->entry = NULL;
    entry->packet = NULL;
    ch->live--;
}

/* The packet of an entry is over: done gets this. */
static void finish(struct svc__resolv_entry *entry, int error,
                   const uint8_t *answer, size_t size)
{
    struct svc__resolv_channel *ch = entry->channel;
    struct svc__resolv_packet *p = entry->packet;

    svc__resolv_traffic_drop(entry);
    p->err = error == 0 ? 0 : svc__resolv_socket_code(error);
    p->problem = error == 0 ? NULL : svc__resolv_socket_words(error);
    p->answer = answer;
    p->answer_size = size;
    svc__list_add(&ch->traffic->ended, &p->link);
}

void svc__resolv_traffic_end(struct svc__resolv_entry *entry, int error)
{
    finish(entry, error, NULL, 0);
}

/* Ends everything that is on its way over a channel. */
static void fail(struct svc__resolv_channel *ch, int error)
{
    svc__resolv_traffic_retire(ch);
    for (unsigned i = 0; i < ch->table.count && ch->live > 0; i++) {
        if (ch->table.entries[i].packet != NULL)
            finish(&ch->table.entries[i], error, NULL, 0);
    }
}

static void destroy(struct svc__resolv_channel *ch)
{
    for (unsigned i = 0; i < ch->table.count && ch->live > 0; i++) {
        if (ch->table.entries[i].packet != NULL)
            svc__resolv_traffic_drop(&ch->table.entries[i]);
    }
    svc__resolv_traffic_retire(ch);
    svc__list_remove(&ch->link);
    svc__list_remove(&ch->to_send);
    svc__resolv_stream_fini(&ch->stream);
    ch->traffic->destroy(ch);
}

void svc__resolv_traffic_reap(struct svc__resolv_traffic *t)
{
    struct svc__list *it;
    struct svc__list *after;

    if (t->running)
        return;
    svc__list_each_safe (it, after, &t->retired) {
        struct svc__resolv_channel *ch =
            svc__list_entry(it, struct svc__resolv_channel, link);

        if (ch->live == 0)
            destroy(ch);
    }
}

/* ---- out ----------------------------------------------------------------- */

void svc__resolv_traffic_add(struct svc__resolv_channel *ch,
                             struct svc__resolv_entry *entry,
                             struct svc__resolv_packet *p)
{
    entry->packet = p;
    p->entry = entry;
    svc__list_init(&p->link);
    ch->live++;
    if (svc__list_is_empty(&ch->to_send))
        svc__list_add(&ch->traffic->to_send, &ch->to_send);
}

/* Asks to be told when there is room to send, or not any more. */
static void wait_for_room(struct svc__resolv_channel *ch, int waits)
{
    unsigned events = SVC__IO_READ | (waits ? (unsigned)SVC__IO_WRITE : 0u);

    if (ch->waits == waits)
        return;
    if (svc__loop_change(ch->traffic->loop, &ch->io, events, NULL) != 0)
        fail(ch, ENOMEM);
    else
        ch->waits = waits;
}

/* Puts the next queries that somebody waits for into the batch. Returns how
 * many. */
static size_t gather(const struct svc__resolv_channel *ch)
{
    size_t put = 0;

    for (unsigned i = ch->flushed;
         i < ch->table.count && put < SVC__RESOLV_BATCH_MAX; i++) {
        const struct svc__resolv_packet *p = ch->table.entries[i].packet;

        if (p == NULL)
            continue;
        svc__resolv_batch_put(ch->traffic->batch, p->query, p->size);
        put++;
    }
    return put;
}

/* So many of what was gathered went out. */
static void note_sent(struct svc__resolv_channel *ch, size_t sent)
{
    for (; sent > 0; ch->flushed++) {
        const struct svc__resolv_packet *p =
            ch->table.entries[ch->flushed].packet;

        if (p == NULL)
            continue;
        ch->traffic->stats.sent++;
        ch->traffic->stats.bytes_sent += p->size;
        sent--;
    }
}

/* Sends what is queued; 0, EAGAIN when the rest has to wait, or the errno that
 * ended it. */
static int send_datagrams(struct svc__resolv_channel *ch)
{
    int error = 0;

    while (error == 0 && gather(ch) > 0) {
        size_t sent;

        error = svc__resolv_batch_send(ch->traffic->batch, ch->io.fd, &sent);
        note_sent(ch, sent);
    }
    if (error == 0)
        ch->flushed = ch->table.count;
    return error;
}

static int send_stream(struct svc__resolv_channel *ch)
{
    struct svc__resolv_stats *stats = &ch->traffic->stats;
    size_t sent;
    int error;

    for (; ch->flushed < ch->table.count; ch->flushed++) {
        const struct svc__resolv_packet *p =
            ch->table.entries[ch->flushed].packet;

        if (p == NULL)
            continue;
        error = svc__resolv_stream_put(&ch->stream, p->query, p->size);
        if (error != 0)
            return error;
        stats->sent++;
        stats->sent_tcp++;
    }
    error = svc__resolv_stream_write(&ch->stream, ch->io.fd, &sent);
    stats->bytes_sent += sent;
    return error;
}

static void push(struct svc__resolv_channel *ch)
{
    int error = EBADF;

    if (ch->io.fd >= 0)
        error = ch->tcp ? send_stream(ch) : send_datagrams(ch);
    if (error != 0 && error != EAGAIN)
        fail(ch, error);
    else
        wait_for_room(ch, error == EAGAIN);
}

static void push_all(struct svc__resolv_traffic *t)
{
    while (!svc__list_is_empty(&t->to_send)) {
        struct svc__resolv_channel *ch = svc__list_entry(
            t->to_send.next, struct svc__resolv_channel, to_send);

        svc__list_remove(&ch->to_send);
        push(ch);
    }
}

/* Calls done for all that have ended, and sends what that asked for. */
static void settle(struct svc__resolv_traffic *t)
{
    while (!svc__list_is_empty(&t->ended) || t->flush_again) {
        if (!svc__list_is_empty(&t->ended)) {
            struct svc__resolv_packet *p =
                svc__list_entry(t->ended.next, struct svc__resolv_packet, link);

            svc__list_remove(&p->link);
            p->done(p, p->err, p->answer, p->answer_size);
        } else {
            t->flush_again = 0;
            push_all(t);
        }
    }
}

void svc__resolv_traffic_flush(struct svc__resolv_traffic *t)
{
    t->flush_again = 1;
    if (t->running)
        return;
    t->running = 1;
    settle(t);
    t->running = 0;
    svc__resolv_traffic_reap(t);
}

/* ---- in ------------------------------------------------------------------ */

/* One message that came over a channel. */
static void consider(struct svc__resolv_channel *ch, const uint8_t *data,
                     size_t size)
{
    struct svc__resolv_traffic *t = ch->traffic;
    struct svc__resolv_entry *entry = NULL;
    struct svc__resolv_packet *p = NULL;

    t->stats.bytes_received += size;
    if (size >= 2)
        entry = svc__resolv_table_find(&ch->table,
                                       (uint16_t)(data[0] << 8 | data[1]));
    if (entry != NULL && entry->is_forgotten) {
        /* One answer to it is no sign of a forger. */
        entry->is_forgotten = 0;
        return;
    }
    if (entry != NULL)
        p = entry->packet;
    if (p == NULL || !t->judge(p, data, size)) {
        t->stats.unwanted++;
        if (p != NULL && p->unwanted != NULL)
            p->unwanted(p);
        return;
    }
    t->stats.received++;
    finish(entry, 0, data, size);
}

/* Reads what is there; 0 or an errno, EAGAIN when nothing is left. */
static int read_datagrams(struct svc__resolv_channel *ch)
{
    struct svc__resolv_batch *batch = ch->traffic->batch;
    size_t count;
    int error = svc__resolv_batch_receive(batch, ch->io.fd, &count);

    for (size_t i = 0; i < count; i++) {
        size_t size;
        const uint8_t *data = svc__resolv_batch_get(batch, i, &size);

        consider(ch, data, size);
    }
    if (error == 0 && count < SVC__RESOLV_BATCH_MAX)
        return EAGAIN;
    return error;
}

static int read_stream(struct svc__resolv_channel *ch)
{
    size_t size;
    uint8_t *room = svc__resolv_batch_room(ch->traffic->batch, &size);
    int error = svc__resolv_stream_read(&ch->stream, ch->io.fd, room, size);
    const uint8_t *data;

    while (error == 0 &&
           (data = svc__resolv_stream_next(&ch->stream, &size)) != NULL)
        consider(ch, data, size);
    return error;
}

/* The kernel tells of an error before it gives the datagrams that came before
 * it: those count first. */
static void pull(struct svc__resolv_channel *ch)
{
    int failure = 0;

    for (int i = 0; i < READS && ch->io.fd >= 0; i++) {
        int error = ch->tcp ? read_stream(ch) : read_datagrams(ch);

        /* Answers are borrowed from what was read: before more is. */
        settle(ch->traffic);
        if (error == EAGAIN)
            break;
        if (error != 0)
            failure = error;
        if (error != 0 && ch->tcp)
            break;
    }
    if (failure != 0)
        fail(ch, failure);
}

void svc__resolv_traffic_ready(void *arg, unsigned events)
{
    struct svc__resolv_channel *ch = arg;
    struct svc__resolv_traffic *t = ch->traffic;

    t->running = 1;
    if ((events & SVC__IO_WRITE) != 0)
        push(ch);
    if ((events & SVC__IO_READ) != 0)
        pull(ch);
    settle(t);
    t->running = 0;
    svc__resolv_traffic_reap(t);
}

/* ---- the whole ----------------------------------------------------------- */

int svc__resolv_traffic_init(struct svc__resolv_traffic *t)
{
    svc__list_init(&t->channels);
    svc__list_init(&t->retired);
    svc__list_init(&t->to_send);
    svc__list_init(&t->ended);
    t->batch = svc__resolv_batch_new();
    return t->batch == NULL ? SVC_ENOMEM : 0;
}

static void destroy_all(struct svc__list *channels)
{
    struct svc__list *it;
    struct svc__list *after;

    svc__list_each_safe (it, after, channels) {
        destroy(svc__list_entry(it, struct svc__resolv_channel, link));
    }
}

void svc__resolv_traffic_fini(struct svc__resolv_traffic *t)
{
    destroy_all(&t->channels);
    destroy_all(&t->retired);
    svc__resolv_batch_free(t->batch);
}
