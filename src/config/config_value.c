/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_value.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "err.h"

enum {
    DNS_PORT = 53,
    HOST_MAX = 253, /* RFC 1035, 2.3.4 */
    LABEL_MAX = 63,
};

/* Durations beyond this are mistakes; up to it, a double counts milliseconds
 * exactly. */
static const double longest_ms = 1e15;

/* How many octets at the front of s are digits. */
static size_t count_digits(struct span s)
{
    size_t n = 0;

    while (n < s.n && char_is_digit(s.p[n]))
        n++;
    return n;
}

/* --- durations --- */

/* The milliseconds in a unit, 0 for an unknown one. */
static double unit_ms(struct span unit)
{
    static const struct {
        struct span name;
        double ms;
    } units[] = {
        {{"", 0}, 1e3},  {{"s", 1}, 1e3},  {{"ms", 2}, 1},
        {{"m", 1}, 6e4}, {{"h", 1}, 36e5}, {{"d", 1}, 864e5},
    };

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (span_eq(units[i].name, unit))
            return units[i].ms;
    return 0;
}

static int round_ms(uint64_t *ms, double value)
{
    if (!(value >= 0 && value <= longest_ms))
        return ERR_LIMIT;
    *ms = (uint64_t)(value + 0.5);
    return 0;
}

int config_value_time(uint64_t *ms, struct span text)
{
    char number[CONFIG_VALUE_MAX];
    size_t whole = count_digits(text);
    size_t n = whole;
    double unit;

    if (n < text.n && text.p[n] == '.')
        n += 1 + count_digits(span_from(text, n + 1));
    unit = unit_ms(span_from(text, n));
    if (whole == 0 || n >= sizeof number || unit == 0)
        return ERR_SYNTAX;
    span_copy(number, sizeof number, span_of(text.p, n));
    return round_ms(ms, strtod(number, NULL) * unit);
}

int config_value_seconds(uint64_t *ms, double seconds)
{
    return round_ms(ms, seconds * 1e3);
}

const char *config_value_time_text(char *dst, uint64_t ms)
{
    if (ms % 1000)
        snprintf(dst, CONFIG_VALUE_MAX, "%" PRIu64 ".%03u", ms / 1000,
                 (unsigned)(ms % 1000));
    else
        snprintf(dst, CONFIG_VALUE_MAX, "%" PRIu64, ms / 1000);
    return dst;
}

/* --- sizes --- */

static const char size_units[] = "kmgt";

int config_value_size(uint64_t *octets, struct span text)
{
    size_t n = count_digits(text);
    unsigned shift = 0;
    uint64_t value;
    int err;

    if (text.n == n + 1) {
        const char *unit = strchr(size_units, char_lower(text.p[n]));

        if (!unit || !char_is_alpha(text.p[n]))
            return ERR_SYNTAX;
        shift = 10 * (unsigned)(unit - size_units + 1);
    } else if (text.n != n) {
        return ERR_SYNTAX;
    }
    err = span_u64(&value, span_of(text.p, n), UINT64_MAX >> shift);
    if (err)
        return err;
    *octets = value << shift;
    return 0;
}

const char *config_value_size_text(char *dst, uint64_t octets)
{
    static const char units[] = {0, 'k', 'M', 'G', 'T'};
    unsigned u = 0;

    /* Below a megabyte the plain number is as short, and more exact to read. */
    if (octets >= UINT64_C(1) << 20)
        while (u + 1 < sizeof units && octets % 1024 == 0) {
            octets /= 1024;
            u++;
        }
    snprintf(dst, CONFIG_VALUE_MAX, "%" PRIu64 "%.1s", octets, &units[u]);
    return dst;
}

/* --- addresses --- */

const char *config_value_cidr_text(char *dst, const struct cidr *c)
{
    char host[INET6_ADDRSTRLEN];

    inet_ntop(c->n == 4 ? AF_INET : AF_INET6, c->host, host, sizeof host);
    snprintf(dst, CONFIG_VALUE_MAX, "%s/%" PRIu64, host, c->prefix);
    return dst;
}

const char *config_value_address_text(char *dst, const struct addr *a)
{
    const void *host = a->sa.sa_family == AF_INET
                           ? (const void *)&a->in4.sin_addr
                           : (const void *)&a->in6.sin6_addr;

    inet_ntop(a->sa.sa_family, host, dst, CONFIG_VALUE_MAX);
    return dst;
}

int config_value_server(struct addr *out, struct span text)
{
    struct span host = text;
    struct span port = span_of(NULL, 0);
    uint64_t number = DNS_PORT;
    bool has_port = false;

    if (text.n && text.p[0] == '[') {
        size_t end = span_find(text, ']');

        if (end == text.n)
            return ERR_SYNTAX;
        host = span_of(text.p + 1, end - 1);
        port = span_from(text, end + 1);
        has_port = port.n > 0;
        if (span_find(host, ':') == host.n ||
            (has_port && span_cut(&port, ':').n > 0))
            return ERR_SYNTAX;
    } else if (span_find(text, ':') < text.n) {
        struct span rest = text;
        struct span first = span_cut(&rest, ':');

        if (span_find(rest, ':') == rest.n) { /* one colon: not IPv6 */
            host = first;
            port = rest;
            has_port = true;
        }
    }
    if (has_port && (span_u64(&number, port, UINT16_MAX) || number == 0))
        return ERR_SYNTAX;
    return addr_parse(out, host, (uint16_t)number);
}

int config_value_ng_place(bool *is_tcp, struct addr *out, struct span text)
{
    struct span rest = text;
    struct span scheme = span_cut(&rest, ':');
    const char *colon = rest.n ? memrchr(rest.p, ':', rest.n) : NULL;
    bool tcp = span_eq(scheme, SPAN("tcp"));
    struct span host, port;
    uint64_t number;

    if (!colon || (!tcp && !span_eq(scheme, SPAN("udp"))))
        return ERR_SYNTAX;
    host = span_of(rest.p, (size_t)(colon - rest.p));
    port = span_from(rest, host.n + 1);
    if (host.n == 0 || (host.p[0] != '[' && span_find(host, ':') < host.n) ||
        span_u64(&number, port, UINT16_MAX) ||
        addr_parse_literal(out, host, (uint16_t)number))
        return ERR_SYNTAX;
    *is_tcp = tcp;
    return 0;
}

/* --- names --- */

static bool config_value_is_label(struct span label)
{
    if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' ||
        label.p[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i++)
        if (!char_is_alpha(label.p[i]) && !char_is_digit(label.p[i]) &&
            label.p[i] != '-' && label.p[i] != '_')
            return false;
    return true;
}

bool config_value_is_host(struct span text)
{
    struct span rest = text;
    struct span label = span_of(NULL, 0);
    size_t labels = 1;

    if (text.n == 0 || text.n > HOST_MAX)
        return false;
    for (size_t i = 0; i < text.n; i++)
        labels += text.p[i] == '.';
    while (labels-- > 0) {
        label = span_cut(&rest, '.');
        if (!config_value_is_label(label))
            return false;
    }
    /* A last label of digits alone is the end of a numeric address. */
    return count_digits(label) < label.n;
}
