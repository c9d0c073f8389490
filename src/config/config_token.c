/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_token.h"

static struct span drop(struct config_lexer *l, size_t n)
{
    struct span text = span_of(l->rest.p, n);

    for (size_t i = 0; i < n; i++)
        l->line += text.p[i] == '\n';
    l->rest = span_from(l->rest, n);
    return text;
}

static bool config_token_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The length of the comment at the front of s, or 0. */
static size_t comment_run(struct span s)
{
    size_t n;

    if (s.p[0] == '#' || span_starts(s, SPAN("//")))
        return span_find(s, '\n');
    if (!span_starts(s, SPAN("/*")))
        return 0;
    for (n = 2; n < s.n; n++)
        if (span_starts(span_from(s, n), SPAN("*/")))
            return n + 2;
    return s.n;
}

static void drop_blanks(struct config_lexer *l)
{
    while (l->rest.n) {
        size_t n =
            config_token_is_blank(l->rest.p[0]) ? 1 : comment_run(l->rest);

        if (!n)
            return;
        drop(l, n);
    }
}

static size_t config_token_string_run(struct span s, bool *is_closed)
{
    *is_closed = false;
    for (size_t n = 1; n < s.n; n++) {
        if (s.p[n] == '"') {
            *is_closed = true;
            return n + 1;
        }
        if (s.p[n] == '\\' && n + 1 < s.n)
            n++;
    }
    return s.n;
}

static bool is_word(char c)
{
    return char_is_alpha(c) || char_is_digit(c) || c == '_' || c == '-' ||
           c == '*';
}

static size_t name_run(struct span s)
{
    size_t n = 0;

    if (!char_is_alpha(s.p[0]) && s.p[0] != '*')
        return 0;
    while (n < s.n && is_word(s.p[n]))
        n++;
    return n;
}

/* Whether the number is a good one does not matter: libconfig knew. */
static size_t config_token_number_run(struct span s)
{
    size_t n = s.p[0] == '-' || s.p[0] == '+';
    bool has_point = false;

    if (n == s.n || (!char_is_digit(s.p[n]) && s.p[n] != '.'))
        return 0;
    for (; n < s.n; n++) {
        char before = char_lower(s.p[n - (n > 0)]);

        if (s.p[n] == '.' && !has_point)
            has_point = true;
        else if (char_hex(s.p[n]) < 0 && char_lower(s.p[n]) != 'x' &&
                 s.p[n] != 'L' &&
                 !((s.p[n] == '-' || s.p[n] == '+') && before == 'e'))
            break;
    }
    return n;
}

static bool is_truth(struct span s)
{
    return span_ieq(s, SPAN("true")) || span_ieq(s, SPAN("false"));
}

static size_t token_run(enum config_token_type *type, struct span s)
{
    bool is_closed;
    size_t n;

    if (s.p[0] == '"') {
        n = config_token_string_run(s, &is_closed);
        *type = is_closed ? CONFIG_TOKEN_STRING : CONFIG_TOKEN_UNCLOSED;
        return n;
    }
    n = name_run(s);
    *type = is_truth(span_of(s.p, n)) ? CONFIG_TOKEN_SCALAR : CONFIG_TOKEN_NAME;
    if (n)
        return n;
    n = config_token_number_run(s);
    *type = n ? CONFIG_TOKEN_SCALAR : CONFIG_TOKEN_SIGN;
    return n ? n : 1;
}

struct config_token config_token_take(struct config_lexer *l)
{
    struct config_token t = {.type = CONFIG_TOKEN_END};
    size_t n = 0;

    drop_blanks(l);
    t.line = l->line;
    if (l->rest.n)
        n = token_run(&t.type, l->rest);
    t.text = drop(l, n);
    t.end_line = l->line;
    return t;
}

bool config_token_is(const struct config_token *t, char sign)
{
    return t->type == CONFIG_TOKEN_SIGN && t->text.p[0] == sign;
}
