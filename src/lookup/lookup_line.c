/* SPDX-License-Identifier: BSD-2-Clause */
#include "lookup_line.h"

#include <stdbool.h>

#include "err.h"

/* --- writing --- */

static char *put_field(char *at, struct span s)
{
    static const char hex[] = "0123456789ABCDEF";

    *at++ = '\t';
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c >= ' ' && c <= 0x7e && c != '%') {
            *at++ = (char)c;
            continue;
        }
        *at++ = '%';
        *at++ = hex[c >> 4];
        *at++ = hex[c & 15];
    }
    return at;
}

struct span lookup_line_write(char *dst, uint64_t id,
                              const struct lookup_query *q)
{
    char *at = dst + u64_text(dst, id);

    at = put_field(at, q->user);
    at = put_field(at, q->realm);
    *at++ = '\t';
    at = span_put(at, digest_alg_name(q->alg));
    *at++ = '\n';
    return span_of(dst, (size_t)(at - dst));
}

/* --- reading --- */

static const struct {
    const char *name;
    bool has_value;
} kinds[] = {
    [LOOKUP_LINE_HA1] = {"ha1", true},
    [LOOKUP_LINE_PASSWORD] = {"password", true},
    [LOOKUP_LINE_NONE] = {"none", false},
    [LOOKUP_LINE_ERROR] = {"error", true},
};

/* The value of the two digits of a %XX, or -1. */
static int escaped_octet(struct span digits)
{
    int high = digits.n >= 2 ? char_hex(digits.p[0]) : -1;
    int low = high >= 0 ? char_hex(digits.p[1]) : -1;

    return low < 0 ? -1 : high << 4 | low;
}

static int read_value(struct lookup_line *out, struct span field)
{
    out->n = 0;
    while (field.n) {
        int c = (unsigned char)*field.p;

        field = span_from(field, 1);
        if (c < ' ' || c > 0x7e)
            return ERR_SYNTAX;
        if (c == '%') {
            c = escaped_octet(field);
            if (c < 0)
                return ERR_SYNTAX;
            field = span_from(field, 2);
        }
        if (out->n == sizeof out->value)
            return out->kind == LOOKUP_LINE_ERROR ? 0 : ERR_SYNTAX;
        out->value[out->n++] = (char)c;
    }
    return 0;
}

static int read_kind(struct lookup_line *out, struct span name, bool has_value)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!span_eq(name, span_str(kinds[i].name)))
            continue;
        out->kind = (enum lookup_line_kind)i;
        return has_value == kinds[i].has_value ? 0 : ERR_SYNTAX;
    }
    return ERR_SYNTAX;
}

int lookup_line_parse(struct lookup_line *out, struct span line)
{
    struct span rest = line, id = span_cut(&rest, '\t'), name = rest;
    bool has_value;
    int err;

    rest = name;
    name = span_cut(&rest, '\t');
    /* An empty last field counts. */
    has_value = name.n < line.n - id.n - (id.n < line.n);
    if (span_u64(&out->id, id, UINT64_MAX) != 0)
        return ERR_SYNTAX;
    err = read_kind(out, name, has_value);
    return err ? err : read_value(out, rest);
}
