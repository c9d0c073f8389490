/* SPDX-License-Identifier: BSD-2-Clause */
/* conn - one connection: a transport, a bounded output queue, and reading that
 * can be paused.
 *
 * Knows no MSRP. An idle connection holds no buffer. Output is gathered and
 * written once at the end of the loop's turn. The owner's callbacks may call
 * anything here, on this connection or another; nothing is freed inside its own
 * callback. */
#ifndef CONN_H
#define CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net.h"
#include "proxy.h"
#include "sock.h"
#include "str.h"
#include "tls.h"

struct conn;
struct token_bucket;

enum conn_why {
    CONN_WHY_EOF,       /* the peer closed */
    CONN_WHY_RESET,     /* the socket failed */
    CONN_WHY_TLS,       /* TLS failed; conn_fault() tells more */
    CONN_WHY_CERT,      /* the peer's certificate was refused; the same */
    CONN_WHY_PROXY,     /* no right PROXY header, or one where none is due;
                           conn_fault() tells more */
    CONN_WHY_HANDSHAKE, /* timers.handshake */
    CONN_WHY_WEBSOCKET, /* the peer breaks its rules; conn_fault() tells more */
    CONN_WHY_STALL,     /* timers.stall */
    CONN_WHY_DEAD,      /* no ACK came: conn_probe() */
    CONN_WHY_FULL,      /* output queue full; found by the owner */
    CONN_WHY_NOMEM,
    CONN_WHY_LOCAL, /* conn_close() by the owner */
};
enum { CONN_WHYS = CONN_WHY_LOCAL + 1 };
const char *conn_why_text(enum conn_why why);

struct conn_ops {
    /* The PROXY header has come: conn_peer() is the address that it tells, or
     * still the proxy's if it tells none. Only with conn_from.proxied. */
    void (*proxied)(void *ctx, const struct proxy_source *source);
    /* The transport is up (TLS: handshake done). */
    void (*open)(void *ctx);
    /* Input: consume from the front of *in, which is valid in the call. What is
     * left is offered again with more after it. If left and the connection was
     * not paused, then more is needed; a full block that is not consumed from
     * at all while not paused is the owner's mistake. Pausing and resuming in
     * the call asks for the same again at the end of the turn. */
    void (*input)(void *ctx, struct span *in);
    /* The kernel has taken all octets up to this position of the output
     * (counted from 0 over the life of the connection). Called when it moved.
     */
    void (*sent)(void *ctx, uint64_t position);
    /* The end, once, whatever began it; no other call follows. The conn and the
     * span last given to `input` stay valid until the end of the turn. */
    void (*closed)(void *ctx, enum conn_why why);
    /* The peer has acknowledged no octet for net_settings.stall_ms while there
     * was output. Is it to go on as long again? NULL: it is closed. */
    bool (*stalled)(void *ctx);
    /* It is not read for a moment, since the rate that it shares with others is
     * used up. NULL: the owner does not care. */
    void (*slowed)(void *ctx);
};

/* What was accepted. */
struct conn_from {
    int fd; /* connected */
    const struct addr *peer;
    struct tls_ctx *tls; /* a server's context, or NULL: plain TCP */
    bool ws;             /* the peer is to open a WebSocket for MSRP on it
                            (RFC 7977) */
    bool proxied;        /* a PROXY header comes first, within the time for
                            handshakes */
};

/* Takes over the socket (closed on failure too). The handshake begins at the
 * end of the turn, so no callback comes before this returns. 0 or ERR_NOMEM.
 * The connection lives until it is closed. */
int conn_accept(struct conn **out, struct net *n, const struct conn_from *from,
                const struct conn_ops *ops, void *ctx);

/* The host that was dialled. */
struct conn_to {
    int fd; /* connected */
    const struct addr *peer;
    struct tls_ctx *tls; /* a client's context, or NULL: plain TCP */
    struct span host;    /* as the URI writes it: its certificate is due */
};

/* The other side of conn_accept(): over TLS, no octet of what is written goes
 * out before the peer has proved to be `host` (R4976-9.2-g). Takes over the
 * socket (closed on failure too). 0, ERR_NOMEM, or ERR_SYNTAX for a host that
 * no certificate can name. */
int conn_connect(struct conn **out, struct net *n, const struct conn_to *to,
                 const struct conn_ops *ops, void *ctx);

/* Replaces the callbacks' receiver. */
void conn_set_ctx(struct conn *c, const struct conn_ops *ops, void *ctx);

/* Appends all parts or nothing, to be written at the end of the turn: 0,
 * ERR_FULL, ERR_NOMEM, or ERR_EOF on a connection that is closing. */
int conn_write(struct conn *c, const struct span *parts, size_t n);

/* The same with what is a part of a message, the last one if it `ends`; where
 * messages have bounds on the wire, the peer sees them. At most CONN_PARTS_MAX
 * parts; no other write may come in between. */
enum { CONN_PARTS_MAX = 128 };
int conn_write_part(struct conn *c, const struct span *parts, size_t n,
                    bool ends);

/* Octets waiting in the queue, or encrypted and not taken by the kernel. */
size_t conn_queued(const struct conn *c);

/* Octets on the wire that the kernel has taken and the peer's has not. */
size_t conn_unacked(const struct conn *c);

/* Octets ever appended: the position `sent` will reach. */
uint64_t conn_position(const struct conn *c);

/* Stops, and goes on with, reading and offering input. What is left over is
 * offered again at the end of the turn after conn_resume(). Idempotent. */
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);

/* From now on what is read also counts in this bucket, which other connections
 * may share, and which holds a second's worth; it must outlive its use. NULL:
 * in none. */
enum { CONN_SHARED_BURST_MS = 1000 };
void conn_set_shared_rate(struct conn *c, struct token_bucket *shared);

/* For how long it has not been read because of a rate, in total up to now;
 * times not counted in which it was paused as well. */
uint64_t conn_held_ms(const struct conn *c);

/* Finds out whether the peer is still there: makes it speak, and closes with
 * CONN_WHY_DEAD if no ACK of any kind has come after the shorter of 10 s and
 * tcp.dead_after. No-op while that is under way, or where tcp.dead_after is 0.
 */
void conn_probe(struct conn *c);

/* Closes with CONN_WHY_DEAD if the peer owes an ACK, and none of any kind has
 * come for 4 x tcp.dead_after. */
void conn_sweep(struct conn *c);

/* Closes now: what is queued is lost. Safe twice; `closed` is called, before
 * the return of this function, with CONN_WHY_LOCAL. */
void conn_close(struct conn *c);
/* The same for a reason that the owner found, such as CONN_WHY_FULL. */
void conn_fail(struct conn *c, enum conn_why why);

/* Offers no more input, writes what is queued, says goodbye and waits for the
 * peer to close; all of that within stall_ms. Then closes, with CONN_WHY_LOCAL
 * or what went wrong. */
void conn_finish(struct conn *c);
/* The same, because of invalid input; the peer gets the reason if the transport
 * has a message for it. */
void conn_reject(struct conn *c);

/* Which message the octets last offered as input belong to, counted from 1; 0
 * on a transport that knows no messages. Octets of two messages are never
 * offered together, except a remainder that the owner left over. */
uint64_t conn_message(const struct conn *c);

const struct addr *conn_peer(const struct conn *c);
/* Octets off the wire, and onto it: with all that TLS, WebSockets and PROXY
 * headers add. */
uint64_t conn_octets_in(const struct conn *c);
/* Has the peer said nothing so far, or nothing but a whole PROXY header or TLS
 * handshake?
 * Health checks are like that. */
bool conn_is_silent(const struct conn *c);
uint64_t conn_octets_out(const struct conn *c);

/* Does the peer's verified host certificate name `host`, as dNSName or, if it
 * is numeric, as iPAddress (R4976-9.2-g)? false without one. */
bool conn_peer_has_name(const struct conn *c, struct span host);

/* Calls `fn` for each name in the verified host certificate of the peer, as
 * tls_peer_names(); not at all without one. */
void conn_peer_names(const struct conn *c, tls_name_fn fn, void *ctx);
/* Does the peer have a verified host certificate at all? One that was dialled
 * over TLS has. */
bool conn_peer_is_host(const struct conn *c);

/* Has the peer shown a certificate with one of these fingerprints? */
bool conn_peer_shows(const struct conn *c, const struct fingerprint *any,
                     size_t n);

/* Did the peer that was dialled ask for our certificate (R4976-9.2-e)? A relay
 * does; one that does not cannot know that it talks to another relay. */
bool conn_peer_asked(const struct conn *c);

/* "TLSv1.3" and the like, "" on plain TCP; static. */
const char *conn_tls_version(const struct conn *c);

/* What was the matter with TLS or the certificate, such as "hostname mismatch"
 * or "certificate has expired"; "" when nothing was; static. */
const char *conn_fault(const struct conn *c);

#endif
