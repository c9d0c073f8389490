/* SPDX-License-Identifier: BSD-2-Clause */
#include "json_check.h"

enum { DEPTH_MAX = 16 };

static bool value(struct span *s, unsigned depth);

static void skip_space(struct span *s)
{
    while (s->n && strchr(" \t\r\n", *s->p))
        *s = span_from(*s, 1);
}

/* Takes `what` from the front. */
static bool take(struct span *s, struct span what)
{
    if (!span_starts(*s, what))
        return false;
    *s = span_from(*s, what.n);
    return true;
}

static bool take_digits(struct span *s)
{
    size_t n = 0;

    while (n < s->n && char_is_digit(s->p[n]))
        n++;
    *s = span_from(*s, n);
    return n > 0;
}

static bool number(struct span *s)
{
    (void)take(s, SPAN("-"));
    if (!take(s, SPAN("0")) && !take_digits(s))
        return false;
    if (take(s, SPAN(".")) && !take_digits(s))
        return false;
    if (!take(s, SPAN("e")) && !take(s, SPAN("E")))
        return true;
    if (!take(s, SPAN("+")))
        (void)take(s, SPAN("-"));
    return take_digits(s);
}

static bool escape(struct span *s)
{
    if (take(s, SPAN("u"))) {
        bool ok = s->n >= 4 && span_is_hex(span_of(s->p, 4));

        *s = span_from(*s, ok ? 4 : 0);
        return ok;
    }
    if (s->n == 0 || span_find(SPAN("\"\\/bfnrt"), *s->p) == 8)
        return false;
    *s = span_from(*s, 1);
    return true;
}

static bool string(struct span *s)
{
    if (!take(s, SPAN("\"")))
        return false;
    while (s->n && *s->p != '"') {
        if ((unsigned char)*s->p < ' ')
            return false;
        if (take(s, SPAN("\\"))) {
            if (!escape(s))
                return false;
        } else {
            *s = span_from(*s, 1);
        }
    }
    return take(s, SPAN("\""));
}

static bool member(struct span *s, unsigned depth)
{
    skip_space(s);
    if (!string(s))
        return false;
    skip_space(s);
    return take(s, SPAN(":")) && value(s, depth);
}

/* Behind the opening bracket. */
static bool group(struct span *s, struct span close,
                  bool (*item)(struct span *, unsigned), unsigned depth)
{
    skip_space(s);
    if (take(s, close))
        return true;
    do
        if (depth == DEPTH_MAX || !item(s, depth + 1))
            return false;
    while (take(s, SPAN(",")));
    return take(s, close);
}

static bool value(struct span *s, unsigned depth)
{
    bool ok;

    skip_space(s);
    if (take(s, SPAN("{")))
        ok = group(s, SPAN("}"), member, depth);
    else if (take(s, SPAN("[")))
        ok = group(s, SPAN("]"), value, depth);
    else if (s->n && *s->p == '"')
        ok = string(s);
    else
        ok = take(s, SPAN("true")) || take(s, SPAN("false")) ||
             take(s, SPAN("null")) || number(s);
    skip_space(s);
    return ok;
}

bool json_check(struct span text)
{
    return value(&text, 0) && text.n == 0;
}
