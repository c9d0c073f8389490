/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON library refuses a whole text for a number that it cannot hold, and
 * for a NUL in a name. RFC 8259 has both, and what we do not know is ignored
 * they are changed before it reads them. What is wrong stays wrong. */
#include "ng_private.h"

#define DIGITS "0123456789"

/* Cuts off what is of these characters. */
static struct span take_run(struct span *rest, const char *chars)
{
    struct span run = span_of(rest->p, 0);

    while (run.n < rest->n && rest->p[run.n] && strchr(chars, rest->p[run.n]))
        run.n++;
    *rest = span_from(*rest, run.n);
    return run;
}

/* --- numbers --- */

/* Digits beyond 64 bits become the largest that there are. One zero too many in
 * front is wrong, and stays. */
static void put_digits(struct text *out, struct span digits)
{
    uint64_t value;

    if (digits.n > 18 && digits.p[0] != '0' &&
        span_u64(&value, digits, INT64_MAX) != 0)
        text_put_u64(out, INT64_MAX);
    else
        text_put(out, digits);
}

/* In the same form. The value of one that is no integer does not matter
 * (ng_json.h): its fraction and exponent become zero. */
static void put_number(struct text *out, struct span *rest)
{
    struct span marks;

    text_put(out, take_run(rest, "-"));
    put_digits(out, take_run(rest, DIGITS));
    while ((marks = take_run(rest, "+-.eE")).n) {
        text_put(out, marks);
        if (take_run(rest, DIGITS).n)
            text_put(out, SPAN("0"));
    }
}

/* --- strings --- */

/* Cuts off the string that begins here, with its quotes. */
static struct span take_string(struct span *rest)
{
    struct span s = *rest;
    size_t n = 1;

    while (n < s.n && s.p[n] != '"')
        n += s.p[n] == '\\' ? 2 : 1;
    n = n < s.n ? n + 1 : s.n;
    *rest = span_from(s, n);
    return span_of(s.p, n);
}

/* A name with a NUL is none that we know: neither is one with another control
 * in its place. */
static void put_name(struct text *out, struct span name)
{
    const struct span nul = SPAN("\\u0000");

    while (name.n) {
        size_t n = name.p[0] == '\\' && name.n > 1 ? 2 : 1;

        if (span_starts(name, nul)) {
            text_put(out, SPAN("\\u0001"));
            n = nul.n;
        } else {
            text_put(out, span_of(name.p, n));
        }
        name = span_from(name, n);
    }
}

static void put_string(struct text *out, struct span *rest)
{
    struct span s = take_string(rest);
    struct span space = take_run(rest, " \t\r\n");

    if (rest->n && rest->p[0] == ':')
        put_name(out, s);
    else
        text_put(out, s);
    text_put(out, space);
}

void ng_json_tame(struct text *out, struct span document)
{
    struct span rest = document;

    while (rest.n && !out->err) {
        if (rest.p[0] == '"') {
            put_string(out, &rest);
        } else if (rest.p[0] == '-' || char_is_digit(rest.p[0])) {
            put_number(out, &rest);
        } else {
            text_put(out, span_of(rest.p, 1));
            rest = span_from(rest, 1);
        }
    }
}
