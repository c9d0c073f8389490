/* SPDX-License-Identifier: BSD-2-Clause */
/* reach - messages of a client to a host that the relay has to dial. */
#ifndef REACH_H
#define REACH_H

#include "outside.h"

/* Sends a text to whoever this URI leads to, through the client's own; its
 * transaction. */
const char *reach_uri(struct client *c, const char *uri, const char *text);
const char *reach_host(struct client *c, const struct host *h,
                       const char *text);
/* One is refused at once, and nothing else is told. */
void reach_refused(struct client *c, const char *uri, unsigned code);

/* The host's next connection is there and has brought this text, which is
 * answered 200. */
struct client *reach_arrives(struct host *h, const char *text);
/* Text there and back over one connection, each answered. */
void reach_both_ways(struct host *h, struct client *c);

#endif
