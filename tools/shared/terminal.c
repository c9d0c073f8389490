/* SPDX-License-Identifier: BSD-2-Clause */
#include "terminal.h"

void terminal_init(struct terminal *t, char instead, bool has_lines)
{
    *t = (struct terminal){.instead = instead, .has_lines = has_lines};
}

static bool is_follower(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Octets that begin a character of several (RFC 3629): how many, else 0. */
static uint8_t length_of(unsigned char c)
{
    if (c < 0xc2 || c > 0xf4)
        return c == 0xc0 || c == 0xc1 ? 2 : 0; /* overlong, judged as well */
    return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static uint32_t decode(const char *p, size_t n)
{
    uint32_t code = (unsigned char)p[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)p[i] & 0x3f);
    return code;
}

static bool is_harmless(const struct terminal *t, uint32_t code)
{
    if (t->has_lines && (code == '\n' || code == '\t'))
        return true;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        return false;
    return code != 0x061c && code != 0x200e && code != 0x200f &&
           (code < 0x2028 || code > 0x202e) && (code < 0x2066 || code > 0x2069);
}

/* An octet by itself, as terminals that know no UTF-8 take it. */
static char octet(const struct terminal *t, char c)
{
    return is_harmless(t, (unsigned char)c) ? c : t->instead;
}

/* What is held is a whole character. */
static size_t put_whole(struct terminal *t, char *dst)
{
    size_t n = t->n;

    t->n = 0;
    if (!is_harmless(t, decode(t->held, n))) {
        *dst = t->instead;
        return 1;
    }
    memcpy(dst, t->held, n);
    return n;
}

size_t terminal_end(struct terminal *t, char *dst)
{
    size_t n = t->n;

    for (size_t i = 0; i < n; i++)
        dst[i] = octet(t, t->held[i]);
    t->n = 0;
    return n;
}

size_t terminal_put(struct terminal *t, char *dst, struct span s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (t->n && !is_follower(c))
            n += terminal_end(t, dst + n);
        if (t->n == 0)
            t->wants = length_of(c);
        if (t->wants == 0) {
            dst[n++] = octet(t, s.p[i]);
            continue;
        }
        t->held[t->n++] = s.p[i];
        if (t->n == t->wants)
            n += put_whole(t, dst + n);
    }
    return n;
}

size_t terminal_text(char *dst, struct span s, char instead)
{
    struct terminal t;
    size_t n;

    terminal_init(&t, instead, false);
    n = terminal_put(&t, dst, s);
    return n + terminal_end(&t, dst + n);
}
