/* SPDX-License-Identifier: BSD-2-Clause */
#include "store_url.h"

#include "err.h"

/* Copies a part of a URL, without its %XX: 0 or ERR_SYNTAX. */
static int take_part(char *dst, size_t size, struct span s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c == '%') {
            int high = i + 2 < s.n ? char_hex(s.p[i + 1]) : -1;
            int low = i + 2 < s.n ? char_hex(s.p[i + 2]) : -1;

            if (high < 0 || low < 0)
                return ERR_SYNTAX;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if ((unsigned char)c < 0x20 || c == 0x7f || n + 1 >= size)
            return ERR_SYNTAX;
        dst[n++] = c;
    }
    dst[n] = '\0';
    return 0;
}

/* The last '@' ends the user: s.n if there is none. */
static size_t find_at(struct span s)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '@')
            return i - 1;
    return s.n;
}

static int take_user(struct store_url *u, char why[CMDLINE_WHY],
                     struct span user)
{
    if (span_find(user, ':') < user.n)
        return cmdline_refuse(why, "the URL must not have a password; use "
                                   "--secret-file");
    if (take_part(u->user, sizeof u->user, user))
        return cmdline_refuse(why, "invalid user in the URL");
    return 0;
}

static int take_host(struct store_url *u, char why[CMDLINE_WHY],
                     struct span host)
{
    struct span port;
    uint64_t n = 0;

    if (host.n && *host.p == '[') {
        size_t end = span_find(host, ']');

        if (end == host.n)
            return cmdline_refuse(why, "invalid host in the URL");
        port = span_from(host, end + 1);
        host = span_of(host.p + 1, end - 1);
    } else {
        size_t colon = span_find(host, ':');

        port = span_from(host, colon);
        host.n = colon;
    }
    if (host.n == 0 || take_part(u->host, sizeof u->host, host))
        return cmdline_refuse(why, "invalid host in the URL");
    if (port.n &&
        (*port.p != ':' || span_u64(&n, span_from(port, 1), UINT16_MAX) || !n))
        return cmdline_refuse(why, "invalid port in the URL");
    u->port = (uint16_t)n;
    return 0;
}

int store_url_parse(struct store_url *out, char why[CMDLINE_WHY],
                    struct span url)
{
    static const struct span mark = {"://", 3};
    struct store_url u = {.port = 0};
    struct span scheme = url, authority;
    size_t at;
    int err;

    scheme.n = span_find(url, ':');
    if (!span_starts(span_from(url, scheme.n), mark) ||
        take_part(u.scheme, sizeof u.scheme, scheme))
        return cmdline_refuse(why, "not a URL");
    url = span_from(url, scheme.n + mark.n);
    authority = span_cut(&url, '/');
    at = find_at(authority);
    err = at < authority.n ? take_user(&u, why, span_of(authority.p, at)) : 0;
    if (!err)
        err = take_host(&u, why,
                        span_from(authority, at < authority.n ? at + 1 : 0));
    if (!err && take_part(u.name, sizeof u.name, url))
        err = cmdline_refuse(why, "invalid name after the host of the URL");
    if (!err)
        *out = u;
    return err;
}
