/* SPDX-License-Identifier: BSD-2-Clause */
/* config_listen - what the listeners of a configuration are like. */
#ifndef CONFIG_LISTEN_H
#define CONFIG_LISTEN_H

#include "config.h"

/* The first one with this transport, or NULL. */
const struct config_listen *config_listen_first(const struct config *c,
                                                enum net_transport transport);

/* Its address with its port. */
struct addr config_listen_address(const struct config_listen *l);

bool config_listen_has_tls(const struct config_listen *l);
bool config_listen_is_ws(const struct config_listen *l);

/* Is whatever goes over it encrypted, up to the proxy in front at least? */
bool config_listen_is_secure(const struct config_listen *l);

#endif
