/* SPDX-License-Identifier: BSD-2-Clause */
/* conn_probe - is the peer of a connection still there (S-2, S-19), and does it
 * take anything (S-20)? */
#include "conn.h"
#include "conn_private.h"

void conn_probe(struct conn *c)
{
    if (!c->net->settings.dead_after_ms || timer_is_running(&c->probe) ||
        (c->state != CONN_OPEN && c->state != CONN_FINISHING))
        return;
    sock_set_probing(c->transport.fd, true, &c->net->settings.sock);
    timer_start(c->net->probe, &c->probe);
}

/* Half a second for the timer and the network: a peer that lives has answered
 * several times since. */
void conn_probed(struct conn *c)
{
    enum { SLACK_MS = 500 };
    struct sock_acks acks;

    if (sock_acks(c->transport.fd, &acks) == 0 &&
        acks.silent_ms + SLACK_MS >= net_probe_ms(&c->net->settings))
        conn_fail(c, CONN_WHY_DEAD);
    else
        sock_set_probing(c->transport.fd, false, &c->net->settings.sock);
}

/* A peer that merely keeps its window closed answers the kernel's probes. */
void conn_sweep(struct conn *c)
{
    enum { TIMES = 4 }; /* nobody needs its place */
    uint64_t dead_after_ms = c->net->settings.dead_after_ms;
    struct sock_acks acks;

    if (dead_after_ms &&
        (c->state == CONN_OPEN || c->state == CONN_FINISHING) &&
        sock_acks(c->transport.fd, &acks) == 0 && acks.is_awaited &&
        acks.silent_ms >= TIMES * dead_after_ms)
        conn_fail(c, CONN_WHY_DEAD);
}

/* The kernel took nothing for so long; but it takes in large steps, and the
 * peer counts (S-20). Where others share the connection its owner may let it go
 * on (S-13 d). */
void conn_stalled(struct conn *c)
{
    uint32_t unacked = (uint32_t)sock_unacked(c->transport.fd);

    if (c->state == CONN_LINGER) {
        conn_fail(c, CONN_WHY_LOCAL);
    } else if (c->state == CONN_OPEN &&
               (unacked < c->unacked ||
                (c->ops->stalled && c->ops->stalled(c->ctx)))) {
        c->unacked = unacked;
        timer_start(c->net->stall, &c->timer);
    } else {
        conn_fail(c, CONN_WHY_STALL);
    }
}
