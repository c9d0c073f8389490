/* SPDX-License-Identifier: BSD-2-Clause */
#include "path_memo.h"

uint64_t path_hash(const struct msg *m)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    struct span paths = msg_paths(m);
    uint64_t hash = paths.n, word;

    if (m->paths_hash)
        return m->paths_hash;
    for (; paths.n >= sizeof word; paths = span_from(paths, sizeof word)) {
        memcpy(&word, paths.p, sizeof word);
        hash = (hash ^ word) * odd;
    }
    return hash;
}

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
    m->paths_hash = memo->hash;
    r->lines = 3;
    return memo->n;
}

void path_memo_keep(struct path_memo *memo, struct msg *m,
                    const struct msg_reader *r)
{
    uint32_t at = r->paths_at;
    uint32_t end = m->rest.n ? m->rest.at : m->len - (m->has_body ? 2 : 0);

    if (m->fault || at == 0 || end - at > PATH_MEMO_MAX)
        return;
    if (m->method == MSG_SEND) /* whose way is looked for */
        m->paths_hash = path_hash(m);
    memo->hash = m->paths_hash;
    memo->n = end - at;
    memcpy(memo->text, m->base + at, memo->n);
    memo->to = moved(m->to, -at);
    memo->to_first = moved(m->to_first, -at);
    memo->from = moved(m->from, -at);
    memo->from_first = moved(m->from_first, -at);
    memo->n_to = m->n_to;
    memo->n_from = m->n_from;
}
