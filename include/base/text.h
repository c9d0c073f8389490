/* SPDX-License-Identifier: BSD-2-Clause */
/* text - a text that grows as it is written, up to a bound.
 *
 * The first error is kept, and what is put after it is discarded: callers check
 * once, at the end. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "str.h"

struct text {
    char *p;
    size_t n, size, max;
    int err; /* 0, ERR_FULL or ERR_NOMEM */
};

/* Empty; it will have at most `max` octets. Holds no memory yet. */
void text_init(struct text *t, size_t max);
void text_fini(struct text *t);

void text_put(struct text *t, struct span s);
void text_put_u64(struct text *t, uint64_t v);
/* As printf() does, at most 255 octets. */
void text_printf(struct text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* All of it, valid until t changes. */
static inline struct span text_span(const struct text *t)
{
    return span_of(t->p, t->n);
}

#endif
