/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that picks without a pause while a test does something to the
 * source: there must be somebody at every moment.
 */
#ifndef TESTS_LIB_PICKER_H
#define TESTS_LIB_PICKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <svc/svc.h>

struct picker {
    svc_service *s;
    pthread_t thread;
    int is_running;
    _Atomic int stop;
    _Atomic unsigned long picks;
};

/* The service must have somebody already. */
void picker_start(struct picker *p, svc_service *s);

/* Waits until it has picked some times more, and ends it. A pick that found
 * nobody has ended the program before. Nothing when it does not run. */
void picker_stop(struct picker *p);

#endif
