/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <stdarg.h>

#include "err.h"

enum { FIRST_SIZE = 1024, LINE_MAX_OCTETS = 255 };

void text_init(struct text *t, size_t max)
{
    *t = (struct text){.max = max};
}

void text_fini(struct text *t)
{
    free(t->p);
    *t = (struct text){.max = t->max};
}

/* Room for n octets more. */
static int reserve(struct text *t, size_t n)
{
    size_t size = t->size ? t->size : FIRST_SIZE;
    char *p;

    if (n > t->max - t->n)
        return ERR_FULL;
    if (n <= t->size - t->n)
        return 0;
    while (size - t->n < n)
        size *= 2;
    p = realloc(t->p, size);
    if (!p)
        return ERR_NOMEM;
    t->p = p;
    t->size = size;
    return 0;
}

void text_put(struct text *t, struct span s)
{
    if (t->err || s.n == 0)
        return;
    t->err = reserve(t, s.n);
    if (t->err)
        return;
    memcpy(t->p + t->n, s.p, s.n);
    t->n += s.n;
}

void text_put_u64(struct text *t, uint64_t v)
{
    char digits[20];

    text_put(t, span_of(digits, u64_text(digits, v)));
}

void text_printf(struct text *t, const char *fmt, ...)
{
    char line[LINE_MAX_OCTETS + 1];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof line)
        t->err = t->err ? t->err : ERR_FULL;
    else
        text_put(t, span_of(line, (size_t)n));
}
