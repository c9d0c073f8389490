/* SPDX-License-Identifier: BSD-2-Clause */
#include "uri.h"

#include <arpa/inet.h>

#include "err.h"

/* Which parts an octet may stand in (RFC 3986, appendix A; RFC 4975, 9). A host
 * ends at the first ';', though RFC 3986 would let it go on: MSRP's parameters
 * begin there. */
enum {
    DIGIT = 1,
    ALNUM = 2,
    USER = 4,
    NAME = 8,
    FUTURE = 16,
    SESSION = 32,
    TOKEN = 64,
    UNRESERVED = 128,
    IN_HOST = USER | NAME | FUTURE,
};

static const unsigned char classes[256] = {
    ['0' ... '9'] = DIGIT | ALNUM | IN_HOST | SESSION | TOKEN | UNRESERVED,
    ['A' ... 'Z'] = ALNUM | IN_HOST | SESSION | TOKEN | UNRESERVED,
    ['a' ... 'z'] = ALNUM | IN_HOST | SESSION | TOKEN | UNRESERVED,
    ['-'] = IN_HOST | SESSION | TOKEN | UNRESERVED,
    ['.'] = IN_HOST | SESSION | TOKEN | UNRESERVED,
    ['_'] = IN_HOST | SESSION | TOKEN | UNRESERVED,
    ['~'] = IN_HOST | SESSION | TOKEN | UNRESERVED,
    ['!'] = IN_HOST | TOKEN,
    ['$'] = IN_HOST | TOKEN,
    ['&'] = IN_HOST | TOKEN,
    ['\''] = IN_HOST | TOKEN,
    ['('] = IN_HOST,
    [')'] = IN_HOST,
    ['*'] = IN_HOST | TOKEN,
    ['+'] = IN_HOST | SESSION | TOKEN,
    [','] = IN_HOST,
    ['='] = IN_HOST | SESSION,
    ['%'] = USER | NAME | TOKEN,
    [';'] = USER | FUTURE,
    [':'] = USER | FUTURE,
    ['/'] = SESSION,
    ['#'] = TOKEN,
    ['^'] = TOKEN,
    ['`'] = TOKEN,
    ['{'] = TOKEN,
    ['|'] = TOKEN,
    ['}'] = TOKEN,
};

enum { HOST_MAX = 255 };

/* A host such that equal ones have equal octets. */
struct host {
    /* As in keys: HOST_NAME first. */
    enum { HOST_NAME, HOST_IPV4, HOST_IPV6, HOST_FUTURE } kind;
    size_t n;
    char octets[HOST_MAX];
};

static bool is_class(char c, int class)
{
    return classes[(unsigned char)c] & class;
}

/* Cuts the longest run of octets of that class off the front of *rest. */
static struct span take_class(struct span *rest, int class)
{
    size_t n = 0;
    struct span part;

    while (n < rest->n && is_class(rest->p[n], class))
        n++;
    part = span_of(rest->p, n);
    *rest = span_from(*rest, n);
    return part;
}

/* Is all of `s`, which must not be empty, of that class? */
static bool is_made_of(struct span s, int class)
{
    return s.n > 0 && take_class(&s, class).n > 0 && s.n == 0;
}

/* Is each '%' in s followed by two hex digits? */
static bool has_whole_escapes(struct span s)
{
    for (;;) {
        s = span_from(s, span_find(s, '%'));
        if (s.n == 0)
            return true;
        if (s.n < 3 || char_hex(s.p[1]) < 0 || char_hex(s.p[2]) < 0)
            return false;
        s = span_from(s, 3);
    }
}

/* Cuts the octet `c` off the front of *rest, if it stands there. */
static bool take_octet(struct span *rest, char c)
{
    if (!rest->n || rest->p[0] != c)
        return false;
    *rest = span_from(*rest, 1);
    return true;
}

/* --- hosts --- */

/* "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) (RFC 3986, 3.2.2). */
static bool is_ip_future(struct span s)
{
    struct span version = span_cut(&s, '.');

    if (version.n < 2 || char_lower(version.p[0]) != 'v')
        return false;
    return span_is_hex(span_from(version, 1)) && is_made_of(s, FUTURE);
}

/* Lower case, and unreserved octets out of their escapes; what stays escaped
 * gets lower-case digits. */
static int canon_name(struct host *out, struct span text)
{
    size_t n = 0;

    while (text.n) {
        char c = text.p[0];
        size_t used = 1;

        if (c == '%' && text.n >= 3 && char_hex(text.p[1]) >= 0 &&
            char_hex(text.p[2]) >= 0) {
            char plain = (char)(char_hex(text.p[1]) * 16 + char_hex(text.p[2]));

            if (is_class(plain, UNRESERVED)) {
                c = plain;
                used = 3;
            }
        }
        if (n == HOST_MAX)
            return ERR_SYNTAX;
        out->octets[n++] = char_lower(c);
        text = span_from(text, used);
    }
    out->kind = HOST_NAME;
    out->n = n;
    return 0;
}

/* Is `text` an address of that family? Its value is put into *out then. */
static bool canon_address(struct host *out, int family, struct span text)
{
    char buf[INET6_ADDRSTRLEN];
    unsigned char value[sizeof(struct in6_addr)];

    if (text.n >= sizeof buf || span_find(text, '\0') < text.n)
        return false;
    span_copy(buf, sizeof buf, text);
    if (inet_pton(family, buf, value) != 1)
        return false;
    out->kind = family == AF_INET ? HOST_IPV4 : HOST_IPV6;
    out->n = family == AF_INET ? sizeof(struct in_addr) : sizeof value;
    memcpy(out->octets, value, out->n);
    return true;
}

/* What stands in brackets: an address of a kind still to come is kept as text.
 */
static int canon_literal(struct host *out, struct span text)
{
    int err;

    if (canon_address(out, AF_INET6, text))
        return 0;
    if (!is_ip_future(text))
        return ERR_SYNTAX;
    err = canon_name(out, text);
    out->kind = HOST_FUTURE;
    return err;
}

/* ERR_SYNTAX for a name that is too long and for brackets around anything but
 * an address. A name that spells an IPv4 address is one, escapes or not. */
static int host_canon(struct host *out, struct span text)
{
    int err;

    if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        return canon_literal(out, span_of(text.p + 1, text.n - 2));
    err = canon_name(out, text);
    if (!err) {
        struct span name = span_of(out->octets, out->n);

        canon_address(out, AF_INET, name);
    }
    return err;
}

/* --- the parts, from left to right --- */

static int parse_scheme(struct uri *u, struct span *rest)
{
    const struct span plain = SPAN("msrp://");
    const struct span secure = SPAN("msrps://");

    if (rest->n >= plain.n && span_ieq(span_of(rest->p, plain.n), plain)) {
        u->secure = false;
        *rest = span_from(*rest, plain.n);
        return 0;
    }
    if (rest->n >= secure.n && span_ieq(span_of(rest->p, secure.n), secure)) {
        u->secure = true;
        *rest = span_from(*rest, secure.n);
        return 0;
    }
    return ERR_SYNTAX;
}

/* An '@' can only be the one behind userinfo, which may hold ';' and ':', so it
 * has to be looked for first. */
static int skip_user(struct span *rest)
{
    size_t at = span_find(*rest, '@');
    struct span user = span_of(rest->p, at);

    if (at == rest->n)
        return 0;
    *rest = span_from(*rest, at + 1);
    if (!user.n)
        return 0;
    return is_made_of(user, USER) && has_whole_escapes(user) ? 0 : ERR_SYNTAX;
}

/* The dot behind which the root stands: it resolves with and without, but no
 * certificate and no list of names has it (S-9). */
static struct span without_root(struct span name)
{
    if (name.n > 1 && name.p[name.n - 1] == '.')
        name.n--;
    return name;
}

static int parse_host(struct uri *u, struct span *rest)
{
    if (rest->n && rest->p[0] == '[') {
        struct host canon;
        size_t end = span_find(*rest, ']');

        if (end == rest->n)
            return ERR_SYNTAX;
        u->host = span_of(rest->p, end + 1);
        *rest = span_from(*rest, end + 1);
        return host_canon(&canon, u->host);
    }
    u->host = without_root(take_class(rest, NAME));
    return u->host.n > 0 && u->host.n <= HOST_MAX && has_whole_escapes(u->host)
               ? 0
               : ERR_SYNTAX;
}

static int parse_port(struct uri *u, struct span *rest)
{
    uint64_t port;

    if (!take_octet(rest, ':')) {
        /* R4975-6-c */
        return uri_host_is_numeric(u->host) ? ERR_SYNTAX : 0;
    }
    if (span_u64(&port, take_class(rest, DIGIT), UINT16_MAX) || port == 0)
        return ERR_SYNTAX;
    u->port = (uint16_t)port;
    return 0;
}

static int parse_session_id(struct uri *u, struct span *rest)
{
    if (!take_octet(rest, '/'))
        return 0;
    u->session_id = take_class(rest, SESSION);
    return u->session_id.n ? 0 : ERR_SYNTAX;
}

/* ";" transport *( ";" token [ "=" token ] ), to the end. */
static int parse_params(struct uri *u, struct span *rest)
{
    if (!take_octet(rest, ';'))
        return ERR_SYNTAX;
    u->transport = take_class(rest, ALNUM);
    if (!u->transport.n)
        return ERR_SYNTAX;
    while (take_octet(rest, ';')) {
        if (!take_class(rest, TOKEN).n ||
            (take_octet(rest, '=') && !take_class(rest, TOKEN).n))
            return ERR_SYNTAX;
    }
    return rest->n ? ERR_SYNTAX : 0;
}

int uri_parse(struct uri *out, struct span text)
{
    struct uri u = {.text = text};
    struct span rest = text;
    int err = parse_scheme(&u, &rest);

    if (!err)
        err = skip_user(&rest);
    if (!err)
        err = parse_host(&u, &rest);
    if (!err)
        err = parse_port(&u, &rest);
    if (!err)
        err = parse_session_id(&u, &rest);
    if (!err)
        err = parse_params(&u, &rest);
    if (!err)
        *out = u;
    return err;
}

/* --- comparison (RFC 4975, 6.1) --- */

bool uri_equal(const struct uri *a, const struct uri *b)
{
    return a->secure == b->secure && a->port == b->port &&
           span_eq(a->session_id, b->session_id) &&
           span_ieq(a->transport, b->transport) &&
           uri_host_equal(a->host, b->host);
}

bool uri_host_equal(struct span a, struct span b)
{
    struct host x, y;

    if (span_eq(a, b))
        return true;
    return !host_canon(&x, a) && !host_canon(&y, b) && x.kind == y.kind &&
           span_eq(span_of(x.octets, x.n), span_of(y.octets, y.n));
}

size_t uri_host_key(char *dst, struct span host)
{
    struct host h;

    if (host_canon(&h, host))
        return 0;
    dst[0] = (char)('0' + h.kind);
    memcpy(dst + 1, h.octets, h.n);
    return 1 + h.n;
}

size_t uri_authority_key(char *dst, const struct uri *u)
{
    size_t n = uri_host_key(dst, u->host);

    if (n == 0)
        return 0;
    dst[n++] = (char)(u->port >> 8);
    dst[n++] = (char)(u->port & 0xff);
    dst[n++] = u->secure ? 's' : 'p';
    return n;
}

bool uri_host_is_numeric(struct span host)
{
    struct host h;

    return !host_canon(&h, host) && h.kind != HOST_NAME;
}

/* Appends s to the n octets of dst, as far as there is room; the new n. */
static size_t append(char *dst, size_t size, size_t n, struct span s)
{
    if (s.n > size - n)
        s.n = size - n;
    if (s.n)
        memcpy(dst + n, s.p, s.n);
    return n + s.n;
}

/* The session-id comes first: it is what tells URIs apart, should the rest not
 * fit. No part but the last may hold the NUL that stands behind each. */
size_t uri_key(char *dst, size_t size, const struct uri *u)
{
    char transport[8];
    struct host host;
    size_t n, at;

    for (n = 0; n < u->transport.n && n < sizeof transport; n++)
        transport[n] = char_lower(u->transport.p[n]);
    if (host_canon(&host, u->host))
        host.n = 0;
    at = append(dst, size, 0, u->session_id);
    at = append(dst, size, at, u->secure ? SPAN("\0s") : SPAN("\0p"));
    at = append(dst, size, at, span_of(transport, n));
    at = append(dst, size, at, SPAN("\0"));
    at = append(dst, size, at, span_of((const char *)&u->port, sizeof u->port));
    return append(dst, size, at, span_of(host.octets, host.n));
}
