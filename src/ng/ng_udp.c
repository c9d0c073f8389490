/* SPDX-License-Identifier: BSD-2-Clause */
#include <unistd.h>

#include "datagram.h"
#include "err.h"
#include "ng_private.h"

/* A datagram is answered, or not at all. */
static void take_datagram(struct ng_socket *s, const struct datagram_ends *ends,
                          struct span message)
{
    struct span answer;

    if (!ng_permits(s->ng, &ends->peer))
        return;
    answer = ng_answer(s->ng, &ends->peer, message, DATAGRAM_MAX);
    if (answer.n && datagram_send(s->fd, ends, answer))
        s->ng->stats.unsent++;
}

/* What does not fit into this turn is still in the socket in the next. */
static void udp_on_ready(void *ctx, int events)
{
    struct ng_socket *s = ctx;
    uint64_t until = ng_now_us() + NG_UDP_TURN_US;
    struct datagram_ends ends;
    size_t n;

    (void)events;
    do {
        switch (datagram_receive(s->fd, s->ng->datagram, DATAGRAM_MAX + 1, &n,
                                 &ends)) {
        case 0:
            take_datagram(s, &ends, span_of(s->ng->datagram, n));
            break;
        case ERR_LIMIT:
            s->ng->stats.dropped++;
            break;
        default:
            return;
        }
    } while (ng_now_us() < until);
}

int ng_udp_open(struct ng_socket *s)
{
    int err = datagram_open(&s->fd, &s->at);

    if (err)
        return err;
    err = sock_local(&s->at, s->fd);
    if (err) {
        ng_udp_close(s);
        return err;
    }
    loop_io_init(&s->io, s->ng->loop, s->fd, udp_on_ready, s);
    loop_io_want(&s->io, LOOP_READ);
    return 0;
}

/* What was received and not read is answered first: a reload that closes the
 * socket loses nothing (A-3a). */
void ng_udp_close(struct ng_socket *s)
{
    if (s->fd < 0)
        return;
    if (s->io.loop) {
        udp_on_ready(s, LOOP_READ);
        loop_io_want(&s->io, 0);
    }
    (void)close(s->fd);
    s->fd = -1;
}
