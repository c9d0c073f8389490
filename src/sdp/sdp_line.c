/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp_line.h"

#include "err.h"

bool sdp_line_next(struct sdp_line *out, struct span *rest)
{
    size_t at = span_find(*rest, '\n');
    size_t n = at;

    if (rest->n == 0)
        return false;
    if (at == rest->n) {
        out->text = *rest;
        out->end = span_from(*rest, at);
        *rest = span_from(*rest, at);
        return true;
    }
    if (n > 0 && rest->p[n - 1] == '\r')
        n--;
    out->text = span_of(rest->p, n);
    out->end = span_of(rest->p + n, at + 1 - n);
    *rest = span_from(*rest, at + 1);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Cuts what is not blank off the front of *rest, and blanks before it. */
static struct span take_word(struct span *rest)
{
    size_t from = 0, to;

    while (from < rest->n && is_blank(rest->p[from]))
        from++;
    for (to = from; to < rest->n && !is_blank(rest->p[to]); to++)
        ;
    rest->n -= to;
    rest->p += to;
    return span_of(rest->p - (to - from), to - from);
}

int sdp_media_parse(struct sdp_media *out, struct span line)
{
    struct span rest, port;
    size_t digits = 0;

    if (!span_starts(line, SPAN("m=")))
        return ERR_SYNTAX;
    rest = span_from(line, 2);
    out->media = take_word(&rest);
    port = take_word(&rest);
    out->protocol = take_word(&rest);
    while (digits < port.n && char_is_digit(port.p[digits]))
        digits++;
    if (digits == 0 || (digits < port.n && port.p[digits] != '/') ||
        out->protocol.n == 0)
        return ERR_SYNTAX;
    out->port = span_of(port.p, digits);
    return 0;
}
