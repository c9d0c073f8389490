#include "link.h"

void link_init(struct link *l, const struct link_ops *ops, uint64_t number)
{
    memset(l, 0, sizeof *l);
    l->ops = ops;
    l->number = number;
    list_init(&l->of_neighbours);
    list_init(&l->sessions);
    list_init(&l->peers);
    list_init(&l->feeders);
    list_init(&l->waiters);
    list_init(&l->of_crowded);
    list_init(&l->waiting);
    list_init(&l->unfinished);
    list_init(&l->expected);
    list_init(&l->heads);
    list_init(&l->unsent);
    list_init(&l->txns);
    list_init(&l->stream.feeding);
    list_init(&l->stream.sender.of_session);
    list_init(&l->stream.receiver.of_session);
    l->stream.sender.stream = l->stream.receiver.stream = &l->stream;
    l->stream.in = l;
}

uint64_t link_paused_ms(const struct link *l, uint64_t now_ms)
{
    return l->paused_ms + (l->blocked ? now_ms - l->blocked_since_ms : 0);
}

void link_close(struct link *l, const char *why)
{
    if (l->closing)
        return;
    l->closing = true;
    l->ops->close(l, why);
}
