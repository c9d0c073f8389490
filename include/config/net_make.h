/* SPDX-License-Identifier: BSD-2-Clause */
/* net_make - the parts of the configuration that the net needs. */
#ifndef NET_MAKE_H
#define NET_MAKE_H

#include "config.h"
#include "net.h"
#include "sock.h"
#include "tls.h"

/* Options for every socket (tcp.*). */
struct sock_opts sock_opts_of(const struct config *config);

/* What TLS contexts are made of (tls.*, relays.ca_file, dial.verify), for links
 * to relays: their certificates are judged by relays.ca_file if that is set.
 * Points into `config`. */
struct tls_settings tls_settings_of(const struct config *config);

/* tls.certificates, for tls_settings.more; they point into `config`. To be
 * freed; NULL when out of memory. */
struct tls_pair *tls_pairs_of(const struct config *config);

/* The key that names those authorities; static. */
const char *tls_relays_key(const struct config *config);

/* What all connections share: buffers, what one may read in a turn, times
 * (limits.*, timers.*, send.high_water). */
struct net_settings net_settings_of(const struct config *config);

#endif
