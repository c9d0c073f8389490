/* SPDX-License-Identifier: BSD-2-Clause */
/* ng - rtpengine's control protocol: a server that proxies ask, over UDP and
 * TCP, in bencode and JSON.
 *
 * It knows no command. What is asked for is answered at once, by a function of
 * the owner. Whatever comes in, a turn of the loop spends a few milliseconds on
 * it, and memory has bounds. */
#ifndef NG_H
#define NG_H

#include <stdbool.h>
#include <stdint.h>

#include "cidr.h"
#include "log.h"
#include "loop.h"
#include "ng_reply.h"
#include "ng_request.h"
#include "sock.h"

struct ng;
struct ng_socket;

/* Answers a request: writes members into the outer dictionary of `reply`, which
 * has begun and is ended by the caller. The request is valid in the call. */
typedef void (*ng_request_fn)(void *ctx, const struct ng_request *request,
                              struct ng_reply *reply);

/* Without sockets: 0 or ERR_NOMEM. Nobody may ask before ng_configure(). */
int ng_new(struct ng **out, struct loop *loop, struct log *log,
           ng_request_fn fn, void *ctx);
/* Closes its sockets and connections. NULL is harmless. */
void ng_free(struct ng *ng);

/* Who may ask, from now on; must stay valid. */
void ng_configure(struct ng *ng, const struct cidr_list *allow);

/* To be called about once a second: forgets what is too old. */
void ng_tick(struct ng *ng);

/* Is asked at `at` from now on: 0, ERR_NOMEM, or ERR_IO (errno is set). */
int ng_socket_open(struct ng_socket **out, struct ng *ng, bool is_tcp,
                   const struct addr *at);
/* Connections that came in there stay. NULL is harmless. */
void ng_socket_close(struct ng_socket *s);
/* The address really bound, with the port that the kernel chose for 0. */
const struct addr *ng_socket_addr(const struct ng_socket *s);

struct ng_stats {
    uint64_t requests;    /* that had a cookie, duplicates included */
    uint64_t duplicates;  /* of these: answered from memory */
    uint64_t undecodable; /* of these: no dictionary that we can read */
    uint64_t too_large;   /* answers that did not fit */
    uint64_t dropped;     /* messages without a cookie, or too long */
    uint64_t refused;     /* from outside of anchor.allow */
    uint64_t unsent;      /* datagrams that the kernel did not take */
    uint64_t connections; /* now */
    uint64_t remembered;  /* answers, now */
};
void ng_stats(const struct ng *ng, struct ng_stats *out);

#endif
