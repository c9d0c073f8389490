/* SPDX-License-Identifier: BSD-2-Clause */
#include "bencode.h"

#include <assert.h>

#include "err.h"

enum { DIGITS_MAX = 20 };

/* --- tokens --- */

/* "123:" at the front of `text`: how many octets the string and its prefix have
 * together. 0, ERR_AGAIN or ERR_SYNTAX. */
static int read_length(size_t *prefix, uint64_t *length, struct span text)
{
    size_t n = 0;

    while (n < text.n && char_is_digit(text.p[n]))
        n++;
    if (n == 0 || n > DIGITS_MAX)
        return ERR_SYNTAX;
    if (n == text.n)
        return ERR_AGAIN;
    if (text.p[n] != ':' ||
        span_u64(length, span_of(text.p, n), UINT64_MAX / 2))
        return ERR_SYNTAX;
    *prefix = n + 1;
    return 0;
}

static int scan_string(size_t *used, struct span text, size_t max)
{
    uint64_t length;
    size_t prefix;
    int err = read_length(&prefix, &length, text);

    if (err)
        return err;
    if (prefix > max || length > max - prefix)
        return ERR_LIMIT;
    if (length > text.n - prefix)
        return ERR_AGAIN;
    *used = prefix + (size_t)length;
    return 0;
}

/* "i-12e" at the front of `text`. */
static int read_integer(size_t *used, int64_t *number, struct span text)
{
    size_t sign = text.n > 1 && text.p[1] == '-' ? 1 : 0, n = 1 + sign;
    uint64_t value;

    while (n < text.n && char_is_digit(text.p[n]))
        n++;
    if (n - 1 - sign > DIGITS_MAX)
        return ERR_SYNTAX;
    if (n == text.n)
        return ERR_AGAIN;
    if (text.p[n] != 'e' ||
        span_u64(&value, span_of(text.p + 1 + sign, n - 1 - sign),
                 (uint64_t)INT64_MAX + sign))
        return ERR_SYNTAX;
    *used = n + 1;
    *number = sign ? (int64_t)(0 - value) : (int64_t)value;
    return 0;
}

/* --- the scan --- */

static uint32_t level_bit(const struct bencode_scan *s)
{
    return 1u << (s->depth - 1);
}

static bool expects_key(const struct bencode_scan *s)
{
    return s->depth && (s->dicts & level_bit(s)) && !(s->values & level_bit(s));
}

static void value_is_whole(struct bencode_scan *s)
{
    if (s->depth && (s->dicts & level_bit(s)))
        s->values ^= level_bit(s);
}

static int scan_begin(struct bencode_scan *s, bool is_dict)
{
    if (s->depth == BENCODE_DEPTH_MAX)
        return ERR_LIMIT;
    s->depth++;
    s->dicts &= ~level_bit(s);
    s->values &= ~level_bit(s);
    if (is_dict)
        s->dicts |= level_bit(s);
    return 0;
}

static int scan_end(struct bencode_scan *s)
{
    if (s->depth == 0 || (s->values & level_bit(s)))
        return ERR_SYNTAX;
    s->depth--;
    value_is_whole(s);
    return 0;
}

/* One token, of which the first octet is there. */
static int scan_token(struct bencode_scan *s, struct span text, size_t max)
{
    size_t used = 1;
    int64_t number;
    int err;

    if (expects_key(s) && text.p[0] != 'e' && !char_is_digit(text.p[0]))
        return ERR_SYNTAX;
    switch (text.p[0]) {
    case 'd':
    case 'l':
        err = scan_begin(s, text.p[0] == 'd');
        break;
    case 'e':
        err = scan_end(s);
        break;
    case 'i':
        err = read_integer(&used, &number, text);
        if (!err)
            value_is_whole(s);
        break;
    default:
        err = scan_string(&used, text, max);
        if (!err)
            value_is_whole(s);
    }
    if (!err)
        s->at += used;
    return err;
}

int bencode_scan(struct bencode_scan *s, struct span text, size_t max)
{
    int err;

    do {
        if (s->at >= max)
            return ERR_LIMIT;
        if (s->at == text.n)
            return ERR_AGAIN;
        err = scan_token(s, span_from(text, s->at), max - s->at);
    } while (!err && s->depth);
    return err;
}

int bencode_check(struct span document)
{
    struct bencode_scan s = {0};
    int err;

    if (document.n == 0 || document.p[0] != 'd')
        return ERR_SYNTAX;
    err = bencode_scan(&s, document, document.n + 1);
    if (err == ERR_AGAIN || (!err && s.at != document.n))
        return ERR_SYNTAX;
    return err;
}

/* --- reading --- */

static void next_nested(struct bencode *out, struct span *rest)
{
    struct bencode_scan s = {0};
    int err = bencode_scan(&s, *rest, rest->n + 1);

    assert(!err);
    out->type = rest->p[0] == 'd' ? BENCODE_DICTIONARY : BENCODE_LIST;
    out->text = span_of(rest->p + 1, s.at - 2);
    *rest = span_from(*rest, s.at);
}

static void next_string(struct bencode *out, struct span *rest)
{
    size_t prefix;
    uint64_t length;
    int err = read_length(&prefix, &length, *rest);

    assert(!err && length <= rest->n - prefix);
    out->type = BENCODE_STRING;
    out->text = span_of(rest->p + prefix, (size_t)length);
    *rest = span_from(*rest, prefix + (size_t)length);
}

bool bencode_next(struct bencode *out, struct span *rest)
{
    size_t used;
    int err;

    if (rest->n == 0)
        return false;
    *out = (struct bencode){.text = SPAN("")};
    switch (rest->p[0]) {
    case 'd':
    case 'l':
        next_nested(out, rest);
        break;
    case 'i':
        out->type = BENCODE_INTEGER;
        err = read_integer(&used, &out->number, *rest);
        assert(!err);
        *rest = span_from(*rest, used);
        break;
    default:
        next_string(out, rest);
    }
    return true;
}
