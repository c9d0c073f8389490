/* SPDX-License-Identifier: BSD-2-Clause */
/* listener - accepts connections, a few each turn, and pauses when descriptors
 * run out. */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

#include "loop.h"
#include "sock.h"

struct listener;

/* A socket was accepted; it is now the receiver's. */
typedef void (*listener_accept_fn)(void *ctx, struct listener *l, int fd,
                                   const struct addr *peer);
/* accept() failed for lack of descriptors or memory (errno); pauses a
 * second. */
typedef void (*listener_pause_fn)(void *ctx, struct listener *l, int errnum);

/* Listens at `at` and starts to accept. `on_pause` may be NULL. 0, ERR_IO
 * (errno is set) or ERR_NOMEM. */
int listener_new(struct listener **out, struct loop *loop,
                 const struct addr *at, const struct sock_opts *opts,
                 listener_accept_fn on_accept, listener_pause_fn on_pause,
                 void *ctx);
/* The same with a socket of TCP or of AF_UNIX that listens already, such as an
 * inherited one; it is closed on failure too. 0, ERR_NOMEM, or ERR_UNSUPPORTED
 * for what is no such socket. */
int listener_adopt(struct listener **out, struct loop *loop, int fd,
                   listener_accept_fn on_accept, listener_pause_fn on_pause,
                   void *ctx);
/* Closes the socket. Connections that wait in the kernel's queue are reset,
 * unless listener_drain() came first. NULL is harmless. */
void listener_free(struct listener *l);

/* Accepts what waits in the kernel's queue now (a bounded number), as far as
 * there are descriptors. The receiver must not free the listener meanwhile. */
void listener_drain(struct listener *l);

/* Keeps a descriptor back, so that when there is no other left one connection
 * can still be accepted: for those through which an operator looks. Once that
 * is closed, this is to be called again. */
void listener_reserve(struct listener *l);

/* Makes way (`on`) for a socket at the same port of another address that covers
 * this one or is covered by it, such as 0.0.0.0 and 127.0.0.1: a sock_listen()
 * with sock_opts.share then succeeds while this one is open. The narrower
 * address gets what connects. To be taken back on both as soon as it is decided
 * which one stays: a second daemon that listens there by mistake is then
 * refused again (EADDRINUSE). A process of the same user that sets SO_REUSEPORT
 * itself is let in by Linux even then, for as long as the port is bound. Both
 * sockets must be of one user: one that was opened before privileges were
 * dropped needs listener_set_owner() before that. */
void listener_share(struct listener *l, bool on);

/* Makes the socket that user's, as if it had opened it: 0 or ERR_IO (errno). */
int listener_set_owner(struct listener *l, uid_t uid, gid_t gid);

/* The address really bound, with the port that the kernel chose for 0. */
const struct addr *listener_addr(const struct listener *l);

#endif
