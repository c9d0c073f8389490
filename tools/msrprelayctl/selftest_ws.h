/* SPDX-License-Identifier: BSD-2-Clause */
/* selftest_ws - a WebSocket for MSRP from the client's side (RFC 6455, 4.1 and
 * 5; RFC 7977): as much of it as a self-test needs. Pure but for the random
 * octets of keys and masks. */
#ifndef SELFTEST_WS_H
#define SELFTEST_WS_H

#include <stddef.h>

#include "rnd.h"
#include "str.h"

enum {
    SELFTEST_WS_KEY = 24, /* characters */
    SELFTEST_WS_REQUEST_MAX = 1024,
    SELFTEST_WS_ANSWER_MAX = 8192, /* octets in the head of the answer */
    SELFTEST_WS_HEAD = 8,          /* octets before a payload that is sent */
    SELFTEST_WS_PAYLOAD_MAX = 65535,
};

/* Writes the opening request for `host`, with a new key, into dst
 * (SELFTEST_WS_REQUEST_MAX). Returns its length; 0 if the host is too long. */
size_t selftest_ws_request(char *dst, char key[SELFTEST_WS_KEY + 1],
                           const char *host, struct rnd *rnd);

/* Takes the answer off the front of *in: 0; ERR_AGAIN while it is not whole;
 * ERR_DENIED when it is not the one to the request with this key. */
int selftest_ws_answer(struct span *in, const char *key);

/* Makes a frame out of the n octets at dst + SELFTEST_WS_HEAD, which are masked
 * where they are, n <= SELFTEST_WS_PAYLOAD_MAX. Returns the frame. */
struct span selftest_ws_frame(char *dst, size_t n, struct rnd *rnd);

/* Takes a frame off the front of *in; its payload is empty unless it carries
 * MSRP. 0; ERR_AGAIN while it is not whole; ERR_EOF for a CLOSE; ERR_SYNTAX for
 * what no server sends. */
int selftest_ws_next(struct span *payload, struct span *in);

#endif
