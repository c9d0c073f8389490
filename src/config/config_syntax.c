/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_syntax.h"

#include <stdio.h>

#include "config_token.h"
#include "log.h"

enum { DEPTH_MAX = 64, SEEN_MAX = 48, KEY_MAX = 128, HINT_MAX = 512 };

/* What may come next. */
enum want {
    WANT_NAME,   /* or the end of the group */
    WANT_EQUALS, /* after a name */
    WANT_FIRST,  /* item of a list or an array, or its end */
    WANT_VALUE,
    WANT_MORE, /* after a value */
};

/* What is open: the text itself, which has no `open`, or brackets. */
struct scope {
    struct config_token open;
    struct config_lexer start; /* the text after it */
    struct span name;          /* of the setting; empty for items of a list */
};

struct walk {
    struct config_report *report;
    const struct config_source *source;
    size_t part;
    unsigned line; /* at which libconfig gave up */
    struct config_lexer lexer;
    struct scope scopes[DEPTH_MAX];
    size_t depth;
    enum want want;
    struct config_token token, last; /* now, and the one before */
    struct span name;                /* of the setting that is read */
    unsigned long_string; /* where the last string of several lines begins */
};

enum step { STEP_ON, STEP_REPORTED, STEP_LOST };

static const struct scope *inner(const struct walk *w)
{
    return &w->scopes[w->depth - 1];
}

static bool is_top(const struct walk *w)
{
    return w->depth == 1;
}

/* Is it the text itself, or a group? */
static bool has_names(const struct walk *w)
{
    return is_top(w) || config_token_is(&inner(w)->open, '{');
}

static char closer(const struct walk *w)
{
    switch (inner(w)->open.text.p[0]) {
    case '{':
        return '}';
    case '(':
        return ')';
    default:
        return ']';
    }
}

/* --- faults --- */

static struct config_place place_at(const struct walk *w, unsigned line)
{
    return config_source_place(w->source, w->part, line);
}

static bool is_unquoted(char c)
{
    return c > ' ' && !strchr("\";,{}()[]=", c);
}

/* The token with all that was probably meant to be one string with it, such as
 * the rest of a host name. */
static struct span whole_word(const struct walk *w)
{
    struct span s = w->token.text, rest = w->lexer.rest;

    while (rest.n && is_unquoted(rest.p[0])) {
        s.n++;
        rest = span_from(rest, 1);
    }
    return s;
}

/* "end of file", or what is there in quotes. */
static const char *seen_text(char dst[SEEN_MAX], const struct walk *w)
{
    struct span text = w->token.text;

    if (w->token.type == CONFIG_TOKEN_END) {
        snprintf(dst, SEEN_MAX, "the end of the file");
        return dst;
    }
    if (w->token.type == CONFIG_TOKEN_STRING)
        text = span_of(text.p + 1, text.n - 2);
    return log_escape(dst, SEEN_MAX, text);
}

/* The probable cause, or "". */
static const char *hint_text(char dst[HINT_MAX], const struct walk *w)
{
    struct config_place at;

    dst[0] = '\0';
    if (w->long_string) {
        at = place_at(w, w->long_string);
        snprintf(dst, HINT_MAX, "; is the quote in %s:%u closed?", at.file,
                 at.line);
    } else if (!is_top(w) && w->want != WANT_EQUALS) {
        at = place_at(w, inner(w)->open.line);
        snprintf(dst, HINT_MAX, "; %s:%u opens the %c", at.file, at.line,
                 inner(w)->open.text.p[0]);
    }
    return dst;
}

static bool is_where_libconfig_ended(const struct walk *w)
{
    return w->token.type == CONFIG_TOKEN_END || w->token.end_line == w->line;
}

static enum step refuse(const struct walk *w, const char *wanted)
{
    char seen[SEEN_MAX], hint[HINT_MAX];

    if (!is_where_libconfig_ended(w))
        return STEP_LOST;
    if (w->token.type == CONFIG_TOKEN_UNCLOSED)
        config_report(w->report, place_at(w, w->token.line),
                      "syntax error: the string has no closing quote%s",
                      w->long_string ? hint_text(hint, w) : "");
    else
        config_report(w->report, place_at(w, w->token.line),
                      "syntax error: expected %s, not %s%s", wanted,
                      seen_text(seen, w), hint_text(hint, w));
    return STEP_REPORTED;
}

/* Does it begin with an octet that is not ASCII, such as a typographic quote?
 */
static bool is_foreign(const struct walk *w)
{
    return w->token.type == CONFIG_TOKEN_SIGN &&
           ((unsigned char)w->token.text.p[0] & 0x80);
}

static enum step refuse_value(const struct walk *w)
{
    char seen[SEEN_MAX];

    if (w->token.type != CONFIG_TOKEN_NAME && !is_foreign(w))
        return refuse(w, "a value");
    if (!is_where_libconfig_ended(w))
        return STEP_LOST;
    config_report(w->report, place_at(w, w->token.line),
                  "syntax error: expected a value; a string needs %squotes: %s",
                  is_foreign(w) ? "straight " : "",
                  log_escape(seen, sizeof seen, whole_word(w)));
    return STEP_REPORTED;
}

/* What may come after a value. */
static enum step refuse_more(const struct walk *w)
{
    char wanted[32];

    if (is_top(w))
        return refuse(w, "; or the next setting");
    if (has_names(w))
        return refuse(w, "; or }");
    snprintf(wanted, sizeof wanted, ", or %c", closer(w));
    return refuse(w, wanted);
}

/* --- keys that are there twice --- */

/* Where the scope had the name before; 0 when it had not. */
static unsigned first_line(const struct walk *w)
{
    struct config_lexer l = inner(w)->start;
    size_t depth = 0;

    for (;;) {
        struct config_token t = config_token_take(&l);

        if (t.type == CONFIG_TOKEN_END || t.text.p == w->token.text.p)
            return 0;
        if (t.type == CONFIG_TOKEN_NAME && depth == 0 &&
            span_eq(t.text, w->token.text))
            return t.line;
        if (t.type != CONFIG_TOKEN_SIGN)
            continue;
        if (strchr("{([", t.text.p[0]))
            depth++;
        else if (strchr("})]", t.text.p[0]))
            depth--;
    }
}

static void key_text(char dst[KEY_MAX], const struct walk *w)
{
    size_t n = 0;

    for (size_t i = 1; i < w->depth && n < KEY_MAX; i++)
        if (w->scopes[i].name.n)
            n += (size_t)snprintf(dst + n, KEY_MAX - n, "%.*s.",
                                  SPAN_ARG(w->scopes[i].name));
    if (n < KEY_MAX)
        snprintf(dst + n, KEY_MAX - n, "%.*s", SPAN_ARG(w->token.text));
}

static enum step take_name(struct walk *w)
{
    unsigned before = w->token.line == w->line ? first_line(w) : 0;
    struct config_place at;
    char key[KEY_MAX];

    if (before) {
        at = place_at(w, before);
        key_text(key, w);
        config_report(w->report, place_at(w, w->token.line),
                      "duplicate key %s: %s:%u has it already", key, at.file,
                      at.line);
        return STEP_REPORTED;
    }
    w->name = w->token.text;
    w->want = WANT_EQUALS;
    return STEP_ON;
}

/* --- the grammar --- */

static enum step open_scope(struct walk *w)
{
    if (w->depth == DEPTH_MAX)
        return STEP_LOST;
    w->scopes[w->depth] =
        (struct scope){w->token, w->lexer, has_names(w) ? w->name : SPAN("")};
    w->depth++;
    w->want = has_names(w) ? WANT_NAME : WANT_FIRST;
    return STEP_ON;
}

static enum step close_scope(struct walk *w)
{
    w->depth--;
    w->want = WANT_MORE;
    return STEP_ON;
}

static bool is_close(const struct walk *w)
{
    return !is_top(w) && config_token_is(&w->token, closer(w));
}

static enum step on_name(struct walk *w)
{
    if (w->token.type == CONFIG_TOKEN_NAME)
        return take_name(w);
    if (is_close(w))
        return close_scope(w);
    return refuse(w, is_top(w) ? "the name of a setting"
                               : "the name of a setting or }");
}

static enum step on_equals(struct walk *w)
{
    if (!config_token_is(&w->token, '=') && !config_token_is(&w->token, ':'))
        return refuse(w, "= or : after the name of a setting");
    w->want = WANT_VALUE;
    return STEP_ON;
}

static enum step on_value(struct walk *w)
{
    bool is_array = !is_top(w) && config_token_is(&inner(w)->open, '[');

    if (w->token.type == CONFIG_TOKEN_STRING ||
        w->token.type == CONFIG_TOKEN_SCALAR) {
        w->want = WANT_MORE;
        return STEP_ON;
    }
    if (!is_array &&
        (config_token_is(&w->token, '{') || config_token_is(&w->token, '(') ||
         config_token_is(&w->token, '[')))
        return open_scope(w);
    return refuse_value(w);
}

static enum step on_more(struct walk *w)
{
    if (w->token.type == CONFIG_TOKEN_STRING &&
        w->last.type == CONFIG_TOKEN_STRING)
        return STEP_ON; /* they are joined */
    if (is_close(w))
        return close_scope(w);
    if (config_token_is(&w->token, ',') ||
        (has_names(w) && config_token_is(&w->token, ';'))) {
        w->want = has_names(w) ? WANT_NAME : WANT_VALUE;
        return STEP_ON;
    }
    if (has_names(w) && w->token.type == CONFIG_TOKEN_NAME)
        return take_name(w);
    return refuse_more(w);
}

static enum step walk_step(struct walk *w)
{
    bool is_end = w->token.type == CONFIG_TOKEN_END;

    switch (w->want) {
    case WANT_NAME:
        return is_end && is_top(w) ? STEP_LOST : on_name(w);
    case WANT_EQUALS:
        return on_equals(w);
    case WANT_FIRST:
        return is_close(w) ? close_scope(w) : on_value(w);
    case WANT_VALUE:
        return on_value(w);
    case WANT_MORE:
        return is_end && is_top(w) ? STEP_LOST : on_more(w);
    }
    return STEP_LOST;
}

bool config_syntax_explain(struct config_report *r,
                           const struct config_source *s, size_t part,
                           unsigned line)
{
    struct walk w = {
        .report = r,
        .source = s,
        .part = part,
        .line = line,
        .lexer = {config_source_text(s, part), 1},
        .depth = 1,
        .want = WANT_NAME,
    };
    enum step step = STEP_ON;

    w.scopes[0].start = w.lexer;
    while (step == STEP_ON) {
        w.last = w.token;
        w.token = config_token_take(&w.lexer);
        step = walk_step(&w);
        if (w.token.type == CONFIG_TOKEN_STRING &&
            w.token.line != w.token.end_line)
            w.long_string = w.token.line;
    }
    return step == STEP_REPORTED;
}
