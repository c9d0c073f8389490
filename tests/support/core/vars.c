/* SPDX-License-Identifier: BSD-2-Clause */
#include "vars.h"

#include "cmocka_all.h"
#include "link.h"
#include "rig.h"

const struct var *vars_find(const struct vars *v, struct span name)
{
    for (size_t i = 0; i < v->n; i++)
        if (span_eq(span_str(v->var[i].name), name))
            return &v->var[i];
    return NULL;
}

void vars_set(struct vars *v, struct span name, struct span value)
{
    struct var *var = (struct var *)(uintptr_t)vars_find(v, name);

    if (!var) {
        assert_true(v->n < VARS_MAX);
        var = &v->var[v->n++];
        assert_true(name.n > 0 && name.n < sizeof var->name);
        (void)span_copy(var->name, sizeof var->name, name);
    }
    assert_true(value.n < sizeof var->value);
    var->n = span_copy(var->value, sizeof var->value, value);
}

/* --- the pieces of a line --- */

enum piece_type { PIECE_OCTET, PIECE_VAR, PIECE_PATTERN };

struct piece {
    enum piece_type type;
    char octet;
    struct span name;
    uint64_t from, to;
};

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static unsigned hex_value(char c)
{
    assert_true((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* `{5-900}` at the front of s: its octets, or 0. */
static size_t read_pattern(struct piece *p, struct span s)
{
    size_t end = span_find(s, '}');
    struct span from, to;

    if (s.p[0] != '{' || end == s.n)
        return 0;
    to = span_of(s.p + 1, end - 1);
    from = span_cut(&to, '-');
    if (span_u64(&p->from, from, UINT32_MAX) != 0 ||
        span_u64(&p->to, to, UINT32_MAX) != 0)
        return 0;
    p->type = PIECE_PATTERN;
    return end + 1;
}

/* Cuts the next piece off the line; false at its end. */
static bool next_piece(struct piece *p, struct span *line)
{
    size_t n;

    *p = (struct piece){.type = PIECE_OCTET};
    if (line->n == 0)
        return false;
    if (line->p[0] == '$' && line->n > 1 && is_letter(line->p[1])) {
        for (n = 1; n < line->n && is_name(line->p[n]); n++)
            ;
        p->type = PIECE_VAR;
        p->name = span_of(line->p + 1, n - 1);
    } else if (line->p[0] == '\\') {
        n = line->n > 1 && line->p[1] == 'x' ? 4 : 2;
        assert_true(n <= line->n);
        p->octet = line->p[1];
        if (n == 4)
            p->octet =
                (char)(hex_value(line->p[2]) << 4 | hex_value(line->p[3]));
    } else {
        n = read_pattern(p, *line);
        if (n == 0)
            p->octet = line->p[n++];
    }
    *line = span_from(*line, n);
    return true;
}

/* Cuts off the backslash at the end that says "no CRLF": was there one? */
static bool cut_backslash(struct span *line)
{
    size_t n = 0;

    while (n < line->n && line->p[line->n - 1 - n] == '\\')
        n++;
    line->n -= n % 2;
    return n % 2 == 1;
}

/* --- both directions --- */

static size_t put(char *dst, size_t size, size_t n, struct span s)
{
    assert_true(s.n <= size - n);
    if (s.n)
        memcpy(dst + n, s.p, s.n);
    return n + s.n;
}

size_t vars_expand(const struct vars *v, char *dst, size_t size,
                   struct span line)
{
    bool open = cut_backslash(&line);
    const struct var *var;
    struct piece p;
    size_t n = 0;

    while (next_piece(&p, &line)) {
        switch (p.type) {
        case PIECE_OCTET:
            n = put(dst, size, n, span_of(&p.octet, 1));
            break;
        case PIECE_VAR:
            var = vars_find(v, p.name);
            if (!var)
                fail_msg("$%.*s is not set", SPAN_ARG(p.name));
            else
                n = put(dst, size, n, span_of(var->value, var->n));
            break;
        case PIECE_PATTERN:
            assert_true(p.to - p.from < size - n);
            rig_pattern(dst + n, p.from, p.to);
            n += p.to - p.from + 1;
            break;
        }
    }
    return open ? n : put(dst, size, n, SPAN("\r\n"));
}

static bool cut_off(struct span *text, struct span s)
{
    if (!span_starts(*text, s))
        return false;
    *text = span_from(*text, s.n);
    return true;
}

/* Characters that a token, tid or nonce of the relay may have. */
static bool is_captured(char c)
{
    return (c >= 'A' && c <= 'Z') || is_name(c) || c == '-';
}

static bool capture(struct vars *v, struct span name, struct span *text)
{
    size_t n = 0;
    struct span value;

    while (n < text->n && is_captured(text->p[n]))
        n++;
    value = span_of(text->p, n);
    if (span_starts(name, SPAN("tid"))) {
        if (n != TID_LEN)
            return false;
        for (size_t i = 0; i < v->n; i++)
            if (span_eq(span_of(v->var[i].value, v->var[i].n), value))
                return false;
    }
    vars_set(v, name, value);
    *text = span_from(*text, n);
    return n > 0;
}

static bool match_pattern(struct span *text, const struct piece *p)
{
    for (uint64_t i = p->from; i <= p->to; i++) {
        char c;

        rig_pattern(&c, i, i);
        if (!cut_off(text, span_of(&c, 1)))
            return false;
    }
    return true;
}

bool vars_match(struct vars *v, struct span *text, struct span line)
{
    bool open = cut_backslash(&line), same = true;
    const struct var *var;
    struct piece p;

    while (same && next_piece(&p, &line)) {
        switch (p.type) {
        case PIECE_OCTET:
            same = cut_off(text, span_of(&p.octet, 1));
            break;
        case PIECE_VAR:
            var = vars_find(v, p.name);
            same = var ? cut_off(text, span_of(var->value, var->n))
                       : capture(v, p.name, text);
            break;
        case PIECE_PATTERN:
            same = match_pattern(text, &p);
            break;
        }
    }
    return same && (open || cut_off(text, SPAN("\r\n")));
}
