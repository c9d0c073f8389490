/* SPDX-License-Identifier: BSD-2-Clause */
#include "path_memo.h"

/* The slice as it is when what it counts from lies `by` octets farther on. */
static struct slice moved(struct slice s, uint32_t by)
{
    return (struct slice){s.at + by, s.n};
}

size_t path_memo_read(const struct path_memo *memo, struct msg *m,
                      struct msg_reader *r, struct span in)
{
    uint32_t at = (uint32_t)(in.p - m->base);

    if (memo->n == 0 || !span_starts(in, span_of(memo->text, memo->n)) ||
        memo->n_to > r->path_uris || memo->n_from > r->path_uris)
        return 0;
    m->to = moved(memo->to, at);
    m->to_first = moved(memo->to_first, at);
    m->from = moved(memo->from, at);
    m->from_first = moved(memo->from_first, at);
    m->n_to = memo->n_to;
    m->n_from = memo->n_from;
    r->lines = 3;
    return memo->n;
}

void path_memo_keep(struct path_memo *memo, const struct msg *m,
                    const struct msg_reader *r)
{
    uint32_t at = r->paths_at;
    uint32_t end = m->rest.n ? m->rest.at : m->len - (m->has_body ? 2 : 0);

    if (m->fault || at == 0 || end - at > PATH_MEMO_MAX)
        return;
    memo->n = end - at;
    memcpy(memo->text, m->base + at, memo->n);
    memo->to = moved(m->to, -at);
    memo->to_first = moved(m->to_first, -at);
    memo->from = moved(m->from, -at);
    memo->from_first = moved(m->from_first, -at);
    memo->n_to = m->n_to;
    memo->n_from = m->n_from;
}
