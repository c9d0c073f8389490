/* SPDX-License-Identifier: BSD-2-Clause */
/* route_memo - where SENDs with these paths led.
 *
 * In a chat SEND after SEND has the same paths. What was found for them on a
 * link holds as long as nothing has changed that a route depends on: sessions,
 * their peers, pairs, links, policy. Each of these counts its changes, and the
 * sum is the memo's stamp. So no decision is taken again, and none is kept that
 * might be taken otherwise now.
 *
 * A table of fixed size: what finds its slot taken takes it over, and a route
 * that is not there is found as if there were no table. */
#ifndef ROUTE_MEMO_H
#define ROUTE_MEMO_H

#include <stdint.h>

#include "link.h"
#include "msg.h"
#include "route.h"

struct route_memo;

struct route_memos {
    struct route_memo *slots; /* owned */
};

/* 0 or ERR_NOMEM. */
int route_memos_init(struct route_memos *all);
void route_memos_fini(struct route_memos *all);

/* What was kept for SENDs on `l` with the paths of `m`, and a body like it, if
 * it may still be used under that stamp; else NULL. Valid until the relay
 * handles another event. */
struct route *route_memo_find(struct route_memos *all, const struct link *l,
                              const struct msg *m, uint64_t stamp,
                              uint64_t now_ms);

/* Keeps the route of `m`, which came on `l` and goes to a link (ROUTE_LINK).
 * Long paths are not kept. */
void route_memo_keep(struct route_memos *all, const struct link *l,
                     const struct msg *m, uint64_t stamp,
                     const struct route *route);

#endif
