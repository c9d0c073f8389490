/* SPDX-License-Identifier: BSD-2-Clause */
/* sock - addresses and stream sockets, non-blocking, close-on-exec.
 *
 * An address of the family AF_UNIX is known by its family alone. */
#ifndef SOCK_H
#define SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <netinet/in.h>

#include "str.h"

struct addr {
    union {
        struct sockaddr sa;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
    };
    socklen_t len;
};

enum { ADDR_TEXT_MAX = 64 };

/* A numeric IPv4 or IPv6 address (without brackets) and a port: 0 or
 * ERR_SYNTAX. */
int addr_parse(struct addr *out, struct span host, uint16_t port);
/* The same as a URI writes it: an IPv6 address may have its brackets. */
int addr_parse_literal(struct addr *out, struct span host, uint16_t port);
uint16_t addr_port(const struct addr *a);
void addr_set_port(struct addr *a, uint16_t port);

/* "192.0.2.1:2855" or "[2001:db8::1]:2855" into dst (ADDR_TEXT_MAX). An
 * IPv4-mapped IPv6 address is written as IPv4, AF_UNIX as "unix". Returns
 * dst. */
const char *addr_text(char *dst, const struct addr *a);

/* The same without the port: "192.0.2.1" or "2001:db8::1". */
const char *addr_host_text(char *dst, const struct addr *a);

/* The same host, IPv4-mapped or not, and the same port? */
bool addr_is_same(const struct addr *a, const struct addr *b);

/* Does the kernel refuse one where the other listens? So it does where they are
 * the same, and where one takes all addresses of the other's kind; "::" takes
 * IPv4 too. Port 0 is any port that is free. */
bool addr_overlaps(const struct addr *a, const struct addr *b);

/* Octets that identify the host without its port, IPv4-mapped as IPv4: for
 * limits by address. Returns how many (4 or 16; AF_UNIX: 0) were written to dst
 * (16). */
size_t addr_host_key(unsigned char *dst, const struct addr *a);

struct sock_opts {
    int receive_buffer; /* SO_RCVBUF, 0: leave it to the kernel */
    int send_buffer;
    bool nodelay;
    int keepalive_s; /* 0: off */
    int dscp;        /* RFC 2474; 0: best effort */
    /* Connect from there; without a family: the kernel chooses. */
    struct addr source4, source6;
    bool share; /* listen: SO_REUSEPORT, see listener_share() */
};

/* A listening socket. "::" takes IPv4 too. 0 or ERR_IO (errno is set). */
int sock_listen(int *out, const struct addr *at, const struct sock_opts *opts);
/* Turns sock_opts.share on or off for a listening socket. */
void sock_share(int fd, bool on);

/* A listening Unix stream socket, whose file has just the permissions `mode`
 * (umask permitting) from its first moment on. A socket file that is left over
 * is replaced. 0; ERR_EXISTS when another process listens there, or when the
 * file is no socket; or ERR_IO (errno is set). The caller unlinks it in the
 * end. */
int sock_listen_unix(int *out, const char *path, mode_t mode);

/* The user at the other end of a connected Unix socket: 0 or ERR_IO. */
int sock_peer_uid(uid_t *out, int fd);

/* A socket on its way to `to`: it becomes writable when it is connected, or
 * when that has failed. 0 or ERR_IO (errno is set). */
int sock_connect(int *out, const struct addr *to, const struct sock_opts *opts);

/* Applies `opts` to a connected socket; failures are not fatal. */
void sock_apply(int fd, const struct sock_opts *opts);

/* Makes a silent peer speak: keepalive every second, or again as `opts` says.
 */
void sock_set_probing(int fd, bool on, const struct sock_opts *opts);

/* Octets that the peer's kernel has not acknowledged; 0 if that is unknown. */
size_t sock_unacked(int fd);

/* What the kernel knows of the peer's ACKs. */
struct sock_acks {
    uint64_t silent_ms; /* for how long none of any kind has come */
    bool is_awaited;    /* for octets, or for a probe */
};
/* 0 or ERR_IO. */
int sock_acks(int fd, struct sock_acks *out);

/* The address this socket is bound to: 0 or ERR_IO. */
int sock_local(struct addr *out, int fd);

/* accept(), with the address of the peer. 0 or ERR_IO (errno is set). */
int sock_accept(int *out, struct addr *peer, int fd);

#endif
