/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams in batches over a pair of sockets. */
#include "io/resolv_batch.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];
static struct svc__resolv_batch *batch;
static uint8_t data[4096];

static int setup(void **state)
{
    (void)state;
    batch = svc__resolv_batch_new();
    return batch == NULL ||
           socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) != 0;
}

static int teardown(void **state)
{
    (void)state;
    svc__resolv_batch_free(batch);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* A pair of AF_UNIX holds few: smaller batches, many times. */
static void what_is_put_arrives_in_order(void **state)
{
    size_t sent;
    size_t count;

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i % 251);
    for (size_t round = 0; round < 200; round++) {
        for (size_t i = 0; i < 8; i++)
            svc__resolv_batch_put(batch, data + i, round + i);
        assert_int_equal(svc__resolv_batch_send(batch, ends[0], &sent), 0);
        assert_int_equal(sent, 8);
        assert_int_equal(svc__resolv_batch_receive(batch, ends[1], &count), 0);
        assert_int_equal(count, 8);
        for (size_t i = 0; i < 8; i++) {
            size_t size;
            const uint8_t *got = svc__resolv_batch_get(batch, i, &size);

            assert_int_equal(size, round + i);
            assert_memory_equal(got, data + i, size);
        }
    }
    assert_int_equal(svc__resolv_batch_receive(batch, ends[1], &count), EAGAIN);
    assert_int_equal(count, 0);
}

static void what_finds_no_room_is_told(void **state)
{
    size_t sent = 0;
    size_t all = 0;
    int err;

    (void)state;
    do {
        for (size_t i = 0; i < SVC__RESOLV_BATCH_MAX; i++)
            svc__resolv_batch_put(batch, data, 1000);
        err = svc__resolv_batch_send(batch, ends[0], &sent);
        all += sent;
    } while (err == 0);
    assert_int_equal(err, EAGAIN);
    /* What was not sent is forgotten by the batch, not sent later. */
    assert_int_equal(svc__resolv_batch_send(batch, ends[0], &sent), 0);
    assert_int_equal(sent, 0);
    while (svc__resolv_batch_receive(batch, ends[1], &sent) == 0)
        all -= sent;
    assert_int_equal(all, 0);
}

static void one_too_long_has_no_size(void **state)
{
    size_t count;
    size_t size;

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        assert_true(send(ends[0], data, SVC__RESOLV_BATCH_BYTES + more, 0) > 0);
        assert_int_equal(svc__resolv_batch_receive(batch, ends[1], &count), 0);
        assert_int_equal(count, 1);
        (void)svc__resolv_batch_get(batch, 0, &size);
        assert_int_equal(size, more == 0 ? SVC__RESOLV_BATCH_BYTES : 0);
    }
}

static void errors_are_told(void **state)
{
    size_t n;

    (void)state;
    svc__resolv_batch_put(batch, data, 1);
    assert_int_equal(svc__resolv_batch_send(batch, -1, &n), EBADF);
    assert_int_equal(n, 0);
    assert_int_equal(svc__resolv_batch_receive(batch, -1, &n), EBADF);
    oom_arm(1, 0);
    assert_null(svc__resolv_batch_new());
    oom_disarm();
    svc__resolv_batch_free(NULL);
}

#define with_batch(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_batch(what_is_put_arrives_in_order),
        with_batch(what_finds_no_room_is_told),
        with_batch(one_too_long_has_no_size),
        with_batch(errors_are_told),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
