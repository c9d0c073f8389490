/* SPDX-License-Identifier: BSD-2-Clause */
/* cat_exchange - offer and answer (RFC 3264) of two ends without relays of
 * their own: SDP goes out, SDP comes in, and it is settled who connects. */
#ifndef CAT_EXCHANGE_H
#define CAT_EXCHANGE_H

#include "cat_call.h"

/* Writes this end's SDP where --sdp-file says and reads the peer's from
 * --peer-sdp, in that order or, with --answer, the other way round; then
 * connects, or waits for the peer to do so. c->own and c->peer are what the two
 * said. */
enum exit_code cat_exchange(struct cat_call *c);

#endif
