/* SPDX-License-Identifier: BSD-2-Clause */
#include "bytes.h"

#include "cmocka_all.h"

char *bytes_reserve(struct bytes *b, size_t n)
{
    if (b->at == b->n)
        b->at = b->n = 0;
    if (b->at > b->size / 2) {
        memmove(b->p, b->p + b->at, b->n - b->at);
        b->n -= b->at;
        b->at = 0;
    }
    if (b->n + n > b->size) {
        b->size = 2 * (b->n + n);
        b->p = realloc(b->p, b->size);
        assert_non_null(b->p);
    }
    return b->p + b->n;
}

void bytes_add(struct bytes *b, struct span s)
{
    if (s.n == 0)
        return;
    memcpy(bytes_reserve(b, s.n), s.p, s.n);
    b->n += s.n;
}

struct span bytes_peek(const struct bytes *b)
{
    return span_of(b->p + b->at, b->n - b->at);
}
