/* SPDX-License-Identifier: BSD-2-Clause */
#include "cidr.h"

#include <arpa/inet.h>

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
