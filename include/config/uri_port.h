/* SPDX-License-Identifier: BSD-2-Clause */
/* uri_port - the port in the URIs that this relay gives out.
 *
 * Others dial it, so it must be a port at which they can reach this relay. The
 * port of a WebSocket listener is not: only clients connect there
 * (R7977-5.1-a).
 *
 * `ports` are those in the URIs of the listeners of `config`, in its order: see
 * uri_port_of(); `n` is their number. Which port a session gets when a reload
 * has closed its listener is decided in core (local_response.c). */
#ifndef URI_PORT_H
#define URI_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

/* The port in the URIs of a listener that has this one: listen.advertise, or
 * its own. */
uint16_t uri_port_of(const struct config_listen *listen, uint16_t port);

/* The port of the first listener that others can reach with TLS (a tcp listener
 * where TLS ends in front of it is one), or without; 0: there is none. */
uint16_t uri_port_first(const struct config *config, const uint16_t *ports,
                        size_t n, bool secure);

/* For clients that connect to listener i (< n): its own port; for a WebSocket
 * listener the first one that has TLS if it has, and none if not. If there is
 * no such listener, its own port, which others cannot use. */
uint16_t uri_port_accepted(const struct config *config, const uint16_t *ports,
                           size_t n, size_t i);

/* The same for a client whose TLS, by its PROXY header, ends in front of
 * listener i. */
uint16_t uri_port_proxied(const struct config *config, const uint16_t *ports,
                          size_t n, size_t i);

/* The host in the URIs of those who connect to listener i; "": relay.name. */
const char *uri_port_name(const struct config *config, size_t i);

/* For a connection that this relay dials (n > 0): the port of the first
 * listener with TLS, or of the first of all. */
uint16_t uri_port_dialled(const struct config *config, const uint16_t *ports,
                          size_t n);

#endif
