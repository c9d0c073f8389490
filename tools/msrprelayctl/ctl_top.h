/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_top - `msrprelayctl top`: the busiest connections, as they change. */
#ifndef CTL_TOP_H
#define CTL_TOP_H

#include "ctl_args.h"
#include "ctl_exit.h"

/* Shows them over and over on a terminal, until `q`, Ctrl-C or the end of the
 * relay; elsewhere, or as JSON, once. `fd` leads to the relay. */
enum ctl_exit ctl_top(const struct ctl_args *a, int fd, int timeout_ms);

#endif
