/* SPDX-License-Identifier: BSD-2-Clause */
/* server - the relay itself: everything that one process has.
 *
 * Binds, opens the log, drops to relay.user, runs until a signal ends it, and
 * takes everything down again. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>

#include "config_loaded.h"

/* Runs the relay with what config_load_checked() gave, which it owns from here
 * on; a reload reads the file again. Privileges are dropped in here, after
 * binding. With `debug`, the log goes to stderr at level debug, one line per
 * MSRP head in and out, whatever the configuration says.
 *
 * 0 after an orderly end; otherwise an error that was logged already: ERR_PLACE
 * when it cannot listen and only the operator can mend that. */
int server_run(struct config_loaded *from, bool debug);

#endif
