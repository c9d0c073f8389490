/* SPDX-License-Identifier: BSD-2-Clause */
#include "link.h"

void link_init(struct link *l, const struct link_ops *ops, uint64_t number)
{
    memset(l, 0, sizeof *l);
    l->ops = ops;
    l->number = number;
}

uint64_t link_paused_ms(const struct link *l, uint64_t now_ms)
{
    const struct link_sendq *q = &l->sendq;

    return q->paused_ms +
           (link_is_blocked(l) ? now_ms - q->blocked_since_ms : 0);
}

uint64_t link_unread_ms(const struct link *l, uint64_t now_ms)
{
    return link_paused_ms(l, now_ms) +
           (l->ops->held_ms ? l->ops->held_ms(l) : 0);
}

void link_changed(struct link *l)
{
    if (l->ops->changed)
        l->ops->changed(l);
}

void link_close(struct link *l, const char *why)
{
    if (l->closing)
        return;
    l->closing = true;
    l->ops->close(l, why);
}

bool link_is_shared(const struct link *l)
{
    return l->is_relay || l->sessions.n + l->pairs.n > 1;
}
