/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng_flags.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct span *rest)
{
    while (rest->n && is_blank(rest->p[0]))
        *rest = span_from(*rest, 1);
}

struct span ng_flags_word(struct span *rest)
{
    struct span word;
    size_t n = 0;

    skip_blanks(rest);
    while (n < rest->n && !is_blank(rest->p[n]))
        n++;
    word = span_of(rest->p, n);
    *rest = span_from(*rest, n);
    return word;
}

/* "[a [b c] d]" off the front of *rest, without the outer brackets. What has no
 * closing bracket goes to the end. */
static struct span take_brackets(struct span *rest)
{
    struct span inside;
    size_t depth = 0, n = 0;

    do {
        if (rest->p[n] == '[')
            depth++;
        else if (rest->p[n] == ']')
            depth--;
        n++;
    } while (depth && n < rest->n);
    inside = span_of(rest->p + 1, n - 1 - (depth ? 0 : 1));
    *rest = span_from(*rest, n);
    return inside;
}

bool ng_flags_next(struct ng_flag *out, struct span *rest)
{
    size_t n = 0;

    skip_blanks(rest);
    if (rest->n == 0)
        return false;
    while (n < rest->n && rest->p[n] != '=' && !is_blank(rest->p[n]))
        n++;
    out->key = span_of(rest->p, n);
    out->value = SPAN("");
    out->has_value = n < rest->n && rest->p[n] == '=';
    *rest = span_from(*rest, n);
    if (!out->has_value)
        return true;
    *rest = span_from(*rest, 1);
    if (rest->n && rest->p[0] == '[')
        out->value = take_brackets(rest);
    else if (rest->n && !is_blank(rest->p[0]))
        out->value = ng_flags_word(rest);
    return true;
}
