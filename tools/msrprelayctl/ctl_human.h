/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_human - figures as people read them. */
#ifndef CTL_HUMAN_H
#define CTL_HUMAN_H

#include <stddef.h>
#include <stdint.h>

#include "str.h"

enum { CTL_HUMAN_MAX = 32 }; /* octets of a text below, with its NUL */

/* "250ms", "12s", "3m12s", "4h05m", "3d04h". Returns dst (CTL_HUMAN_MAX), as
 * all of these do. */
const char *ctl_human_span(char *dst, double seconds);

/* "812", "1.5K", "34M": by powers of 1024. */
const char *ctl_human_size(char *dst, uint64_t octets);

/* "2026-11-22 10:00:00" in local time, of Unix time. */
const char *ctl_human_time(char *dst, double unix_s);

/* Text of others on a terminal: what terminal.h replaces becomes `?`.
 * A new string, or NULL without memory. */
char *ctl_human_text(struct span utf8);

/* How many places of a terminal a text of ctl_human_text() takes, if none of
 * its characters is wide. */
size_t ctl_human_width(const char *text);

#endif
