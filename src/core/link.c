#include "link.h"

void link_init(struct link *l, const struct link_ops *ops, uint64_t number)
{
    memset(l, 0, sizeof *l);
    l->ops = ops;
    l->number = number;
    list_init(&l->of_relay_links);
    list_init(&l->sessions.issued);
    list_init(&l->sessions.peers);
    list_init(&l->out.senders);
    list_init(&l->out.waiters);
    list_init(&l->out.of_congested);
    list_init(&l->turn.waiting);
    list_init(&l->in.unfinished);
    list_init(&l->out.expected);
    list_init(&l->in.heads);
    list_init(&l->txns.unsent);
    list_init(&l->txns.sent);
    list_init(&l->in.stream.feeding);
    list_init(&l->in.stream.sender.of_session);
    list_init(&l->in.stream.receiver.of_session);
    l->in.stream.sender.stream = l->in.stream.receiver.stream = &l->in.stream;
    l->in.stream.in = l;
}

uint64_t link_paused_ms(const struct link *l, uint64_t now_ms)
{
    return l->turn.paused_ms +
           (l->turn.blocked ? now_ms - l->turn.since_ms : 0);
}

void link_close(struct link *l, const char *why)
{
    if (l->closing)
        return;
    l->closing = true;
    l->ops->close(l, why);
}
