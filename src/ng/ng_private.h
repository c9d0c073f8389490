/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_private - what the files that make up the server share.
 *
 *     ng.c      from a message to its answer
 *     ng_udp.c  datagrams
 *     ng_tcp.c  connections
 *     ng_json_tame.c  what comes before JSON is read
 */
#ifndef NG_PRIVATE_H
#define NG_PRIVATE_H

#include "list.h"
#include "listener.h"
#include "net.h"
#include "ng.h"
#include "ng_memory.h"
#include "text.h"
#include "timer.h"

enum {
    NG_REPLY_MAX = 512 * 1024,
    /* How long a turn may be busy with datagrams of one socket, and with all
     * connections. */
    NG_UDP_TURN_US = 3000,
    NG_TCP_TURN_US = 5000,
};

struct ng_socket {
    struct list of_ng;
    struct ng *ng;
    bool is_tcp;
    struct addr at;
    struct listener *listener; /* TCP */
    struct loop_io io;         /* UDP */
    int fd;                    /* UDP; -1: closed */
};

/* The connections of all sockets. */
struct ng_tcp {
    struct net *net;         /* NULL until the first socket */
    struct timer_fifo *half; /* messages that are not whole yet */
    struct list by_use;      /* all: the one that spoke last is the last */
    struct list queue;       /* those whose turn it is not yet */
    struct loop_defer next_turn;
    uint64_t spent_us; /* in this turn */
    uint64_t n;
    size_t held; /* octets of messages that are not whole yet */
};

struct ng {
    struct loop *loop;
    struct log *log;
    ng_request_fn fn;
    void *ctx;
    const struct cidr_list *allow;
    struct list sockets;
    struct ng_tcp tcp;
    struct ng_memory memory;
    struct ng_reply reply;
    char *datagram; /* room for one */
    struct ng_stats stats;
};

/* --- ng.c --- */

/* The answer to a message with a cookie, of `max` octets at most, which are
 * NG_REPLY_MAX at most; empty if there is none to give. Valid until the next
 * call. */
struct span ng_answer(struct ng *ng, const struct addr *from,
                      struct span message, size_t max);

/* May they ask? Logged and counted if not. */
bool ng_permits(struct ng *ng, const struct addr *peer);

uint64_t ng_now_us(void);

/* --- ng_json_tame.c --- */

/* Appends the document, which ng_json_scan() has found to be whole, so that the
 * JSON library can hold what RFC 8259 allows in it. */
void ng_json_tame(struct text *out, struct span document);

/* --- ng_udp.c --- */

int ng_udp_open(struct ng_socket *s);
void ng_udp_close(struct ng_socket *s);

/* --- ng_tcp.c --- */

void ng_tcp_init(struct ng *ng);
void ng_tcp_fini(struct ng *ng);
int ng_tcp_open(struct ng_socket *s);

#endif
