/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The version of the walk, by our own choice.
 */
#ifndef SVC_BENCH_SCAN_CHOICE_H
#define SVC_BENCH_SCAN_CHOICE_H

/* From now on: 1 the portable version, 0 the fastest. */
void scan_choose_portable(int on);

#endif
