/* SPDX-License-Identifier: BSD-2-Clause */
/* command - does what the command line asks for, except running the relay. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "config_loaded.h"
#include "options.h"

/* How the process ends. */
enum command_exit {
    COMMAND_OK = 0,
    COMMAND_FAILED = 1,         /* at run time */
    COMMAND_BAD_USAGE = 64,     /* EX_USAGE */
    COMMAND_CANNOT_LISTEN = 69, /* EX_UNAVAILABLE; trying again is no help */
    COMMAND_BAD_CONFIG = 78,    /* EX_CONFIG */
};

/* Does what `o` asks for: answers go to `out`, each fault of a configuration to
 * `err` as `FILE:LINE: what is wrong`, each warning as `FILE:LINE: warning:
 * what is odd`. When the relay is to run, *with is the checked configuration,
 * to be freed by the caller, and warnings are left to the log if that goes to
 * stderr as well; else it is zeroed and the process exits with the result. */
enum command_exit command_do(struct config_loaded *with,
                             const struct options *o, FILE *out, FILE *err);

#endif
