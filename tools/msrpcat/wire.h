/* SPDX-License-Identifier: BSD-2-Clause */
/* wire - one connection: octets in, octets out, with or without TLS.
 *
 * Never waits except in wire_handshake(). A `struct tx` is emptied into it;
 * what has come lies in one piece, ready for the parser.
 *
 * Not built on include/net: msrpcat has no event loop, it connects and shakes
 * hands before it does anything else, and waits for its one connection,
 * standard input and a signal with poll(). It also is a second TLS client to
 * test the relay with, which does not share a mistake with the relay's own. */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "str.h"
#include "tx.h"

enum { WIRE_IN = 256 * 1024 };

struct wire {
    int fd;   /* owned; -1: none */
    SSL *ssl; /* owned; NULL: plain TCP */
    char *in;
    size_t in_from, in_to; /* what has come and is not used */
    bool read_needs_write; /* TLS has to write before it can read on, */
    bool write_needs_read; /* or the reverse */
    bool more;             /* there is more that poll() does not know of */
    const char *tls_why;   /* the last thing that TLS complained about */
};

/* Takes the connected, non-blocking `fd` over, whatever happens. 0 or
 * ERR_NOMEM. */
int wire_init(struct wire *w, int fd);
void wire_fini(struct wire *w);

/* Makes TLS of it, on the side of who connected or who accepted; see cat_tls.
 * Waits at most timeout_ms. 0, ERR_TLS, ERR_CERT, ERR_TIMEOUT, ERR_EOF, ERR_IO,
 * ERR_NOMEM; w->tls_why may say more. */
struct wire_tls {
    SSL_CTX *ctx;
    bool accepts;
    const char *name; /* who the certificate must be for (R4975-5.4-e), without
                         brackets if it is an IPv6 address; NULL: anyone */
};
int wire_handshake(struct wire *w, const struct wire_tls *tls,
                   uint64_t timeout_ms);

/* Reads what there is, as far as there is room: 0 if something came, ERR_AGAIN,
 * ERR_EOF, ERR_IO or ERR_TLS. */
int wire_read(struct wire *w);

/* What has come; the caller says how much of it is left over. */
struct span wire_input(const struct wire *w);
void wire_consume(struct wire *w, size_t left_over);

/* Writes from t: 0 when it is empty, ERR_AGAIN, ERR_IO or ERR_TLS. */
int wire_write(struct wire *w, struct tx *t);

/* What to poll() for. */
short wire_events(const struct wire *w, const struct tx *t);

/* Says good-bye and waits at most timeout_ms for the other side to do so too,
 * so that it has read all that was written. */
void wire_close(struct wire *w, uint64_t timeout_ms);

/* Monotonic. */
uint64_t wire_now_ms(void);

#endif
