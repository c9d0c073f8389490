/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_exit.h"

#include <stdio.h>

#include "err.h"

enum ctl_exit ctl_complain(enum ctl_exit code, const char *what,
                           const char *detail)
{
    fprintf(stderr, "msrprelayctl: %s%s%s\n", what, *detail ? ": " : "",
            detail);
    return code;
}

enum ctl_exit ctl_complain_cut(int err)
{
    return ctl_complain(CTL_UNREACHABLE, "incomplete answer from the relay",
                        err_reason(err));
}

void ctl_print_fault(void *ctx, struct config_place at, const char *what)
{
    (void)ctx;
    fprintf(stderr, "%s:%u: %s\n", at.file, at.line, what);
}
