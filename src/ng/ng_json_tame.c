/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON library refuses a whole text for a number that it cannot hold, and
 * for a NUL in a name. RFC 8259 has both, and what we do not know is ignored
 * they are changed before it reads them. What is wrong stays wrong. */
#include "ng_private.h"

struct tamer {
    struct text *out;
    struct span rest;
    uint64_t objects; /* a bit for each level: is it an object? */
    unsigned depth;
    bool name_next; /* a string would be the name of a member */
};

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

/* The same form with few digits: its value does not matter (ng_json.h). */
static void put_real(struct text *out, struct span number)
{
    enum { SHOWS_LEADING_ZERO = 2 };
    size_t keep = SHOWS_LEADING_ZERO;

    while (number.n) {
        struct span digits = take_run(&number, "0123456789");
        bool is_exponent;

        text_put(out, span_of(digits.p, digits.n < keep ? digits.n : keep));
        if (number.n == 0)
            return;
        is_exponent = number.p[0] == 'e' || number.p[0] == 'E';
        text_put(out, take_run(&number, is_exponent ? "eE" : "+-."));
        if (digits.n > 0)
            keep = 1;
        if (!is_exponent)
            continue;
        text_put(out, take_run(&number, "+-"));
        if (take_run(&number, "0123456789").n)
            text_put(out, SPAN("0"));
    }
}

/* One beyond 64 bits becomes the largest that there is. */
static void put_integer(struct text *out, struct span number)
{
    struct span digits;
    uint64_t value;

    text_put(out, take_run(&number, "-"));
    digits = take_run(&number, "0123456789");
    if (digits.n < 19 || digits.p[0] == '0' ||
        span_u64(&value, digits, INT64_MAX) == 0)
        text_put(out, digits);
    else
        text_put_u64(out, INT64_MAX);
    text_put(out, number);
}

static void put_number(struct tamer *t)
{
    struct span number = take_run(&t->rest, "0123456789+-.eE");

    if (span_find(number, '.') < number.n ||
        span_find(number, 'e') < number.n || span_find(number, 'E') < number.n)
        put_real(t->out, number);
    else
        put_integer(t->out, number);
}

/* --- strings --- */

/* How long the string is that begins here, with its quotes. */
static size_t string_length(struct span s)
{
    size_t n = 1;

    while (n < s.n && s.p[n] != '"')
        n += s.p[n] == '\\' ? 2 : 1;
    return n < s.n ? n + 1 : s.n;
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

static void put_string(struct tamer *t)
{
    struct span s = span_of(t->rest.p, string_length(t->rest));

    t->rest = span_from(t->rest, s.n);
    if (t->name_next)
        put_name(t->out, s);
    else
        text_put(t->out, s);
    t->name_next = false;
}

/* --- what is around them --- */

static void put_mark(struct tamer *t, char c)
{
    uint64_t bit = UINT64_C(1) << (t->depth & 63);

    if (c == '{' || c == '[') {
        t->depth++;
        bit = UINT64_C(1) << (t->depth & 63);
        t->objects = c == '{' ? t->objects | bit : t->objects & ~bit;
        t->name_next = c == '{';
    } else if (c == '}' || c == ']') {
        t->depth--;
    } else if (c == ',') {
        t->name_next = t->objects & bit;
    }
    text_put(t->out, span_of(t->rest.p, 1));
    t->rest = span_from(t->rest, 1);
}

void ng_json_tame(struct text *out, struct span document)
{
    struct tamer t = {.out = out, .rest = document};

    while (t.rest.n && !out->err) {
        char c = t.rest.p[0];

        if (c == '"')
            put_string(&t);
        else if (c == '-' || char_is_digit(c))
            put_number(&t);
        else
            put_mark(&t, c);
    }
}
