/* SPDX-License-Identifier: BSD-2-Clause */
/* net - what all connections of the process share: settings, pools of memory,
 * timers. */
#ifndef NET_H
#define NET_H

#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "sock.h"

struct net;

struct net_settings {
    size_t input_size;    /* octets of one input block */
    size_t read_per_turn; /* most octets read from one connection in a turn */
    size_t ws_head_max;   /* octets in the request that opens a WebSocket */
    uint64_t rate; /* most octets read from one connection in a second; 0: any
                      number. The kernel's window does the rest. */
    size_t output_max; /* most octets queued for one connection */
    uint64_t handshake_ms;
    uint64_t dead_after_ms; /* tcp.dead_after; 0: nobody is probed */
    uint64_t ping_ms;       /* between PINGs on a WebSocket; 0: none */
    uint64_t stall_ms;      /* a peer that takes no octet this long is closed */
    struct sock_opts sock;
};

/* 0 or ERR_NOMEM. From then on the process ignores SIGPIPE. All connections
 * must be closed before net_free(). */
int net_new(struct net **out, struct loop *loop, const struct net_settings *s);
void net_free(struct net *n);
/* New settings for connections accepted and timers started afterwards: 0, or
 * ERR_NOMEM and nothing has changed. */
int net_configure(struct net *n, const struct net_settings *s);

/* Calls fn once, when output is queued the next time that all outputs together
 * hold more than they hold now by `more` octets; NULL: no more. It is called
 * from within conn_write() and may not end connections. */
typedef void (*net_grown_fn)(void *ctx);
void net_on_grown(struct net *n, uint64_t more, net_grown_fn fn, void *ctx);

#endif
