/* listener - accepts connections, a few each turn, and rests when descriptors
 * run out. */
#ifndef LISTENER_H
#define LISTENER_H

#include "loop.h"
#include "sock.h"

struct listener;

/* A socket was accepted; it is now the receiver's. */
typedef void (*listener_accept_fn)(void *ctx, struct listener *l, int fd,
                                   const struct addr *peer);
/* accept() failed for want of descriptors or memory (errno); rests a second. */
typedef void (*listener_rest_fn)(void *ctx, struct listener *l, int errnum);

/* Listens at `at` and starts to accept. 0, ERR_IO (errno is set) or
 * ERR_NOMEM. */
int listener_new(struct listener **out, struct loop *loop,
                 const struct addr *at, const struct sock_opts *opts,
                 listener_accept_fn on_accept, listener_rest_fn on_rest,
                 void *ctx);
/* Closes the socket. NULL is harmless. */
void listener_free(struct listener *l);

/* The address really bound, with the port that the kernel chose for 0. */
const struct addr *listener_addr(const struct listener *l);

#endif
