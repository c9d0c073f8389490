/* SPDX-License-Identifier: BSD-2-Clause */
/* conn_proxy - the PROXY header ahead of a connection. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "conn_private.h"
#include "err.h"

enum { PEEKED = 512 }; /* usual headers have less */

/* Copies what has come and leaves it where it is: what follows the header is
 * the transport's to read. */
static int peek(struct span *out, char *dst, int fd)
{
    ssize_t n = recv(fd, dst, PEEKED, MSG_PEEK);

    if (n > 0) {
        *out = span_of(dst, (size_t)n);
        return 0;
    }
    if (n == 0)
        return ERR_EOF;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? ERR_AGAIN
                                                                     : ERR_IO;
}

static void drop_octets(struct conn *c, char *space, size_t n)
{
    if (n && recv(c->transport.fd, space, n, 0) > 0)
        c->transport.wire_in += n;
}

static void take_peer(struct addr *peer, const struct proxy_source *from)
{
    if (from->n == 0)
        return;
    *peer = (struct addr){.len = 0};
    if (from->n == sizeof peer->in4.sin_addr) {
        peer->len = sizeof peer->in4;
        peer->in4.sin_family = AF_INET;
        memcpy(&peer->in4.sin_addr, from->host, from->n);
    } else {
        peer->len = sizeof peer->in6;
        peer->in6.sin6_family = AF_INET6;
        memcpy(&peer->in6.sin6_addr, from->host, from->n);
    }
    addr_set_port(peer, from->port);
}

static void conn_end_proxy(struct conn *c, struct proxy_source *out)
{
    *out = c->proxy->source;
    take_peer(&c->peer, out);
    free(c->proxy);
    c->proxy = NULL;
}

int conn_read_proxy(struct conn *c, struct proxy_source *out)
{
    char octets[PEEKED];
    struct span all, rest;
    int err = peek(&all, octets, c->transport.fd);

    if (err)
        return err;
    rest = all;
    err = proxy_next(c->proxy, &rest);
    drop_octets(c, octets, all.n - rest.n);
    net_count_octets(c);
    if (!err)
        conn_end_proxy(c, out);
    else if (err != ERR_AGAIN)
        c->transport.fault = c->proxy->fault;
    return err;
}
