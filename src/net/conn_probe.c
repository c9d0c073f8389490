/* SPDX-License-Identifier: BSD-2-Clause */
/* conn_probe - is the peer of a connection still there (S-2)? */
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
    uint64_t silent_ms;

    if (sock_silent_ms(c->transport.fd, &silent_ms) == 0 &&
        silent_ms + SLACK_MS >= net_probe_ms(&c->net->settings))
        conn_fail(c, CONN_WHY_DEAD);
    else
        sock_set_probing(c->transport.fd, false, &c->net->settings.sock);
}
