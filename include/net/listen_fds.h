/* SPDX-License-Identifier: BSD-2-Clause */
/* listen_fds - sockets that the service manager opened for us: systemd's socket
 * activation, sd_listen_fds(3).
 *
 * They are found by the address at which they listen, so the configuration
 * stays the one place that says where the relay is. */
#ifndef LISTEN_FDS_H
#define LISTEN_FDS_H

#include <stdbool.h>
#include <stddef.h>

#include "sock.h"

struct listen_fds {
    int *fds; /* -1: taken */
    size_t n;
};

/* Takes $LISTEN_FDS if $LISTEN_PID means this process, and removes both. None
 * is inherited by children. 0 or ERR_NOMEM. */
int listen_fds_init(struct listen_fds *l);
/* Closes those that were not taken. */
void listen_fds_fini(struct listen_fds *l);

/* The socket bound to `at`, whose port may be 0 for any; from now on the
 * caller's. -1 if there is none. */
int listen_fds_take(struct listen_fds *l, const struct addr *at);

/* One that is left, with its address as text (ADDR_TEXT_MAX) for a warning; it
 * is closed. false if there is none. */
bool listen_fds_drop(struct listen_fds *l, char *text);

#endif
