/* SPDX-License-Identifier: BSD-2-Clause */
#include "route_memo.h"

#include <stdlib.h>

#include "err.h"
#include "path_memo.h"

enum {
    SLOT_BITS = 12,
    SLOTS = 1 << SLOT_BITS, /* links that are told apart */
    PATHS_MAX = 512,
};

struct route_memo {
    uint64_t number; /* of the link; 0: nothing is kept */
    uint64_t stamp;
    bool has_body;
    struct route route; /* its texts point into paths, or into a pair's */
    size_t n;
    char paths[PATHS_MAX];
};

int route_memos_init(struct route_memos *all)
{
    all->slots = calloc(SLOTS, sizeof *all->slots);
    return all->slots ? 0 : ERR_NOMEM;
}

void route_memos_fini(struct route_memos *all)
{
    free(all->slots);
    all->slots = NULL;
}

/* Who finds two paths that collide makes his own messages slower. */
static struct route_memo *memo_of(const struct route_memos *all,
                                  const struct link *l, const struct msg *m)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = (path_hash(m) ^ l->number) * odd;

    return &all->slots[hash >> (64 - SLOT_BITS)];
}

static bool is_over(const struct session *ss, uint64_t now_ms)
{
    return ss && now_ms >= ss->expires_ms;
}

/* Ends come with time, too. */
static bool has_ended(const struct route *r, uint64_t now_ms)
{
    return r->out->closing || is_over(r->session, now_ms) ||
           is_over(r->sender, now_ms) || is_over(r->receiver, now_ms);
}

struct route *route_memo_find(struct route_memos *all, const struct link *l,
                              const struct msg *m, uint64_t stamp,
                              uint64_t now_ms)
{
    struct route_memo *memo = memo_of(all, l, m);

    if (memo->number == l->number && memo->stamp == stamp &&
        memo->has_body == m->has_body &&
        span_eq(span_of(memo->paths, memo->n), msg_paths(m)) &&
        !has_ended(&memo->route, now_ms))
        return &memo->route;
    return NULL;
}

/* What pointed into `from` points to the same place in `to`. */
static void move(struct span *s, struct span from, const char *to)
{
    uintptr_t at = (uintptr_t)s->p - (uintptr_t)from.p;

    if (s->p && at <= from.n)
        s->p = to + at;
}

static void uri_move(struct uri *u, struct span from, const char *to)
{
    move(&u->text, from, to);
    move(&u->host, from, to);
    move(&u->session_id, from, to);
    move(&u->transport, from, to);
}

static void route_move(struct route *r, struct span from, const char *to)
{
    for (size_t i = 0; i < r->n_own; i++)
        move(&r->own[i], from, to);
    for (size_t i = 0; i < r->n_back; i++)
        move(&r->back[i], from, to);
    move(&r->to, from, to);
    move(&r->from, from, to);
    uri_move(&r->next, from, to);
    uri_move(&r->from_uri, from, to);
}

void route_memo_keep(struct route_memos *all, const struct link *l,
                     const struct msg *m, uint64_t stamp,
                     const struct route *route)
{
    struct span paths = msg_paths(m);
    struct route_memo *memo = memo_of(all, l, m);

    if (paths.n > PATHS_MAX)
        return;
    memcpy(memo->paths, paths.p, paths.n);
    memo->n = paths.n;
    memo->route = *route;
    route_move(&memo->route, paths, memo->paths);
    memo->stamp = stamp;
    memo->has_body = m->has_body;
    memo->number = l->number;
}
