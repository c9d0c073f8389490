/* SPDX-License-Identifier: BSD-2-Clause */
/* clock - the time of day, for people to read: in the log, in accounts and in
 * figures.
 *
 * base, proto and core only make stamps of it. Where they decide something by
 * time, their caller passes `now_ms`, from a clock that never jumps. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stddef.h>
#include <stdint.h>

enum { CLOCK_TEXT_MAX = 32 };

/* Milliseconds since 1970, UTC. */
uint64_t clock_unix_ms(void);

/* "2026-11-22T10:00:00.123Z" into dst (CLOCK_TEXT_MAX); returns its length. */
size_t clock_text(char *dst, uint64_t unix_ms);

#endif
