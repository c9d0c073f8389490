/* SPDX-License-Identifier: BSD-2-Clause */
/* str - spans: text that is looked at, not owned, and never NUL-terminated.
 *
 * A span is a plain value. It is valid as long as the memory it points into;
 * the function that returns one says how long that is. */
#ifndef STR_H
#define STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *p;
    size_t n;
};

/* ASCII only, whatever the locale. */
static inline bool char_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool char_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char char_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* The value of a hex digit of either case, or -1. */
static inline int char_hex(char c)
{
    if (char_is_digit(c))
        return c - '0';
    c = char_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A span over a string literal. */
#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})
/* For "%.*s". */
#define SPAN_ARG(s) (int)(s).n, (s).p

static inline struct span span_of(const char *p, size_t n)
{
    return (struct span){p, n};
}

/* A span over a C string. */
static inline struct span span_str(const char *s)
{
    return (struct span){s, strlen(s)};
}

static inline bool span_is_empty(struct span s)
{
    return s.n == 0;
}

/* From octet `at` (<= s.n) to the end. */
static inline struct span span_from(struct span s, size_t at)
{
    return (struct span){s.p + at, s.n - at};
}

/* Octet by octet. */
static inline bool span_eq(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The same, ignoring the case of ASCII letters. */
bool span_ieq(struct span a, struct span b);

bool span_starts(struct span s, struct span prefix);

/* Nothing but hex digits, of either case? Yes for an empty one. */
bool span_is_hex(struct span s);

/* The offset of the first `c`, or s.n. */
size_t span_find(struct span s, char c);

/* Without blanks (SP, HTAB) at both ends. */
struct span span_trim(struct span s);

/* A line of a file without CR, trailing blanks, and its comment, which begins
 * with a `#` at the start of the line or after a blank. */
struct span span_strip(struct span line);

/* Has it a control character of ASCII? */
bool span_has_control(struct span s);

/* Cuts `*rest` at the first `sep`: returns what is before it and leaves what is
 * after it. Without a `sep`, all is returned and `*rest` is left empty. */
struct span span_cut(struct span *rest, char sep);

/* The decimal number that is the whole of `s`: digits only, 1..20 of them, at
 * most `max`. 0, ERR_SYNTAX, or ERR_LIMIT when it is larger than `max`. */
int span_u64(uint64_t *out, struct span s, uint64_t max);

/* Equal in constant time for equal lengths: for secrets. */
bool span_eq_secret(struct span a, struct span b);

/* Copies `s` into `dst` with a NUL after it; cut to fit `size` (> 0). Returns
 * how many octets were copied. */
size_t span_copy(char *dst, size_t size, struct span s);

/* Copies `s` to `at`, where there is room for it, without a NUL: the place
 * after it. Inline, so that a literal costs no call. */
static inline char *span_put(char *at, struct span s)
{
    if (s.n)
        memcpy(at, s.p, s.n);
    return at + s.n;
}

/* The same at `*at`, which moves on: the copy. */
static inline struct span span_keep(char **at, struct span s)
{
    struct span kept = span_of(*at, s.n);

    *at = span_put(*at, s);
    return kept;
}

/* Decimal digits of `v` into `dst` (room for 20, no NUL); how many. */
size_t u64_text(char *dst, uint64_t v);

/* 2 * n lower-case hex digits of `data` into `dst` (no NUL). */
void hex_text(char *dst, const void *data, size_t n);

/* base64url without padding into `dst` (room for (n * 4 + 2) / 3, no NUL);
 * how many characters. */
size_t base64url_text(char *dst, const void *data, size_t n);

#endif
