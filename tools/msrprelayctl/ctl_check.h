/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_check - `msrprelayctl check`: what `msrprelayd -t` says of the
 * configuration in place. */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include <stdbool.h>

#include "ctl_exit.h"

/* Checks the configuration that the relay at the other end of `fd` was started
 * with. As below, or CTL_UNREACHABLE. */
enum ctl_exit ctl_check_running(int fd, int timeout_ms, bool json);

/* Checks the file at `path` and all that it names. Prints `ok`, or each fault,
 * and warnings, as `msrprelayd -t` does, with the same exit status; or all of
 * them as one JSON array. */
enum ctl_exit ctl_check(const char *path, bool json);

#endif
