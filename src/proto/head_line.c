/* SPDX-License-Identifier: BSD-2-Clause */
#include "head_line.h"

#include <endian.h>

/* How many octets the UTF-8 sequence at p has by RFC 4975's UTF8-NONASCII,
 * whose 5 and 6 octet forms are taken too (D-8); 0 if it is none. */
static size_t utf8_len(const char *p, size_t n)
{
    unsigned char lead = (unsigned char)p[0];
    size_t len = lead < 0xc0   ? 0
                 : lead < 0xe0 ? 2
                 : lead < 0xf0 ? 3
                 : lead < 0xf8 ? 4
                 : lead < 0xfc ? 5
                 : lead < 0xfe ? 6
                               : 0;

    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

enum { WIDE = 16 };
typedef signed char wide __attribute__((vector_size(WIDE)));

/* How many of the next WIDE octets are 20-7E, up to the first that is not. */
static size_t plain_octets(const char *p)
{
    uint64_t bad[2];
    wide x;

    memcpy(&x, p, sizeof x);
    x = (x < 0x20) | (x == 0x7f); /* above 7F they are negative */
    memcpy(bad, &x, sizeof x);
    if (bad[0])
        return (size_t)__builtin_ctzll(le64toh(bad[0])) / 8;
    return bad[1] ? 8 + (size_t)__builtin_ctzll(le64toh(bad[1])) / 8 : WIDE;
}

/* How many octets at the front are 20-7E. */
static size_t plain_len(struct span s)
{
    size_t i = 0;

    while (s.n - i >= WIDE) {
        size_t n = plain_octets(s.p + i);

        i += n;
        if (n < WIDE)
            return i;
    }
    while (i < s.n && s.p[i] >= 0x20 && s.p[i] < 0x7f)
        i++;
    return i;
}

/* How many octets at the front are HTAB, 20-7E or UTF8-NONASCII (M-5);
 * *other is set if some are not 20-7E. */
static size_t text_len(struct span s, bool *other)
{
    size_t i = plain_len(s);

    while (i < s.n) {
        unsigned char c = (unsigned char)s.p[i];
        size_t len = c == '\t' ? 1 : c < 0x80 ? 0 : utf8_len(s.p + i, s.n - i);

        if (len == 0)
            break;
        *other = true;
        i += len;
        i += plain_len(span_from(s, i));
    }
    return i;
}

bool head_is_text(struct span s)
{
    bool other;

    return text_len(s, &other) == s.n;
}

size_t head_line_read(struct head_line *line, struct span in)
{
    size_t n = line->seen;
    const char *lf;

    n += text_len(span_from(in, n), &line->has_other);
    if (in.n - n >= 2 && in.p[n] == '\r' && in.p[n + 1] == '\n') {
        line->text = span_of(in.p, n);
        line->is_whole = line->is_text = true;
        return n + 2;
    }
    lf = n < in.n ? memchr(in.p + n, '\n', in.n - n) : NULL;
    if (!lf) {
        line->seen = n;
        return 0;
    }
    n = (size_t)(lf - in.p);
    line->is_whole = n > 0 && in.p[n - 1] == '\r';
    line->is_text = false;
    line->text = span_of(in.p, n - line->is_whole);
    return n + 1;
}
