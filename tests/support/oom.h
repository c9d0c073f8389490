/* SPDX-License-Identifier: BSD-2-Clause */
/* oom - lets chosen allocations of a test fail.
 *
 * The linker puts it in front of malloc, calloc, realloc, reallocarray, strdup
 * and strndup in every unit test; until it is armed it passes them on. */
#ifndef OOM_H
#define OOM_H

#include <stdbool.h>

/* From now on the n-th allocation (1: the next one) fails, once. 0 disarms. */
void oom_arm(unsigned n);

/* From now on every allocation fails, until disarmed. */
void oom_arm_all(void);

/* Disarms; did an allocation fail since it was armed? */
bool oom_disarm(void);

/* One attempt at what is tested: makes it, takes it down, returns its error. */
typedef int (*oom_attempt_fn)(void *ctx);

/* Runs `attempt` with its first allocation failing, then its second, and so on
 * until none fails. An attempt that met a failure must have returned ERR_NOMEM,
 * the last one 0. Returns how many allocations were made to fail. */
unsigned oom_sweep(oom_attempt_fn attempt, void *ctx);

#endif
