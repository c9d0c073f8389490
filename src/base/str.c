/* SPDX-License-Identifier: BSD-2-Clause */
#include "str.h"

#include <assert.h>

#include "err.h"

static bool str_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool span_ieq(struct span a, struct span b)
{
    if (a.n != b.n)
        return false;
    if (a.n == 0 || memcmp(a.p, b.p, a.n) == 0)
        return true; /* mostly */
    for (size_t i = 0; i < a.n; i++)
        if (char_lower(a.p[i]) != char_lower(b.p[i]))
            return false;
    return true;
}

bool span_starts(struct span s, struct span prefix)
{
    return s.n >= prefix.n && span_eq(span_of(s.p, prefix.n), prefix);
}

bool span_is_hex(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (char_hex(s.p[i]) < 0)
            return false;
    return true;
}

size_t span_find(struct span s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

    return at ? (size_t)(at - s.p) : s.n;
}

struct span span_trim(struct span s)
{
    while (s.n && str_is_blank(s.p[0]))
        s = span_from(s, 1);
    while (s.n && str_is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct span span_strip(struct span line)
{
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '#' && (i == 0 || str_is_blank(line.p[i - 1]))) {
            line.n = i;
            break;
        }
    }
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    while (line.n && str_is_blank(line.p[line.n - 1]))
        line.n--;
    return line;
}

bool span_has_control(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return true;
    return false;
}

struct span span_cut(struct span *rest, char sep)
{
    size_t at = span_find(*rest, sep);
    struct span head = span_of(rest->p, at);

    *rest = span_from(*rest, at < rest->n ? at + 1 : at);
    return head;
}

int span_u64(uint64_t *out, struct span s, uint64_t max)
{
    enum { ALWAYS_FIT = 19, DIGITS_MAX = 20 };
    uint64_t v = 0;
    bool over = false;

    if (s.n < 1 || s.n > DIGITS_MAX)
        return ERR_SYNTAX;
    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';

        if (digit > 9)
            return ERR_SYNTAX;
        if (i == ALWAYS_FIT)
            over = v > (UINT64_MAX - digit) / 10;
        v = v * 10 + digit;
    }
    if (over || v > max)
        return ERR_LIMIT;
    *out = v;
    return 0;
}

bool span_eq_secret(struct span a, struct span b)
{
    volatile unsigned char diff = 0;

    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        diff |= (unsigned char)(a.p[i] ^ b.p[i]);
    return diff == 0;
}

size_t span_copy(char *dst, size_t size, struct span s)
{
    assert(size > 0);
    if (s.n > size - 1)
        s.n = size - 1;
    if (s.n)
        memcpy(dst, s.p, s.n);
    dst[s.n] = '\0';
    return s.n;
}

size_t u64_text(char *dst, uint64_t v)
{
    char digits[20];
    size_t n = 0;

    do {
        digits[sizeof digits - ++n] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    memcpy(dst, digits + sizeof digits - n, n);
    return n;
}

void hex_text(char *dst, const void *data, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = data;

    for (size_t i = 0; i < n; i++) {
        dst[2 * i] = digits[p[i] >> 4];
        dst[2 * i + 1] = digits[p[i] & 15];
    }
}

size_t base64url_text(char *dst, const void *data, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *p = data;
    uint32_t bits = 0;
    unsigned held = 0;
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | p[i];
        for (held += 8; held >= 6; held -= 6)
            dst[len++] = digits[bits >> (held - 6) & 63];
    }
    if (held)
        dst[len++] = digits[bits << (6 - held) & 63];
    return len;
}
