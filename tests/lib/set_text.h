/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints as one line of text, with a space between them, for tests of
 * policies: "10.0.0.1:80/TCP [fd00::1]:53/UDP".
 */
#ifndef SVC_TESTS_LIB_SET_TEXT_H
#define SVC_TESTS_LIB_SET_TEXT_H

#include "model/endpoints.h"

/* A view with these candidates, in this order; trace as svc__view_new. Owned.
 * What cannot be read ends the test. */
struct svc__view *view_text(const char *line, svc__clock_fn trace);

/* A set of them, shared (svc_endpoints_unref). */
struct svc_endpoints *set_text(const char *line);

#endif
