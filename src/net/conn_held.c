/* SPDX-License-Identifier: BSD-2-Clause */
/* conn_held - for how long a rate has kept a connection from being read.
 * What waits for an answer from it must not count that time (P-23). */
#include "conn_private.h"

uint64_t conn_held_ms(const struct conn *c)
{
    return c->held_ms +
           (c->held ? loop_now_ms(c->net->loop) - c->held_since_ms : 0);
}

void conn_set_shared_rate(struct conn *c, struct token_bucket *shared)
{
    c->shared = shared;
}

void conn_note_held(struct conn *c)
{
    c->held_ms = conn_held_ms(c);
    c->held_since_ms = loop_now_ms(c->net->loop);
    c->held = c->throttled && !c->paused;
}
