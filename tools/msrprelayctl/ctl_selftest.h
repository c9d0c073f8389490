/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_selftest - `msrprelayctl selftest`: would a client get in? (S-39) */
#ifndef CTL_SELFTEST_H
#define CTL_SELFTEST_H

#include "ctl_args.h"
#include "ctl_exit.h"

/* Asks the relay at the other end of `fd` for its listeners and a temporary
 * user, tries each listener, and prints how that went. CTL_FAILED if any fails,
 * or none could be tried. */
enum ctl_exit ctl_selftest(const struct ctl_args *a, int fd, int timeout_ms);

#endif
