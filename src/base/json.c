/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

void json_init(struct json *j, char *p, size_t size)
{
    *j = (struct json){.p = p, .size = size};
}

static void json_put(struct json *j, struct span s)
{
    if (j->full || s.n > j->size - j->n) {
        j->full = true;
        return;
    }
    if (s.n)
        memcpy(j->p + j->n, s.p, s.n);
    j->n += s.n;
}

/* How many octets the well-formed UTF-8 sequence at the head of `s` has (RFC
 * 3629, 4); 0 if there is none. */
static size_t json_utf8_len(struct span s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    unsigned char low = 0x80, high = 0xbf; /* bounds of the second octet */
    size_t len;

    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        len = 2;
    else if (p[0] >= 0xe0 && p[0] <= 0xef)
        len = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        len = 4;
    else
        return 0;
    if (s.n < len)
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0; /* not longer than needed */
    else if (p[0] == 0xed)
        high = 0x9f; /* no surrogates */
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f; /* nothing above U+10FFFF */
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

/* Would a terminal obey it? C0, DEL, and C1 in its two octets. */
static bool json_is_control(struct span c)
{
    unsigned char first = (unsigned char)c.p[0];

    return first < ' ' || first == 0x7f ||
           (c.n == 2 && first == 0xc2 && (unsigned char)c.p[1] < 0xa0);
}

/* The last octet of a control is its code point; an octet that is no UTF-8 is
 * treated the same. */
static void json_put_escaped(struct json *j, char c)
{
    char hex[2];

    hex_text(hex, &c, 1);
    json_put(j, SPAN("\\u00"));
    json_put(j, span_of(hex, sizeof hex));
}

static void put_quoted(struct json *j, struct span s)
{
    json_put(j, SPAN("\""));
    while (s.n && !j->full) {
        size_t len = json_utf8_len(s);
        struct span c = span_of(s.p, len ? len : 1);

        if (!len || json_is_control(c)) {
            json_put_escaped(j, c.p[c.n - 1]);
        } else {
            if (*c.p == '"' || *c.p == '\\')
                json_put(j, SPAN("\\"));
            json_put(j, c);
        }
        s = span_from(s, c.n);
    }
    json_put(j, SPAN("\""));
}

static void put_comma(struct json *j)
{
    if (j->comma)
        json_put(j, SPAN(","));
    j->comma = true;
}

static void put_name(struct json *j, struct span name)
{
    put_quoted(j, name);
    json_put(j, SPAN(":"));
}

/* All that comes before a value. */
static void json_begin(struct json *j, const char *name)
{
    put_comma(j);
    if (name)
        put_name(j, span_str(name));
}

static void begin_group(struct json *j, struct span open)
{
    json_put(j, open);
    j->comma = false;
    j->depth++;
}

static void end_group(struct json *j, struct span close)
{
    assert(j->depth);
    json_put(j, close);
    j->comma = true;
    j->depth--;
}

void json_object_begin(struct json *j, const char *name)
{
    json_begin(j, name);
    begin_group(j, SPAN("{"));
}

void json_object_begin_span(struct json *j, struct span name)
{
    put_comma(j);
    put_name(j, name);
    begin_group(j, SPAN("{"));
}

void json_object_end(struct json *j)
{
    end_group(j, SPAN("}"));
}

void json_array_begin(struct json *j, const char *name)
{
    json_begin(j, name);
    begin_group(j, SPAN("["));
}

void json_array_end(struct json *j)
{
    end_group(j, SPAN("]"));
}

void json_str(struct json *j, const char *name, struct span s)
{
    json_begin(j, name);
    put_quoted(j, s);
}

static void put_u64(struct json *j, uint64_t v)
{
    char digits[20];

    json_put(j, span_of(digits, u64_text(digits, v)));
}

void json_u64(struct json *j, const char *name, uint64_t v)
{
    json_begin(j, name);
    put_u64(j, v);
}

void json_i64(struct json *j, const char *name, int64_t v)
{
    json_begin(j, name);
    if (v < 0)
        json_put(j, SPAN("-"));
    /* In uint64_t, as INT64_MIN has no positive counterpart. */
    put_u64(j, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void json_double(struct json *j, const char *name, double v)
{
    char text[32];

    if (!isfinite(v)) {
        json_none(j, name);
        return;
    }
    json_begin(j, name);
    /* Fifteen digits are what a double keeps of a decimal number. */
    json_put(j, span_of(text, (size_t)snprintf(text, sizeof text, "%.15g", v)));
}

void json_seconds(struct json *j, const char *name, uint64_t ms)
{
    char decimals[] = {'.', (char)('0' + ms / 100 % 10),
                       (char)('0' + ms / 10 % 10), (char)('0' + ms % 10)};

    json_begin(j, name);
    put_u64(j, ms / 1000);
    json_put(j, span_of(decimals, sizeof decimals));
}

void json_bool(struct json *j, const char *name, bool v)
{
    json_begin(j, name);
    json_put(j, v ? SPAN("true") : SPAN("false"));
}

void json_none(struct json *j, const char *name)
{
    json_begin(j, name);
    json_put(j, SPAN("null"));
}

struct span json_text(const struct json *j)
{
    assert(j->depth == 0);
    return span_of(j->p, j->full ? 0 : j->n);
}
