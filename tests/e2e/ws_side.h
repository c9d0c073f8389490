/* SPDX-License-Identifier: BSD-2-Clause */
/* ws_side - a test client's side of a WebSocket (RFC 6455), written for itself:
 * it shares nothing with what it tests.
 *
 * What the client puts goes out in messages of one chunk each, in one frame, or
 * in more if the chunk was not put as a whole. What comes in has to be the same
 * (R7977-5.1-c, -d). */
#ifndef WS_SIDE_H
#define WS_SIDE_H

#include "client.h"

struct ws_side {
    struct client *client;
    struct bytes plain;    /* to be packed */
    struct bytes raw;      /* to be unpacked */
    struct parser packing; /* where chunks end in `plain` */
    bool out_open;         /* the message's last frame is still to go out */
    bool in_open;          /* ... or to come in */
    bool in_text;          /* messages go out as text */
    unsigned ends;         /* the client's, when the message began */
    unsigned messages;     /* that came in, and in how many frames */
    unsigned frames;
    unsigned pings; /* answered */
    unsigned pongs;
    char pong[126]; /* the last one's payload */
    unsigned code; /* of the CLOSE that came; 1005: it had none; 0: none came */
};

/* The client speaks so from here on. */
void ws_side_new(struct client *c);
void ws_side_free(struct ws_side *w);

/* Puts a frame of its own between those of messages: the first octet as it is
 * on the wire. */
void ws_side_put(struct ws_side *w, unsigned first, struct span payload);

/* --- what the client calls --- */

struct bytes *ws_side_input(struct ws_side *w);
struct bytes *ws_side_output(struct ws_side *w);
size_t ws_side_queued(const struct ws_side *w);
void ws_side_pack(struct ws_side *w);
void ws_side_unpack(struct ws_side *w);

#endif
