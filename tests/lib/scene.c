/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what is looked at before and behind each call.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proc_self.h"
#include "scene.h"
#include "world.h"

#include <netinet/in.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void scene_open(struct scene *sc, const char *name, int external_loop)
{
    sc->r = places_resolver(&sc->places, external_loop);
    if (svc_service_new(sc->r, name, NULL, &sc->s, &sc->error) != 0)
        fail_msg("%s", sc->error.message);
}

void scene_close(struct scene *sc)
{
    svc_service_free(sc->s);
    svc_resolver_free(sc->r);
    places_close(&sc->places);
}

int64_t scene_now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int scene_try(struct scene *sc, int track, int timeout_ms)
{
    svc_pick_options o = SVC_PICK_OPTIONS_INIT;
    int before;
    int fd;

    (void)svc_service_wait(sc->s, WORLD_MS, NULL);
    before = proc_self_descriptors();
    o.track = track;
    fd = svc_service_connect(sc->s, &o, timeout_ms, &sc->pick, &sc->error);
    assert_int_equal(proc_self_descriptors(), before + (fd >= 0));
    return fd;
}

uint16_t scene_port(const struct scene *sc)
{
    return ntohs(sc->pick.sockaddr.sin6_port);
}

void scene_reaches(struct scene *sc, uint16_t port)
{
    int fd = scene_try(sc, 0, WORLD_MS);

    if (fd < 0)
        fail_msg("%s", sc->error.message);
    assert_int_equal(scene_port(sc), port);
    places_accept(&sc->places, port);
    close(fd);
}

void scene_says(const struct scene *sc, const char *what)
{
    if (strstr(sc->error.message, what) == NULL)
        fail_msg("no \"%s\" in: %s", what, sc->error.message);
}

void scene_fails(struct scene *sc, int timeout_ms, int code, const char *what)
{
    assert_int_equal(scene_try(sc, 0, timeout_ms), code);
    assert_int_equal(sc->error.code, code);
    scene_says(sc, what);
    assert_true(sc->error.hint[0] != '\0');
}

const svc_endpoint *scene_find(svc_endpoints *eps, uint16_t port,
                               svc_endpoint_info *ret)
{
    for (size_t i = 0; i < svc_endpoints_total(eps); i++) {
        const svc_endpoint *ep = svc_endpoints_at(eps, i);

        *ret = (svc_endpoint_info)SVC_ENDPOINT_INFO_INIT;
        assert_int_equal(svc_endpoint_describe(ep, ret), 0);
        if (ret->port == port)
            return ep;
    }
    fail_msg("nobody has port %d", port);
    return NULL;
}

void scene_weigh(struct scene *sc, uint16_t port, int weight)
{
    svc_endpoint_info info;
    svc_endpoints *eps = NULL;
    svc_watch *w = NULL;
    int is_asked = 0;

    assert_int_equal(svc_watch_new(sc->s, &w), 0);
    do {
        const svc_endpoint *ep;

        svc_endpoints_unref(eps);
        eps = NULL;
        assert_int_equal(svc_watch_next(w, WORLD_MS, &eps, NULL), 0);
        ep = scene_find(eps, port, &info);
        if (!is_asked)
            assert_int_equal(svc_service_weigh(sc->s, ep, weight), 0);
        is_asked = 1;
    } while (info.weight != (uint32_t)weight);
    svc_endpoints_unref(eps);
    svc_watch_free(w);
}
