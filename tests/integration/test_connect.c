/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svc_service_connect against real sockets on loopback: places that listen,
 * refuse, and are silent, of both families. No call leaks a descriptor.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scene.h"
#include "world.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- a socket ---------------------------------------------------------- */

static void the_socket_is_a_plain_one(void **state)
{
    struct scene sc = {0};
    struct sockaddr_storage peer;
    socklen_t size = sizeof(peer);
    int no_delay = -1;
    int fd;

    (void)state;
    places_add(&sc.places, AF_INET, PLACE_LISTENS);
    scene_open(&sc, "web:http", 0);
    fd = scene_try(&sc, 0, WORLD_MS);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(getpeername(fd, (struct sockaddr *)&peer, &size), 0);
    assert_int_equal(size, sc.pick.sockaddr_size);
    assert_memory_equal(&peer, svc_pick_sockaddr(&sc.pick), size);
    size = sizeof(no_delay);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size),
                     0);
    assert_int_equal(no_delay, 0);
    close(fd);
    scene_close(&sc);
}

/* The time covers the wait for the first answer, too. */
static void the_first_answer_is_waited_for(void **state)
{
    (void)state;
    for (int external_loop = 0; external_loop < 2; external_loop++) {
        struct scene sc = {0};
        int fd;

        places_add(&sc.places, AF_INET, PLACE_LISTENS);
        scene_open(&sc, "web:http", external_loop);
        if (external_loop) {
            assert_int_equal(
                svc_service_connect(sc.s, NULL, 0, NULL, &sc.error),
                SVC_ETIMEDOUT);
            scene_says(&sc, "no answer from the source");
        }
        fd = svc_service_connect(sc.s, NULL, WORLD_MS, NULL, &sc.error);
        assert_true(fd >= 0);
        close(fd);
        scene_close(&sc);
    }
}

/* ---- who refuses ------------------------------------------------------- */

static void who_refuses_is_passed_over(void **state)
{
    struct scene sc = {0};
    uint16_t port;

    (void)state;
    for (int external_loop = 0; external_loop < 2; external_loop++) {
        memset(&sc, 0, sizeof(sc));
        for (int i = 0; i < 6; i++)
            places_add(&sc.places, AF_INET, PLACE_REFUSES);
        port = places_add(&sc.places, AF_INET, PLACE_LISTENS);
        scene_open(&sc, "web:http", external_loop);
        for (int i = 0; i < 20; i++)
            scene_reaches(&sc, port);
        scene_close(&sc);
    }
}

static void one_family_is_dead(void **state)
{
    static const int dead[] = {AF_INET, AF_INET6};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene sc = {0};
        uint16_t port;

        for (int j = 0; j < 9; j++)
            places_add(&sc.places, dead[i], PLACE_REFUSES);
        port = places_add(&sc.places, dead[1 - i], PLACE_LISTENS);
        scene_open(&sc, "web:http", 0);
        for (int j = 0; j < 20; j++)
            scene_reaches(&sc, port);
        scene_close(&sc);
    }
}

static void all_refuse(void **state)
{
    struct scene sc = {0};
    char address[64];

    (void)state;
    places_add(&sc.places, AF_INET, PLACE_REFUSES);
    places_add(&sc.places, AF_INET6, PLACE_REFUSES);
    scene_open(&sc, "web:http", 0);
    scene_fails(&sc, WORLD_MS, SVC_EUNREACH, "\"web:http\": no connection: ");
    (void)snprintf(address, sizeof(address), "127.0.0.1:%d: Connection refused",
                   sc.places.place[0].port);
    scene_says(&sc, address);
    (void)snprintf(address, sizeof(address), "[::1]:%d: Connection refused",
                   sc.places.place[1].port);
    scene_says(&sc, address);
    assert_int_equal(svc_service_connect(sc.s, NULL, WORLD_MS, NULL, NULL),
                     SVC_EUNREACH);
    scene_close(&sc);
}

static void eight_of_ten_are_tried(void **state)
{
    struct scene sc = {0};
    const char *at;
    int count = 0;

    (void)state;
    for (int i = 0; i < 10; i++)
        places_add(&sc.places, AF_INET, PLACE_REFUSES);
    scene_open(&sc, "web:http", 0);
    scene_fails(&sc, WORLD_MS, SVC_EUNREACH, "127.0.0.1:");
    for (at = sc.error.message; (at = strstr(at, "refused")) != NULL; at++)
        count++;
    assert_int_equal(count, 8);
    scene_close(&sc);
}

/* ---- who is silent ----------------------------------------------------- */

/* The next one is begun beside it, of the other family before one that has more
 * weight. */
static void who_is_silent_is_overtaken(void **state)
{
    (void)state;
    for (int external_loop = 0; external_loop < 2; external_loop++) {
        struct scene sc = {0};
        uint16_t silent = places_add(&sc.places, AF_INET, PLACE_SILENT);
        uint16_t same = places_add(&sc.places, AF_INET, PLACE_LISTENS);
        uint16_t other = places_add(&sc.places, AF_INET6, PLACE_LISTENS);
        int64_t began_ms;

        scene_open(&sc, "web:http?policy=fo", external_loop);
        scene_weigh(&sc, silent, 100);
        scene_weigh(&sc, same, 50);
        began_ms = scene_now_ms();
        scene_reaches(&sc, other);
        assert_true(scene_now_ms() - began_ms >= 250);
        scene_close(&sc);
    }
}

/* With an external loop the change is seen since the call dispatches. */
static void the_set_changes_meanwhile(void **state)
{
    (void)state;
    for (int external_loop = 0; external_loop < 2; external_loop++) {
        struct scene sc = {0};
        svc_endpoint_info info;
        svc_endpoints *eps;
        uint16_t port;

        places_add(&sc.places, AF_INET, PLACE_SILENT);
        port = places_add(&sc.places, AF_INET, PLACE_LISTENS);
        scene_open(&sc, "web:http", external_loop);
        scene_weigh(&sc, port, 0);
        scene_fails(&sc, 0, SVC_ETIMEDOUT, "no answer in");
        eps = svc_service_endpoints(sc.s);
        assert_int_equal(svc_endpoints_count(eps), 1);
        assert_int_equal(
            svc_service_weigh(sc.s, scene_find(eps, port, &info), -1), 0);
        svc_endpoints_unref(eps);
        scene_reaches(&sc, port);
        scene_close(&sc);
    }
}

static void all_are_silent(void **state)
{
    struct scene sc = {0};
    int64_t began_ms;

    (void)state;
    places_add(&sc.places, AF_INET, PLACE_SILENT);
    places_add(&sc.places, AF_INET6, PLACE_SILENT);
    scene_open(&sc, "web:http", 0);
    began_ms = scene_now_ms();
    scene_fails(&sc, 1000, SVC_ETIMEDOUT, "no connection in 1");
    assert_in_range(scene_now_ms() - began_ms, 1000, WORLD_MS);
    scene_says(&sc, "127.0.0.1:");
    scene_says(&sc, "[::1]:");
    scene_says(&sc, "no answer in");
    scene_close(&sc);
}

/* Without time there is one look, and no wait. */
static void there_is_no_time(void **state)
{
    struct scene sc = {0};

    (void)state;
    places_add(&sc.places, AF_INET, PLACE_SILENT);
    places_add(&sc.places, AF_INET, PLACE_SILENT);
    scene_open(&sc, "web:http", 0);
    scene_fails(&sc, 0, SVC_ETIMEDOUT, "no answer in");
    assert_null(strstr(sc.error.message, "; "));
    scene_close(&sc);
}

/* ---- the balancer ------------------------------------------------------ */

/* Five failures in a row eject. */
static void connect_until_ejected(struct scene *sc, uint16_t bad, uint16_t good)
{
    svc_endpoint_info info;
    svc_watch *w = NULL;
    svc_endpoints *eps = NULL;

    scene_weigh(sc, bad, 100);
    for (int i = 0; i < 5; i++) {
        int fd = scene_try(sc, 1, WORLD_MS);

        assert_true(fd >= 0);
        assert_int_equal(scene_port(sc), good);
        svc_pick_done(&sc->pick, SVC_OUTCOME_OK);
        places_accept(&sc->places, good);
        close(fd);
    }
    assert_int_equal(svc_watch_new(sc->s, &w), 0);
    do {
        svc_endpoints_unref(eps);
        eps = NULL;
        assert_int_equal(svc_watch_next(w, WORLD_MS, &eps, NULL), 0);
        (void)scene_find(eps, bad, &info);
    } while (info.why != SVC_WHY_EJECTED);
    svc_endpoints_unref(eps);
    svc_watch_free(w);
}

static void check_counts(const struct scene *sc)
{
    svc_stats stats = SVC_STATS_INIT;

    assert_int_equal(svc_resolver_stats(sc->r, &stats), 0);
    assert_int_equal(stats.picks_twice, 0);
    assert_int_equal(stats.picks_late, 0);
    assert_int_equal(stats.retries, 0);
}

static void attempts_are_tracked(void **state)
{
    static const enum place_kind bad[] = {PLACE_REFUSES, PLACE_SILENT};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene sc = {0};
        uint16_t good = places_add(&sc.places, AF_INET, PLACE_LISTENS);
        uint16_t port = places_add(&sc.places, AF_INET, bad[i]);

        scene_open(&sc, "web:http?policy=fo&track=1", i);
        connect_until_ejected(&sc, port, good);
        check_counts(&sc);
        scene_close(&sc);
    }
}

/* Closing is counted once, so the second time shows that it was open. */
static void who_wins_is_tracked(void **state)
{
    (void)state;
    for (int track = 0; track < 2; track++) {
        svc_stats stats = SVC_STATS_INIT;
        struct scene sc = {0};
        uint16_t good = places_add(&sc.places, AF_INET, PLACE_LISTENS);
        uint16_t bad = places_add(&sc.places, AF_INET, PLACE_REFUSES);
        int fd;

        scene_open(&sc, "web:http?policy=fo&track=1", 0);
        scene_weigh(&sc, bad, 100);
        fd = scene_try(&sc, track, WORLD_MS);
        assert_true(fd >= 0);
        assert_int_equal(scene_port(&sc), good);
        svc_pick_done(&sc.pick, SVC_OUTCOME_OK);
        svc_pick_done(&sc.pick, SVC_OUTCOME_OK);
        assert_int_equal(svc_resolver_stats(sc.r, &stats), 0);
        assert_int_equal(stats.picks_twice, track);
        close(fd);
        scene_close(&sc);
    }
}

/* The first of a number of keys that is given to a port. */
static unsigned find_key(const struct scene *sc, uint16_t port)
{
    svc_pick_options o = SVC_PICK_OPTIONS_INIT;

    for (unsigned key = 0; key < 1000; key++) {
        svc_pick pick;

        o.key = &key;
        o.key_size = sizeof(key);
        assert_int_equal(svc_service_pick(sc->s, &o, &pick), 0);
        if (ntohs(pick.sockaddr.sin6_port) == port)
            return key;
    }
    fail_msg("no key leads to port %d", port);
    return 0;
}

/* Whose endpoint is dead goes to one other, always the same. */
static void a_key_has_one_other_endpoint(void **state)
{
    svc_pick_options o = SVC_PICK_OPTIONS_INIT;
    struct scene sc = {0};
    uint16_t bad = places_add(&sc.places, AF_INET, PLACE_REFUSES);
    uint16_t other = 0;
    unsigned key;

    (void)state;
    for (int i = 0; i < 4; i++)
        places_add(&sc.places, AF_INET, PLACE_LISTENS);
    scene_open(&sc, "web:http?policy=mh", 0);
    assert_int_equal(svc_service_wait(sc.s, WORLD_MS, NULL), 0);
    key = find_key(&sc, bad);
    o.key = &key;
    o.key_size = sizeof(key);
    for (int i = 0; i < 20; i++) {
        int fd = svc_service_connect(sc.s, &o, WORLD_MS, &sc.pick, NULL);

        assert_true(fd >= 0);
        if (i == 0)
            other = scene_port(&sc);
        assert_int_equal(scene_port(&sc), other);
        places_accept(&sc.places, other);
        close(fd);
    }
    scene_close(&sc);
}

/* Who had no time is not to blame, and neither is anybody without track. */
static void nobody_is_to_blame(void **state)
{
    struct scene sc = {0};
    uint16_t good;
    uint16_t silent;

    (void)state;
    good = places_add(&sc.places, AF_INET, PLACE_LISTENS);
    silent = places_add(&sc.places, AF_INET, PLACE_SILENT);
    scene_open(&sc, "web:http?policy=fo&track=1", 1);
    scene_weigh(&sc, silent, 100);
    for (int i = 0; i < 8; i++)
        assert_int_equal(scene_try(&sc, 1, 0), SVC_ETIMEDOUT);
    for (int i = 0; i < 5; i++) {
        int fd = scene_try(&sc, 0, WORLD_MS);

        assert_true(fd >= 0);
        places_accept(&sc.places, good);
        close(fd);
    }
    assert_int_equal(svc_resolver_dispatch(sc.r, 0), 0);
    scene_fails(&sc, 0, SVC_ETIMEDOUT,
                "no answer in"); /* picked first as ever */
    check_counts(&sc);
    scene_close(&sc);
}

/* ---- what cannot be ---------------------------------------------------- */

static void answers_are_passed_on(void **state)
{
    static const struct {
        const char *name;
        int code;
        const char *says;
    } rows[] = {{"nobody:80", SVC_ENOSERVICE, "nobody"},
                {"web:81", SVC_ENOPORT, "81"},
                {"web:http?family=ipv6", SVC_ENOENDPOINTS, "web"},
                {"web:dns", SVC_ENOTSUP, "UDP"},
                {"bare", SVC_EINVAL, "the port is not known"}};
    struct scene sc = {0};

    (void)state;
    places_add(&sc.places, AF_INET, PLACE_LISTENS);
    sc.r = places_resolver(&sc.places, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (svc_service_new(sc.r, rows[i].name, NULL, &sc.s, &sc.error) != 0)
            fail_msg("%s", sc.error.message);
        scene_fails(&sc, WORLD_MS, rows[i].code, rows[i].says);
        svc_service_free(sc.s);
    }
    sc.s = NULL;
    scene_close(&sc);
}

static void what_is_asked_makes_no_sense(void **state)
{
    svc_pick_options o = SVC_PICK_OPTIONS_INIT;
    struct scene sc = {0};

    (void)state;
    places_add(&sc.places, AF_INET, PLACE_LISTENS);
    scene_open(&sc, "web:http", 0);
    assert_int_equal(svc_service_connect(NULL, NULL, 0, NULL, NULL),
                     SVC_EINVAL);
    o.key_size = 1;
    assert_int_equal(svc_service_connect(sc.s, &o, 0, NULL, &sc.error),
                     SVC_EINVAL);
    o.key_size = 0;
    o.track = 1;
    assert_int_equal(svc_service_connect(sc.s, &o, 0, NULL, &sc.error),
                     SVC_EINVAL);
    assert_int_equal(scene_try(&sc, 1, WORLD_MS), SVC_EINVAL);
    scene_says(&sc, "without track");
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_socket_is_a_plain_one),
        cmocka_unit_test(the_first_answer_is_waited_for),
        cmocka_unit_test(who_refuses_is_passed_over),
        cmocka_unit_test(one_family_is_dead),
        cmocka_unit_test(all_refuse),
        cmocka_unit_test(eight_of_ten_are_tried),
        cmocka_unit_test(who_is_silent_is_overtaken),
        cmocka_unit_test(the_set_changes_meanwhile),
        cmocka_unit_test(all_are_silent),
        cmocka_unit_test(there_is_no_time),
        cmocka_unit_test(attempts_are_tracked),
        cmocka_unit_test(who_wins_is_tracked),
        cmocka_unit_test(a_key_has_one_other_endpoint),
        cmocka_unit_test(nobody_is_to_blame),
        cmocka_unit_test(answers_are_passed_on),
        cmocka_unit_test(what_is_asked_makes_no_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
