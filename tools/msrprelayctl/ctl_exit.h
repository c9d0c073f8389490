/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_exit - how msrprelayctl ends, and what it prints on stderr before. */
#ifndef CTL_EXIT_H
#define CTL_EXIT_H

#include "config.h"

/* Exit codes of the program. */
enum ctl_exit {
    CTL_OK = 0,
    CTL_FAILED = 1,
    CTL_UNREACHABLE = 2, /* the daemon */
    CTL_USAGE = 64,
    CTL_BAD_CONFIG = 78,
};

/* Prints `what`, and `detail` unless it is empty; returns `code`. */
enum ctl_exit ctl_complain(enum ctl_exit code, const char *what,
                           const char *detail);

/* The same where the daemon's answer did not come to its end, by the error of
 * ctl_ask(): CTL_UNREACHABLE. */
enum ctl_exit ctl_complain_cut(int err);

/* A config_fault_fn that prints what is wrong in the configuration; needs no
 * ctx. */
void ctl_print_fault(void *ctx, struct config_place at, const char *what);

#endif
