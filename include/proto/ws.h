/* SPDX-License-Identifier: BSD-2-Clause */
/* ws - WebSocket frames (RFC 6455, section 5), as a server reads and writes
 * them.
 *
 * The reader says how many octets it wants at most; the caller gets as many as
 * there are, wherever he likes, and hands them over. So an octet of a message
 * never lies between others, and is unmasked where it is. Nothing is allocated
 * or gathered but heads and the few octets of a control frame. Messages are as
 * long as they like: what is too long for MSRP is MSRP's to say. No extensions.
 */
#ifndef WS_H
#define WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"
#include "utf8.h"

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
};

/* Why a connection is closed (RFC 6455, 7.4.1). */
enum ws_code {
    WS_CODE_NORMAL = 1000,
    WS_CODE_GOING_AWAY = 1001,
    WS_CODE_PROTOCOL = 1002,
    WS_CODE_NONE = 1005, /* never sent: there was none */
    WS_CODE_NOT_TEXT = 1007,
    WS_CODE_POLICY = 1008,
};

enum {
    WS_CONTROL_MAX = 125, /* most octets in a control frame */
    WS_HEAD_MAX = 10,     /* of a frame that a server sends */
    WS_MASKED_HEAD_MAX = 14,
};

enum ws_got {
    WS_GOT_NOTHING, /* a part of a head or of a control frame, or an empty
                       frame */
    WS_GOT_DATA,    /* octets of message number `messages` */
    WS_GOT_PING,    /* with `control`, as has the next one */
    WS_GOT_PONG,
    WS_GOT_CLOSE, /* with `code`; nothing may follow */
};

struct ws {
    uint64_t messages; /* begun so far */
    uint64_t empty;    /* frames of messages without an octet so far */
    uint16_t code;     /* CLOSE: the peer's, or WS_CODE_NONE; after an error:
                          what to tell him */
    uint8_t control_n;
    char control[WS_CONTROL_MAX]; /* PING, PONG: the payload */

    /* The reader's own. */
    uint8_t opcode; /* of the frame under way */
    bool final;
    bool in_message; /* its last frame is still to come */
    bool is_text;
    bool in_payload;
    bool is_dead;
    uint8_t head_n, head_wants;
    uint64_t left; /* octets of the payload still to come */
    uint64_t at;   /* octets of it there were */
    struct utf8 utf8;
    unsigned char head[WS_MASKED_HEAD_MAX];
};

/* At the beginning of a connection. */
void ws_init(struct ws *w);

/* How many octets it can take next; never 0. */
uint64_t ws_wants(const struct ws *w);

/* Are they octets of a message, rather than those around them? */
bool ws_wants_data(const struct ws *w);

/* Takes n of them, 0 < n <= ws_wants(), and unmasks them in their place. 0, or
 * ERR_SYNTAX, which stays: `code` tells the peer why. */
int ws_take(struct ws *w, char *p, size_t n, enum ws_got *got);

/* The head of a frame with n octets as a server sends it, into dst
 * (WS_HEAD_MAX); how many octets. */
size_t ws_head(char *dst, enum ws_opcode opcode, bool final, uint64_t n);

/* A whole CLOSE with this code, or without for WS_CODE_NONE, into dst (4
 * octets); how many. */
size_t ws_close(char *dst, uint16_t code);

#endif
