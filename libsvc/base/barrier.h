/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fence with its whole price on one side: who calls svc__barrier_all makes
 * every thread of the process pass a full fence, so that the others, who come
 * by far more often, need none (membarrier(2)). Any thread.
 */
#ifndef SVC_BASE_BARRIER_H
#define SVC_BASE_BARRIER_H

/* Before the first use in a process. 0, or SVC_ENOTSUP where the kernel does
 * not have it or does not let us. */
int svc__barrier_prepare(void);

/* On return every other thread has been through a full fence since the call.
 * 0, or SVC_ENOTSUP: none has, as when a system call filter came later. */
int svc__barrier_all(void);

#endif
