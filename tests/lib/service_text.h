/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service has, in words.
 */
#ifndef TESTS_LIB_SERVICE_TEXT_H
#define TESTS_LIB_SERVICE_TEXT_H

#include <stddef.h>
#include <svc/svc.h>

/* "10.0.0.1:80 10.0.0.2:80" or "SVC_ENOSERVICE", "-" before the first answer;
 * then " stale" and the code of its trouble, where there is any: "10.0.0.1:80
 * stale SVC_EUNREACH". What does not fit is cut. Thread-safe. */
void service_text(svc_service *s, char *ret, size_t size);

#endif
