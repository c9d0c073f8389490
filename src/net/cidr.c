/* SPDX-License-Identifier: BSD-2-Clause */
#include "cidr.h"

#include <arpa/inet.h>

#include "err.h"

enum { MAPPED_BITS = 96 }; /* before the IPv4 address in ::ffff:0:0/96 */

/* Is every bit after the prefix clear? */
static bool rest_is_clear(const struct cidr *c)
{
    for (size_t bit = c->prefix; bit < 8 * c->n; bit++)
        if (c->host[bit / 8] & (0x80 >> bit % 8))
            return false;
    return true;
}

int cidr_parse(struct cidr *out, struct span text)
{
    size_t slash = span_find(text, '/');
    struct cidr c = {.n = 0};
    struct addr a;
    size_t bits;

    if (addr_parse(&a, span_of(text.p, slash), 0))
        return ERR_SYNTAX;
    c.n = addr_host_key(c.host, &a);
    bits = a.sa.sa_family == AF_INET ? 32 : 128;
    c.prefix = bits;
    if (slash < text.n && span_u64(&c.prefix, span_from(text, slash + 1), bits))
        return ERR_SYNTAX;
    if (8 * c.n != bits) { /* IPv4 written as IPv6 */
        if (c.prefix < MAPPED_BITS)
            return ERR_LIMIT;
        c.prefix -= MAPPED_BITS;
    }
    if (!rest_is_clear(&c))
        return ERR_LIMIT;
    *out = c;
    return 0;
}

bool cidr_has(const struct cidr *c, const struct addr *a)
{
    unsigned char host[sizeof c->host];
    size_t whole = c->prefix / 8;
    unsigned mask = 0xff00 >> c->prefix % 8 & 0xff;

    if (addr_host_key(host, a) != c->n || memcmp(c->host, host, whole) != 0)
        return false;
    return mask == 0 || (host[whole] & mask) == c->host[whole];
}

bool cidr_list_has(const struct cidr_list *l, const struct addr *a)
{
    for (size_t i = 0; i < l->n; i++)
        if (cidr_has(&l->items[i], a))
            return true;
    return false;
}

/* Where the IPv4 address lies in forms that hold one; those before win. */
static const struct {
    struct cidr block;
    size_t at;
} forms[] = {
    {{.host = {[15] = 0}, .n = 16, .prefix = 127}, 0}, /* :: and ::1: none */
    {{.host = {0}, .n = 16, .prefix = 96}, 12},        /* IPv4-compatible */
    {{.host = {0x00, 0x64, 0xff, 0x9b}, .n = 16, .prefix = 96}, 12},
    {{.host = {0x00, 0x64, 0xff, 0x9b, 0, 1}, .n = 16, .prefix = 48}, 12},
    {{.host = {0x20, 0x02}, .n = 16, .prefix = 16}, 2}, /* 6to4 */
};

void cidr_unwrap(struct addr *out, const struct addr *a)
{
    unsigned char host[16];
    size_t n = addr_host_key(host, a), at = 0;

    for (size_t i = 0; n == 16 && i < sizeof forms / sizeof *forms; i++)
        if (cidr_has(&forms[i].block, a)) {
            at = forms[i].at;
            break;
        }
    if (n != 4 && !at) {
        *out = *a;
        return;
    }
    *out = (struct addr){.len = sizeof out->in4};
    out->in4.sin_family = AF_INET;
    out->in4.sin_port = htons(addr_port(a));
    memcpy(&out->in4.sin_addr, host + at, sizeof out->in4.sin_addr);
}

bool cidr_permits(const struct cidr_list *allow, const struct cidr_list *deny,
                  const struct addr *a)
{
    struct addr inner;

    cidr_unwrap(&inner, a);
    return cidr_list_has(allow, &inner) ||
           (!cidr_list_has(deny, a) && !cidr_list_has(deny, &inner));
}
