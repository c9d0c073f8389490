/* server - the relay itself: everything that one process has.
 *
 * Opens the log, binds, loads keys and users, drops to relay.user, runs until a
 * signal ends it, and takes everything down again. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>

#include "config.h"

/* Runs the relay with a configuration from config_load_checked(), in which
 * nothing is wrong, and which it owns from here on; a reload reads config->path
 * again. Privileges are dropped
 * in here, behind binding: until then nothing has been opened but the files
 * that the check looked at. With `debug`, the log goes to stderr at level
 * debug, one line per MSRP head in and out, whatever the configuration says.
 *
 * 0 after an orderly end; otherwise an error that was logged already. */
int server_run(struct config *config, bool debug);

#endif
