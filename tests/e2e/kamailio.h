/* SPDX-License-Identifier: BSD-2-Clause */
/* kamailio - Kamailio with its msrp module, run as a child process: the relay
 * of a peer (see docs/interop.md). */
#ifndef KAMAILIO_H
#define KAMAILIO_H

#include "outside.h"

#define KAMAILIO_NAME "kamailio.example.org"

struct kamailio;

/* Is it installed? If not, says so. */
bool kamailio_is_there(void);

/* Starts it, over TLS or plain TCP, so that it finds the scene's relay on its
 * listener for the same. */
struct kamailio *kamailio_start(struct scene *s, bool tls);
unsigned kamailio_port(const struct kamailio *k);

/* Connects a client of its own, which gets a URI by AUTH. */
struct client *kamailio_client(struct kamailio *k, const char *name);

#endif
