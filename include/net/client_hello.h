/* SPDX-License-Identifier: BSD-2-Clause */
/* client_hello - has a TLS client begun in earnest?
 *
 * A connection gets a place in the queue of handshakes for a whole ClientHello,
 * not for an octet of one (S-23). Nothing is read: OpenSSL does that. */
#ifndef CLIENT_HELLO_H
#define CLIENT_HELLO_H

/* 0 when the first record has come whole, or when it is not worth waiting for:
 * no TLS, too long, the end. ERR_SYNTAX for a PROXY header. ERR_AGAIN if more
 * is needed: the socket is not readable before it is there, or the peer has
 * closed. */
int client_hello_check(int fd);

#endif
