/* SPDX-License-Identifier: BSD-2-Clause */
/* ws_hello - the opening handshake of a WebSocket for MSRP, the server's side
 * (RFC 6455, section 4.2; RFC 7977, section 4.1): what to answer to a request.
 */
#ifndef WS_HELLO_H
#define WS_HELLO_H

#include "http.h"

enum { WS_ANSWER_MAX = 1024 };

/* The status to answer with: 101 for one that asks for what we speak, else 400,
 * 405 or 426. */
unsigned ws_hello_status(const struct http *h);

/* The same for what http_next() failed with: 400, 431 or 505. */
unsigned ws_hello_status_of(int err);

/* The answer into dst (WS_ANSWER_MAX), and its length: 0, or ERR_NOMEM. `h` is
 * looked at for 101 only. */
int ws_hello_answer(char *dst, size_t *n, const struct http *h,
                    unsigned status);

#endif
