/* SPDX-License-Identifier: Apache-2.0 */
/* Framing over a pair of sockets: whatever the pieces, the same messages. */
#include "base/rng.h"
#include "io/resolv_socket.h"
#include "io/resolv_stream.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGES 50

static uint8_t room[8192];
static int ends[2];
static struct svc__resolv_stream stream;

static int setup(void **state)
{
    (void)state;
    svc__resolv_stream_init(&stream);
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends);
}

static int teardown(void **state)
{
    (void)state;
    svc__resolv_stream_fini(&stream);
    close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    ends[1] = -1;
    return 0;
}

/* Message n: its size and its octets follow from n. */
static size_t make(unsigned n, uint8_t *ret)
{
    size_t size = n * n * 7 % 3000;

    memset(ret, (int)n, size);
    return size;
}

/* Takes what is whole, and compares it. */
static unsigned take(unsigned next)
{
    uint8_t expected[3000];
    const uint8_t *data;
    size_t size;

    while ((data = svc__resolv_stream_next(&stream, &size)) != NULL) {
        assert_int_equal(size, make(next, expected));
        assert_memory_equal(data, expected, size);
        next++;
    }
    return next;
}

static void pieces_of_any_size_give_the_same_messages(void **state)
{
    static uint8_t all[MESSAGES * 3002];
    size_t size = 0;

    (void)state;
    for (unsigned n = 0; n < MESSAGES; n++) {
        size_t one = make(n, all + size + 2);

        all[size] = (uint8_t)(one >> 8);
        all[size + 1] = (uint8_t)one;
        size += 2 + one;
    }
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct svc__rng rng;
        unsigned next = 0;

        svc__rng_seed(&rng, seed);
        for (size_t at = 0; at < size;) {
            size_t piece = 1 + svc__rng_below(&rng, 1u << (seed % 13));

            piece = piece < size - at ? piece : size - at;
            assert_int_equal(write(ends[0], all + at, piece), piece);
            at += piece;
            assert_int_equal(
                svc__resolv_stream_read(&stream, ends[1], room, sizeof(room)),
                0);
            next = take(next);
        }
        assert_int_equal(next, MESSAGES);
    }
}

static void reading_tells_what_is_there(void **state)
{
    (void)state;
    assert_int_equal(
        svc__resolv_stream_read(&stream, ends[1], room, sizeof(room)), EAGAIN);
    close(ends[0]);
    ends[0] = dup(0);
    assert_int_equal(
        svc__resolv_stream_read(&stream, ends[1], room, sizeof(room)),
        SVC__RESOLV_SOCKET_CLOSED);
    close(ends[1]);
    assert_int_equal(
        svc__resolv_stream_read(&stream, ends[1], room, sizeof(room)), EBADF);
    ends[1] = -1;
}

/* More than the socket takes goes out in the end, each byte once. */
static void writing_goes_on_where_it_stopped(void **state)
{
    static uint8_t message[60000];
    size_t sent = 0;
    size_t got = 0;
    size_t now;
    int err;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(
            svc__resolv_stream_put(&stream, message, sizeof(message)), 0);
    do {
        ssize_t n;

        err = svc__resolv_stream_write(&stream, ends[1], &now);
        sent += now;
        while ((n = read(ends[0], room, sizeof(room))) > 0)
            got += (size_t)n;
    } while (err == EAGAIN);
    assert_int_equal(err, 0);
    assert_int_equal(sent, 4 * (2 + sizeof(message)));
    assert_int_equal(got, sent);
    assert_int_equal(stream.out.size, 0);
}

static void no_memory_is_told_and_passes(void **state)
{
    static const uint8_t message[100] = {0};

    (void)state;
    oom_arm(1, 0);
    assert_int_equal(svc__resolv_stream_put(&stream, message, sizeof(message)),
                     ENOMEM);
    assert_int_equal(write(ends[0], "\0\1x", 3), 3);
    oom_arm(1, 0);
    assert_int_equal(
        svc__resolv_stream_read(&stream, ends[1], room, sizeof(room)), ENOMEM);
    oom_disarm();
    assert_int_equal(svc__resolv_stream_put(&stream, message, sizeof(message)),
                     0);
    assert_int_equal(stream.out.size, 2 + sizeof(message));
}

#define with_stream(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_stream(pieces_of_any_size_give_the_same_messages),
        with_stream(reading_tells_what_is_there),
        with_stream(writing_goes_on_where_it_stopped),
        with_stream(no_memory_is_told_and_passes),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
