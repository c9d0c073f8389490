/* SPDX-License-Identifier: BSD-2-Clause */
#include "kept_routes.h"

#include "route_memo.h"

static bool is_hidden;
static size_t n_found;

struct route *__real_route_memo_find(struct route_memos *all,
                                     const struct link *l, const struct msg *m,
                                     uint64_t stamp, uint64_t now_ms);
struct route *__wrap_route_memo_find(struct route_memos *all,
                                     const struct link *l, const struct msg *m,
                                     uint64_t stamp, uint64_t now_ms);

struct route *__wrap_route_memo_find(struct route_memos *all,
                                     const struct link *l, const struct msg *m,
                                     uint64_t stamp, uint64_t now_ms)
{
    struct route *kept = __real_route_memo_find(all, l, m, stamp, now_ms);

    n_found += kept != NULL;
    return is_hidden ? NULL : kept;
}

void kept_routes_hide(bool hidden)
{
    is_hidden = hidden;
}

size_t kept_routes_take(void)
{
    size_t n = n_found;

    n_found = 0;
    return n;
}
