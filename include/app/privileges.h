/* privileges - from root to relay.user and relay.group, for good. */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include "config.h"
#include "log.h"

/* When running as root, becomes relay.user and relay.group, without further
 * groups, and verifies that there is no way back. "" stays; so, with a warning,
 * does a user that is only the default and does not exist. 0 or ERR_IO, which
 * was logged. */
int privileges_drop(const struct config *config, struct log *log);

#endif
