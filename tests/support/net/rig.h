/* SPDX-License-Identifier: BSD-2-Clause */
/* rig - one connection under test: conn on one end, a plain socket or an
 * OpenSSL client on the other, both in this thread.
 *
 * The owner's callbacks record what happened and may be given something to do.
 */
#ifndef RIG_H
#define RIG_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conn.h"
#include "loop.h"
#include "tls.h"
#include "tls_files.h"

struct rig;
typedef void (*rig_fn)(struct rig *r);
typedef void (*rig_input_fn)(struct rig *r, struct span *in);
typedef bool (*rig_done_fn)(struct rig *r);

struct rig {
    struct rig *beside; /* whose loop and net these are */
    struct loop *loop;
    struct net *net;
    struct conn *conn; /* NULL once closed */

    int fd; /* the client's; -1 when closed */
    SSL *ssl;
    SSL_CTX *ssl_ctx;
    int client_reason; /* OpenSSL's, of a failed handshake or read */
    bool client_eof;
    bool client_reset;

    int opens, inputs, closes, proxied;
    struct proxy_source source; /* what the PROXY header says */
    enum conn_why why;
    uint64_t sent; /* the last position */
    char *got;     /* what the owner has consumed */
    size_t got_n, got_room;
    size_t offered; /* a test's own */

    rig_fn on_open, on_sent, on_closed, on_proxied;
    rig_input_fn on_input; /* instead of consuming everything */
    void *ctx;             /* the test's */
};

/* What a rig is made of; zeroed is plain TCP with roomy settings. */
struct rig_opts {
    struct rig *beside;  /* to share its loop and net; freed first */
    struct tls_ctx *tls; /* conn's */
    SSL_CTX *client;     /* the client's; NULL: one of the rig's own */
    const char *host;   /* conn dials it: what is called client here is then the
                           server, with a context that must be given */
    bool no_hello;      /* the client does not begin the handshake */
    bool ws;            /* conn waits for a WebSocket to be opened */
    bool proxied;       /* conn waits for a PROXY header first */
    bool pair;          /* a socket pair: what one end has written, the other
                           has; no kernel moves it later */
    int client_receive; /* SO_RCVBUF of the client */
    struct net_settings settings; /* zero fields: defaults */
};

/* A connection over loopback, not yet open. */
struct rig *rig_new(const struct rig_opts *opts);
/* Closes both ends; every connection must then have been closed once. */
void rig_free(struct rig *r);

/* A turn of the loop without waiting, and of the client's handshake. */
void rig_turn(struct rig *r);
/* Turns until `done`; fails the test after some seconds. */
void rig_until(struct rig *r, rig_done_fn done);
bool rig_is_open(struct rig *r);   /* both ends */
bool rig_is_closed(struct rig *r); /* conn's end */

/* Consumes n octets of *in into `got`. */
void rig_take(struct rig *r, struct span *in, size_t n);

/* The client: as much as goes without waiting. */
size_t rig_send(struct rig *r, const void *data, size_t n);
size_t rig_recv(struct rig *r, void *dst, size_t room);
/* Sends all, turning meanwhile. */
void rig_send_all(struct rig *r, const void *data, size_t n);
/* Receives exactly n, turning meanwhile. */
void rig_recv_all(struct rig *r, void *dst, size_t n);
/* Octets that the client has put onto the wire, and taken off it, over TLS. */
uint64_t rig_wire_sent(const struct rig *r);
uint64_t rig_wire_got(const struct rig *r);
/* Closes the client's socket, with close_notify on TLS. */
void rig_hang_up(struct rig *r);

/* A server's context that trusts the CA of `files`, with a fresh certificate
 * for relay.example.com: RSA, or P-256 which is made faster. */
struct tls_ctx *rig_server_ctx(struct tls_files *files, bool rsa);
/* A client context that trusts nobody in particular and offers nothing. */
SSL_CTX *rig_client_ctx(void);

/* --- what tests of one transport share --- */

enum { RIG_BIG = 1 << 20 };

/* The state of a group: its tests run over plain TCP, or all over TLS. */
struct rig_world {
    struct tls_files *files;
    struct tls_ctx *tls; /* NULL: plain TCP */
    char *big;           /* RIG_BIG octets that tell their place */
    char *back;          /* room for as many */
};

int rig_set_up_tcp(void **state);
int rig_set_up_tls(void **state);
int rig_tear_down(void **state);

/* A rig over the world's transport, open at both ends. */
struct rig *rig_open(struct rig_world *w, struct rig_opts opts);
/* conn_write() of one part. */
int rig_put(struct rig *r, const void *p, size_t n);

#endif
