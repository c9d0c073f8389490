/* SPDX-License-Identifier: BSD-2-Clause */
#include "log_format.h"

#include <assert.h>

#include "clock.h"
#include "json.h"

const char *const log_format_names[] = {
    [LOG_FORMAT_TEXT] = "text",
    [LOG_FORMAT_JSON] = "json",
    [LOG_FORMAT_JSON + 1] = NULL,
};

enum {
    FIELD_NAME_MAX = 48
}; /* octets of a field's name; longer ones are words */

/* A word of the text, or a field. */
struct token {
    struct span name; /* empty: a word */
    struct span value;
    bool is_quoted; /* `value` is what was between the quotes */
    bool is_cut;    /* ... and `...` came after them */
};

/* --- taking the text apart --- */

static bool is_name(char c)
{
    return char_is_alpha(c) || char_is_digit(c) || c == '_' || c == '-' ||
           c == '.';
}

/* How many octets a field's name at the head of `text` has; 0: it is a word. */
static size_t name_len(struct span text)
{
    size_t n = 0;

    while (n < text.n && is_name(text.p[n]))
        n++;
    return n < text.n && n <= FIELD_NAME_MAX && text.p[n] == '=' ? n : 0;
}

/* Up to the closing quote, of which none is inside; the text may have been cut
 * before it. */
static void take_quoted(struct token *t, struct span *text)
{
    struct span rest = span_from(*text, 1);

    t->is_quoted = true;
    t->value = span_of(rest.p, span_find(rest, '"'));
    rest = span_from(rest, t->value.n);
    if (rest.n)
        rest = span_from(rest, 1);
    t->is_cut = span_starts(rest, SPAN("..."));
    *text = t->is_cut ? span_from(rest, 3) : rest;
}

/* The next one; false at the end. */
static bool take_token(struct token *t, struct span *text)
{
    size_t n;

    while (text->n && *text->p == ' ')
        *text = span_from(*text, 1);
    if (!text->n)
        return false;
    *t = (struct token){0};
    n = name_len(*text);
    if (n) {
        t->name = span_of(text->p, n);
        *text = span_from(*text, n + 1);
    }
    if (text->n && *text->p == '"') {
        take_quoted(t, text);
    } else {
        t->value = span_of(text->p, span_find(*text, ' '));
        *text = span_from(*text, t->value.n);
    }
    return true;
}

/* The value as it was before log_escape(), into dst, which is no shorter than
 * the text. */
static size_t put_value(char *dst, const struct token *t)
{
    struct span v = t->value;
    size_t n = 0;

    while (v.n) {
        bool escaped = t->is_quoted && v.n >= 4 && v.p[0] == '\\' &&
                       v.p[1] == 'x' && char_hex(v.p[2]) >= 0 &&
                       char_hex(v.p[3]) >= 0;

        dst[n++] =
            escaped ? (char)(char_hex(v.p[2]) << 4 | char_hex(v.p[3])) : v.p[0];
        v = span_from(v, escaped ? 4 : 1);
    }
    if (t->is_cut) {
        memcpy(dst + n, "...", 3);
        n += 3;
    }
    return n;
}

/* --- numbers --- */

/* Does a conversion that `fmt` goes on with write a number? */
static bool writes_number(const char *fmt)
{
    fmt += strspn(fmt, "0123456789.*lzhj");
    return *fmt == 'u' || *fmt == 'd';
}

static bool is_number(struct span name, const char *fmt)
{
    for (const char *at = fmt; (at = strchr(at, '=')); at++) {
        const char *from = at - name.n;

        if (at[1] != '%' || (size_t)(at - fmt) < name.n ||
            (from > fmt && from[-1] != ' '))
            continue;
        if (span_eq(span_of(from, name.n), name))
            return writes_number(at + 2);
    }
    return false;
}

/* --- the object --- */

/* All words, with a blank between them. */
static struct span event_of(char *dst, struct span text)
{
    struct span first = {0};
    struct token t;
    size_t n = 0;

    while (take_token(&t, &text)) {
        if (t.name.n) {
            first = first.n ? first : t.name;
            continue;
        }
        if (n)
            dst[n++] = ' ';
        n += put_value(dst + n, &t);
    }
    return n ? span_of(dst, n) : first;
}

static void put_field(struct json *j, const struct token *t, const char *fmt)
{
    char value[LOG_FORMAT_TEXT_MAX], name[FIELD_NAME_MAX + 1];
    struct span v = span_of(value, put_value(value, t));
    bool minus = v.n > 1 && *v.p == '-';
    uint64_t number;

    (void)span_copy(name, sizeof name, t->name);
    if (t->is_quoted || !is_number(t->name, fmt) ||
        span_u64(&number, span_from(v, minus), INT64_MAX) != 0)
        json_str(j, name, v);
    else if (minus)
        json_i64(j, name, -(int64_t)number);
    else
        json_u64(j, name, number);
}

struct span log_format_json(char *dst, const struct log_entry *e)
{
    char event[LOG_FORMAT_TEXT_MAX], when[CLOCK_TEXT_MAX];
    struct span text = e->text;
    struct token t;
    struct json j;

    assert(text.n <= LOG_FORMAT_TEXT_MAX);
    json_init(&j, dst, LOG_FORMAT_JSON_MAX);
    json_object_begin(&j, NULL);
    json_str(&j, "time", span_of(when, clock_text(when, e->unix_ms)));
    json_str(&j, "level", span_str(log_level_name(e->level)));
    json_str(&j, "event", event_of(event, text));
    while (take_token(&t, &text))
        if (t.name.n)
            put_field(&j, &t, e->fmt);
    json_object_end(&j);
    assert(!j.full);
    return json_text(&j);
}
